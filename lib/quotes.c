/*
 * Logits and quotation marks -> quotes with their parts and cues.
 * The network says which words are quoted and how; quotation marks say exactly where a direct quote begins and ends.
 */
#include "decode.h"
#include "quotation_marks.h"

enum {
    SNAP_WORDS = 3,   /* a direct quote whose border lies this near a mark ends at the mark */
    JOIN_REACH = 40   /* words between two parts of one quote at most */
};

static size_t overlap(struct span a, struct span b)
{
    size_t first = a.first > b.first ? a.first : b.first, end = a.end < b.end ? a.end : b.end;
    return first < end ? end - first : 0;
}

static size_t length(struct span span)
{
    return span.end - span.first;
}

static struct span content(const struct marked *pair)
{
    return (struct span){pair->open + 1, pair->close};
}

/* The pair whose content the span is, more or less. */
static const struct marked *enclosing(const struct marked_list *marks, struct span span, size_t *from)
{
    const struct marked *best = NULL;
    size_t best_overlap = 0;
    while (*from < marks->count && marks->items[*from].close + SNAP_WORDS < span.first && *from + 1 < marks->count &&
           marks->items[*from + 1].open <= span.first)
        ++*from;
    for (size_t i = *from > 4 ? *from - 4 : 0; i < marks->count && marks->items[i].open < span.end; i++) {
        size_t common = overlap(content(&marks->items[i]), span);
        if (common > best_overlap && common * 2 >= length(span)) {
            best = &marks->items[i];
            best_overlap = common;
        }
    }
    return best;
}

static bool is_edge_mark(struct view word)
{
    static const char *const marks[] = {",", ".", ";", ":", "-", "–", "—", "\"", "“", "”", "„", "'", "‘", "’", "»", "«", "''", "``", ")", "(", NULL};
    return view_in(word, marks);
}

static struct span trim_edges(const struct document *document, struct span span)
{
    while (span.first < span.end && is_edge_mark(word_view(document, span.first)))
        span.first++;
    while (span.end > span.first && is_edge_mark(word_view(document, span.end - 1)))
        span.end--;
    return span;
}

/* Does the span hold an opening or closing mark of a pair inside it? Then a part of it is quoted word for word. */
static bool holds_pair(const struct marked_list *marks, struct span span)
{
    for (size_t i = 0; i < marks->count && marks->items[i].open < span.end; i++)
        if (marks->items[i].open >= span.first && marks->items[i].close <= span.end && marks->items[i].closed)
            return true;
    return false;
}

struct part { /* of a quote, as one head and the marks have it */
    struct span span;
    duider_quote_kind kind;
    bool continues;
    double confidence;
    const struct marked *pair; /* whose content it is; NULL */
};

struct part_list {
    struct part *items;
    size_t count, capacity;
};

static struct part settle_part(const struct document *document, const struct marked_list *marks, const struct tagged_span *tagged, size_t *from)
{
    struct part part = {tagged->span, (duider_quote_kind)tagged->type, tagged->continues, tagged->confidence, NULL};
    const struct marked *pair = enclosing(marks, part.span, from);
    if (pair) {
        struct span inside = content(pair);
        bool most = overlap(inside, part.span) * 10 >= length(inside) * (part.kind == DUIDER_DIRECT ? 4 : 8);
        bool whole = part.span.first + SNAP_WORDS >= inside.first && part.span.end <= inside.end + SNAP_WORDS;
        if (most && whole) {
            part.kind = DUIDER_DIRECT;
            part.span = inside;
            part.pair = pair;
            return part;
        }
    }
    part.span = trim_edges(document, part.span);
    if (part.kind == DUIDER_DIRECT && !pair)
        part.kind = DUIDER_INDIRECT;
    if (part.kind == DUIDER_INDIRECT && holds_pair(marks, part.span))
        part.kind = DUIDER_MIXED;
    if (part.kind == DUIDER_MIXED && !holds_pair(marks, part.span))
        part.kind = DUIDER_INDIRECT;
    return part;
}

static bool collect_parts(const struct document *document, const struct marked_list *marks, const struct tagged_spans *tagged, struct arena *arena,
                          struct part_list *parts)
{
    size_t from = 0;
    for (size_t i = 0; i < tagged->count; i++) {
        struct part part = settle_part(document, marks, &tagged->items[i], &from);
        if (part.span.first >= part.span.end)
            continue;
        struct part *before = parts->count ? &parts->items[parts->count - 1] : NULL;
        if (before && part.pair && before->pair == part.pair)
            continue; /* one pair of marks is one part */
        if (before && part.span.first < before->span.end)
            part.span.first = before->span.end;
        if (part.span.first >= part.span.end)
            continue;
        if (!LIST_RESERVE(arena, parts))
            return false;
        parts->items[parts->count++] = part;
    }
    return true;
}

static bool ends_with_stop(const struct document *document, size_t word)
{
    struct view view = word_view(document, word);
    return view.bytes[0] == '.' || view.bytes[0] == '!' || view.bytes[0] == '?';
}

/* Is there the end of a sentence in the words between? Then a direct part behind it is a quote of its own. */
static bool stop_between(const struct document *document, size_t first, size_t end)
{
    for (size_t word = first; word < end; word++)
        if (ends_with_stop(document, word) || (word > first && document->words.items[word].paragraph_before))
            return true;
    return false;
}

static bool joins(const struct document *document, const struct quote *quote, const struct part *part)
{
    size_t end = quote->parts[quote->part_count - 1].end;
    if (quote->part_count == QUOTE_PARTS_MAX || part->span.first > end + JOIN_REACH)
        return false;
    if ((quote->kind == DUIDER_DIRECT) != (part->kind == DUIDER_DIRECT))
        return false;
    if (part->kind == DUIDER_DIRECT) /* “A”, zegt X, “B”: one quote; “A”, zegt X. “B”: two */
        return !stop_between(document, end, part->span.first) && (part->continues || part->span.first > end + 2);
    return part->continues;
}

static bool add_quotes(struct document *document, const struct part_list *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->items[i];
        struct quote *last = document->quotes.count ? &document->quotes.items[document->quotes.count - 1] : NULL;
        if (last && joins(document, last, part)) {
            last->parts[last->part_count++] = part->span;
            if (part->kind == DUIDER_MIXED)
                last->kind = DUIDER_MIXED;
            continue;
        }
        if (!LIST_RESERVE(document->arena, &document->quotes))
            return false;
        document->quotes.items[document->quotes.count++] = (struct quote){
            .kind = part->kind,
            .parts = {part->span},
            .part_count = 1,
            .speaker = {NONE, NONE},
            .entity = NONE,
            .confidence = part->confidence,
        };
    }
    return true;
}

duider_status find_quotes(struct document *document, duider_error *error)
{
    struct arena scratch;
    struct marked_list marks = {0};
    struct tagged_spans tagged = {0};
    struct part_list parts = {0};
    arena_init(&scratch);
    bool done = pair_quotation_marks(document, &scratch, &marks) &&
                decode_spans(document->model, HEAD_QUOTES, document->logits, 0, document->words.count, &scratch, &tagged) &&
                collect_parts(document, &marks, &tagged, &scratch, &parts) && add_quotes(document, &parts);
    arena_release(&scratch);
    return done ? DUIDER_OK : fail_memory(error);
}
