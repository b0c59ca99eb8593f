/*
 * 8-bit matrix products for processors with AVX2 and without VNNI, where oneDNN reaches 0.6 of what a kernel for packed weights does
 * (docs/performance.md). Pure functions; the caller owns every buffer.
 */
#ifndef DUIDER_PRODUCT_AVX2_H
#define DUIDER_PRODUCT_AVX2_H

#include "kernels.h"
#include "model.h"

enum { PRODUCT_AVX2_LEVELS = 127 }; /* of inputs: 0 to this */

/* Has the processor what it takes, has the matrix whole panels, and are its weights small enough (63 either way) to be added up in 16 bits? */
bool product_avx2_suits(const struct quantised *matrix);

/* packed [out * in], aligned to 64 bytes. */
void product_avx2_pack(const struct quantised *matrix, int8_t *packed);

/* q [rows][in], scales [rows], weight_sums [out] -> result [rows][out]. */
void product_avx2_run(const struct quantised *matrix, const int8_t *packed, const int32_t *weight_sums, const uint8_t *q, const struct row_scale *scales,
                      size_t rows, float *result);

#endif
