/* annotate.c, result.c, json.c: what a caller of the library relies on, whatever the text. */
#include "support.h"

#include <pthread.h>

#include <jansson.h>

static char *article;
static size_t article_bytes;

static int open_all(void **state)
{
    article = support_read("tests/articles/dijk.txt", &article_bytes);
    return support_open(state);
}

static int close_all(void **state)
{
    free(article);
    return support_close(state);
}

static char *json_of(const duider_result *result)
{
    char *json = NULL;
    assert_int_equal(duider_result_json(result, "x", DUIDER_JSON_COMPACT, &json, NULL, NULL), DUIDER_OK);
    return json;
}

/* ---- the main job ---- */

static void an_article_has_entities_and_quotes(void **state)
{
    (void)state;
    duider_result *result = support_annotate(article, article_bytes, NULL);
    assert_int_equal(duider_result_language(result), DUIDER_LANGUAGE_NL);
    const duider_entity *reeve = support_entity(result, "Marleen van den Heuvel"), *trust = support_entity(result, "Stichting Duinbehoud");
    assert_non_null(reeve);
    assert_int_equal(reeve->type, DUIDER_PER);
    assert_true(reeve->role_count >= 1);
    assert_string_equal(reeve->roles[0].text, "dijkgraaf");
    assert_non_null(trust);
    assert_int_equal(trust->type, DUIDER_ORG);
    assert_true(trust->mention_count >= 3); /* the SDB is the same */
    const duider_quote *sea = support_quote(result, "De zee wacht");
    assert_non_null(sea);
    assert_int_equal(sea->kind, DUIDER_DIRECT);
    assert_string_equal(sea->spans[0].text, "De zee wacht niet op onze vergaderingen");
    assert_string_equal(sea->cue[0].text, "waarschuwde");
    assert_string_equal(sea->speaker_mention->text, "zij");
    assert_ptr_equal(duider_result_entity_at(result, sea->speaker_entity), reeve);
    duider_result_free(result);
}

/* Article text in JSON, then out again: every member that shared tools read is there. */
static void json_holds_the_result(void **state)
{
    (void)state;
    duider_result *result = support_annotate(article, article_bytes, NULL);
    char *text = json_of(result);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "id")), "x");
    assert_string_equal(json_string_value(json_object_get(json, "offsets")), "codepoints");
    assert_int_equal(json_array_size(json_object_get(json, "sentences")), duider_result_sentence_count(result));
    assert_int_equal(json_array_size(json_object_get(json, "entities")), duider_result_entity_count(result));
    assert_int_equal(json_array_size(json_object_get(json, "quotes")), duider_result_quote_count(result));
    assert_true(json_is_number(json_object_get(json_object_get(json, "sentiment"), "score")));
    json_t *quote;
    size_t index;
    json_array_foreach(json_object_get(json, "quotes"), index, quote)
        assert_non_null(json_object_get(quote, "speaker"));
    json_decref(json);
    duider_string_free(text);
    duider_result_free(result);
}

/* ---- offsets ---- */

static size_t units_before(const char *text, size_t bytes, duider_offsets unit)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        bool lead = (c & 0xC0) != 0x80;
        count += unit == DUIDER_OFFSETS_BYTES ? 1 : !lead ? 0 : unit == DUIDER_OFFSETS_UTF16 && c >= 0xF0 ? 2 : 1;
    }
    return count;
}

