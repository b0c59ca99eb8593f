/* Logits of a head -> the best sequence of labels, and the spans in it. */
#ifndef DUIDER_DECODE_H
#define DUIDER_DECODE_H

#include "document.h"

/* A span that one head found. */
struct tagged_span {
    struct span span;
    size_t type;       /* 0 for heads of one type; else the index of the type in the label set */
    bool continues;    /* the label was C: a further part of the span before it */
    double confidence; /* mean probability of its words' labels, calibrated */
};

struct tagged_spans {
    struct tagged_span *items;
    size_t count, capacity;
};

/*
 * The best path (Viterbi, 1967) through `count` words from word `first` on, where an I follows only a label of its own type, and its
 * spans in order. `logits` is that of word `first`; they are model->label_count apart.
 */
bool decode_spans(const struct model *model, enum head head, const float *logits, size_t first, size_t count, struct arena *arena,
                  struct tagged_spans *spans);

/* The same sentence by sentence: no span crosses the border of a sentence. */
bool decode_sentences(const struct document *document, enum head head, struct arena *arena, struct tagged_spans *spans);

/* Softmax at a temperature: probabilities [count]. */
void softmax_at(const float *logits, size_t count, float temperature, double *probabilities);

/* Softmax of the head's logits at the head's temperature: probabilities [head size]. */
void head_probabilities(const struct model *model, enum head head, const float *logits, double *probabilities);

/* Does the head find it more probable than not that the word is inside a span? */
bool labelled(const struct document *document, enum head head, size_t word);

#endif
