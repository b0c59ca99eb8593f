/*
 * The element-wise part of the encoder: small pure functions over float rows, compiled for several instruction sets and chosen at load time.
 * They know no model and keep no state; the caller owns every buffer.
 */
#ifndef DUIDER_KERNELS_H
#define DUIDER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* How a row of unsigned 8-bit values stands for floats: value = scale * (q - zero). */
struct row_scale {
    float scale;
    int32_t zero;
};

/* x [count] -> q [count], values 0 to `levels`; zero stays exact. */
struct row_scale quantise_row(const float *x, size_t count, int levels, uint8_t *q);

/* sums [count] of integer products -> y [count] = row.scale * scale[j] * (sums[j] - row.zero * weight_sum[j]) + bias[j]. */
void dequantise_row(const int32_t *sums, size_t count, struct row_scale row, const float *scale, const int32_t *weight_sum,
                    const float *bias, float *y);

/* y = x / 2 * (1 + erf(x / sqrt 2)): GELU (Hendrycks and Gimpel, 2016). */
void gelu_row(const float *x, size_t count, float *y);

/* x = norm(x + y), in place: layer normalisation (Ba et al., 2016). y may be NULL. */
void add_norm_row(float *x, const float *y, size_t count, const float *weight, const float *bias, float epsilon);

/* x = softmax(x), in place. */
void softmax_row(float *x, size_t count);

/* The largest absolute value. */
float largest_of(const float *x, size_t count);

/* q = x * inverse, rounded, within `levels` on either side of zero; for what is no number, from a damaged model, -levels. */
void scale_row(const float *x, size_t count, float inverse, int levels, int16_t *q);

/* The same of two rows, the same column of both beside each other: q [count][2]. `second` may be NULL: zeros. */
void scale_pair(const float *first, const float *second, size_t count, float inverse, int levels, int16_t *q);

/* weights = e^(scale * (sums - the largest)) in parts of 2^14, rounded; their sum. Scale is positive, count a multiple of 16. */
int32_t exponential_weights(const int32_t *sums, size_t count, float scale, int16_t *weights);

/* matrix [rows][count] * vectors [vector_count][count] -> y [vector_count][rows]. */
void multiply_vectors(const float *matrix, size_t rows, const float *vectors, size_t vector_count, size_t count, float *y);

#endif
