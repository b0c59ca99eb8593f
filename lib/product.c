/*
 * 8-bit matrix products: see product.h. A product takes a multiple of ROW_STEP rows in oneDNN, so that few shapes exist; the primitives of a shape are
 * made when it first occurs and kept. Where product_avx2.h has the better kernel, oneDNN is left out.
 */
#include "product.h"
#include "kernels.h"
#include "product_avx2.h"

#include <dnnl.h>
#include <omp.h>
#include <stdlib.h>

enum {
    ROW_STEP = 16,
    SHAPES_MAX = 128,
    AHEAD = 8,       /* rows of a result that are fetched before they are asked for */
    CACHE_LINE = 16, /* floats */
    LEVELS = 255,
    LEVELS_WITHOUT_VNNI = 127 /* pairs of products are summed in 16 bits that would overflow */
};

struct packed_matrix {
    dnnl_memory_t weight; /* NULL where the AVX2 kernel is used */
    void *bytes;
    int32_t *sums; /* [out]: of each row's weights, to take the inputs' zero point out */
};

struct product_weights {
    dnnl_engine_t engine;
    dnnl_memory_desc_t layout[PRODUCT_COUNT];
    struct packed_matrix layers[LAYERS_MAX][PRODUCT_COUNT];
    bool with_avx2;
    int levels; /* of the inputs */
};

struct multiplication { /* one primitive with its memory objects */
    dnnl_primitive_t primitive;
    dnnl_memory_t a, c, scratch;
};

struct shape { /* all primitives of so many rows */
    struct multiplication products[PRODUCT_COUNT];
    bool ready;
};

struct multiplier {
    const struct model *model;
    dnnl_stream_t stream;
    struct shape shapes[SHAPES_MAX];
    void *scratchpad;
    size_t scratchpad_bytes;
    uint8_t *q;               /* [rows][most columns] */
    struct row_scale *scales; /* [rows] */
    size_t layer;             /* of the last result */
    enum product product;
    struct row_scale *result_scales; /* [rows]: those of its input */
    int32_t *sums;                   /* [rows][most columns]: the result, where oneDNN made it */
    float *row;                      /* [most columns]: of that */
    float *result;                   /* [rows + AHEAD][most columns]: where the AVX2 kernel made it */
};

/* ---- the processor ---- */

const char *product_processor(void)
{
    switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41: return "sse41";
    case dnnl_cpu_isa_avx: return "avx";
    case dnnl_cpu_isa_avx2: return "avx2";
    case dnnl_cpu_isa_avx2_vnni: return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core: return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
    default: return "other";
    }
}

const char *product_kernel(const struct model *model)
{
    return model->packed->with_avx2 ? "AVX2" : "oneDNN";
}

static bool sums_in_32_bits(void)
{
    dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
    return isa == dnnl_cpu_isa_avx512_core_vnni || isa == dnnl_cpu_isa_avx512_core_bf16 || isa == dnnl_cpu_isa_avx512_core_amx ||
           isa == dnnl_cpu_isa_avx2_vnni;
}

static duider_status failed(duider_error *error, const char *what, dnnl_status_t status)
{
    if (status == dnnl_out_of_memory)
        return fail_memory(error);
    return fail(error, DUIDER_INTERNAL, 0, "oneDNN: %s failed with status %d", what, (int)status);
}

static const struct quantised *matrix_of(const struct model *model, size_t layer, enum product product)
{
    switch (product) {
    case PRODUCT_QKV: return &model->layers[layer].qkv;
    case PRODUCT_ATTENTION_OUT: return &model->layers[layer].attention_out;
    case PRODUCT_FFN_IN: return &model->layers[layer].ffn_in;
    default: return &model->layers[layer].ffn_out;
    }
}

