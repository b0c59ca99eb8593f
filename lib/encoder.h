/*
 * The transformer encoder: pieces of one window -> a vector for each.
 */
#ifndef DUIDER_ENCODER_H
#define DUIDER_ENCODER_H

#include "model.h"
#include "product.h"

/* One thread's scratch memory and primitives; made for windows of up to model->window pieces. */
struct encoder;

duider_status encoder_new(const struct model *model, struct encoder **encoder, duider_error *error);
void encoder_free(struct encoder *encoder);

/*
 * ids [count], 1 <= count <= model->window, each below the vocabulary's size  ->  *vectors [kept_count][hidden], those of the places `kept`
 * (ascending, at least one), valid until the next call. Runs on the calling thread alone.
 */
duider_status encoder_run(struct encoder *encoder, const uint32_t *ids, size_t count, const uint32_t *kept, size_t kept_count, const float **vectors,
                          duider_error *error);

/* ---- for measurements ---- */

enum encoder_part {
    ENCODER_EMBEDDING,
    ENCODER_PRODUCTS,
    ENCODER_ATTENTION, /* with what makes queries, keys and values of the product before it */
    ENCODER_OTHER,     /* norms, GELU, quantisation */
    ENCODER_PART_COUNT
};

struct encoder_times {
    uint64_t nanoseconds[ENCODER_PART_COUNT]; /* of the thread's processor time */
    uint64_t rows[PRODUCT_COUNT];             /* that the products took, in all layers */
};

/* From now on encoder_run adds to *times; NULL, as at first: it measures nothing. */
void encoder_measure(struct encoder *encoder, struct encoder_times *times);

#endif
