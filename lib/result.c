/*
 * Document -> result: words become offsets in the caller's unit, indices become ids, probabilities become labels and scores.
 * All of it lies in the result's own arena, so that the text and the document may go.
 */
#include "result.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ID_BYTES = 24 };

struct builder {
    const struct document *document;
    duider_result *result;
    bool failed;
};

static void *take(struct builder *builder, size_t count, size_t item_bytes)
{
    void *items = builder->failed ? NULL : arena_alloc(&builder->result->arena, count, item_bytes);
    builder->failed |= !items;
    return items;
}

static duider_span place(const struct builder *builder, size_t start, size_t end)
{
    const struct text *text = &builder->document->text;
    return (duider_span){text_offset(text, start, builder->result->offsets), text_offset(text, end, builder->result->offsets)};
}

static size_t start_byte(const struct document *document, struct span span)
{
    return document->words.items[span.first].start;
}

static size_t end_byte(const struct document *document, struct span span)
{
    return document->words.items[span.end - 1].end;
}

/* The text as a string: U+FFFD stands for a NUL, which would end it. */
static const char *copy_text(struct builder *builder, const char *bytes, size_t count)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    size_t nuls = 0, added, size;
    for (size_t i = 0; i < count; i++)
        nuls += bytes[i] == 0;
    if (!size_multiply(nuls, sizeof replacement - 2, &added) || !size_add(count, added, &size) || !size_add(size, 1, &size)) {
        builder->failed = true;
        return NULL;
    }
    char *copy = take(builder, size, 1), *end = copy;
    for (size_t i = 0; copy && i < count; i++) {
        if (bytes[i]) {
            *end++ = bytes[i];
            continue;
        }
        memcpy(end, replacement, sizeof replacement - 1);
        end += sizeof replacement - 1;
    }
    if (copy)
        *end = 0;
    return copy;
}

static duider_extract extract(struct builder *builder, struct span span)
{
    size_t start = start_byte(builder->document, span), end = end_byte(builder->document, span);
    return (duider_extract){place(builder, start, end), copy_text(builder, builder->document->text.bytes + start, end - start)};
}

static const duider_extract *extracts(struct builder *builder, const struct span *spans, size_t count)
{
    duider_extract *items = take(builder, count, sizeof *items);
    for (size_t i = 0; i < count && !builder->failed; i++)
        items[i] = extract(builder, spans[i]);
    return items;
}

static const char *make_id(struct builder *builder, char letter, size_t index)
{
    char *id = take(builder, ID_BYTES, 1);
    if (id)
        snprintf(id, ID_BYTES, "%c%zu", letter, index + 1);
    return id;
}

static duider_sentiment sentiment_of(const double polarity[3])
{
    int best = polarity[0] > polarity[1] ? 0 : 1;
    if (polarity[2] > polarity[best])
        best = 2;
    return (duider_sentiment){(duider_polarity)(best - 1), polarity[2] - polarity[0]};
}

/* What the stages give as a probability, so that it holds on development data: see struct platt. */
static double calibrated(const struct builder *builder, enum confidence kind, double raw)
{
    const double least = 1e-4; /* a logit must be finite */
    const struct platt *platt = &builder->document->model->confidence[kind];
    double p = fmin(fmax(raw, least), 1.0 - least);
    return 1.0 / (1.0 + exp(-(platt->slope * log(p / (1.0 - p)) + platt->shift)));
}

/* A pronoun or noun phrase is a mention by what its quote says of the speaker, and as sure as that. */
static double mention_confidence(const struct builder *builder, const struct mention *mention)
{
    enum confidence kind = mention->kind == DUIDER_MENTION_NAME ? CONFIDENCE_MENTION : CONFIDENCE_SPEAKER;
    return calibrated(builder, kind, mention->confidence);
}

static void build_sentences(struct builder *builder)
{
    const struct document *document = builder->document;
    duider_result *result = builder->result;
    result->sentences = take(builder, document->sentences.count, sizeof *result->sentences);
    for (size_t i = 0; i < document->sentences.count && !builder->failed; i++) {
        const struct sentence *sentence = &document->sentences.items[i];
        struct span span = {sentence->first, sentence->end};
        result->sentences[i] = (duider_sentence){place(builder, start_byte(document, span), end_byte(document, span)), sentiment_of(sentence->polarity)};
    }
    result->sentence_count = document->sentences.count;
}

static int by_place(const void *a, const void *b)
{
    const struct mention *x = *(const struct mention *const *)a, *y = *(const struct mention *const *)b;
    return (x->span.first > y->span.first) - (x->span.first < y->span.first);
}

