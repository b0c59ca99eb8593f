/*
 * The limit: what oneDNN's 8-bit matrix products reach on this processor at the model's shapes, in a full window, with weights packed as it wants
 * them and nothing else to do; beside it the library's products. The fastest of many runs, in the thread's processor time. Where the library's own kernel
 * runs, its time has the scaling of the sums to floats in it, which oneDNN's lacks.
 * usage: peak [-s SECONDS] MODEL        SECONDS: in all (default 4); prints one JSON object
 */
#include "product.h"

#include <dnnl.h>
#include <jansson.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *const names[PRODUCT_COUNT] = {"qkv", "attention_out", "ffn_in", "ffn_out"};

static void check(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "peak: %s failed\n", what);
    exit(1);
}

static double seconds_on(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- oneDNN alone ---- */

struct bare { /* one primitive with its memory */
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arguments[4];
    void *bytes[4];
};

static dnnl_memory_desc_t describe(size_t rows, size_t columns, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t descriptor;
    dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
    check(dnnl_memory_desc_init_by_tag(&descriptor, 2, dims, type, tag) == dnnl_success, "a descriptor");
    return descriptor;
}

static struct bare bare_new(dnnl_engine_t engine, const struct quantised *matrix, size_t rows)
{
    static const int roles[4] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD};
    static const dnnl_query_t queries[4] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md, dnnl_query_scratchpad_md};
    dnnl_memory_desc_t a = describe(rows, matrix->in, dnnl_u8, dnnl_ab), c = describe(rows, matrix->out, dnnl_s32, dnnl_ab);
    dnnl_memory_desc_t b = describe(matrix->in, matrix->out, dnnl_s8, dnnl_format_tag_any);
    dnnl_matmul_desc_t operation;
    dnnl_primitive_attr_t attributes;
    dnnl_primitive_desc_t descriptor;
    struct bare bare;
    check(dnnl_primitive_attr_create(&attributes) == dnnl_success, "attributes");
    check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) == dnnl_success, "a scratchpad");
    check(dnnl_matmul_desc_init(&operation, &a, &b, NULL, &c) == dnnl_success, "a product");
    check(dnnl_primitive_desc_create(&descriptor, &operation, attributes, engine, NULL) == dnnl_success, "a product");
    check(dnnl_primitive_create(&bare.primitive, descriptor) == dnnl_success, "a primitive");
    for (size_t i = 0; i < 4; i++) {
        const dnnl_memory_desc_t *wanted = dnnl_primitive_desc_query_md(descriptor, queries[i], 0);
        size_t bytes = dnnl_memory_desc_get_size(wanted);
        bare.bytes[i] = aligned_new(bytes, 1);
        check(bare.bytes[i] != NULL, "memory");
        if (i < 2)
            for (size_t at = 0; at < bytes; at++) /* small enough to be added up in 16 bits */
                ((int8_t *)bare.bytes[i])[at] = (int8_t)(at * 7 % 61);
        bare.arguments[i].arg = roles[i];
        check(dnnl_memory_create(&bare.arguments[i].memory, wanted, engine, bare.bytes[i]) == dnnl_success, "memory");
    }
    dnnl_primitive_desc_destroy(descriptor);
    dnnl_primitive_attr_destroy(attributes);
    return bare;
}

static void bare_free(struct bare *bare)
{
    dnnl_primitive_destroy(bare->primitive);
    for (size_t i = 0; i < 4; i++) {
        dnnl_memory_destroy(bare->arguments[i].memory);
        free(bare->bytes[i]);
    }
}

static double time_bare(const struct bare *bare, dnnl_stream_t stream)
{
    double began = seconds_on(CLOCK_THREAD_CPUTIME_ID);
    check(dnnl_primitive_execute(bare->primitive, stream, 4, bare->arguments) == dnnl_success, "a product of oneDNN");
    check(dnnl_stream_wait(stream) == dnnl_success, "a product of oneDNN");
    return seconds_on(CLOCK_THREAD_CPUTIME_ID) - began;
}

/* ---- the library's ---- */

