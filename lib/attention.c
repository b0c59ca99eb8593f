/* Attention of one head: see attention.h. A few rows of queries at a time meet all keys, so that their scores stay in the nearest cache. */
#include "attention.h"
#include "kernels.h"

enum { ROWS = ATTENTION_ROWS };

#define TARGET
#define LANES 4
#define NAME(function) function##_128
#include "attention_tile.h"
#undef TARGET
#undef LANES
#undef NAME

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define NAME(function) function##_256
#include "attention_tile.h"
#undef TARGET
#undef LANES
#undef NAME

#define TARGET __attribute__((target("avx512f")))
#define LANES 16
#define NAME(function) function##_512
#include "attention_tile.h"
#endif

struct tile {
    void (*score)(const struct attention_head *head, const float *const queries[ROWS], size_t padded);
    void (*mix)(const struct attention_head *head, size_t padded);
};

static struct tile tile_for_processor(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return (struct tile){score_512, mix_512};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (struct tile){score_256, mix_256};
#endif
    return (struct tile){score_128, mix_128};
}

void attention_set_key(const struct attention_head *head, size_t index, const float *key)
{
    float *column = head->keys + index / ATTENTION_STEP * ATTENTION_STEP * head->width + index % ATTENTION_STEP;
#pragma GCC unroll 8
    for (size_t i = 0; i < head->width; i++)
        column[i * ATTENTION_STEP] = key[i];
}

void attention_run(const struct attention_head *head, float *out, size_t stride)
{
    struct tile tile = tile_for_processor();
    size_t padded = attention_padded(head->count), width = attention_padded(head->width);
    for (size_t first = 0; first < head->rows; first += ROWS) {
        size_t rows = head->rows - first < ROWS ? head->rows - first : ROWS;
        const float *queries[ROWS];
        for (size_t row = 0; row < ROWS; row++) /* what there is too little of, the last one stands in for */
            queries[row] = head->queries + (first + (row < rows ? row : rows - 1)) * width;
        tile.score(head, queries, padded);
        float inverse[ROWS];
        for (size_t row = 0; row < ROWS; row++)
            inverse[row] = 1.0f / exponential_row(head->scores + row * padded, head->count);
        tile.mix(head, padded);
        for (size_t row = 0; row < rows; row++)
            for (size_t i = 0; i < head->width; i++)
                out[(first + row) * stride + i] = head->mixed[row * width + i] * inverse[row];
    }
}