static size_t padded_rows(size_t count)
{
    return (count + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
}

/* ---- packing ---- */

static void matrix_descriptor(dnnl_memory_desc_t *descriptor, size_t rows, size_t columns, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
    dnnl_memory_desc_init_by_tag(descriptor, 2, dims, type, tag);
}

static dnnl_status_t describe(dnnl_engine_t engine, const dnnl_memory_desc_t *a, const dnnl_memory_desc_t *b, const dnnl_memory_desc_t *c,
                              dnnl_primitive_desc_t *descriptor)
{
    dnnl_matmul_desc_t operation;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_status_t status = dnnl_matmul_desc_init(&operation, a, b, NULL, c);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_create(&attributes);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_create(descriptor, &operation, attributes, engine, NULL);
    if (attributes)
        dnnl_primitive_attr_destroy(attributes);
    return status;
}

/* The layout that the product wants its weights in, asked for the largest window. */
static dnnl_status_t choose_layout(const struct model *model, const struct quantised *matrix, dnnl_memory_desc_t *layout)
{
    dnnl_memory_desc_t a, b, c;
    dnnl_primitive_desc_t descriptor = NULL;
    size_t rows = padded_rows(model->window);
    matrix_descriptor(&a, rows, matrix->in, dnnl_u8, dnnl_ab);
    matrix_descriptor(&b, matrix->in, matrix->out, dnnl_s8, dnnl_format_tag_any);
    matrix_descriptor(&c, rows, matrix->out, dnnl_s32, dnnl_ab);
    dnnl_status_t status = describe(model->packed->engine, &a, &b, &c, &descriptor);
    if (status == dnnl_success) {
        *layout = *dnnl_primitive_desc_query_md(descriptor, dnnl_query_weights_md, 0);
        dnnl_primitive_desc_destroy(descriptor);
    }
    return status;
}

static dnnl_status_t reorder_weights(struct product_weights *packed, const struct quantised *matrix, const dnnl_memory_desc_t *target,
                                     dnnl_stream_t stream, struct packed_matrix *out)
{
    dnnl_memory_desc_t plain;
    dnnl_memory_t source = NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_primitive_t reorder = NULL;
    matrix_descriptor(&plain, matrix->in, matrix->out, dnnl_s8, dnnl_ba); /* [out][in] in the file */
    dnnl_status_t status = dnnl_memory_create(&source, &plain, packed->engine, (void *)(uintptr_t)matrix->weight);
    if (status == dnnl_success)
        status = dnnl_memory_create(&out->weight, target, packed->engine, out->bytes);
    if (status == dnnl_success)
        status = dnnl_reorder_primitive_desc_create(&descriptor, &plain, packed->engine, target, packed->engine, NULL);
    if (status == dnnl_success)
        status = dnnl_primitive_create(&reorder, descriptor);
    if (status == dnnl_success) {
        dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, out->weight}};
        status = dnnl_primitive_execute(reorder, stream, 2, arguments);
    }
    if (status == dnnl_success)
        status = dnnl_stream_wait(stream);
    if (reorder)
        dnnl_primitive_destroy(reorder);
    if (descriptor)
        dnnl_primitive_desc_destroy(descriptor);
    if (source)
        dnnl_memory_destroy(source);
    return status;
}

static dnnl_status_t pack_matrix(struct product_weights *packed, const struct quantised *matrix, const dnnl_memory_desc_t *target,
                                 dnnl_stream_t stream, struct packed_matrix *out)
{
    out->bytes = aligned_new(packed->with_avx2 ? matrix->out * matrix->in : dnnl_memory_desc_get_size(target), 1);
    out->sums = aligned_new(matrix->out, sizeof *out->sums);
    if (!out->bytes || !out->sums)
        return dnnl_out_of_memory;
    for (size_t row = 0; row < matrix->out; row++) {
        int32_t sum = 0;
        for (size_t column = 0; column < matrix->in; column++)
            sum += matrix->weight[row * matrix->in + column];
        out->sums[row] = sum;
    }
    if (!packed->with_avx2)
        return reorder_weights(packed, matrix, target, stream, out);
    product_avx2_pack(matrix, out->bytes);
    return dnnl_success;
}

static bool suits_avx2(const struct model *model)
{
    bool suits = dnnl_get_effective_cpu_isa() == dnnl_cpu_isa_avx2;
    for (size_t layer = 0; layer < model->layer_count && suits; layer++)
        for (int p = 0; p < PRODUCT_COUNT && suits; p++)
            suits = product_avx2_suits(matrix_of(model, layer, (enum product)p));
    return suits;
}

duider_status product_pack(struct model *model, duider_error *error)
{
    struct product_weights *packed = model->packed = calloc(1, sizeof *packed);
    if (!packed)
        return fail_memory(error);
    packed->with_avx2 = suits_avx2(model);
    packed->levels = sums_in_32_bits() ? LEVELS : LEVELS_WITHOUT_VNNI;
    int threads = omp_get_max_threads(); /* of this thread: its own setting comes back at the end */
    omp_set_num_threads(1);
    dnnl_stream_t stream = NULL;
    dnnl_status_t status = dnnl_engine_create(&packed->engine, dnnl_cpu, 0);
    if (status == dnnl_success)
        status = dnnl_stream_create(&stream, packed->engine, dnnl_stream_default_flags);
    for (int p = 0; p < PRODUCT_COUNT && status == dnnl_success && !packed->with_avx2; p++)
        status = choose_layout(model, matrix_of(model, 0, (enum product)p), &packed->layout[p]);
    for (size_t l = 0; l < model->layer_count; l++)
        for (int p = 0; p < PRODUCT_COUNT && status == dnnl_success; p++)
            status = pack_matrix(packed, matrix_of(model, l, (enum product)p), &packed->layout[p], stream, &packed->layers[l][p]);
    if (stream)
        dnnl_stream_destroy(stream);
    omp_set_num_threads(threads);
    return status == dnnl_success ? DUIDER_OK : failed(error, "packing the weights", status);
}