static void set_rows(struct multiplier *multiplier, size_t rows, size_t count)
{
    float *values = aligned_new(count, sizeof *values);
    check(values != NULL, "memory");
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(i % 17) / 16.0f - 0.5f;
    for (size_t row = 0; row < rows; row++)
        multiplier_set_row(multiplier, row, values, count);
    free(values);
}

static double time_ours(struct multiplier *multiplier, enum product product, size_t rows)
{
    double began = seconds_on(CLOCK_THREAD_CPUTIME_ID);
    check(multiplier_run(multiplier, 0, product, rows, NULL) == DUIDER_OK, "a product");
    return seconds_on(CLOCK_THREAD_CPUTIME_ID) - began;
}

/* ---- the program ---- */

struct fastest {
    double bare, ours; /* seconds */
};

/* In turns, so that both have the same machine. */
static struct fastest measure(const struct model *model, dnnl_engine_t engine, dnnl_stream_t stream, struct multiplier *multiplier,
                              const struct quantised *matrix, enum product product, double seconds)
{
    struct bare bare = bare_new(engine, matrix, model->window);
    set_rows(multiplier, model->window, matrix->in);
    struct fastest fastest = {time_bare(&bare, stream), time_ours(multiplier, product, model->window)};
    for (double until = seconds_on(CLOCK_MONOTONIC) + seconds; seconds_on(CLOCK_MONOTONIC) < until;) {
        double took = time_bare(&bare, stream), ours = time_ours(multiplier, product, model->window);
        fastest.bare = took < fastest.bare ? took : fastest.bare;
        fastest.ours = ours < fastest.ours ? ours : fastest.ours;
    }
    bare_free(&bare);
    return fastest;
}

int main(int count, char **arguments)
{
    double seconds = 4.0;
    for (int option; (option = getopt(count, arguments, "s:")) != -1;) {
        if (option == 's')
            seconds = strtod(optarg, NULL);
        else
            optind = count;
    }
    if (count - optind != 1) {
        fputs("usage: peak [-s SECONDS] MODEL\n", stderr);
        return 2;
    }
    duider_model *opened = NULL;
    duider_error error;
    if (duider_model_open(arguments[optind], &opened, &error) != DUIDER_OK) {
        fprintf(stderr, "peak: %s\n", error.message);
        return 1;
    }
    const struct model *model = model_of(opened);
    const struct layer *layer = &model->layers[0];
    const struct quantised *const matrices[PRODUCT_COUNT] = {&layer->qkv, &layer->attention_out, &layer->ffn_in, &layer->ffn_out};
    struct multiplier *multiplier = NULL;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    omp_set_num_threads(1);
    check(multiplier_new(model, model->window, &multiplier, NULL) == DUIDER_OK, "a multiplier");
    check(dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success, "an engine");
    check(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) == dnnl_success, "a stream");
    json_t *list = json_array();
    double operations = 0.0;
    struct fastest sum = {0};
    for (enum product product = 0; product < PRODUCT_COUNT; product++) {
        const struct quantised *matrix = matrices[product];
        struct fastest fastest = measure(model, engine, stream, multiplier, matrix, product, seconds / PRODUCT_COUNT);
        double here = 2e-9 * (double)(model->window * matrix->in * matrix->out);
        operations += here;
        sum.bare += fastest.bare;
        sum.ours += fastest.ours;
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:f, s:f}", "product", names[product], "in", (json_int_t)matrix->in, "out",
                                              (json_int_t)matrix->out, "onednn_gops", here / fastest.bare, "gops", here / fastest.ours));
    }
    json_t *out = json_pack("{s:s, s:s, s:I, s:f, s:f, s:o}", "processor", product_processor(), "kernel", product_kernel(model), "rows",
                            (json_int_t)model->window, "onednn_gops", operations / sum.bare, "gops", operations / sum.ours, "products", list);
    json_dumpf(out, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(out);
    dnnl_stream_destroy(stream);
    dnnl_engine_destroy(engine);
    multiplier_free(multiplier);
    duider_model_close(opened);
    return 0;
}
