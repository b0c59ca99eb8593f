/*
 * The encoder's products against plain loops, with small weights (which the AVX2 kernel may take) and large ones; and what it measures of itself.
 */
#include "encoder.h"
#include "product.h"
#include "support.h"

#include <math.h>

enum { HIDDEN = 48, FFN = 80, ROWS = 37 };

static struct quantised random_matrix(size_t out, size_t in, float most)
{
    int8_t *weight = malloc(out * in);
    float *scale = malloc(out * sizeof *scale), *bias = malloc(out * sizeof *bias);
    assert_true(weight && scale && bias);
    for (size_t i = 0; i < out * in; i++)
        weight[i] = (int8_t)lrintf(most * support_random());
    weight[0] = (int8_t)most;
    for (size_t i = 0; i < out; i++) {
        scale[i] = 0.01f + 0.001f * (float)i;
        bias[i] = support_random();
    }
    return (struct quantised){weight, scale, bias, out, in};
}

static void free_matrix(struct quantised *matrix)
{
    free((void *)(uintptr_t)matrix->weight);
    free((void *)(uintptr_t)matrix->scale);
    free((void *)(uintptr_t)matrix->bias);
}

/* Rounding an input moves it by half a step at most; so the result is off by no more than that times the weights' sum. */
static void check_product(struct multiplier *multiplier, const struct quantised *matrix, enum product product)
{
    static float inputs[ROWS][FFN];
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t i = 0; i < matrix->in; i++)
            inputs[row][i] = row % 5 == 4 ? 0.0f : support_random() * (float)(row + 1);
        multiplier_set_row(multiplier, row, inputs[row], matrix->in);
    }
    assert_int_equal(multiplier_run(multiplier, 0, product, ROWS, NULL), DUIDER_OK);
    for (size_t row = 0; row < ROWS; row++)
        for (size_t out = 0; out < matrix->out; out++) {
            double sum = (double)matrix->bias[out], slack = 1e-3;
            for (size_t i = 0; i < matrix->in; i++) {
                double weight = (double)matrix->scale[out] * matrix->weight[out * matrix->in + i];
                sum += weight * (double)inputs[row][i];
                slack += fabs(weight) * (double)(row + 1) / 127.0;
            }
            assert_true(fabs(sum - (double)*multiplier_row(multiplier, row, out, 1)) <= slack);
        }
}

static void check_products(float most, size_t ffn)
{
    struct model model = {.layer_count = 1, .hidden = HIDDEN, .ffn = ffn, .heads = 3, .window = ROWS};
    struct layer *layer = &model.layers[0];
    layer->qkv = random_matrix(3 * HIDDEN, HIDDEN, most);
    layer->attention_out = random_matrix(HIDDEN, HIDDEN, most);
    layer->ffn_in = random_matrix(ffn, HIDDEN, most);
    layer->ffn_out = random_matrix(HIDDEN, ffn, most);
    struct multiplier *multiplier = NULL;
    assert_int_equal(product_pack(&model, NULL), DUIDER_OK);
    assert_int_equal(multiplier_new(&model, ROWS, &multiplier, NULL), DUIDER_OK);
    check_product(multiplier, &layer->qkv, PRODUCT_QKV);
    check_product(multiplier, &layer->attention_out, PRODUCT_ATTENTION_OUT);
    check_product(multiplier, &layer->ffn_in, PRODUCT_FFN_IN);
    check_product(multiplier, &layer->ffn_out, PRODUCT_FFN_OUT);
    multiplier_free(multiplier);
    product_release(&model);
    struct quantised *matrices[] = {&layer->qkv, &layer->attention_out, &layer->ffn_in, &layer->ffn_out};
    for (size_t i = 0; i < 4; i++)
        free_matrix(matrices[i]);
}

static void products_with_small_weights_are_right(void **state)
{
    (void)state;
    check_products(63.0f, FFN);
    check_products(63.0f, FFN - 3); /* no whole panels */
}

static void products_with_large_weights_are_right(void **state)
{
    (void)state;
    check_products(127.0f, FFN);
}

static void measuring_counts_rows_and_changes_nothing(void **state)
{
    enum { PIECES = 21, KEPT = 2 };
    assert_int_equal(support_open(state), 0);
    const struct model *model = model_of(support_model);
    uint32_t ids[PIECES], kept[KEPT] = {0, PIECES - 1};
    for (uint32_t i = 0; i < PIECES; i++)
        ids[i] = PIECE_FIRST + 7 * i;
    struct encoder *encoder = NULL;
    struct encoder_times times = {0};
    const float *vectors = NULL;
    size_t bytes = KEPT * model->hidden * sizeof *vectors, others = model->layer_count - 1;
    float *plain = malloc(bytes);
    assert_non_null(plain);
    assert_int_equal(encoder_new(model, &encoder, NULL), DUIDER_OK);
    assert_int_equal(encoder_run(encoder, ids, PIECES, kept, KEPT, &vectors, NULL), DUIDER_OK);
    memcpy(plain, vectors, bytes);
    encoder_measure(encoder, &times);
    assert_int_equal(encoder_run(encoder, ids, PIECES, kept, KEPT, &vectors, NULL), DUIDER_OK);
    assert_memory_equal(plain, vectors, bytes);
    assert_int_equal(times.rows[PRODUCT_QKV], model->layer_count * PIECES);
    for (enum product product = PRODUCT_ATTENTION_OUT; product < PRODUCT_COUNT; product++)
        assert_int_equal(times.rows[product], others * PIECES + KEPT); /* the last layer only where it is read */
    for (enum encoder_part part = 0; part < ENCODER_PART_COUNT; part++)
        assert_true(times.nanoseconds[part] > 0);
    struct encoder_times before = times;
    encoder_measure(encoder, NULL);
    assert_int_equal(encoder_run(encoder, ids, PIECES, kept, KEPT, &vectors, NULL), DUIDER_OK);
    assert_memory_equal(&before, &times, sizeof times);
    encoder_free(encoder);
    free(plain);
    support_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_with_small_weights_are_right),
        cmocka_unit_test(products_with_large_weights_are_right),
        cmocka_unit_test(measuring_counts_rows_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
