/*
 * Logits and quotation marks -> quotes with their parts and cues.
 * The network says which words are quoted and how; quotation marks say exactly where a direct quote begins and ends.
 */
#include "decode.h"
#include "quotation_marks.h"

enum {
    LONG_WORDS = 4,         /* between marks, with a full stop: a sentence */
    REPORTED_WORDS_MIN = 2, /* of an indirect quote */
    JOIN_REACH = 40         /* words between two parts of one quote at most */
};

/* How probable the network must find it, on average over the words between two marks, that they are a direct quote. */
#define LONG_THRESHOLD 0.25
#define SHORT_THRESHOLD 0.5

static size_t length(struct span span)
{
    return span.end - span.first;
}

static bool ends_with_stop(const struct document *document, size_t word)
{
    struct view view = word_view(document, word);
    return view.bytes[0] == '.' || view.bytes[0] == '!' || view.bytes[0] == '?';
}

static struct span content(const struct marked *pair)
{
    return (struct span){pair->open + 1, pair->close};
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
    for (size_t i = first_pair(marks, span.first); i < marks->count && marks->items[i].open < span.end; i++)
        if (marks->items[i].close <= span.end && marks->items[i].closed)
            return true;
    return false;
}

struct part { /* of a quote, as the head or a pair of marks has it */
    struct span span;
    duider_quote_kind kind;
    bool continues;
    double confidence;
};

struct part_list {
    struct part *items;
    size_t count, capacity;
};

static bool add_part(struct arena *arena, struct part_list *parts, struct part part)
{
    if (!LIST_RESERVE(arena, parts))
        return false;
    parts->items[parts->count++] = part;
    return true;
}

/* ---- direct quotes: pairs of marks that the network reads as said by somebody ---- */

/* What the head makes of a stretch on average: the probability of each kind, and of "a further part" at its first word. */
struct reading {
    double kinds[DUIDER_MIXED + 1];
    double continues;
};

static struct reading read_stretch(const struct document *document, struct span span)
{
    struct reading reading = {{0.0}, 0.0};
    size_t size = document->model->head_size[HEAD_QUOTES];
    double probabilities[16] = {0.0};
    for (size_t word = span.first; word < span.end; word++) {
        head_probabilities(document->model, HEAD_QUOTES, word_logits(document, word), probabilities);
        for (size_t label = 1; label < size; label++)
            reading.kinds[(label - 1) / 3] += probabilities[label] / (double)length(span);
        if (word == span.first)
            reading.continues = probabilities[2];
    }
    return reading;
}

/* Does what the network reads as reported go on outside of the marks? Then they hold a part of a mixed quote. */
static bool goes_on_outside(const struct document *document, const struct marked *pair)
{
    bool before = pair->open > 0 && labelled(document, HEAD_QUOTES, pair->open - 1);
    bool behind = pair->close + 1 < document->words.count && !ends_with_stop(document, pair->close + 1) && labelled(document, HEAD_QUOTES, pair->close + 1);
    return before || behind;
}

static bool starts_paragraph(const struct document *document, size_t word)
{
    return word == 0 || word == document->words.count || document->words.items[word].paragraph_before;
}

/* A headline or subhead between marks from end to end: somebody below says it. */
static bool is_headline(const struct document *document, const struct marked *pair)
{
    return pair->closed && starts_paragraph(document, pair->open) && starts_paragraph(document, pair->close + 1) && document->sentences.count > 1 &&
           !ends_with_stop(document, pair->close - 1);
}

/* A whole sentence between marks is seldom anything but a quote; a word or two often a title or irony. */
static bool is_direct(const struct document *document, const struct marked *pair, const struct reading *reading)
{
    struct span span = content(pair);
    bool sentence = ends_with_stop(document, span.end - 1) || (span.end < document->words.count && ends_with_stop(document, span.end));
    double direct = reading->kinds[DUIDER_DIRECT], other = reading->kinds[DUIDER_INDIRECT] + reading->kinds[DUIDER_MIXED];
    bool colon = pair->open > 0 && word_view(document, pair->open - 1).bytes[0] == ':';
    if (is_headline(document, pair) || (colon && sentence && length(span) >= LONG_WORDS))
        return true; /* or with these words: “…” */
    if (other > direct) {
        if (goes_on_outside(document, pair))
            return false;
        direct += other; /* said, and between marks from end to end */
    }
    return direct > (sentence && length(span) >= LONG_WORDS ? LONG_THRESHOLD : SHORT_THRESHOLD);
}

