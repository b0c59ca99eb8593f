/* Attention of one head: see attention.h. A few rows of queries at a time meet all keys, so that their scores stay in the nearest cache. */
#include "attention.h"
#include "base.h"
#include "kernels.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 6,         /* of queries that are worked on together */
    STEP = 32,        /* keys, and values of a row, come in whole steps, filled up with zeros */
    MIXED_PAIRS = 32, /* of values that are added up in integers before floats take the sum: 2 * 32 * 2^14 * 2047 is less than 2^31 */
    VALUE_LEVELS = 2047,
    CACHE_LINE = 16 /* floats */
};

struct attention {
    size_t width, padded; /* `padded`: width in whole steps */
    int levels;           /* of queries and keys on either side of zero: as many as their products of `width` leave room for in 32 bits */
    float *rows[ATTENTION_OPERANDS]; /* [rows][padded]: as they were set */
    int16_t *row;                    /* [padded]: one of them in whole numbers */
    int16_t *queries;                /* [rows][padded] */
    int16_t *keys;                   /* [steps of keys][padded / 2][STEP][2]: a column a key, two of its numbers beside each other */
    int16_t *values;                 /* [pairs of values][padded][2]: the same number of both beside each other */
    int32_t *scores;                 /* [ROWS][keys in whole steps] */
    int16_t *weights;                /* [ROWS][keys in whole steps]: exponentials of them */
    float *mixed;                    /* [ROWS][padded] */
};

static size_t whole_steps(size_t count)
{
    return (count + STEP - 1) / STEP * STEP;
}

/* Two 16-bit numbers as one of 32 bits. */
static inline int32_t pair(const int16_t *numbers)
{
    int32_t bits;
    memcpy(&bits, numbers, sizeof bits);
    return bits;
}

#if defined(__x86_64__)
#include <immintrin.h>
#define PAIR_SUMS(a, b) (vector) _mm_madd_epi16((__m128i)(a), (__m128i)(b))
#else
typedef int32_t four_sums __attribute__((vector_size(16), may_alias));
static inline four_sums pair_sums(four_sums a, four_sums b)
{
    four_sums low = ((a << 16) >> 16) * ((b << 16) >> 16);
    return low + (a >> 16) * (b >> 16);
}
#define PAIR_SUMS(a, b) pair_sums(a, b)
#endif

#define TARGET
#define LANES 4
#define NAME(function) function##_128
#include "attention_tile.h"
#undef TARGET
#undef LANES
#undef NAME
#undef PAIR_SUMS

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define NAME(function) function##_256
#define PAIR_SUMS(a, b) (vector) _mm256_madd_epi16((__m256i)(a), (__m256i)(b))
#include "attention_tile.h"
#undef TARGET
#undef LANES
#undef NAME
#undef PAIR_SUMS

#define TARGET __attribute__((target("avx512f,avx512bw")))
#define LANES 16
#define NAME(function) function##_512
#define PAIR_SUMS(a, b) (vector) _mm512_madd_epi16((__m512i)(a), (__m512i)(b))
#include "attention_tile.h"
#endif

struct tile {
    void (*score)(const struct attention *attention, const int16_t *const queries[ROWS], size_t keys);
    void (*mix)(const struct attention *attention, size_t pairs, size_t keys);
};

static struct tile tile_for_processor(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        return (struct tile){score_512, mix_512};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (struct tile){score_256, mix_256};
#endif
    return (struct tile){score_128, mix_128};
}

struct attention *attention_new(size_t rows_max, size_t width)
{
    struct attention *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    size_t padded = a->padded = whole_steps(width), keys = whole_steps(rows_max);
    a->width = width;
    double levels = sqrt((double)INT32_MAX / (double)padded);
    a->levels = levels < INT16_MAX ? (int)levels : INT16_MAX;
    bool complete = true;
    for (int i = 0; i < ATTENTION_OPERANDS; i++)
        complete = (a->rows[i] = aligned_new(rows_max * padded, sizeof(float))) != NULL && complete;
    a->row = aligned_new(padded, sizeof *a->row);
    a->queries = aligned_new(rows_max * padded, sizeof *a->queries);
    a->keys = aligned_new(keys * padded, sizeof *a->keys);
    a->values = aligned_new(keys * padded, sizeof *a->values);
    a->scores = aligned_new(ROWS * keys, sizeof *a->scores);
    a->weights = aligned_new(ROWS * keys, sizeof *a->weights);
    a->mixed = aligned_new(ROWS * padded, sizeof *a->mixed);
    if (!complete || !a->row || !a->queries || !a->keys || !a->values || !a->scores || !a->weights || !a->mixed) {
        attention_free(a);
        return NULL;
    }
    for (int i = 0; i < ATTENTION_OPERANDS; i++)
        memset(a->rows[i], 0, rows_max * padded * sizeof(float));
    memset(a->keys, 0, keys * padded * sizeof *a->keys);
    return a;
}

