/*
 * Result -> JSON text by jansson. Members come in the order of docs and openapi.yaml; numbers are rounded to four decimals, so that the same input
 * gives the same bytes on processors that differ in the last bits.
 */
#include "result.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static json_t *rounded(double value)
{
    double four = round(value * 1e4) / 1e4;
    return json_real(four == 0.0 ? 0.0 : four); /* no -0.0 */
}

static json_t *number(size_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *sentiment_json(duider_sentiment sentiment)
{
    return json_pack("{s:s, s:o}", "label", duider_polarity_name(sentiment.label), "score", rounded(sentiment.score));
}

static json_t *extract_json(const duider_extract *extract)
{
    return json_pack("{s:o, s:o, s:s}", "start", number(extract->span.start), "end", number(extract->span.end), "text", extract->text);
}

static json_t *extracts_json(const duider_extract *extracts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(array, extract_json(&extracts[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *mention_json(const duider_mention *mention)
{
    return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o}", "start", number(mention->extract.span.start), "end", number(mention->extract.span.end), "text",
                     mention->extract.text, "kind", duider_mention_kind_name(mention->kind), "confidence", rounded(mention->confidence),
                     "sentiment", sentiment_json(mention->sentiment));
}

static json_t *sentence_json(const duider_result *result, size_t index)
{
    const duider_sentence *sentence = &result->sentences[index];
    return json_pack("{s:o, s:o, s:o}", "start", number(sentence->span.start), "end", number(sentence->span.end), "sentiment",
                     sentiment_json(sentence->sentiment));
}

static json_t *entity_json(const duider_result *result, size_t index)
{
    const duider_entity *entity = &result->entities[index];
    json_t *mentions = json_array();
    for (size_t i = 0; i < entity->mention_count; i++)
        if (json_array_append_new(mentions, mention_json(&entity->mentions[i])) != 0) {
            json_decref(mentions);
            return NULL;
        }
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "id", entity->id, "type", duider_entity_type_name(entity->type), "name", entity->name,
                     "salience", rounded(entity->salience), "mentions", mentions, "roles", extracts_json(entity->roles, entity->role_count), "sentiment",
                     sentiment_json(entity->sentiment));
}

static json_t *speaker_json(const duider_result *result, const duider_quote *quote)
{
    bool named = quote->speaker_entity != DUIDER_NO_ENTITY;
    if (!named && !quote->speaker_mention)
        return json_null();
    const duider_entity *entity = named ? &result->entities[quote->speaker_entity] : NULL;
    return json_pack("{s:o, s:s?, s:s?, s:o}", "mention", quote->speaker_mention ? extract_json(quote->speaker_mention) : json_null(), "entity",
                     named ? entity->id : NULL, "name", named ? entity->name : NULL, "confidence", rounded(quote->speaker_confidence));
}

static json_t *quote_json(const duider_result *result, size_t index)
{
    const duider_quote *quote = &result->quotes[index];
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", quote->id, "kind", duider_quote_kind_name(quote->kind), "spans",
                     extracts_json(quote->spans, quote->span_count), "cue", extracts_json(quote->cue, quote->cue_count), "speaker",
                     speaker_json(result, quote), "sentiment", sentiment_json(quote->sentiment), "confidence", rounded(quote->confidence));
}

static json_t *list_json(const duider_result *result, size_t count, json_t *(*item)(const duider_result *, size_t))
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(array, item(result, i)) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

/* `value` is stolen; NULL: no memory. */
static bool add(json_t *json, const char *name, json_t *value)
{
    return json_object_set_new(json, name, value) == 0;
}

static bool wants(const duider_result *result, unsigned include)
{
    return (result->include & include) != 0;
}

static json_t *result_json(const duider_result *result, const char *id)
{
    json_t *json = json_object();
    bool done = json && (!id || add(json, "id", json_string(id))) && add(json, "language", json_string(duider_language_name(result->language))) &&
                (!result->language_detected || add(json, "language_confidence", rounded(result->language_confidence))) &&
                add(json, "offsets", json_string(duider_offsets_name(result->offsets))) &&
                (!wants(result, DUIDER_INCLUDE_TEXT) || add(json, "text", json_stringn(result->text, result->text_bytes))) &&
                (!wants(result, DUIDER_INCLUDE_SENTENCES) || add(json, "sentences", list_json(result, result->sentence_count, sentence_json))) &&
                (!wants(result, DUIDER_INCLUDE_ENTITIES) || add(json, "entities", list_json(result, result->entity_count, entity_json))) &&
                (!wants(result, DUIDER_INCLUDE_QUOTES) || add(json, "quotes", list_json(result, result->quote_count, quote_json))) &&
                (!wants(result, DUIDER_INCLUDE_SENTIMENT) || add(json, "sentiment", sentiment_json(result->sentiment)));
    if (done)
        return json;
    json_decref(json);
    return NULL;
}

duider_status duider_result_json(const duider_result *result, const char *id, duider_json_format format, char **json, size_t *json_bytes,
                                 duider_error *error)
{
    if (!result || !json)
        return fail(error, DUIDER_BAD_ARGUMENT, 0, "duider_result_json: result and json must not be NULL");
    json_t *checked = id ? json_string(id) : NULL;
    if (id && !checked)
        return fail(error, DUIDER_BAD_ARGUMENT, 0, "the id is not valid UTF-8");
    json_decref(checked);
    json_t *tree = result_json(result, id);
    size_t flags = JSON_REAL_PRECISION(12) | (format == DUIDER_JSON_PRETTY ? JSON_INDENT(2) : JSON_COMPACT);
    char *text = tree ? json_dumps(tree, flags) : NULL;
    json_decref(tree);
    if (!text)
        return fail_memory(error);
    *json = text;
    if (json_bytes)
        *json_bytes = strlen(text);
    return DUIDER_OK;
}

void duider_string_free(char *string)
{
    free(string);
}