static void offsets_point_at_the_text_in_every_unit(void **state)
{
    (void)state;
    char text[8192];
    int bytes = snprintf(text, sizeof text, "\xF0\x9F\x98\x80 Caf\xC3\xA9 \xF0\x9F\x87\xB3\xF0\x9F\x87\xB1\n\n%s", article);
    assert_in_range(bytes, 1, sizeof text - 1);
    for (int unit = DUIDER_OFFSETS_CODEPOINTS; unit <= DUIDER_OFFSETS_BYTES; unit++) {
        duider_options options = DUIDER_OPTIONS_INIT;
        options.offsets = (duider_offsets)unit;
        duider_result *result = support_annotate(text, (size_t)bytes, &options);
        assert_true(duider_result_quote_count(result) > 0);
        for (size_t i = 0; i < duider_result_quote_count(result); i++) {
            const duider_extract *part = &duider_result_quote_at(result, i)->spans[0];
            const char *place = strstr(text, part->text);
            assert_non_null(place);
            assert_int_equal(part->span.start, units_before(text, (size_t)(place - text), options.offsets));
            assert_int_equal(part->span.end - part->span.start, units_before(part->text, strlen(part->text), options.offsets));
        }
        duider_result_free(result);
    }
}

/* ---- bad input ---- */

static duider_status annotate_status(const char *text, size_t bytes, const duider_options *options, duider_error *error)
{
    duider_result *result = NULL;
    *error = (duider_error){0};
    duider_status status = duider_annotate(support_session, text, bytes, options, &result, error);
    assert_int_equal(status == DUIDER_OK, result != NULL);
    duider_result_free(result);
    if (status != DUIDER_OK) {
        assert_int_equal(error->status, status);
        assert_true(error->message[0] && !strchr(error->message, '\n'));
    }
    return status;
}

static void empty_and_blank_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", " ", "\n\n\t \r\n", "\xC2\xA0\xE2\x80\xAF", "\xEF\xBB\xBF", "\xE2\x80\x8B"};
    duider_error error;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(annotate_status(texts[i], strlen(texts[i]), NULL, &error), DUIDER_EMPTY_TEXT);
    assert_int_equal(annotate_status(NULL, 0, NULL, &error), DUIDER_EMPTY_TEXT);
}

static void bad_utf8_is_refused_or_replaced(void **state)
{
    (void)state;
    static const char text[] = "Het \xFF regent, zegt \xC3\x28 Jan de Vries.";
    duider_error error;
    assert_int_equal(annotate_status(text, strlen(text), NULL, &error), DUIDER_BAD_UTF8);
    assert_int_equal(error.byte_offset, 4);
    duider_options options = DUIDER_OPTIONS_INIT;
    options.invalid_utf8 = DUIDER_INVALID_UTF8_REPLACE;
    options.offsets = DUIDER_OFFSETS_BYTES;
    duider_result *result = support_annotate(text, strlen(text), &options);
    assert_int_equal(duider_result_sentence_at(result, 0)->span.end, strlen(text));
    duider_result_free(result);
}

static void five_megabytes_of_one_character(void **state)
{
    (void)state;
    enum { BYTES = 5000000 };
    static const char *const characters[] = {"a", "A", ".", "\"", "'", "(", "-", "1", "\x01", "?", "\xC3\xA9", "\xE2\x80\x9C", "\xF0\x9F\x98\x80", "\xCC\x81", "\xE5\x8C\x97"};
    char *text = malloc(BYTES);
    assert_non_null(text);
    duider_error error;
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
        size_t length = strlen(characters[i]), bytes = 0;
        for (; bytes + length <= BYTES; bytes += length)
            memcpy(text + bytes, characters[i], length);
        assert_in_set(annotate_status(text, bytes, NULL, &error), ((unsigned long[]){DUIDER_OK, DUIDER_EMPTY_TEXT}), 2);
    }
    memset(text, 0, BYTES);
    assert_int_equal(annotate_status(text, BYTES, NULL, &error), DUIDER_EMPTY_TEXT);
    memset(text, '\n', BYTES);
    assert_int_equal(annotate_status(text, BYTES, NULL, &error), DUIDER_EMPTY_TEXT);
    free(text);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    duider_error error;
    duider_options options = DUIDER_OPTIONS_INIT;
    options.size = 1;
    assert_int_equal(annotate_status(article, article_bytes, &options, &error), DUIDER_BAD_ARGUMENT);
    options = (duider_options)DUIDER_OPTIONS_INIT;
    options.language = (duider_language)99;
    assert_int_equal(annotate_status(article, article_bytes, &options, &error), DUIDER_BAD_ARGUMENT);
    options = (duider_options)DUIDER_OPTIONS_INIT;
    options.max_text_bytes = article_bytes - 1;
    assert_int_equal(annotate_status(article, article_bytes, &options, &error), DUIDER_TOO_LONG);
    assert_int_equal(annotate_status(NULL, 5, NULL, &error), DUIDER_BAD_ARGUMENT);
    duider_result_free(NULL);
    duider_session_free(NULL);
    duider_string_free(NULL);
}

