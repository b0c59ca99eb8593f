/*
 * Scaled dot-product attention (Vaswani et al., 2017) of one head, in 16-bit integers: queries, keys and values are scaled to whole numbers, so that
 * scores and mixed values are exact sums, the same on every processor, and the exponentials between them become whole numbers too. Made for
 * several instruction sets and chosen at run time. Knows no model.
 */
#ifndef DUIDER_ATTENTION_H
#define DUIDER_ATTENTION_H

#include <stddef.h>

enum attention_operand { ATTENTION_QUERY, ATTENTION_KEY, ATTENTION_VALUE, ATTENTION_OPERANDS };

/* One thread's buffers. */
struct attention;

/* For up to `rows_max` queries and as many keys, of `width` values each. NULL: no memory. */
struct attention *attention_new(size_t rows_max, size_t width);
void attention_free(struct attention *attention);

/* One query, key or value: [width]. */
void attention_set_row(struct attention *attention, enum attention_operand operand, size_t row, const float *values);

/* out [rows][stride], of which `width` values each are written = softmax(queries keys / sqrt(width)) values, of `count` keys and values. */
void attention_run(struct attention *attention, size_t rows, size_t count, float *out, size_t stride);

#endif
