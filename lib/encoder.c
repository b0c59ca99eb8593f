/*
 * Pieces of a window -> vectors: BERT's encoder (Devlin et al., 2019) with post-layer norm.
 *
 * Matrix products run in 8-bit integers through oneDNN: weights are signed with a scale a row, activations unsigned with a scale and a zero
 * point a piece, measured as they come. Attention, norms and GELU are float. Between two products each row goes all its steps at once, while it is in the
 * nearest cache. A product takes a multiple of ROW_STEP rows, so that few shapes exist; the primitives of a shape are made when it first occurs and kept.
 */
#include "encoder.h"
#include "attention.h"
#include "kernels.h"

#include <dnnl.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>

enum {
    ROW_STEP = 16,
    SHAPES_MAX = 128,
    PRODUCTS = 4, /* matrices of a layer */
    ALIGNMENT = 64
};

enum product { PRODUCT_QKV, PRODUCT_ATTENTION_OUT, PRODUCT_FFN_IN, PRODUCT_FFN_OUT };

struct packed_matrix {
    dnnl_memory_t weight;
    void *bytes;
    int32_t *sums; /* [out]: of each row's weights, to take the activations' zero point out */
};

struct encoder_weights {
    dnnl_engine_t engine;
    dnnl_memory_desc_t descriptor[PRODUCTS];
    struct packed_matrix layers[LAYERS_MAX][PRODUCTS];
    int levels; /* of the activations: 255, or 127 where 8-bit products are summed in pairs of 16 bits that would overflow */
};

struct multiplication { /* c = a * b, one primitive with its memory objects */
    dnnl_primitive_t primitive;
    dnnl_memory_t a, c, scratch;
};

struct shape { /* all primitives of `rows` rows */
    struct multiplication products[PRODUCTS];
    bool ready;
};

struct encoder {
    const struct model *model;
    dnnl_stream_t stream;
    struct shape shapes[SHAPES_MAX];
    void *scratchpad;
    size_t scratchpad_bytes;
    float *x;                  /* [rows][H]: the residual stream */
    uint32_t *all;             /* 0, 1, ... rows - 1 */
    uint8_t *q;                /* [rows][max(H, F)]: quantised input of a product */
    struct row_scale *scales;  /* [rows]: of q */
    int32_t *sums;             /* [rows][max(3H, F)]: result of a product */
    float *row;                /* [max(3H, F)]: one row of that */
    struct attention_head head;
    float *mixed;              /* [rows][H]: what attention makes of the values */
};

/* ---- the processor ---- */

const char *encoder_processor(void)
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

static bool sums_in_32_bits(void)
{
    dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
    return isa == dnnl_cpu_isa_avx512_core_vnni || isa == dnnl_cpu_isa_avx512_core_bf16 || isa == dnnl_cpu_isa_avx512_core_amx ||
           isa == dnnl_cpu_isa_avx2_vnni;
}

/* ---- memory ---- */

static void *aligned(size_t count, size_t item_bytes)
{
    size_t bytes, rounded;
    if (!size_multiply(count, item_bytes, &bytes) || !size_add(bytes, ALIGNMENT, &rounded))
        return NULL;
    void *memory = aligned_alloc(ALIGNMENT, rounded - rounded % ALIGNMENT);
    if (memory)
        memset(memory, 0, rounded - rounded % ALIGNMENT); /* padding that is multiplied must be finite */
    return memory;
}

static duider_status failed(duider_error *error, const char *what, dnnl_status_t status)
{
    if (status == dnnl_out_of_memory)
        return fail_memory(error);
    return fail(error, DUIDER_INTERNAL, 0, "oneDNN: %s failed with status %d", what, (int)status);
}

static size_t widest(const struct model *model)
{
    return model->ffn > 3 * model->hidden ? model->ffn : 3 * model->hidden;
}

/* ---- primitives ---- */

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
static dnnl_status_t multiplication_new(struct encoder *encoder, const dnnl_memory_desc_t *a, const dnnl_memory_desc_t *b,
                                        const dnnl_memory_desc_t *c, struct multiplication *m)
{
    dnnl_engine_t engine = encoder->model->packed->engine;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_status_t status = describe(engine, a, b, c, &descriptor);
    if (status != dnnl_success)
        return status;
    const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
    size_t scratch_bytes = dnnl_memory_desc_get_size(scratch);
    status = dnnl_primitive_create(&m->primitive, descriptor);
    if (status == dnnl_success && scratch_bytes > encoder->scratchpad_bytes) {
        void *larger = aligned(scratch_bytes, 1);
        if (larger) {
            free(encoder->scratchpad);
            encoder->scratchpad = larger;
            encoder->scratchpad_bytes = scratch_bytes;
        } else {
            status = dnnl_out_of_memory;
        }
    }
    if (status == dnnl_success)
        status = dnnl_memory_create(&m->a, a, engine, encoder->q);
    if (status == dnnl_success)
        status = dnnl_memory_create(&m->c, c, engine, encoder->sums);
    if (status == dnnl_success)
        status = dnnl_memory_create(&m->scratch, scratch, engine, encoder->scratchpad);
    dnnl_primitive_desc_destroy(descriptor);
    return status;
}

