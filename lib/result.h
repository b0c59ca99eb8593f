/* The finished document as the caller sees it. */
#ifndef DUIDER_RESULT_H
#define DUIDER_RESULT_H

#include "document.h"

struct duider_result {
    struct arena arena;
    duider_language language;
    bool language_detected;
    double language_confidence;
    duider_offsets offsets;
    unsigned include;
    const char *text; /* not terminated; NULL where it is not included */
    size_t text_bytes;
    duider_sentiment sentiment;
    duider_sentence *sentences;
    duider_entity *entities;
    duider_quote *quotes;
    size_t sentence_count, entity_count, quote_count;
};

/* Copies what the document found into result->arena, in the result's unit of offsets. */
duider_status build_result(const struct document *document, duider_result *result, duider_error *error);

#endif
