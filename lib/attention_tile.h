/* attention.c includes this once for each width of vectors: LANES floats each, for TARGET, in functions called NAME(...). */
typedef float NAME(vector) __attribute__((vector_size(LANES * sizeof(float))));

/* scores [ROWS][padded keys] = queries * keys. */
TARGET static void NAME(score)(const struct attention_head *head, const float *const queries[ROWS], size_t padded)
{
    typedef NAME(vector) vector;
    for (size_t at = 0; at < padded; at += 2 * LANES) {
        const float *keys = head->keys + at / ATTENTION_STEP * ATTENTION_STEP * head->width + at % ATTENTION_STEP;
        vector sum[ROWS][2] = {0};
        for (size_t i = 0; i < head->width; i++) {
            vector low = *(const vector *)(keys + i * ATTENTION_STEP), high = *(const vector *)(keys + i * ATTENTION_STEP + LANES);
#pragma GCC unroll 6
            for (size_t row = 0; row < ROWS; row++) {
                sum[row][0] += queries[row][i] * low;
                sum[row][1] += queries[row][i] * high;
            }
        }
#pragma GCC unroll 6
        for (size_t row = 0; row < ROWS; row++) {
            *(vector *)(head->scores + row * padded + at) = sum[row][0];
            *(vector *)(head->scores + row * padded + at + LANES) = sum[row][1];
        }
    }
}

/* mixed [ROWS][padded width] = scores * values. */
TARGET static void NAME(mix)(const struct attention_head *head, size_t padded)
{
    typedef NAME(vector) vector;
    size_t width = attention_padded(head->width);
    for (size_t at = 0; at < width; at += 2 * LANES) {
        vector sum[ROWS][2] = {0};
        for (size_t i = 0; i < head->count; i++) {
            const float *value = head->values + i * width + at;
            vector low = *(const vector *)value, high = *(const vector *)(value + LANES);
#pragma GCC unroll 6
            for (size_t row = 0; row < ROWS; row++) {
                sum[row][0] += head->scores[row * padded + i] * low;
                sum[row][1] += head->scores[row * padded + i] * high;
            }
        }
#pragma GCC unroll 6
        for (size_t row = 0; row < ROWS; row++) {
            *(vector *)(head->mixed + row * width + at) = sum[row][0];
            *(vector *)(head->mixed + row * width + at + LANES) = sum[row][1];
        }
    }
}
