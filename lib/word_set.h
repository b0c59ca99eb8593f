/* Words (or phrases) of a text, by hash: does it hold one? */
#ifndef DUIDER_WORD_SET_H
#define DUIDER_WORD_SET_H

#include "base.h"

struct word_set {
    uint64_t *hashes; /* [size], 0 where free */
    size_t size;      /* a power of two, more than twice the words */
};

/* Room for so many words; false: no memory. */
bool word_set_init(struct word_set *set, struct arena *arena, size_t words);
/* ASCII letters count as small ones. Phrases that are too long are not taken, and few others; `holds` says no then. */
void word_set_add(struct word_set *set, struct view word);
bool word_set_holds(const struct word_set *set, struct view word);

#endif
