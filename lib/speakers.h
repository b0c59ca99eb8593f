/* What finding a quote's speaker mention (speakers.c) and its entity (speaker_entities.c) share. */
#ifndef DUIDER_SPEAKERS_H
#define DUIDER_SPEAKERS_H

#include "document.h"

#define SURE 0.5 /* a pointer that is this sure overrules the rules */

/* Words between; 0 where they touch or overlap. */
static inline size_t distance(struct span a, struct span b)
{
    return a.end <= b.first ? b.first - a.end : b.end <= a.first ? a.first - b.end : 0;
}

static inline bool in_quote(const struct quote *quote, struct span span)
{
    for (size_t i = 0; i < quote->part_count; i++)
        if (span.first >= quote->parts[i].first && span.end <= quote->parts[i].end)
            return true;
    return false;
}

/* The name that holds the word, or NULL. */
static inline const struct mention *name_at(const struct document *document, size_t word)
{
    size_t i = names_before(document, word + 1);
    return i > 0 && word < document->mentions.items[i - 1].span.end ? &document->mentions.items[i - 1] : NULL;
}

/*
 * Fills the entity and the confidence of the quote, whose cues and speaker mention are there. `before`: the quote before, or NULL; `pointer`: what the network
 * points at, or NULL.
 */
void find_speaker_entity(const struct document *document, struct quote *quote, const struct quote *before, const struct pointer_answer *pointer);

#endif
