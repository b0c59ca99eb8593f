/*
 * German text: what stands between marks in a mixed quote is a direct quote as well, inside it, with its cue and speaker. German corpora of quotations mark both
 * (Petersen-Frey and Biemann, "Dataset of Quotation Attribution in German News Articles", 2024); the guidelines for Dutch and English mark the clause alone.
 */
#include "quotation_marks.h"

#include <stdlib.h>

/* Marks around a name are a title's. */
static bool is_name(const struct document *document, struct span span)
{
    size_t i = names_before(document, span.first);
    return i < document->name_count && document->mentions.items[i].span.first == span.first && document->mentions.items[i].span.end == span.end;
}

static bool add_nested(struct document *document, size_t outer, struct span span)
{
    if (!LIST_RESERVE(document->arena, &document->quotes))
        return false;
    struct quote *nested = &document->quotes.items[document->quotes.count++];
    *nested = document->quotes.items[outer];
    nested->kind = DUIDER_DIRECT;
    nested->parts[0] = span;
    nested->part_count = 1;
    nested->doubtful = false; /* the marks tell that somebody said it, where the clause around them may be the author's */
    return true;
}

static bool add_pairs(struct document *document, const struct marked_list *marks, size_t outer)
{
    for (size_t part = 0; part < document->quotes.items[outer].part_count; part++) {
        const struct span span = document->quotes.items[outer].parts[part];
        size_t end = 0; /* of the pair before: pairs inside it are its own */
        for (size_t i = first_pair(marks, span.first); i < marks->count && marks->items[i].open < span.end; i++) {
            const struct marked *pair = &marks->items[i];
            const struct span content = {pair->open + 1, pair->close};
            if (pair->open < end || !pair->closed || pair->close > span.end || is_name(document, content))
                continue;
            if (!add_nested(document, outer, content))
                return false;
            end = pair->close;
        }
    }
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct span left = ((const struct quote *)a)->parts[0], right = ((const struct quote *)b)->parts[0];
    if (left.first != right.first)
        return left.first < right.first ? -1 : 1;
    return left.end == right.end ? 0 : left.end > right.end ? -1 : 1;
}

duider_status nest_quotes(struct document *document, duider_error *error)
{
    if (document->language != DUIDER_LANGUAGE_DE)
        return DUIDER_OK;
    struct arena scratch;
    struct marked_list marks = {0};
    arena_init(&scratch);
    bool done = pair_quotation_marks(document, &scratch, &marks);
    const size_t count = document->quotes.count;
    for (size_t i = 0; done && i < count; i++)
        if (document->quotes.items[i].kind == DUIDER_MIXED)
            done = add_pairs(document, &marks, i);
    arena_release(&scratch);
    if (!done)
        return fail_memory(error);
    if (document->quotes.count > count)
        qsort(document->quotes.items, document->quotes.count, sizeof *document->quotes.items, by_place);
    return DUIDER_OK;
}
