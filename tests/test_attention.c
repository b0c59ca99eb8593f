/* Attention against plain loops, for sizes that fill no whole steps; test_attention_portable.c has the same for processors without its vectors. */
#include "attention.h"
#include "support.h"

#include <math.h>

/* `size`: of the numbers; the scores grow with its square. */
static void check_attention(size_t rows, size_t count, size_t width, float size)
{
    enum { STRIDE = 64, COUNT_MAX = 96 };
    static float out[COUNT_MAX][STRIDE];
    struct attention *attention = attention_new(COUNT_MAX, width);
    float *values[ATTENTION_OPERANDS];
    assert_non_null(attention);
    for (int operand = 0; operand < ATTENTION_OPERANDS; operand++) {
        size_t here = operand == ATTENTION_QUERY ? rows : count;
        values[operand] = calloc(here * width, sizeof(float));
        assert_non_null(values[operand]);
        for (size_t i = 0; i < here * width; i++)
            values[operand][i] = size * support_random();
        for (size_t row = 0; row < here; row++)
            attention_set_row(attention, (enum attention_operand)operand, row, values[operand] + row * width);
    }
    attention_run(attention, rows, count, &out[0][0], STRIDE);
    for (size_t row = 0; row < rows; row++) {
        double wanted[STRIDE] = {0}, sum = 0.0;
        for (size_t i = 0; i < count; i++) {
            double score = 0.0;
            for (size_t j = 0; j < width; j++)
                score += (double)values[ATTENTION_QUERY][row * width + j] * (double)values[ATTENTION_KEY][i * width + j];
            double weight = exp(score / sqrt((double)width));
            sum += weight;
            for (size_t j = 0; j < width; j++)
                wanted[j] += weight * (double)values[ATTENTION_VALUE][i * width + j];
        }
        for (size_t j = 0; j < width; j++)
            assert_true(fabs(wanted[j] / sum - (double)out[row][j]) <= 1e-3 * (double)size);
    }
    for (int operand = 0; operand < ATTENTION_OPERANDS; operand++)
        free(values[operand]);
    attention_free(attention);
}

static void attention_is_right_for_any_size(void **state)
{
    (void)state;
    check_attention(1, 1, 32, 1.0f);
    check_attention(7, 33, 32, 1.0f);
    check_attention(64, 96, 16, 2.0f);
    check_attention(5, 31, 40, 2.0f);
    check_attention(6, 95, 32, 1e-6f); /* all keys weigh the same: sums are as large as they get */
    check_attention(6, 96, 32, 0.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention_is_right_for_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
