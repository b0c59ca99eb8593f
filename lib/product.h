/*
 * 8-bit matrix products of the encoder: the only part that knows oneDNN. Weights are signed with a scale a row, inputs unsigned with a scale
 * and a zero point a row, measured as they come.
 */
#ifndef DUIDER_PRODUCT_H
#define DUIDER_PRODUCT_H

#include "model.h"

enum product { PRODUCT_QKV, PRODUCT_ATTENTION_OUT, PRODUCT_FFN_IN, PRODUCT_FFN_OUT, PRODUCT_COUNT };

/* Packs the model's matrices for this processor into model->packed. */
duider_status product_pack(struct model *model, duider_error *error);
void product_release(struct model *model);

/* The instruction set that the products use here: "avx512_core_vnni". Static storage. */
const char *product_processor(void);

/* What multiplies the model's matrices: "oneDNN", or "AVX2" for the kernel of product_avx2.h. Static storage. */
const char *product_kernel(const struct model *model);

/* One thread's inputs, results and primitives. */
struct multiplier;

duider_status multiplier_new(const struct model *model, size_t rows_max, struct multiplier **multiplier, duider_error *error);
void multiplier_free(struct multiplier *multiplier);

/* One row of the next product's input: values [count], as many as each of its rows has. */
void multiplier_set_row(struct multiplier *multiplier, size_t row, const float *values, size_t count);

/* Rows 0 to `rows` - 1 that were set -> as many rows of the result. Runs on the calling thread alone. */
duider_status multiplier_run(struct multiplier *multiplier, size_t layer, enum product product, size_t rows, duider_error *error);

/* `count` values of a row of the last result, from column `first` on; valid until the next call with the same multiplier. */
const float *multiplier_row(struct multiplier *multiplier, size_t row, size_t first, size_t count);

#endif