static const struct quantised *layer_product(const struct layer *layer, enum product product)
{
    switch (product) {
    case PRODUCT_QKV: return &layer->qkv;
    case PRODUCT_ATTENTION_OUT: return &layer->attention_out;
    case PRODUCT_FFN_IN: return &layer->ffn_in;
    default: return &layer->ffn_out;
    }
}

static dnnl_status_t shape_new(struct encoder *encoder, size_t rows, struct shape *shape)
{
    const struct model *model = encoder->model;
    dnnl_memory_desc_t a, c;
    dnnl_status_t status = dnnl_success;
    for (int p = 0; p < PRODUCTS && status == dnnl_success; p++) {
        const struct quantised *matrix = layer_product(&model->layers[0], (enum product)p);
        matrix_descriptor(&a, rows, matrix->in, dnnl_u8, dnnl_ab);
        matrix_descriptor(&c, rows, matrix->out, dnnl_s32, dnnl_ab);
        status = multiplication_new(encoder, &a, &model->packed->descriptor[p], &c, &shape->products[p]);
    }
    shape->ready = status == dnnl_success;
    return status;
}

static void shape_free(struct shape *shape)
{
    for (int p = 0; p < PRODUCTS; p++)
        multiplication_free(&shape->products[p]);
    shape->ready = false;
}

/* ---- packing ---- */

static dnnl_status_t pack_matrix(struct encoder_weights *packed, const struct quantised *matrix, const dnnl_memory_desc_t *target,
                                 dnnl_stream_t stream, struct packed_matrix *out)
{
    dnnl_memory_desc_t plain;
    dnnl_memory_t source = NULL;
    dnnl_primitive_desc_t descriptor = NULL;
    dnnl_primitive_t reorder = NULL;
    matrix_descriptor(&plain, matrix->in, matrix->out, dnnl_s8, dnnl_ba); /* [out][in] in the file */
    out->bytes = aligned(dnnl_memory_desc_get_size(target), 1);
    out->sums = aligned(matrix->out, sizeof *out->sums);
    if (!out->bytes || !out->sums)
        return dnnl_out_of_memory;
    for (size_t row = 0; row < matrix->out; row++) {
        int32_t sum = 0;
        for (size_t column = 0; column < matrix->in; column++)
            sum += matrix->weight[row * matrix->in + column];
        out->sums[row] = sum;
    }
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
    if (reorder)
        dnnl_primitive_destroy(reorder);
    if (descriptor)
        dnnl_primitive_desc_destroy(descriptor);
    if (source)
        dnnl_memory_destroy(source);
    return status;
}