static bool collect_direct(const struct document *document, const struct marked_list *marks, struct arena *arena, struct part_list *parts)
{
    size_t end = 0;
    for (size_t i = 0; i < marks->count; i++) {
        const struct marked *pair = &marks->items[i];
        if (pair->open < end)
            continue; /* inside one that is direct already */
        struct reading reading = read_stretch(document, content(pair));
        if (!is_direct(document, pair, &reading))
            continue;
        struct part part = {content(pair), DUIDER_DIRECT, reading.continues > 0.5, reading.kinds[DUIDER_DIRECT]};
        if (!add_part(arena, parts, part))
            return false;
        end = pair->close;
    }
    return true;
}

/* ---- indirect and mixed quotes: what the head marks outside of them ---- */

static bool is_clause_end(struct view word)
{
    static const char *const ends[] = {",", ".", ";", ":", "!", "?", "…", "-", "–", "—", "(", ")", NULL};
    return view_in(word, ends);
}

/* A reported clause does not break off in its middle: goes on to the mark that ends it, to a cue or a speaker. */
static size_t clause_end(const struct document *document, size_t end, size_t limit)
{
    while (end < limit && !is_clause_end(word_view(document, end)) && !labelled(document, HEAD_CUES, end) && !labelled(document, HEAD_SPEAKERS, end) &&
           !document->words.items[end].paragraph_before)
        end++;
    return end;
}

/* Marks at its edges belong to it where their partners stand inside: dat het "goed komt". */
static struct span keep_marks(const struct marked_list *marks, struct span span, size_t limit)
{
    struct span kept = span;
    for (size_t i = first_pair(marks, span.first > 0 ? span.first - 1 : 0); i < marks->count && marks->items[i].open < span.end; i++) {
        const struct marked *pair = &marks->items[i];
        if (!pair->closed)
            continue;
        if (pair->open + 1 == span.first && pair->close < span.end)
            kept.first = pair->open;
        if (pair->open >= span.first && pair->close >= span.end && pair->close <= span.end + 1 && pair->close < limit)
            kept.end = pair->close + 1;
    }
    return kept;
}

/* A part that is its whole sentence holds the full stop too. */
static struct span with_stop(const struct document *document, struct span span)
{
    const struct sentence *sentence = &document->sentences.items[sentence_of(document, span.first)];
    if (span.first == sentence->first && span.end + 1 == sentence->end && ends_with_stop(document, span.end))
        span.end++;
    return span;
}

static struct part settle_reported(const struct document *document, const struct marked_list *marks, const struct tagged_span *tagged, size_t limit)
{
    struct part part = {trim_edges(document, tagged->span), (duider_quote_kind)tagged->type, tagged->continues, tagged->confidence};
    if (part.span.first >= part.span.end)
        return part;
    part.span.end = clause_end(document, part.span.end, limit);
    while (part.span.first + 1 < part.span.end && labelled(document, HEAD_CUES, part.span.first))
        part.span.first++; /* "menen regelmatig ..." */
    part.span = with_stop(document, keep_marks(marks, part.span, limit));
    part.kind = holds_pair(marks, part.span) ? DUIDER_MIXED : DUIDER_INDIRECT;
    return part;
}

/* "…, zo blijkt uit het verslag," [dat in het bezit is van de krant]: a relative clause that belongs to the speaker mention. */
static bool tells_of_speaker(const struct document *document, struct span span)
{
    static const char *const relatives[] = {"die", "dat", "wie", "der", "das", "denen", "who", "which", NULL};
    return span.first >= 2 && view_in(word_view(document, span.first), relatives) && word_view(document, span.first - 1).bytes[0] == ',' &&
           labelled(document, HEAD_SPEAKERS, span.first - 2);
}

