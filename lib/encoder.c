/*
 * Pieces of a window -> vectors: BERT's encoder (Devlin et al., 2019) with post-layer norm.
 *
 * Matrix products run in 8-bit integers (product.h); attention, norms and GELU are float. Between two products each row goes all its steps at
 * once, while it is in the nearest cache.
 */
#include "encoder.h"
#include "attention.h"
#include "kernels.h"

#include <stdlib.h>
#include <time.h>

struct encoder {
    const struct model *model;
    struct multiplier *multiplier;
    uint32_t *all; /* [rows]: 0, 1, ... */
    float *x;      /* [rows][H]: the residual stream */
    float *inner;  /* [F]: one row inside the feed-forward part */
    struct attention *attention;
    float *mixed; /* [rows][H]: what attention makes of the values */
    struct encoder_times *times; /* NULL: nobody measures */
    uint64_t since;              /* nanoseconds: the end of the part before */
};

duider_status encoder_new(const struct model *model, struct encoder **encoder, duider_error *error)
{
    struct encoder *e = calloc(1, sizeof *e);
    if (!e)
        return fail_memory(error);
    e->model = model;
    size_t rows = model->window;
    e->all = aligned_new(rows, sizeof *e->all);
    e->x = aligned_new(rows * model->hidden, sizeof *e->x);
    e->inner = aligned_new(model->ffn, sizeof *e->inner);
    e->attention = attention_new(rows, model->hidden / model->heads);
    e->mixed = aligned_new(rows * model->hidden, sizeof *e->mixed);
    bool complete = e->all && e->x && e->inner && e->attention && e->mixed;
    duider_status status = complete ? multiplier_new(model, rows, &e->multiplier, error) : fail_memory(error);
    if (status != DUIDER_OK) {
        encoder_free(e);
        return status;
    }
    for (uint32_t row = 0; row < rows; row++)
        e->all[row] = row;
    *encoder = e;
    return DUIDER_OK;
}

void encoder_free(struct encoder *encoder)
{
    if (!encoder)
        return;
    multiplier_free(encoder->multiplier);
    attention_free(encoder->attention);
    free(encoder->all);
    free(encoder->x);
    free(encoder->inner);
    free(encoder->mixed);
    free(encoder);
}

/* ---- measurements ---- */

void encoder_measure(struct encoder *encoder, struct encoder_times *times)
{
    encoder->times = times;
}

static uint64_t processor_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void begin_parts(struct encoder *encoder)
{
    if (encoder->times)
        encoder->since = processor_time();
}

/* What ran since the end of the part before was this part. */
static void end_part(struct encoder *encoder, enum encoder_part part)
{
    if (!encoder->times)
        return;
    uint64_t now = processor_time();
    encoder->times->nanoseconds[part] += now - encoder->since;
    encoder->since = now;
}

/* ---- steps ---- */

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
        multiplier_set_row(encoder->multiplier, row, x, hidden);
    }
}

/* Queries of the rows `kept`, keys and values of all -> encoder->mixed [kept_count][H]. */
static void attend(struct encoder *encoder, size_t count, const uint32_t *kept, size_t kept_count)
{
    size_t hidden = encoder->model->hidden, width = hidden / encoder->model->heads;
    for (size_t at = 0; at < hidden; at += width) {
        for (size_t row = 0; row < kept_count; row++)
            attention_set_row(encoder->attention, ATTENTION_QUERY, row, multiplier_row(encoder->multiplier, kept[row], at, width));
        for (size_t row = 0; row < count; row++) {
            attention_set_row(encoder->attention, ATTENTION_KEY, row, multiplier_row(encoder->multiplier, row, hidden + at, width));
            attention_set_row(encoder->attention, ATTENTION_VALUE, row, multiplier_row(encoder->multiplier, row, 2 * hidden + at, width));
        }
        attention_run(encoder->attention, kept_count, count, encoder->mixed + at, hidden);
    }
}

/* x = norm(x + the last product), as input of the next one. */
static void add_product(struct encoder *encoder, const struct norm *norm, size_t count)
{
    size_t hidden = encoder->model->hidden;
    for (size_t row = 0; row < count; row++) {
        float *x = encoder->x + row * hidden;
        add_norm_row(x, multiplier_row(encoder->multiplier, row, 0, hidden), hidden, norm->weight, norm->bias, encoder->model->epsilon);
        multiplier_set_row(encoder->multiplier, row, x, hidden);
    }
}

static duider_status multiply(struct encoder *encoder, size_t layer, enum product product, size_t rows, duider_error *error)
{
    end_part(encoder, ENCODER_OTHER);
    duider_status status = multiplier_run(encoder->multiplier, layer, product, rows, error);
    end_part(encoder, ENCODER_PRODUCTS);
    if (encoder->times)
        encoder->times->rows[product] += rows;
    return status;
}

/* Only the rows `kept` go on, as rows 0, 1, ... */
static duider_status run_layer(struct encoder *encoder, size_t index, size_t count, const uint32_t *kept, size_t kept_count, duider_error *error)
{
    const struct layer *layer = &encoder->model->layers[index];
    struct multiplier *multiplier = encoder->multiplier;
    size_t hidden = encoder->model->hidden, ffn = encoder->model->ffn;
    duider_status status = multiply(encoder, index, PRODUCT_QKV, count, error);
    if (status != DUIDER_OK)
        return status;
    attend(encoder, count, kept, kept_count);
    end_part(encoder, ENCODER_ATTENTION);
    for (size_t row = 0; row < kept_count; row++) {
        memmove(encoder->x + row * hidden, encoder->x + kept[row] * hidden, hidden * sizeof(float));
        multiplier_set_row(multiplier, row, encoder->mixed + row * hidden, hidden);
    }
    status = multiply(encoder, index, PRODUCT_ATTENTION_OUT, kept_count, error);
    if (status != DUIDER_OK)
        return status;
    add_product(encoder, &layer->attention_norm, kept_count);
    status = multiply(encoder, index, PRODUCT_FFN_IN, kept_count, error);
    if (status != DUIDER_OK)
        return status;
    for (size_t row = 0; row < kept_count; row++) {
        gelu_row(multiplier_row(multiplier, row, 0, ffn), ffn, encoder->inner);
        multiplier_set_row(multiplier, row, encoder->inner, ffn);
    }
    status = multiply(encoder, index, PRODUCT_FFN_OUT, kept_count, error);
    if (status == DUIDER_OK)
        add_product(encoder, &layer->ffn_norm, kept_count);
    return status;
}

duider_status encoder_run(struct encoder *encoder, const uint32_t *ids, size_t count, const uint32_t *kept, size_t kept_count, const float **vectors,
                          duider_error *error)
{
    begin_parts(encoder);
    embed(encoder, ids, count);
    end_part(encoder, ENCODER_EMBEDDING);
    size_t last = encoder->model->layer_count - 1;
    duider_status status = DUIDER_OK;
    for (size_t layer = 0; layer < last && status == DUIDER_OK; layer++)
        status = run_layer(encoder, layer, count, encoder->all, count, error);
    if (status == DUIDER_OK)
        status = run_layer(encoder, last, count, kept, kept_count, error);
    end_part(encoder, ENCODER_OTHER);
    *vectors = encoder->x;
    return status;
}