void product_release(struct model *model)
{
    struct product_weights *packed = model->packed;
    if (!packed)
        return;
    for (size_t l = 0; l < LAYERS_MAX; l++)
        for (int p = 0; p < PRODUCT_COUNT; p++) {
            if (packed->layers[l][p].weight)
                dnnl_memory_destroy(packed->layers[l][p].weight);
            free(packed->layers[l][p].bytes);
            free(packed->layers[l][p].sums);
        }
    if (packed->engine)
        dnnl_engine_destroy(packed->engine);
    free(packed);
    model->packed = NULL;
}

/* ---- primitives ---- */

static void multiplication_free(struct multiplication *m)
{
    if (m->primitive)
        dnnl_primitive_destroy(m->primitive);
    dnnl_memory_t memories[] = {m->a, m->c, m->scratch};
    for (size_t i = 0; i < sizeof memories / sizeof *memories; i++)
        if (memories[i])
            dnnl_memory_destroy(memories[i]);
    *m = (struct multiplication){0};
}

/* Makes the primitive; its weights are given at each call. */
static dnnl_status_t multiplication_new(struct multiplier *multiplier, const dnnl_memory_desc_t *a, const dnnl_memory_desc_t *b,
                                        const dnnl_memory_desc_t *c, struct multiplication *m)
{
    dnnl_engine_t engine = multiplier->model->packed->engine;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_status_t status = describe(engine, a, b, c, &descriptor);
    if (status != dnnl_success)
        return status;
    const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
    size_t scratch_bytes = dnnl_memory_desc_get_size(scratch);
    status = dnnl_primitive_create(&m->primitive, descriptor);
    if (status == dnnl_success && scratch_bytes > multiplier->scratchpad_bytes) {
        void *larger = aligned_new(scratch_bytes, 1);
        if (larger) {
            free(multiplier->scratchpad);
            multiplier->scratchpad = larger;
            multiplier->scratchpad_bytes = scratch_bytes;
        } else {
            status = dnnl_out_of_memory;
        }
    }
    if (status == dnnl_success)
        status = dnnl_memory_create(&m->a, a, engine, multiplier->q);
    if (status == dnnl_success)
        status = dnnl_memory_create(&m->c, c, engine, multiplier->sums);
    if (status == dnnl_success)
        status = dnnl_memory_create(&m->scratch, scratch, engine, multiplier->scratchpad);
    dnnl_primitive_desc_destroy(descriptor);
    return status;
}

static void shape_free(struct shape *shape)
{
    for (int p = 0; p < PRODUCT_COUNT; p++)
        multiplication_free(&shape->products[p]);
    shape->ready = false;
}

static dnnl_status_t shape_new(struct multiplier *multiplier, size_t rows, struct shape *shape)
{
    const struct model *model = multiplier->model;
    dnnl_memory_desc_t a, c;
    dnnl_status_t status = dnnl_success;
    for (int p = 0; p < PRODUCT_COUNT && status == dnnl_success; p++) {
        const struct quantised *matrix = matrix_of(model, 0, (enum product)p);
        matrix_descriptor(&a, rows, matrix->in, dnnl_u8, dnnl_ab);
        matrix_descriptor(&c, rows, matrix->out, dnnl_s32, dnnl_ab);
        status = multiplication_new(multiplier, &a, &model->packed->layout[p], &c, &shape->products[p]);
    }
    shape->ready = status == dnnl_success;
    if (status != dnnl_success)
        shape_free(shape);
    return status;
}

/* ---- one thread's ---- */