static size_t padded_rows(size_t count)
{
    return (count + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
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

duider_status encoder_pack(struct model *model, duider_error *error)
{
    struct encoder_weights *packed = model->packed = calloc(1, sizeof *packed);
    if (!packed)
        return fail_memory(error);
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    packed->levels = sums_in_32_bits() ? 255 : 127;
    dnnl_stream_t stream = NULL;
    dnnl_status_t status = dnnl_engine_create(&packed->engine, dnnl_cpu, 0);
    if (status == dnnl_success)
        status = dnnl_stream_create(&stream, packed->engine, dnnl_stream_default_flags);
    for (int p = 0; p < PRODUCTS && status == dnnl_success; p++)
        status = choose_layout(model, layer_product(&model->layers[0], (enum product)p), &packed->descriptor[p]);
    for (size_t l = 0; l < model->layer_count; l++)
        for (int p = 0; p < PRODUCTS && status == dnnl_success; p++)
            status = pack_matrix(packed, layer_product(&model->layers[l], (enum product)p), &packed->descriptor[p], stream,
                                 &packed->layers[l][p]);
    if (status == dnnl_success)
        status = dnnl_stream_wait(stream);
    if (stream)
        dnnl_stream_destroy(stream);
    omp_set_num_threads(threads);
    return status == dnnl_success ? DUIDER_OK : failed(error, "packing the weights", status);
}

void encoder_release(struct model *model)
{
    struct encoder_weights *packed = model->packed;
    if (!packed)
        return;
    for (size_t l = 0; l < LAYERS_MAX; l++)
        for (int p = 0; p < PRODUCTS; p++) {
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

/* ---- a session's encoder ---- */

duider_status encoder_new(const struct model *model, struct encoder **encoder, duider_error *error)
{
    struct encoder *e = calloc(1, sizeof *e);
    if (!e)
        return fail_memory(error);
    e->model = model;
    size_t rows = padded_rows(model->window), wide = widest(model);
    size_t width = e->head.width = model->hidden / model->heads, padded = attention_padded(width), keys = attention_padded(model->window);
    e->x = aligned(rows * model->hidden, sizeof *e->x);
    e->all = aligned(rows, sizeof *e->all);
    e->q = aligned(rows * wide, sizeof *e->q);
    e->scales = aligned(rows, sizeof *e->scales);
    e->sums = aligned(rows * wide, sizeof *e->sums);
    e->row = aligned(wide, sizeof *e->row);
    e->head.queries = aligned(rows * padded, sizeof(float));
    e->head.keys = aligned(keys * width, sizeof(float));
    e->head.values = aligned(rows * padded, sizeof(float));
    e->head.scores = aligned(ATTENTION_ROWS * keys, sizeof(float));
    e->mixed = aligned(rows * model->hidden, sizeof *e->mixed);
    if (!e->x || !e->all || !e->q || !e->scales || !e->sums || !e->row || !e->head.queries || !e->head.keys || !e->head.values || !e->head.scores || !e->mixed) {
        encoder_free(e);
        return fail_memory(error);
    }
    for (uint32_t row = 0; row < rows; row++)
        e->all[row] = row;
    dnnl_status_t status = dnnl_stream_create(&e->stream, model->packed->engine, dnnl_stream_default_flags);
    if (status != dnnl_success || rows / ROW_STEP > SHAPES_MAX) {
        encoder_free(e);
        return failed(error, "making a stream", status);
    }
    *encoder = e;
    return DUIDER_OK;
}

void encoder_free(struct encoder *encoder)
{
    if (!encoder)
        return;
    for (size_t i = 0; i < SHAPES_MAX; i++)
        shape_free(&encoder->shapes[i]);
    if (encoder->stream)
        dnnl_stream_destroy(encoder->stream);
    void *buffers[] = {encoder->x,            encoder->all,       encoder->q,           encoder->scales,      encoder->sums,  encoder->row,
                       encoder->head.queries, encoder->head.keys, encoder->head.values, encoder->head.scores, encoder->mixed, encoder->scratchpad};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]);
    free(encoder);
}

/* ---- the forward pass ---- */

/* One row of the next product's input. */
static void quantise(struct encoder *encoder, size_t row, const float *input, size_t count)
{
    encoder->scales[row] = quantise_row(input, count, encoder->model->packed->levels, encoder->q + row * count);
}

static void embed(struct encoder *encoder, const uint32_t *ids, size_t count)
{
    const struct model *model = encoder->model;
    size_t hidden = model->hidden;
    for (size_t row = 0; row < count; row++) {
        const int8_t *word = model->word_embedding + ids[row] * hidden;
        const float *position = model->position_embedding + row * hidden;
        float scale = model->word_embedding_scale[ids[row]], *x = encoder->x + row * hidden;
        for (size_t i = 0; i < hidden; i++)
            x[i] = scale * (float)word[i] + position[i];
        add_norm_row(x, NULL, hidden, model->embedding_norm.weight, model->embedding_norm.bias, model->epsilon);
        quantise(encoder, row, x, hidden);
    }
}

/* encoder->q [count][in] -> encoder->sums [count][out]. Rows up to the next shape are multiplied too, and mean nothing. */
static dnnl_status_t multiply(struct encoder *encoder, size_t layer, enum product product, size_t count)
{
    size_t rows = padded_rows(count);
    struct shape *shape = &encoder->shapes[rows / ROW_STEP - 1];
    dnnl_status_t status = shape->ready ? dnnl_success : shape_new(encoder, rows, shape);
    if (status != dnnl_success) {
        shape_free(shape);
        return status;
    }
    struct multiplication *m = &shape->products[product];
    dnnl_memory_set_data_handle(m->scratch, encoder->scratchpad); /* it may have moved since */
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, m->a},
                                   {DNNL_ARG_WEIGHTS, encoder->model->packed->layers[layer][product].weight},
                                   {DNNL_ARG_DST, m->c},
                                   {DNNL_ARG_SCRATCHPAD, m->scratch}};
    return dnnl_primitive_execute(m->primitive, encoder->stream, sizeof arguments / sizeof *arguments, arguments);
}