void attention_free(struct attention *attention)
{
    if (!attention)
        return;
    for (int i = 0; i < ATTENTION_OPERANDS; i++)
        free(attention->rows[i]);
    void *buffers[] = {attention->row, attention->queries, attention->keys, attention->values, attention->scores, attention->weights, attention->mixed};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]);
    free(attention);
}

void attention_set_row(struct attention *attention, enum attention_operand operand, size_t row, const float *values)
{
    float *out = attention->rows[operand] + row * attention->padded;
#pragma omp simd
    for (size_t i = 0; i < attention->width; i++) /* too few for memcpy() to be worth its call */
        out[i] = values[i];
}

/* What one whole number of an operand stands for. */
static float unit(const struct attention *attention, enum attention_operand operand, size_t rows, int levels)
{
    float most = largest_of(attention->rows[operand], rows * attention->padded) / (float)levels;
    return most > 1e-30f && most < INFINITY ? most : 1.0f;
}

static float set_queries(struct attention *attention, size_t rows)
{
    float scale = unit(attention, ATTENTION_QUERY, rows, attention->levels);
    scale_row(attention->rows[ATTENTION_QUERY], rows * attention->padded, 1.0f / scale, attention->levels, attention->queries);
    return scale;
}

static float set_keys(struct attention *attention, size_t count)
{
    float scale = unit(attention, ATTENTION_KEY, count, attention->levels);
    for (size_t key = 0; key < count; key++) {
        scale_row(attention->rows[ATTENTION_KEY] + key * attention->padded, attention->padded, 1.0f / scale, attention->levels, attention->row);
        int16_t *column = attention->keys + key / STEP * STEP * attention->padded + key % STEP * 2;
#pragma GCC unroll 8
        for (size_t i = 0; i < attention->padded; i += 2)
            memcpy(column + i * STEP, attention->row + i, 2 * sizeof *column);
    }
    return scale;
}

static float set_values(struct attention *attention, size_t count)
{
    float scale = unit(attention, ATTENTION_VALUE, count, VALUE_LEVELS);
    for (size_t value = 0; value < count; value += 2) {
        const float *first = attention->rows[ATTENTION_VALUE] + value * attention->padded;
        scale_pair(first, value + 1 < count ? first + attention->padded : NULL, attention->padded, 1.0f / scale, VALUE_LEVELS,
                   attention->values + value * attention->padded);
    }
    return scale;
}

void attention_run(struct attention *attention, size_t rows, size_t count, float *out, size_t stride)
{
    struct tile tile = tile_for_processor();
    size_t padded = attention->padded, keys = whole_steps(count);
    float score_scale = set_queries(attention, rows) * set_keys(attention, count) / sqrtf((float)attention->width);
    float value_scale = set_values(attention, count);
    for (size_t first = 0; first < rows; first += ROWS) {
        size_t here = rows - first < ROWS ? rows - first : ROWS;
        const int16_t *queries[ROWS];
        for (size_t row = 0; row < ROWS; row++) /* what there is too little of, the last one stands in for */
            queries[row] = attention->queries + (first + (row < here ? row : here - 1)) * padded;
        tile.score(attention, queries, keys);
        float scale[ROWS];
        for (size_t row = 0; row < ROWS; row++) {
            int32_t *scores = attention->scores + row * keys;
            int16_t *weights = attention->weights + row * keys;
            for (size_t key = count; key < keys; key++)
                scores[key] = scores[0]; /* whole steps are fastest; what is no key is taken out again */
            int32_t sum = exponential_weights(scores, keys, score_scale, weights);
            for (size_t key = count; key < keys; key++)
                sum -= weights[key]; /* it may stand beside the last one, and then meets a value of zeros */
            scale[row] = value_scale / (float)sum;
        }
        for (size_t row = 0; row < here; row++)
            for (size_t i = 0; i < attention->width; i += CACHE_LINE)
                __builtin_prefetch(out + (first + row) * stride + i, 1);
        tile.mix(attention, (count + 1) / 2, keys);
        for (size_t row = 0; row < here; row++)
            for (size_t i = 0; i < attention->width; i++)
                out[(first + row) * stride + i] = attention->mixed[row * padded + i] * scale[row];
    }
}
