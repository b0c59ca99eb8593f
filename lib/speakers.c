/*
 * Who says each quote: its cue and its speaker mention; whom that means, speaker_entities.c knows.
 * The network points from a quote to its cue and to its speaker mention. Where a pointer leads to nothing that the tagging heads confirm, the nearest candidate
 * in the sentence counts.
 */
#include "decode.h"
#include "lexicon.h"
#include "speakers.h"

enum {
    REACH = 30,         /* words between a quote and a cue or speaker that no pointer names */
    POINTER_REACH = 3,  /* words by which a pointer may miss */
    CUE_REACH = 400,    /* words between a quote and its cue: a window */
    PRONOUN_REACH = 2,  /* words between a cue and a pronoun beside it */
    LINKED_REACH = 8    /* speaker mentions that may be linked to two quotes */
};

#define REPORTED_CONFIDENCE 0.7 /* that a reported quote needs */
#define UNCUED_CONFIDENCE 0.8   /* that it needs without a cue */
#define PLAIN_CONFIDENCE 0.8    /* of a speaker that rules found and the network did not */

struct attribution { /* the candidates of the whole text */
    struct tagged_spans cues, speakers;
    size_t *cue_owner, *cue_distance; /* [cues]: the quote that a cue belongs to */
};

static size_t quote_distance(const struct quote *quote, struct span span)
{
    size_t best = NONE;
    for (size_t i = 0; i < quote->part_count; i++) {
        size_t d = distance(quote->parts[i], span);
        best = d < best ? d : best;
    }
    return best;
}

/* The first span whose end lies behind `word`. */
static size_t first_behind(const struct tagged_spans *spans, size_t word)
{
    size_t low = 0, high = spans->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (spans->items[middle].span.end <= word)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The span that holds the word, or one at most POINTER_REACH words away. */
static size_t span_at(const struct tagged_spans *spans, size_t word)
{
    size_t i = first_behind(spans, word > POINTER_REACH ? word - POINTER_REACH : 0), best = NONE, least = POINTER_REACH + 1;
    for (; i < spans->count && spans->items[i].span.first <= word + POINTER_REACH; i++) {
        size_t d = distance(spans->items[i].span, (struct span){word, word + 1});
        if (d < least) {
            least = d;
            best = i;
        }
    }
    return best;
}

static const struct pointer_answer *pointer_of(const struct document *document, const struct quote *quote)
{
    size_t low = 0, high = document->pointers.count, word = quote->parts[0].first;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (document->pointers.items[middle].first + POINTER_REACH < word)
            low = middle + 1;
        else
            high = middle;
    }
    const struct pointer_answer *found = low < document->pointers.count ? &document->pointers.items[low] : NULL;
    return found && found->first < quote->parts[quote->part_count - 1].end ? found : NULL;
}

/* ---- cues ---- */

/* Every cue belongs to the quote whose pointer leads to it, or else to the nearest one of its sentence. */
static void give_cue(struct attribution *attribution, size_t cue, size_t quote, size_t rank)
{
    if (rank < attribution->cue_distance[cue]) {
        attribution->cue_distance[cue] = rank;
        attribution->cue_owner[cue] = quote;
    }
}

static void give_cues(const struct document *document, struct attribution *attribution)
{
    for (size_t i = 0; i < attribution->cues.count; i++)
        attribution->cue_owner[i] = attribution->cue_distance[i] = NONE;
    for (size_t q = 0; q < document->quotes.count; q++) {
        const struct quote *quote = &document->quotes.items[q];
        const struct pointer_answer *pointer = pointer_of(document, quote);
        if (pointer && pointer->to[POINTER_CUE] != NONE) {
            size_t cue = span_at(&attribution->cues, pointer->to[POINTER_CUE]);
            if (cue != NONE)
                give_cue(attribution, cue, q, 0);
        }
        size_t from = quote->parts[0].first > REACH ? quote->parts[0].first - REACH : 0;
        size_t to = quote->parts[quote->part_count - 1].end + REACH;
        for (size_t c = first_behind(&attribution->cues, from); c < attribution->cues.count && attribution->cues.items[c].span.first < to; c++) {
            struct span span = attribution->cues.items[c].span;
            size_t sentence = sentence_of(document, span.first);
            bool same = sentence == sentence_of(document, quote->parts[0].first) ||
                        sentence == sentence_of(document, quote->parts[quote->part_count - 1].end - 1);
            if (same && !in_quote(quote, span))
                give_cue(attribution, c, q, 1 + quote_distance(quote, span));
        }
    }
}

static bool in_sentence_of(const struct document *document, const struct quote *quote, size_t word)
{
    size_t sentence = sentence_of(document, word);
    for (size_t i = 0; i < quote->part_count; i++)
        if (sentence >= sentence_of(document, quote->parts[i].first) && sentence <= sentence_of(document, quote->parts[i].end - 1))
            return true;
    return false;
}

