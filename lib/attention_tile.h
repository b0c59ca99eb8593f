/*
 * attention.c includes this once for each width of vectors: LANES numbers of 32 bits, or twice as many of 16, for TARGET, in functions called
 * NAME(...); PAIR_SUMS(a, b) adds the products of 16-bit numbers that are beside each other.
 */
typedef int32_t NAME(integers) __attribute__((vector_size(LANES * sizeof(int32_t)), may_alias));
typedef float NAME(floats) __attribute__((vector_size(LANES * sizeof(float)), may_alias));

/* scores [ROWS][keys] = queries * keys. */
TARGET static void NAME(score)(const struct attention *attention, const int16_t *const queries[ROWS], size_t keys)
{
    typedef NAME(integers) vector;
    for (size_t at = 0; at < keys; at += 2 * LANES) {
        const int16_t *columns = attention->keys + at / STEP * STEP * attention->padded + at % STEP * 2;
        vector sum[ROWS][2] = {0};
        for (size_t i = 0; i < attention->padded; i += 2) {
            const vector *column = (const vector *)(const void *)(columns + i * STEP);
            vector low = column[0], high = column[1];
#pragma GCC unroll 6
            for (size_t row = 0; row < ROWS; row++) {
                vector query = pair(queries[row] + i) + (vector){0};
                sum[row][0] += PAIR_SUMS(query, low);
                sum[row][1] += PAIR_SUMS(query, high);
            }
        }
#pragma GCC unroll 6
        for (size_t row = 0; row < ROWS; row++) {
            vector *scores = (vector *)(void *)(attention->scores + row * keys + at);
            scores[0] = sum[row][0];
            scores[1] = sum[row][1];
        }
    }
}

/* mixed [ROWS][padded] = weights * values. */
TARGET static void NAME(mix)(const struct attention *attention, size_t pairs, size_t keys)
{
    typedef NAME(integers) vector;
    for (size_t at = 0; at < attention->padded; at += 2 * LANES) {
        NAME(floats) total[ROWS][2] = {0};
        for (size_t block = 0; block < pairs; block += MIXED_PAIRS) {
            size_t end = block + MIXED_PAIRS < pairs ? block + MIXED_PAIRS : pairs;
            vector sum[ROWS][2] = {0};
            for (size_t i = block; i < end; i++) {
                const vector *value = (const vector *)(const void *)(attention->values + 2 * (i * attention->padded + at));
                vector low = value[0], high = value[1];
#pragma GCC unroll 6
                for (size_t row = 0; row < ROWS; row++) {
                    vector weight = pair(attention->weights + row * keys + 2 * i) + (vector){0};
                    sum[row][0] += PAIR_SUMS(weight, low);
                    sum[row][1] += PAIR_SUMS(weight, high);
                }
            }
#pragma GCC unroll 6
            for (size_t row = 0; row < ROWS; row++) {
                total[row][0] += __builtin_convertvector(sum[row][0], NAME(floats));
                total[row][1] += __builtin_convertvector(sum[row][1], NAME(floats));
            }
        }
#pragma GCC unroll 6
        for (size_t row = 0; row < ROWS; row++) {
            NAME(floats) *mixed = (NAME(floats) *)(void *)(attention->mixed + row * attention->padded + at);
            mixed[0] = total[row][0];
            mixed[1] = total[row][1];
        }
    }
}
