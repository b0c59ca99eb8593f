/* What the renderers share: every marked stretch of an article, cut so that stretches nest. */
#ifndef DUIDER_CLI_SPANS_H
#define DUIDER_CLI_SPANS_H

#include "duider.h"

enum mark { MARK_NAME, MARK_ROLE, MARK_CUE, MARK_SPEAKER, MARK_QUOTE, MARK_COUNT };

struct stretch { /* a piece of text in which the same marks hold */
    size_t start, end;
    const duider_entity *entity; /* named here, or NULL */
    const duider_quote *quote;     /* the quote whose content this is, or NULL */
    bool marks[MARK_COUNT];
};

struct stretches {
    struct stretch *items;
    size_t count;
};

#define REPLACEMENT_CHARACTER "\xEF\xBF\xBD" /* U+FFFD */

/* Bytes of the UTF-8 character at `text`, where `left` bytes are; 0 where none stands, as --replace-invalid lets through. */
size_t character_bytes(const char *text, size_t left);

/* Does no item before it say the same, but for ASCII case? A list of roles names each once. */
bool is_new(const duider_extract *items, size_t index);

/* Covers the whole text; offsets of the result are bytes. Free items with free(). False: no memory. */
bool cut_stretches(const duider_result *result, size_t text_bytes, struct stretches *stretches);

#endif
