/*
 * Which quotation mark closes which. A mark that can be either (straight marks, “ in German and English) opens where white space or an opening bracket stands
 * before it and a word right behind; a quote that goes on in the next paragraph may open again there and is closed once.
 */
#include "quotation_marks.h"

enum family { FAMILY_NONE, FAMILY_DOUBLE, FAMILY_SINGLE, FAMILY_GUILLEMET };

enum { OPEN_MAX = 8, PARAGRAPHS_MAX = 2 };

struct mark {
    enum family family;
    bool may_open, may_close;
};

static struct mark mark_of(struct view word)
{
    static const struct {
        const char *text;
        struct mark mark;
    } marks[] = {
        {"\"", {FAMILY_DOUBLE, true, true}},   {"“", {FAMILY_DOUBLE, true, true}},    {"”", {FAMILY_DOUBLE, true, true}},
        {"„", {FAMILY_DOUBLE, true, false}},   {"''", {FAMILY_DOUBLE, true, true}},   {"``", {FAMILY_DOUBLE, true, false}},
        {"‟", {FAMILY_DOUBLE, true, false}},   {"'", {FAMILY_SINGLE, true, true}},    {"‘", {FAMILY_SINGLE, true, true}},
        {"’", {FAMILY_SINGLE, true, true}},    {"‚", {FAMILY_SINGLE, true, false}},   {"`", {FAMILY_SINGLE, true, true}},
        {"»", {FAMILY_GUILLEMET, true, true}}, {"«", {FAMILY_GUILLEMET, true, true}}, {"›", {FAMILY_GUILLEMET, true, true}},
        {"‹", {FAMILY_GUILLEMET, true, true}},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (view_equal(word, (struct view){marks[i].text, strlen(marks[i].text)}))
            return marks[i].mark;
    return (struct mark){FAMILY_NONE, false, false};
}

static bool space_behind(const struct document *document, size_t word)
{
    return word + 1 >= document->words.count || document->words.items[word + 1].space_before;
}

static bool is_bracket(struct view word)
{
    return word.count == 1 && (word.bytes[0] == '(' || word.bytes[0] == '[' || word.bytes[0] == '-' || word.bytes[0] == '/');
}

/* An apostrophe: inside a word ("foto's") or before a clipped one ("'s avonds", "'t"). */
static bool is_apostrophe(const struct document *document, size_t word)
{
    static const char *const clipped[] = {"s", "t", "n", "k", "m", "r", "ns", NULL};
    if (space_behind(document, word))
        return false;
    const struct word *next = &document->words.items[word + 1];
    if (!document->words.items[word].space_before && word > 0 && document->words.items[word - 1].class == WORD_LETTERS && next->class == WORD_LETTERS)
        return true;
    return view_in(word_view(document, word + 1), clipped);
}

static bool pair_add(struct arena *arena, struct marked_list *list, struct marked pair)
{
    if (!LIST_RESERVE(arena, list))
        return false;
    list->items[list->count++] = pair;
    return true;
}

struct open_mark {
    size_t item; /* in the list */
    enum family family;
    unsigned paragraphs; /* that began since */
};

struct pairing {
    const struct document *document;
    struct marked_list *list;
    struct open_mark open[OPEN_MAX];
    size_t depth;
};

/* A mark left open ends with its paragraph. */
static void give_up(struct pairing *pairing, size_t depth, size_t end)
{
    while (pairing->depth > depth) {
        struct marked *pair = &pairing->list->items[pairing->open[--pairing->depth].item];
        if (!pair->closed && pair->close == NONE)
            pair->close = end;
    }
}

static size_t find_open(const struct pairing *pairing, enum family family)
{
    for (size_t i = pairing->depth; i-- > 0;)
        if (pairing->open[i].family == family)
            return i;
    return NONE;
}

static bool read_mark(struct pairing *pairing, struct arena *arena, size_t word)
{
    const struct document *document = pairing->document;
    struct mark mark = mark_of(word_view(document, word));
    if (mark.family == FAMILY_NONE || (mark.family == FAMILY_SINGLE && is_apostrophe(document, word)))
        return true;
    const struct word *w = &document->words.items[word];
    size_t open = find_open(pairing, mark.family);
    bool before = w->space_before || (word > 0 && (is_bracket(word_view(document, word - 1)) || mark_of(word_view(document, word - 1)).family != FAMILY_NONE));
    bool looks_open = mark.may_open && before && !space_behind(document, word);
    if (open != NONE && mark.may_close && !(looks_open && w->space_before)) {
        struct marked *pair = &pairing->list->items[pairing->open[open].item];
        pair->close = word;
        pair->closed = true;
        pairing->depth = open; /* what was opened inside and not closed was no quotation */
        return true;
    }
    if (!looks_open && !(open == NONE && mark.may_open && w->space_before))
        return true;
    if (open != NONE) { /* opened again: a new paragraph of the same quote, or the last closing mark is missing */
        give_up(pairing, open, word);
    }
    if (pairing->depth == OPEN_MAX)
        return true;
    pairing->open[pairing->depth++] = (struct open_mark){pairing->list->count, mark.family, 0};
    return pair_add(arena, pairing->list, (struct marked){word, NONE, false});
}

bool pair_quotation_marks(const struct document *document, struct arena *arena, struct marked_list *list)
{
    struct pairing pairing = {.document = document, .list = list};
    for (size_t word = 0; word < document->words.count; word++) {
        if (document->words.items[word].paragraph_before)
            for (size_t i = 0; i < pairing.depth; i++)
                if (++pairing.open[i].paragraphs > PARAGRAPHS_MAX) {
                    give_up(&pairing, i, word);
                    break;
                }
        if (!read_mark(&pairing, arena, word))
            return false;
    }
    give_up(&pairing, 0, document->words.count);
    size_t kept = 0; /* without those that were taken back */
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].close != NONE && list->items[i].close > list->items[i].open + 1)
            list->items[kept++] = list->items[i];
    list->count = kept;
    return true;
}

size_t first_pair(const struct marked_list *list, size_t word)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->items[middle].open < word)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