static bool yes(void *payload)
{
    ++*(int *)payload;
    return true;
}

static void a_caller_can_cancel(void **state)
{
    (void)state;
    int asked = 0;
    duider_error error;
    duider_options options = DUIDER_OPTIONS_INIT;
    options.cancelled = yes;
    options.payload = &asked;
    assert_int_equal(annotate_status(article, article_bytes, &options, &error), DUIDER_CANCELLED);
    assert_int_equal(asked, 1);
}

/* ---- any text at all ---- */

static void check_extract(const duider_extract *extract, size_t end)
{
    assert_true(extract->span.start < extract->span.end && extract->span.end <= end);
    assert_true(extract->text[0]);
}

/* Every span lies in the text, every index is one, ids count up, the JSON is JSON. Offsets are bytes. */
static void check_result(const duider_result *result, size_t bytes)
{
    size_t entities = duider_result_entity_count(result), last = 0;
    for (size_t i = 0; i < duider_result_sentence_count(result); i++) {
        const duider_sentence *sentence = duider_result_sentence_at(result, i);
        assert_true(sentence->span.start >= last && sentence->span.start < sentence->span.end && sentence->span.end <= bytes);
        last = sentence->span.end;
    }
    for (size_t i = 0; i < entities; i++) {
        const duider_entity *entity = duider_result_entity_at(result, i);
        char id[24];
        snprintf(id, sizeof id, "e%zu", i + 1);
        assert_string_equal(entity->id, id);
        assert_true(entity->mention_count > 0 && entity->salience >= 0.0 && entity->salience <= 1.0);
        for (size_t k = 0; k < entity->mention_count; k++)
            check_extract(&entity->mentions[k].extract, bytes);
        for (size_t k = 0; k < entity->role_count; k++)
            check_extract(&entity->roles[k], bytes);
    }
    for (size_t i = 0; i < duider_result_quote_count(result); i++) {
        const duider_quote *quote = duider_result_quote_at(result, i);
        assert_true(quote->span_count > 0 && (quote->speaker_entity == DUIDER_NO_ENTITY || quote->speaker_entity < entities));
        for (size_t k = 0; k < quote->span_count; k++)
            check_extract(&quote->spans[k], bytes);
        for (size_t k = 0; k < quote->cue_count; k++)
            check_extract(&quote->cue[k], bytes);
        if (quote->speaker_mention)
            check_extract(quote->speaker_mention, bytes);
    }
    assert_null(duider_result_sentence_at(result, duider_result_sentence_count(result)));
    assert_null(duider_result_entity_at(result, entities));
    assert_null(duider_result_quote_at(result, SIZE_MAX));
    char *json = json_of(result);
    json_t *read = json_loads(json, 0, NULL);
    assert_non_null(read);
    json_decref(read);
    duider_string_free(json);
}

