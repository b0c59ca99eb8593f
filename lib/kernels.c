/* Element-wise kernels: see kernels.h. Written so that the compiler turns each loop into vector instructions. */
#include "kernels.h"

#include <math.h>
#include <stdbool.h>

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

/*
 * x * Phi(x), with x times a polynomial of t = 2 (x / 4.6)^2 - 1 for Phi(x) - 1/2: within 3e-6 where |x| is below 4.6, within 2e-6 |x| elsewhere, where
 * Phi(4.6) stands in. Least error in x * Phi(x), by reweighted least squares over Chebyshev polynomials.
 */
CLONES void gelu_row(const float *x, size_t count, float *y)
{
    const float edge = 4.6f;
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        float z = x[i] > -edge ? x[i] : -edge;
        z = z < edge ? z : edge;
        float t = z * z * (2.0f / (4.6f * 4.6f)) - 1.0f;
        float p = 8.786388946e-4f;
        p = p * t - 2.700951183e-3f;
        p = p * t + 3.974229564e-3f;
        p = p * t - 6.271139719e-3f;
        p = p * t + 1.196877286e-2f;
        p = p * t - 1.996190846e-2f;
        p = p * t + 2.929110080e-2f;
        p = p * t - 4.041321948e-2f;
        p = p * t + 5.415344983e-2f;
        p = p * t - 7.576699555e-2f;
        p = p * t + 1.535433084e-1f;
        y[i] = x[i] * (z * p + 0.5f);
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

CLONES void softmax_row(float *x, size_t count)
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
    float inverse = 1.0f / sum;
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        x[i] *= inverse;
}

CLONES float largest_of(const float *x, size_t count)
{
    float most = 0.0f;
#pragma omp simd reduction(max : most)
    for (size_t i = 0; i < count; i++) {
        float size = fabsf(x[i]);
        most = size > most ? size : most;
    }
    return most;
}

/* Comparisons in this order let no NaN through. */
static inline int16_t whole(float x, float top)
{
    x = x > -top ? x : -top;
    x = x < top ? x : top;
    return (int16_t)(int32_t)(x + (x < 0.0f ? -0.5f : 0.5f));
}

CLONES void scale_row(const float *x, size_t count, float inverse, int levels, int16_t *q)
{
    float top = (float)levels;
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        q[i] = whole(x[i] * inverse, top);
}

CLONES void scale_pair(const float *first, const float *second, size_t count, float inverse, int levels, int16_t *q)
{
    float top = (float)levels;
    const float *other = second ? second : first;
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        q[2 * i] = whole(first[i] * inverse, top);
        q[2 * i + 1] = second ? whole(other[i] * inverse, top) : 0;
    }
}

/*
 * 2^14 * 2^x for -24 <= x <= 0, rounded, in the low 16 bits; within a whole number and 8 in 100,000. A polynomial of least error on the rest to the nearest
 * whole number n; adding 1.5 * 2^23 leaves both n and the result in the low bits of a float.
 */
static inline uint32_t power_of_two(float x)
{
    union {
        float f;
        uint32_t i;
    } shifted = {.f = x + 12582912.0f}, power, rounded;
    float r = x - (shifted.f - 12582912.0f);
    float p = 5.517166480e-2f;
    p = p * r + 2.426111251e-1f;
    p = p * r + 6.932609677e-1f;
    p = p * r + 9.999280572e-1f;
    power.i = (shifted.i << 23) + ((127 + 14) << 23);
    rounded.f = p * power.f + 12582912.0f;
    return rounded.i & 0xffff;
}

CLONES int32_t exponential_weights(const int32_t *sums, size_t count, float scale, int16_t *weights)
{
    int32_t most = sums[0];
    uint32_t sum = 0;
    count -= count % 16;
#pragma omp simd reduction(max : most)
    for (size_t i = 0; i < count; i++)
        most = sums[i] > most ? sums[i] : most;
    float factor = scale * 1.44269504088896341f, top = (float)most * factor;
    double least = (double)most - 24.0 / (double)factor; /* below that there is no weight */
    int32_t lowest = least > INT32_MIN ? (int32_t)least : INT32_MIN;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++) {
        int32_t score = sums[i] > lowest ? sums[i] : lowest;
        uint32_t weight = power_of_two((float)score * factor - top);
        weights[i] = (int16_t)weight;
        sum += weight;
    }
    return (int32_t)sum;
}

CLONES void multiply_vectors(const float *matrix, size_t rows, const float *vectors, size_t vector_count, size_t count, float *y)
{
    for (size_t first = 0; first < vector_count; first += 2) { /* two vectors meet four rows, so that each value is loaded once for all of them */
        bool alone = first + 1 == vector_count;
        const float *v = vectors + first * count, *w = alone ? v : v + count;
        float *y_v = y + first * rows, *y_w = alone ? y_v : y_v + rows;
        size_t row = 0;
        for (; row + 4 <= rows; row += 4) {
            const float *a = matrix + row * count, *b = a + count, *c = b + count, *d = c + count;
            float av = 0.0f, bv = 0.0f, cv = 0.0f, dv = 0.0f, aw = 0.0f, bw = 0.0f, cw = 0.0f, dw = 0.0f;
#pragma omp simd reduction(+ : av, bv, cv, dv, aw, bw, cw, dw)
            for (size_t i = 0; i < count; i++) {
                av += a[i] * v[i];
                bv += b[i] * v[i];
                cv += c[i] * v[i];
                dv += d[i] * v[i];
                aw += a[i] * w[i];
                bw += b[i] * w[i];
                cw += c[i] * w[i];
                dw += d[i] * w[i];
            }
            y_v[row] = av, y_v[row + 1] = bv, y_v[row + 2] = cv, y_v[row + 3] = dv;
            y_w[row] = aw, y_w[row + 1] = bw, y_w[row + 2] = cw, y_w[row + 3] = dw;
        }
        for (; row < rows; row++) {
            float sum_v = 0.0f, sum_w = 0.0f;
#pragma omp simd reduction(+ : sum_v, sum_w)
            for (size_t i = 0; i < count; i++) {
                sum_v += matrix[row * count + i] * v[i];
                sum_w += matrix[row * count + i] * w[i];
            }
            y_v[row] = sum_v;
            y_w[row] = sum_w;
        }
    }
}
