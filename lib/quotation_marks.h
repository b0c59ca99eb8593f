/* Quotation marks of a text, paired. */
#ifndef DUIDER_QUOTATION_MARKS_H
#define DUIDER_QUOTATION_MARKS_H

#include "document.h"

struct marked { /* what stands between a pair of marks: words (open + 1) to close */
    size_t open, close; /* words; close is the first word behind the content, also where the closing mark is missing */
    bool closed;
};

struct marked_list {
    struct marked *items;
    size_t count, capacity;
};

/* Pairs in order of their opening marks; pairs of another style may lie inside a pair. */
bool pair_quotation_marks(const struct document *document, struct arena *arena, struct marked_list *list);

/* The index of the first pair that opens at or behind `word`; list->count where none does. */
size_t first_pair(const struct marked_list *list, size_t word);

#endif