/* `count` values of one row of the last product, from column `first` on, as floats. */
static void dequantise(const struct encoder *encoder, size_t layer, enum product product, size_t row, size_t first, size_t count, float *out)
{
    const struct quantised *matrix = layer_product(&encoder->model->layers[layer], product);
    dequantise_row(encoder->sums + row * matrix->out + first, count, encoder->scales[row], matrix->scale + first,
                   encoder->model->packed->layers[layer][product].sums + first, matrix->bias + first, out);
}

/* Queries of the rows `kept`, keys and values of all -> encoder->mixed [kept_count][H]. */
static void attend(struct encoder *encoder, size_t layer, size_t count, const uint32_t *kept, size_t kept_count)
{
    size_t hidden = encoder->model->hidden, width = encoder->head.width, padded = attention_padded(width);
    float scale = 1.0f / sqrtf((float)width);
    encoder->head.rows = kept_count;
    encoder->head.count = count;
    for (size_t at = 0; at < hidden; at += width) {
        for (size_t row = 0; row < kept_count; row++) {
            float *query = encoder->head.queries + row * padded;
            dequantise(encoder, layer, PRODUCT_QKV, kept[row], at, width, query);
            for (size_t i = 0; i < width; i++)
                query[i] *= scale;
        }
        for (size_t row = 0; row < count; row++) {
            dequantise(encoder, layer, PRODUCT_QKV, row, hidden + at, width, encoder->row);
            attention_set_key(&encoder->head, row, encoder->row);
            dequantise(encoder, layer, PRODUCT_QKV, row, 2 * hidden + at, width, encoder->head.values + row * padded);
        }
        attention_run(&encoder->head, encoder->mixed + at, hidden);
    }
}

/* x = norm(x + the last product), as input of the next one. */
static void add_product(struct encoder *encoder, size_t layer, enum product product, const struct norm *norm, size_t count)
{
    size_t hidden = encoder->model->hidden;
    for (size_t row = 0; row < count; row++) {
        float *x = encoder->x + row * hidden;
        dequantise(encoder, layer, product, row, 0, hidden, encoder->row);
        add_norm_row(x, encoder->row, hidden, norm->weight, norm->bias, encoder->model->epsilon);
        quantise(encoder, row, x, hidden);
    }
}

/* Only the rows `kept` go on, as rows 0, 1, ... */
static dnnl_status_t run_layer(struct encoder *encoder, size_t index, size_t count, const uint32_t *kept, size_t kept_count)
{
    const struct layer *layer = &encoder->model->layers[index];
    size_t hidden = encoder->model->hidden, ffn = encoder->model->ffn;
    dnnl_status_t status = multiply(encoder, index, PRODUCT_QKV, count);
    if (status != dnnl_success)
        return status;
    attend(encoder, index, count, kept, kept_count);
    for (size_t row = 0; row < kept_count; row++) {
        memmove(encoder->x + row * hidden, encoder->x + kept[row] * hidden, hidden * sizeof(float));
        quantise(encoder, row, encoder->mixed + row * hidden, hidden);
    }
    status = multiply(encoder, index, PRODUCT_ATTENTION_OUT, kept_count);
    if (status != dnnl_success)
        return status;
    add_product(encoder, index, PRODUCT_ATTENTION_OUT, &layer->attention_norm, kept_count);
    status = multiply(encoder, index, PRODUCT_FFN_IN, kept_count);
    if (status != dnnl_success)
        return status;
    for (size_t row = 0; row < kept_count; row++) {
        dequantise(encoder, index, PRODUCT_FFN_IN, row, 0, ffn, encoder->row);
        gelu_row(encoder->row, ffn);
        quantise(encoder, row, encoder->row, ffn);
    }
    status = multiply(encoder, index, PRODUCT_FFN_OUT, kept_count);
    if (status == dnnl_success)
        add_product(encoder, index, PRODUCT_FFN_OUT, &layer->ffn_norm, kept_count);
    return status;
}

duider_status encoder_run(struct encoder *encoder, const uint32_t *ids, size_t count, const uint32_t *kept, size_t kept_count, const float **vectors,
                          duider_error *error)
{
    int threads = omp_get_max_threads(); /* of this thread: its own setting comes back at the end */
    omp_set_num_threads(1);
    embed(encoder, ids, count);
    dnnl_status_t status = dnnl_success;
    size_t last = encoder->model->layer_count - 1;
    for (size_t layer = 0; layer < last && status == dnnl_success; layer++)
        status = run_layer(encoder, layer, count, encoder->all, count);
    if (status == dnnl_success)
        status = run_layer(encoder, last, count, kept, kept_count);
    omp_set_num_threads(threads);
    if (status != dnnl_success)
        return failed(error, "the forward pass", status);
    *vectors = encoder->x;
    return DUIDER_OK;
}