static void random_texts_get_a_sound_result(void **state)
{
    (void)state;
    static const char *const bits[] = {"“", "”", "‘", "’", "„", "\"", "'", "»", "«", ".", "?", ",", ":", " ", " ", "\n", "\n\n", "zei ", "hij ", "Jan de Vries ",
                                       "minister ", "dat ", "VVD", "(", ")", "-", "\xFF", "\xC3", "\xF0\x9F\x98\x80", "e\xCC\x81", "volgens ", "Shell ", "aldus "};
    uint32_t seed = 20261124;
    duider_options options = DUIDER_OPTIONS_INIT;
    options.invalid_utf8 = DUIDER_INVALID_UTF8_REPLACE;
    options.offsets = DUIDER_OFFSETS_BYTES;
    for (int round = 0; round < 60; round++) {
        char text[4096] = "";
        size_t bytes = 0;
        for (int i = 0; i < 8 + round * 4; i++) {
            seed = seed * 1664525u + 1013904223u;
            const char *bit = bits[(seed >> 16) % (sizeof bits / sizeof *bits)];
            memcpy(text + bytes, bit, strlen(bit));
            bytes += strlen(bit);
        }
        duider_result *result = support_annotate(text, bytes, &options);
        check_result(result, bytes);
        duider_result_free(result);
    }
}

/* One code point can become thirty bytes in the tokenizer's room; wherever that ends, it ends between characters. */
static void words_that_grow_when_normalised(void **state)
{
    (void)state;
    static const char *const characters[] = {"\xEF\xB7\xBA", "\xE3\x8C\x96", "\xE3\x8C\x80", "\xEF\xB7\xBB"}; /* U+FDFA, U+3316, U+3300, U+FDFB */
    static const char *const before[] = {"", "a", "ab", "abc", "\xC3\xA9" "a"};
    duider_error error;
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++)
        for (size_t k = 0; k < sizeof before / sizeof *before; k++) {
            char text[1024];
            size_t bytes = strlen(before[k]);
            memcpy(text, before[k], bytes);
            for (; bytes + 3 <= sizeof text; bytes += 3)
                memcpy(text + bytes, characters[i], 3);
            assert_int_equal(annotate_status(text, bytes, NULL, &error), DUIDER_OK);
        }
}

static void nul_bytes_are_characters(void **state)
{
    (void)state;
    static const char text[] = "Jan de Vries\0 zegt: \"Het\0 regent.\"";
    duider_options options = DUIDER_OPTIONS_INIT;
    options.offsets = DUIDER_OFFSETS_BYTES;
    duider_result *result = support_annotate(text, sizeof text - 1, &options);
    assert_int_equal(duider_result_sentence_at(result, duider_result_sentence_count(result) - 1)->span.end, sizeof text - 1);
    const duider_quote *quote = support_quote(result, "Het");
    assert_non_null(quote);
    assert_string_equal(quote->spans[0].text, "Het\xEF\xBF\xBD regent."); /* a NUL can't stand in a C string */
    duider_result_free(result);
}

/* ---- long texts ---- */

/* The same article behind more and more other sentences: wherever the border of two windows falls, the quote is whole and has its speaker. */
static void windows_leave_no_seams(void **state)
{
    (void)state;
    static const char filler[] = "Het is vandaag rustig weer en er staat weinig wind. ";
    for (size_t count = 0; count <= 48; count += 4) {
        char text[8192];
        size_t bytes = 0;
        for (size_t i = 0; i < count; i++, bytes += sizeof filler - 1)
            memcpy(text + bytes, filler, sizeof filler - 1);
        text[bytes++] = '\n';
        text[bytes++] = '\n';
        memcpy(text + bytes, article, article_bytes);
        duider_result *result = support_annotate(text, bytes + article_bytes, NULL);
        const duider_quote *quote = support_quote(result, "Wij pleiten");
        assert_non_null(quote);
        assert_string_equal(quote->spans[0].text, "Wij pleiten al sinds de Sint-Jansstorm van 2013 voor een bredere waterkering");
        assert_string_equal(quote->speaker_mention->text, "hij");
        assert_int_not_equal(quote->speaker_entity, DUIDER_NO_ENTITY);
        assert_int_equal(duider_result_entity_at(result, quote->speaker_entity)->type, DUIDER_PER);
        duider_result_free(result);
    }
}