/* Cues of another sentence ("Dat zegt X. “…”, waarschuwde zij.") count only where the quote's own has none. */
static void collect_cues(const struct document *document, struct quote *quote, const struct attribution *attribution, size_t index)
{
    bool own = false;
    size_t from = first_behind(&attribution->cues, quote->parts[0].first > CUE_REACH ? quote->parts[0].first - CUE_REACH : 0);
    size_t to = quote->parts[quote->part_count - 1].end + CUE_REACH;
    for (size_t c = from; c < attribution->cues.count && attribution->cues.items[c].span.first < to; c++)
        own |= attribution->cue_owner[c] == index && in_sentence_of(document, quote, attribution->cues.items[c].span.first);
    for (size_t c = from; c < attribution->cues.count && attribution->cues.items[c].span.first < to; c++) {
        struct span span = attribution->cues.items[c].span;
        if (attribution->cue_owner[c] == index && quote->cue_count < QUOTE_PARTS_MAX && (!own || in_sentence_of(document, quote, span.first)))
            quote->cue[quote->cue_count++] = span;
    }
}

/* ---- the speaker mention ---- */

/* A speaker mention does not cut a name in two, nor ends before the one that it is of: "een bewoner van de" [Europalaan]. */
static struct span with_whole_names(const struct document *document, struct span span)
{
    const struct mention *first = name_at(document, span.first), *last = name_at(document, span.end - 1);
    if (!last && span.end > span.first + 1 && span.end < document->words.count && lexicon_joins(word_view(document, span.end - 1)))
        last = name_at(document, span.end);
    return (struct span){first ? first->span.first : span.first, last ? last->span.end : span.end};
}

/* "sagte er" [dem Anzeiger]: to whom it was said is no part of the mention. */
static struct span pronoun_alone(const struct document *document, struct span span)
{
    static const char *const pronouns[] = {"hij", "zij", "ze", "he", "she", "sie", NULL};
    struct view word = word_view(document, span.first);
    const bool german = document->language == DUIDER_LANGUAGE_DE && view_equal(word, (struct view){"er", 2});
    return view_in(word, pronouns) || german ? (struct span){span.first, span.first + 1} : span;
}

/* The pronoun right beside the cue of the quote's own sentence: "“…”, waarschuwde zij". */
static size_t pronoun_beside_cue(const struct document *document, const struct quote *quote)
{
    enum gender gender;
    for (size_t i = 0; i < quote->cue_count; i++) {
        struct span cue = quote->cue[i];
        if (!in_sentence_of(document, quote, cue.first))
            continue;
        for (size_t word = cue.end; word < cue.end + PRONOUN_REACH && word < document->words.count; word++)
            if (lexicon_pronoun(word_view(document, word), &gender) && !in_quote(quote, (struct span){word, word + 1}))
                return word;
    }
    return NONE;
}

/* The nearest speaker span of the sentence in which the quote or its cue stands. */
static size_t nearest_speaker(const struct document *document, const struct attribution *attribution, const struct quote *quote)
{
    struct span around = {quote->parts[0].first, quote->parts[quote->part_count - 1].end};
    if (quote->cue_count)
        around = quote->cue[0];
    size_t best = NONE, least = REACH, from = around.first > REACH ? around.first - REACH : 0;
    for (size_t i = first_behind(&attribution->speakers, from);
         i < attribution->speakers.count && attribution->speakers.items[i].span.first < around.end + REACH; i++) {
        struct span span = attribution->speakers.items[i].span;
        size_t sentence = sentence_of(document, span.first), d = distance(around, span);
        if (in_quote(quote, span) || (sentence != sentence_of(document, around.first) && sentence != sentence_of(document, around.end - 1)))
            continue;
        if (d < least) {
            least = d;
            best = i;
        }
    }
    return best;
}

static void find_speaker_mention(const struct document *document, const struct attribution *attribution, struct quote *quote,
                                 const struct pointer_answer *pointer)
{
    size_t found = NONE;
    if (pointer && pointer->to[POINTER_SPEAKER] != NONE) {
        size_t word = pointer->to[POINTER_SPEAKER];
        quote->speaker_confidence = (double)pointer->probability[POINTER_SPEAKER];
        found = span_at(&attribution->speakers, word);
        if (found == NONE && pointer->probability[POINTER_SPEAKER] > SURE && !in_quote(quote, (struct span){word, word + 1})) {
            struct span phrase = noun_phrase(document, word);
            quote->speaker = with_whole_names(document, phrase.end > word ? phrase : (struct span){word, word + 1});
            return;
        }
    }
    bool none = pointer && pointer->to[POINTER_SPEAKER] == NONE && pointer->probability[POINTER_SPEAKER] > SURE;
    if (found == NONE && !none) {
        found = nearest_speaker(document, attribution, quote);
        if (found != NONE && quote->speaker_confidence == 0.0)
            quote->speaker_confidence = 0.5 * attribution->speakers.items[found].confidence;
    }
    if (found == NONE) {
        quote->speaker = plain_speaker(document, quote);
        if (quote->speaker.first != NONE)
            quote->speaker_confidence = PLAIN_CONFIDENCE;
        return;
    }
    quote->speaker = with_whole_names(document, pronoun_alone(document, attribution->speakers.items[found].span));
    size_t pronoun = in_sentence_of(document, quote, quote->speaker.first) ? NONE : pronoun_beside_cue(document, quote);
    if (pronoun != NONE)
        quote->speaker = (struct span){pronoun, pronoun + 1};
}

