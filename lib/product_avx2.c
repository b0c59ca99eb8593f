/*
 * 8-bit matrix products with AVX2: see product_avx2.h.
 *
 * Packed weights come in panels of OUTPUTS rows of the matrix; a panel holds, for each STEP columns, these columns of all its rows, four
 * columns of a row beside each other as vpmaddubsw wants them:
 *
 *     columns 0-3 of outputs 0-7 | columns 0-3 of outputs 8-15 | columns 4-7 of outputs 0-7 | columns 4-7 of outputs 8-15 | columns 8-11 ...
 *
 * A pair of products is at most 2 * 127 * 63, so two pairs are added in 16 bits before they are widened.
 */
#include "product_avx2.h"

#include <string.h>

enum { OUTPUTS = 16, STEP = 8, GROUP = 4, TILE_ROWS = 4, BLOCK_ROWS = 64, WEIGHT_MAX = 63 };

void product_avx2_pack(const struct quantised *matrix, int8_t *packed)
{
    for (size_t panel = 0; panel < matrix->out; panel += OUTPUTS)
        for (size_t column = 0; column < matrix->in; column += GROUP)
            for (size_t output = panel; output < panel + OUTPUTS; output++, packed += GROUP)
                memcpy(packed, matrix->weight + output * matrix->in + column, GROUP);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma")))

AVX2 static bool are_small(const int8_t *weights, size_t count)
{
    int8_t least = 0, most = 0;
#pragma omp simd reduction(min : least) reduction(max : most)
    for (size_t i = 0; i < count; i++) {
        least = weights[i] < least ? weights[i] : least;
        most = weights[i] > most ? weights[i] : most;
    }
    return least >= -WEIGHT_MAX && most <= WEIGHT_MAX;
}

bool product_avx2_suits(const struct quantised *matrix)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && matrix->in % STEP == 0 && matrix->out % OUTPUTS == 0 &&
           are_small(matrix->weight, matrix->out * matrix->in);
}

AVX2 static inline __m256i four(const uint8_t *q)
{
    int32_t bits;
    memcpy(&bits, q, sizeof bits);
    return _mm256_set1_epi32(bits);
}

/* Eight sums as floats: row.scale * scale * (sum - row.zero * weight_sum) + bias. */
AVX2 static inline __m256 finish(__m256i sum, struct row_scale row, const float *scale, const int32_t *weight_sums, const float *bias)
{
    __m256i zero = _mm256_mullo_epi32(_mm256_set1_epi32(row.zero), _mm256_loadu_si256((const __m256i_u *)weight_sums));
    __m256 value = _mm256_cvtepi32_ps(_mm256_sub_epi32(sum, zero));
    return _mm256_fmadd_ps(_mm256_mul_ps(value, _mm256_set1_ps(row.scale)), _mm256_loadu_ps(scale), _mm256_loadu_ps(bias));
}

/* TILE_ROWS rows of inputs times one panel. */
AVX2 static void multiply_tile(const uint8_t *const rows[TILE_ROWS], const int8_t *panel, size_t in, __m256i sums[TILE_ROWS][2])
{
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sum[TILE_ROWS][2] = {{_mm256_setzero_si256()}};
    for (size_t column = 0; column < in; column += STEP, panel += STEP * OUTPUTS) {
        const __m256i *weights = (const __m256i *)(const void *)panel;
        __m256i low_a = weights[0], low_b = weights[1], high_a = weights[2], high_b = weights[3];
#pragma GCC unroll 4
        for (size_t row = 0; row < TILE_ROWS; row++) {
            __m256i low = four(rows[row] + column), high = four(rows[row] + column + GROUP);
            __m256i a = _mm256_add_epi16(_mm256_maddubs_epi16(low, low_a), _mm256_maddubs_epi16(high, high_a));
            __m256i b = _mm256_add_epi16(_mm256_maddubs_epi16(low, low_b), _mm256_maddubs_epi16(high, high_b));
            sum[row][0] = _mm256_add_epi32(sum[row][0], _mm256_madd_epi16(a, ones));
            sum[row][1] = _mm256_add_epi32(sum[row][1], _mm256_madd_epi16(b, ones));
        }
    }
#pragma GCC unroll 4
    for (size_t row = 0; row < TILE_ROWS; row++) {
        sums[row][0] = sum[row][0];
        sums[row][1] = sum[row][1];
    }
}

/* The same columns of up to TILE_ROWS rows of the result. */
AVX2 static void finish_tile(const struct quantised *matrix, const int32_t *weight_sums, size_t output, __m256i sums[TILE_ROWS][2],
                             const struct row_scale *scales, size_t rows, float *result)
{
    for (size_t row = 0; row < rows; row++)
        for (size_t half = 0; half < 2; half++) {
            size_t at = output + half * (OUTPUTS / 2);
            _mm256_storeu_ps(result + row * matrix->out + at, finish(sums[row][half], scales[row], matrix->scale + at, weight_sums + at, matrix->bias + at));
        }
}

AVX2 void product_avx2_run(const struct quantised *matrix, const int8_t *packed, const int32_t *weight_sums, const uint8_t *q,
                           const struct row_scale *scales, size_t rows, float *result)
{
    for (size_t block = 0; block < rows; block += BLOCK_ROWS) { /* so that the inputs stay in a near cache while all panels pass */
        size_t end = block + BLOCK_ROWS < rows ? block + BLOCK_ROWS : rows;
        for (size_t output = 0; output < matrix->out; output += OUTPUTS)
            for (size_t first = block; first < end; first += TILE_ROWS) {
                size_t count = end - first < TILE_ROWS ? end - first : TILE_ROWS;
                const uint8_t *inputs[TILE_ROWS];
                for (size_t row = 0; row < TILE_ROWS; row++) /* what there is too little of, the last one stands in for */
                    inputs[row] = q + (first + (row < count ? row : count - 1)) * matrix->in;
                __m256i sums[TILE_ROWS][2];
                multiply_tile(inputs, packed + output * matrix->in, matrix->in, sums);
                finish_tile(matrix, weight_sums, output, sums, scales + first, count, result + first * matrix->out);
            }
    }
}
#else
bool product_avx2_suits(const struct quantised *matrix)
{
    (void)matrix;
    return false;
}

void product_avx2_run(const struct quantised *matrix, const int8_t *packed, const int32_t *weight_sums, const uint8_t *q, const struct row_scale *scales,
                      size_t rows, float *result)
{
    (void)matrix, (void)packed, (void)weight_sums, (void)q, (void)scales, (void)rows, (void)result;
}
#endif
