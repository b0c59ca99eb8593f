/*
 * Scaled dot-product attention (Vaswani et al., 2017) of one head: small pure functions over packed floats, made for several instruction
 * sets and chosen at run time. They know no model; the caller owns every buffer, each aligned to 64 bytes.
 */
#ifndef DUIDER_ATTENTION_H
#define DUIDER_ATTENTION_H

#include <stddef.h>

enum {
    ATTENTION_STEP = 32, /* keys, and values of a row, come in whole steps, filled up with finite numbers */
    ATTENTION_ROWS = 6   /* of queries that are worked on together */
};

struct attention_head {
    size_t rows, count; /* queries; keys and values */
    size_t width;
    float *queries; /* [rows][whole steps of width] */
    float *keys;    /* [whole steps of count][width][ATTENTION_STEP]: a column a key */
    float *values;  /* [count][whole steps of width] */
    float *scores;  /* [ATTENTION_ROWS][whole steps of count]: scratch */
    float *mixed;   /* [ATTENTION_ROWS][whole steps of width]: scratch */
};

/* `count` filled up to whole steps. */
static inline size_t attention_padded(size_t count)
{
    return (count + ATTENTION_STEP - 1) / ATTENTION_STEP * ATTENTION_STEP;
}

/* Puts one key in its column. */
void attention_set_key(const struct attention_head *head, size_t index, const float *key);

/* out [rows][stride], of which `width` values each are written = softmax(queries keys) values; the queries are scaled already. */
void attention_run(const struct attention_head *head, float *out, size_t stride);

#endif