duider_status multiplier_new(const struct model *model, size_t rows_max, struct multiplier **multiplier, duider_error *error)
{
    struct multiplier *m = calloc(1, sizeof *m);
    if (!m)
        return fail_memory(error);
    m->model = model;
    size_t rows = padded_rows(rows_max), columns = model->ffn > 3 * model->hidden ? model->ffn : 3 * model->hidden;
    bool with_avx2 = model->packed->with_avx2;
    m->q = aligned_new(rows * columns, sizeof *m->q);
    m->scales = aligned_new(rows, sizeof *m->scales);
    m->result_scales = aligned_new(rows, sizeof *m->result_scales);
    m->sums = with_avx2 ? NULL : aligned_new(rows * columns, sizeof *m->sums);
    m->row = with_avx2 ? NULL : aligned_new(columns, sizeof *m->row);
    m->result = with_avx2 ? aligned_new((rows + AHEAD) * columns, sizeof *m->result) : NULL;
    bool complete = m->q && m->scales && m->result_scales && (with_avx2 ? m->result != NULL : m->sums && m->row);
    dnnl_status_t status = complete ? dnnl_stream_create(&m->stream, model->packed->engine, dnnl_stream_default_flags) : dnnl_out_of_memory;
    if (status == dnnl_success && rows / ROW_STEP > SHAPES_MAX)
        status = dnnl_invalid_arguments;
    if (status != dnnl_success) {
        multiplier_free(m);
        return failed(error, "making a stream", status);
    }
    *multiplier = m;
    return DUIDER_OK;
}

void multiplier_free(struct multiplier *multiplier)
{
    if (!multiplier)
        return;
    for (size_t i = 0; i < SHAPES_MAX; i++)
        shape_free(&multiplier->shapes[i]);
    if (multiplier->stream)
        dnnl_stream_destroy(multiplier->stream);
    free(multiplier->scratchpad);
    free(multiplier->q);
    free(multiplier->scales);
    free(multiplier->result_scales);
    free(multiplier->sums);
    free(multiplier->row);
    free(multiplier->result);
    free(multiplier);
}

void multiplier_set_row(struct multiplier *multiplier, size_t row, const float *values, size_t count)
{
    multiplier->scales[row] = quantise_row(values, count, multiplier->model->packed->levels, multiplier->q + row * count);
}

/* Rows up to the next shape are multiplied too, and mean nothing. */
static dnnl_status_t run_primitive(struct multiplier *multiplier, size_t layer, enum product product, size_t rows)
{
    size_t padded = padded_rows(rows);
    struct shape *shape = &multiplier->shapes[padded / ROW_STEP - 1];
    dnnl_status_t status = shape->ready ? dnnl_success : shape_new(multiplier, padded, shape);
    if (status != dnnl_success)
        return status;
    struct multiplication *m = &shape->products[product];
    dnnl_memory_set_data_handle(m->scratch, multiplier->scratchpad); /* it may have moved since */
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, m->a},
                                   {DNNL_ARG_WEIGHTS, multiplier->model->packed->layers[layer][product].weight},
                                   {DNNL_ARG_DST, m->c},
                                   {DNNL_ARG_SCRATCHPAD, m->scratch}};
    return dnnl_primitive_execute(m->primitive, multiplier->stream, sizeof arguments / sizeof *arguments, arguments);
}

duider_status multiplier_run(struct multiplier *multiplier, size_t layer, enum product product, size_t rows, duider_error *error)
{
    const struct packed_matrix *packed = &multiplier->model->packed->layers[layer][product];
    multiplier->layer = layer;
    multiplier->product = product;
    if (multiplier->result) {
        product_avx2_run(matrix_of(multiplier->model, layer, product), packed->bytes, packed->sums, multiplier->q, multiplier->scales, rows,
                         multiplier->result);
        return DUIDER_OK;
    }
    memcpy(multiplier->result_scales, multiplier->scales, rows * sizeof *multiplier->scales); /* new rows may be set while the result is read */
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status = run_primitive(multiplier, layer, product, rows);
    omp_set_num_threads(threads);
    return status == dnnl_success ? DUIDER_OK : failed(error, "a matrix product", status);
}

const float *multiplier_row(struct multiplier *multiplier, size_t row, size_t first, size_t count)
{
    const struct quantised *matrix = matrix_of(multiplier->model, multiplier->layer, multiplier->product);
    if (multiplier->result) {
        const float *values = multiplier->result + row * matrix->out + first;
        __builtin_prefetch(values + AHEAD * matrix->out); /* rows are read in order, of those of attention a few cache lines each */
        __builtin_prefetch(values + AHEAD * matrix->out + CACHE_LINE);
        return values;
    }
    const int32_t *weight_sums = multiplier->model->packed->layers[multiplier->layer][multiplier->product].sums;
    dequantise_row(multiplier->sums + row * matrix->out + first, count, multiplier->result_scales[row], matrix->scale + first, weight_sums + first,
                   matrix->bias + first, multiplier->row);
    return multiplier->row;
}
