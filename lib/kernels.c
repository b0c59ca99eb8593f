/* Element-wise kernels: see kernels.h. Written so that the compiler turns each loop into vector instructions. */
#include "kernels.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES /* sanitizers start before the dynamic loader could choose a clone */
#endif

/*
 * e^x for x <= 0, within 4 units in the last place above -87; below that, and for what is no number, from a damaged model, about 1e-38. Cephes'
 * polynomial on the rest to the nearest multiple n of log 2, which adding 1.5 * 2^23 leaves in the low bits of a float.
 */
static inline float exponential(float x)
{
    x = x > -87.0f ? x : -87.0f;
    union {
        float f;
        int32_t i;
    } shifted = {.f = x * 1.44269504088896341f + 12582912.0f}, power;
    float r = x - (shifted.f - 12582912.0f) * 0.693147180559945f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    power.i = (int32_t)((uint32_t)shifted.i << 23) + 0x3f800000;
    return p * power.f;
}

CLONES struct row_scale quantise_row(const float *x, size_t count, int levels, uint8_t *q)
{
    float least = 0.0f, most = 0.0f;
#pragma omp simd reduction(min : least) reduction(max : most)
    for (size_t i = 0; i < count; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    float scale = (most - least) / (float)levels;
    if (!(scale > 0.0f && scale < INFINITY)) {
        scale = 1.0f;
        least = 0.0f;
    }
    float zero = floorf(-least / scale + 0.5f), inverse = 1.0f / scale, top = (float)levels;
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        float value = x[i] * inverse + zero + 0.5f;
        value = value > 0.0f ? value : 0.0f;
        value = value > top + 0.5f ? top + 0.5f : value;
        q[i] = (uint8_t)(int32_t)value;
    }
    return (struct row_scale){scale, (int32_t)zero};
}

CLONES void dequantise_row(const int32_t *sums, size_t count, struct row_scale row, const float *scale, const int32_t *weight_sum,
                           const float *bias, float *y)
{
#pragma omp simd
    for (size_t j = 0; j < count; j++)
        y[j] = row.scale * scale[j] * (float)(sums[j] - row.zero * weight_sum[j]) + bias[j];
}

/* erf by Abramowitz and Stegun 7.1.26: absolute error below 1.5e-7. */
CLONES void gelu_row(const float *x, size_t count, float *y)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        float z = x[i] * 0.70710678118654752f, a = fabsf(z);
        float t = 1.0f / (1.0f + 0.3275911f * a);
        float p = 1.061405429f;
        p = p * t - 1.453152027f;
        p = p * t + 1.421413741f;
        p = p * t - 0.284496736f;
        p = p * t + 0.254829592f;
        float e = 1.0f - p * t * exponential(-a * a);
        y[i] = 0.5f * x[i] * (1.0f + (z < 0.0f ? -e : e));
    }
}

CLONES void add_norm_row(float *x, const float *y, size_t count, const float *weight, const float *bias, float epsilon)
{
    float sum = 0.0f, squares = 0.0f, width = (float)count;
    if (y) {
#pragma omp simd
        for (size_t i = 0; i < count; i++)
            x[i] += y[i];
    }
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += x[i];
    float mean = sum / width;
#pragma omp simd reduction(+ : squares)
    for (size_t i = 0; i < count; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    float inverse = 1.0f / sqrtf(squares / width + epsilon);
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        x[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
}

CLONES float exponential_row(float *x, size_t count)
{
    float most = x[0], sum = 0.0f;
#pragma omp simd reduction(max : most)
    for (size_t i = 0; i < count; i++)
        most = x[i] > most ? x[i] : most;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++) {
        x[i] = exponential(x[i] - most);
        sum += x[i];
    }
    return sum;
}

CLONES void softmax_row(float *x, size_t count)
{
    float inverse = 1.0f / exponential_row(x, count);
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        x[i] *= inverse;
}

CLONES void multiply_vector(const float *matrix, size_t rows, const float *vector, size_t count, float *y)
{
    size_t row = 0;
    for (; row + 4 <= rows; row += 4) { /* so that a value of the vector is loaded once for four rows */
        const float *a = matrix + row * count, *b = a + count, *c = b + count, *d = c + count;
        float sum_a = 0.0f, sum_b = 0.0f, sum_c = 0.0f, sum_d = 0.0f;
#pragma omp simd reduction(+ : sum_a, sum_b, sum_c, sum_d)
        for (size_t i = 0; i < count; i++) {
            sum_a += a[i] * vector[i];
            sum_b += b[i] * vector[i];
            sum_c += c[i] * vector[i];
            sum_d += d[i] * vector[i];
        }
        y[row] = sum_a;
        y[row + 1] = sum_b;
        y[row + 2] = sum_c;
        y[row + 3] = sum_d;
    }
    for (; row < rows; row++) {
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < count; i++)
            sum += matrix[row * count + i] * vector[i];
        y[row] = sum;
    }
}