/* ---- the stage ---- */

static bool overlap(struct span a, struct span b)
{
    return a.first < b.end && b.first < a.end;
}

/* Is something in the speaker mention linked already? */
static bool is_linked(const struct document *document, struct span speaker)
{
    for (size_t i = document->mentions.count; i-- > document->name_count && i + LINKED_REACH >= document->mentions.count;)
        if (overlap(document->mentions.items[i].span, speaker))
            return true;
    return false;
}

static bool link_mention(struct document *document, const struct quote *quote)
{
    if (quote->entity == NONE || quote->speaker.first == NONE)
        return true;
    enum gender gender;
    bool pronoun = quote->speaker.end == quote->speaker.first + 1 && lexicon_pronoun(word_view(document, quote->speaker.first), &gender);
    if (is_linked(document, quote->speaker))
        return true;
    if (!LIST_RESERVE(document->arena, &document->mentions))
        return false;
    document->mentions.items[document->mentions.count++] = (struct mention){
        .span = quote->speaker,
        .type = document->entities.items[quote->entity].type,
        .kind = pronoun ? DUIDER_MENTION_PRONOUN : DUIDER_MENTION_NOMINAL,
        .confidence = quote->speaker_confidence,
        .entity = quote->entity,
    };
    if (pronoun && document->entities.items[quote->entity].gender == GENDER_UNKNOWN)
        document->entities.items[quote->entity].gender = gender;
    return true;
}

/* Few reported clauses without a cue, or of which the network is not sure, are what somebody said. */
static bool is_doubtful(const struct quote *quote)
{
    return quote->kind != DUIDER_DIRECT && quote->confidence < (quote->cue_count ? REPORTED_CONFIDENCE : UNCUED_CONFIDENCE);
}

static bool attribute(struct document *document, const struct attribution *attribution, size_t index, const struct quote *before)
{
    struct quote *quote = &document->quotes.items[index];
    const struct pointer_answer *pointer = pointer_of(document, quote);
    collect_cues(document, quote, attribution, index);
    find_speaker_mention(document, attribution, quote, pointer);
    find_speaker_entity(document, quote, before, pointer);
    bool named = names_before(document, quote->speaker.end) > names_before(document, quote->speaker.first) ||
                 (quote->speaker.first != NONE && name_at(document, quote->speaker.first));
    quote->doubtful = is_doubtful(quote);
    return named || quote->doubtful || link_mention(document, quote);
}

duider_status attribute_quotes(struct document *document, duider_error *error)
{
    struct arena scratch;
    struct attribution attribution = {0};
    arena_init(&scratch);
    size_t words = document->words.count;
    bool done = decode_spans(document->model, HEAD_CUES, document->logits, 0, words, &scratch, &attribution.cues) &&
                decode_spans(document->model, HEAD_SPEAKERS, document->logits, 0, words, &scratch, &attribution.speakers);
    attribution.cue_owner = arena_alloc(&scratch, attribution.cues.count, sizeof(size_t));
    attribution.cue_distance = arena_alloc(&scratch, attribution.cues.count, sizeof(size_t));
    done = done && attribution.cue_owner && attribution.cue_distance;
    if (done)
        give_cues(document, &attribution);
    const struct quote *before = NULL;
    for (size_t q = 0; done && q < document->quotes.count; q++) {
        struct quote *quote = &document->quotes.items[q];
        done = attribute(document, &attribution, q, before);
        if (!quote->doubtful)
            before = quote;
    }
    arena_release(&scratch);
    return done ? DUIDER_OK : fail_memory(error);
}

duider_status drop_doubtful_quotes(struct document *document, duider_error *error)
{
    (void)error;
    size_t kept = 0;
    for (size_t i = 0; i < document->quotes.count; i++)
        if (!document->quotes.items[i].doubtful)
            document->quotes.items[kept++] = document->quotes.items[i];
    document->quotes.count = kept;
    return DUIDER_OK;
}
