/*
 * The transformer encoder: pieces of one window -> a vector for each.
 */
#ifndef DUIDER_ENCODER_H
#define DUIDER_ENCODER_H

#include "model.h"

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

#endif