/* Gives each entity its mentions and roles; both come sorted by place. */
static void build_entities(struct builder *builder)
{
    const struct document *document = builder->document;
    duider_result *result = builder->result;
    size_t count = document->entities.count, mention_count = document->mentions.count;
    const struct mention **sorted = take(builder, mention_count, sizeof *sorted);
    result->entities = take(builder, count, sizeof *result->entities);
    size_t *mentions = take(builder, count, sizeof *mentions), *roles = take(builder, count, sizeof *roles);
    if (builder->failed)
        return;
    for (size_t i = 0; i < mention_count; i++) {
        sorted[i] = &document->mentions.items[i];
        mentions[sorted[i]->entity]++;
    }
    qsort(sorted, mention_count, sizeof *sorted, by_place);
    for (size_t i = 0; i < document->roles.count; i++)
        roles[document->roles.items[i].entity]++;
    for (size_t i = 0; i < count && !builder->failed; i++) {
        const struct entity *entity = &document->entities.items[i];
        result->entities[i] = (duider_entity){
            .id = make_id(builder, 'e', i),
            .type = entity->type,
            .name = extract(builder, document->mentions.items[entity->name_mention].span).text,
            .salience = entity->salience,
            .sentiment = sentiment_of(entity->polarity),
            .mentions = take(builder, mentions[i], sizeof(duider_mention)),
            .roles = take(builder, roles[i], sizeof(duider_extract)),
        };
    }
    result->entity_count = count;
    for (size_t i = 0; i < mention_count && !builder->failed; i++) {
        const struct mention *mention = sorted[i];
        duider_entity *entity = &result->entities[mention->entity];
        ((duider_mention *)(uintptr_t)entity->mentions)[entity->mention_count++] =
            (duider_mention){extract(builder, mention->span), mention->kind, mention_confidence(builder, mention), sentiment_of(mention->polarity)};
    }
    for (size_t i = 0; i < document->roles.count && !builder->failed; i++) {
        duider_entity *entity = &result->entities[document->roles.items[i].entity];
        ((duider_extract *)(uintptr_t)entity->roles)[entity->role_count++] = extract(builder, document->roles.items[i].span);
    }
}

static void build_quotes(struct builder *builder)
{
    const struct document *document = builder->document;
    duider_result *result = builder->result;
    result->quotes = take(builder, document->quotes.count, sizeof *result->quotes);
    for (size_t i = 0; i < document->quotes.count && !builder->failed; i++) {
        const struct quote *quote = &document->quotes.items[i];
        bool named = quote->entity != NONE, mentioned = quote->speaker.first != NONE;
        result->quotes[i] = (duider_quote){
            .id = make_id(builder, 'q', i),
            .kind = quote->kind,
            .confidence = calibrated(builder, CONFIDENCE_QUOTE, quote->confidence),
            .spans = extracts(builder, quote->parts, quote->part_count),
            .span_count = quote->part_count,
            .cue = extracts(builder, quote->cue, quote->cue_count),
            .cue_count = quote->cue_count,
            .speaker_mention = mentioned ? extracts(builder, &quote->speaker, 1) : NULL,
            .speaker_entity = named ? quote->entity : DUIDER_NO_ENTITY,
            .speaker_confidence = named || mentioned ? calibrated(builder, CONFIDENCE_SPEAKER, quote->speaker_confidence) : 0.0,
            .sentiment = sentiment_of(quote->polarity),
        };
    }
    result->quote_count = document->quotes.count;
}

duider_status build_result(const struct document *document, duider_result *result, duider_error *error)
{
    struct builder builder = {document, result, false};
    result->language = document->language;
    result->language_detected = document->language_detected;
    result->language_confidence = document->language_confidence;
    result->sentiment = sentiment_of(document->polarity);
    build_sentences(&builder);
    build_entities(&builder);
    build_quotes(&builder);
    if (result->include & DUIDER_INCLUDE_TEXT) {
        result->text_bytes = document->text.count;
        result->text = arena_copy(&result->arena, document->text.bytes, document->text.count);
        builder.failed |= !result->text;
    }
    return builder.failed ? fail_memory(error) : DUIDER_OK;
}

/* ---- public ---- */

void duider_result_free(duider_result *result)
{
    if (!result)
        return;
    struct arena arena = result->arena;
    arena_release(&arena);
    free(result);
}

duider_language duider_result_language(const duider_result *result)
{
    return result->language;
}

double duider_result_language_confidence(const duider_result *result)
{
    return result->language_confidence;
}

duider_offsets duider_result_offsets(const duider_result *result)
{
    return result->offsets;
}

duider_sentiment duider_result_sentiment(const duider_result *result)
{
    return result->sentiment;
}

size_t duider_result_sentence_count(const duider_result *result)
{
    return result->sentence_count;
}

const duider_sentence *duider_result_sentence_at(const duider_result *result, size_t index)
{
    return index < result->sentence_count ? &result->sentences[index] : NULL;
}

size_t duider_result_entity_count(const duider_result *result)
{
    return result->entity_count;
}

const duider_entity *duider_result_entity_at(const duider_result *result, size_t index)
{
    return index < result->entity_count ? &result->entities[index] : NULL;
}

size_t duider_result_quote_count(const duider_result *result)
{
    return result->quote_count;
}

const duider_quote *duider_result_quote_at(const duider_result *result, size_t index)
{
    return index < result->quote_count ? &result->quotes[index] : NULL;
}