static bool collect_reported(const struct document *document, const struct marked_list *marks, const struct tagged_spans *tagged,
                             const struct part_list *direct, struct arena *arena, struct part_list *parts)
{
    size_t next = 0;
    for (size_t i = 0; i < tagged->count; i++) {
        struct tagged_span span = tagged->items[i];
        while (next < direct->count && direct->items[next].span.end <= span.span.first) {
            if (!add_part(arena, parts, direct->items[next++]))
                return false;
        }
        size_t limit = next < direct->count ? direct->items[next].span.first : document->words.count;
        if (span.span.first >= limit)
            continue; /* inside a direct quote */
        if (span.span.end > limit)
            span.span.end = limit;
        if (i + 1 < tagged->count && tagged->items[i + 1].span.first < limit)
            limit = tagged->items[i + 1].span.first;
        struct part part = settle_reported(document, marks, &span, limit);
        if (part.span.first + REPORTED_WORDS_MIN > part.span.end || (part.continues && tells_of_speaker(document, part.span)))
            continue;
        if (!add_part(arena, parts, part))
            return false;
    }
    while (next < direct->count)
        if (!add_part(arena, parts, direct->items[next++]))
            return false;
    return true;
}

/* ---- quotes ---- */

/* Does a sentence end in the words between? Then a direct part behind it is a quote of its own. */
static bool stop_between(const struct document *document, size_t first, size_t end)
{
    const size_t next = sentences_before(document, first + 1);
    if (next < document->sentences.count && document->sentences.items[next].first + 1 < end)
        return true; /* “A.” Later zei hij: “B.” */
    for (size_t word = first; word < end; word++)
        if (ends_with_stop(document, word) || (word > first && document->words.items[word].paragraph_before))
            return true;
    return false;
}

/* Is the part the whole sentence behind the one in which the quote ends? Then it has no cue of its own. German results list it as a quote beside, as German data have it. */
static bool runs_on(const struct document *document, const struct quote *quote, struct span part)
{
    const size_t sentence = sentence_of(document, part.first);
    return document->language != DUIDER_LANGUAGE_DE && part.first == document->sentences.items[sentence].first && part.end == document->sentences.items[sentence].end &&
           sentence == sentence_of(document, quote->parts[quote->part_count - 1].end - 1) + 1;
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
    return (part->continues || runs_on(document, quote, part->span)) && !paragraph_between(document, end, part->span.first + 1);
}

/* Do only commas stand between, or nothing? Then both parts are one. */
static bool adjoins(const struct document *document, struct span before, struct span behind)
{
    static const char *const commas[] = {",", "\"", "“", "”", "„", "‘", "’", "»", "«", NULL};
    for (size_t word = before.end; word < behind.first; word++)
        if (!view_in(word_view(document, word), commas))
            return false;
    return !ends_with_stop(document, before.end - 1);
}

static bool add_quotes(struct document *document, const struct part_list *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->items[i];
        struct quote *last = document->quotes.count ? &document->quotes.items[document->quotes.count - 1] : NULL;
        if (last && joins(document, last, part)) {
            struct span *before = &last->parts[last->part_count - 1];
            if (part->kind != DUIDER_DIRECT && adjoins(document, *before, part->span))
                before->end = part->span.end;
            else
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
    struct part_list direct = {0}, parts = {0};
    arena_init(&scratch);
    bool done = pair_quotation_marks(document, &scratch, &marks) &&
                decode_spans(document->model, HEAD_QUOTES, document->logits, 0, document->words.count, &scratch, &tagged) &&
                collect_direct(document, &marks, &scratch, &direct) &&
                collect_reported(document, &marks, &tagged, &direct, &scratch, &parts) && add_quotes(document, &parts);
    arena_release(&scratch);
    return done ? DUIDER_OK : fail_memory(error);
}