/* A name that comes back after hundreds of others is still the same one. */
static void names_are_one_entity_however_far_apart(void **state)
{
    (void)state;
    static const char sentence[] = "Minister Wouter Terpstra zegt dat het regent. ";
    char *text = malloc(64 * 1024);
    assert_non_null(text);
    size_t bytes = (size_t)sprintf(text, "%s\n\n", sentence);
    for (int i = 0; i < 400; i++) /* a place with a name of its own in every sentence */
        bytes += (size_t)sprintf(text + bytes, "Daarna reden ze van %c%c%cdam naar %c%c%cburg. ", 'A' + i % 26, "aeiou"[i % 5], 'b' + i / 26, 'B' + i % 20,
                                 "aeiou"[i % 5], 'b' + i / 26);
    bytes += (size_t)sprintf(text + bytes, "\n\n%sOok Terpstra bleef thuis.", sentence);
    duider_result *result = support_annotate(text, bytes, NULL);
    const duider_entity *minister = support_entity(result, "Wouter Terpstra");
    assert_non_null(minister);
    assert_true(minister->mention_count >= 3);
    assert_true(duider_result_entity_count(result) > 300);
    duider_result_free(result);
    free(text);
}

/* ---- threads and repetition ---- */

static void *annotate_in_thread(void *payload)
{
    char **json = payload;
    duider_session *session = NULL;
    duider_result *result = NULL;
    if (duider_session_new(support_model, &session, NULL) == DUIDER_OK &&
        duider_annotate(session, article, article_bytes, NULL, &result, NULL) == DUIDER_OK &&
        duider_result_json(result, "x", DUIDER_JSON_COMPACT, json, NULL, NULL) != DUIDER_OK)
        *json = NULL;
    duider_result_free(result);
    duider_session_free(session);
    return NULL;
}

static void threads_share_a_model_and_agree(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    char *json[THREADS] = {NULL};
    duider_result *result = support_annotate(article, article_bytes, NULL);
    char *expected = json_of(result);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, annotate_in_thread, &json[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_non_null(json[i]);
        assert_string_equal(json[i], expected);
        duider_string_free(json[i]);
    }
    duider_string_free(expected);
    duider_result_free(result);
}

static void short_texts_are_in_the_language_of_their_words(void **state)
{
    (void)state;
    static const struct {
        duider_language language;
        const char *text;
    } cases[] = {
        {DUIDER_LANGUAGE_NL, "Vlak voor de sluiting vroeg Ashworth aan Peterson of het loket nog open was."},
        {DUIDER_LANGUAGE_DE, "Die Fähre fährt erst im Herbst, sagte der Kapitän, der seit Jahren auf dem See unterwegs ist."},
        {DUIDER_LANGUAGE_DE, "Neue Fähre verspätet sich\n\nDie Bürgermeisterin von Hohenried, Karla Westermann, sagte am Dienstag, die neue Fähre sei zu laut geraten."},
        {DUIDER_LANGUAGE_EN, "The mayor of Harlow said on Tuesday that the ferry was too loud for her taste."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        duider_result *result = support_annotate(cases[i].text, strlen(cases[i].text), NULL);
        assert_int_equal(duider_result_language(result), cases[i].language);
        assert_true(duider_result_language_confidence(result) > 0.9);
        duider_result_free(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_texts_are_in_the_language_of_their_words),
        cmocka_unit_test(an_article_has_entities_and_quotes),
        cmocka_unit_test(json_holds_the_result),
        cmocka_unit_test(offsets_point_at_the_text_in_every_unit),
        cmocka_unit_test(empty_and_blank_texts_are_refused),
        cmocka_unit_test(bad_utf8_is_refused_or_replaced),
        cmocka_unit_test(five_megabytes_of_one_character),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(a_caller_can_cancel),
        cmocka_unit_test(random_texts_get_a_sound_result),
        cmocka_unit_test(words_that_grow_when_normalised),
        cmocka_unit_test(nul_bytes_are_characters),
        cmocka_unit_test(windows_leave_no_seams),
        cmocka_unit_test(names_are_one_entity_however_far_apart),
        cmocka_unit_test(threads_share_a_model_and_agree),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
