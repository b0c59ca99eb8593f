/* model.c and result.c: the calibration in a model's meta data shifts confidences as the formula says; what is none is refused. */
#include "support.h"

#include <jansson.h>
#include <math.h>
#include <xxhash.h>

enum { HEADER_BYTES = 64, ALIGNMENT = 64, TENSOR_COUNT_AT = 12, FILE_BYTES_AT = 16, CHECKSUM_AT = 24 };

struct tensor_entry { /* docs/model-format.md */
    char name[40];
    uint32_t item_bytes, rows, columns, reserved;
    uint64_t offset, bytes;
};

/* The meta data with this "confidence"; NULL: with none. For free(). */
static char *meta_with(const struct tensor_entry *entry, const char *confidence)
{
    json_t *meta = json_loadb(support_model_bytes + entry->offset, entry->bytes, 0, NULL);
    assert_non_null(meta);
    json_object_del(meta, "confidence");
    if (confidence) {
        json_t *value = json_loads(confidence, JSON_DECODE_ANY, NULL);
        assert_non_null(value);
        assert_int_equal(json_object_set_new(meta, "confidence", value), 0);
    }
    char *text = json_dumps(meta, JSON_COMPACT);
    assert_non_null(text);
    json_decref(meta);
    return text;
}

/* A copy of the model with other meta data, which stand at its end. For free(). */
static char *model_with(const char *confidence, size_t *size)
{
    uint32_t tensors, i = 0;
    struct tensor_entry entry;
    memcpy(&tensors, support_model_bytes + TENSOR_COUNT_AT, sizeof tensors);
    do {
        assert_true(i < tensors);
        memcpy(&entry, support_model_bytes + HEADER_BYTES + i++ * sizeof entry, sizeof entry);
    } while (strcmp(entry.name, "meta") != 0);
    char *meta = meta_with(&entry, confidence);
    entry.bytes = strlen(meta);
    entry.rows = (uint32_t)entry.bytes;
    entry.offset = (support_model_size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *size = entry.offset + entry.bytes;
    char *bytes = calloc(1, *size);
    assert_non_null(bytes);
    memcpy(bytes, support_model_bytes, support_model_size);
    memcpy(bytes + HEADER_BYTES + (i - 1) * sizeof entry, &entry, sizeof entry);
    memcpy(bytes + entry.offset, meta, entry.bytes);
    free(meta);
    uint64_t file_bytes = *size, checksum = XXH3_64bits(bytes + HEADER_BYTES, *size - HEADER_BYTES);
    memcpy(bytes + FILE_BYTES_AT, &file_bytes, sizeof file_bytes);
    memcpy(bytes + CHECKSUM_AT, &checksum, sizeof checksum);
    return bytes;
}

static duider_status open_with(const char *confidence, duider_model **model, duider_error *error)
{
    size_t size;
    char *bytes = model_with(confidence, &size);
    duider_status status = support_open_bytes(bytes, size, model, error);
    free(bytes);
    return status;
}

static duider_result *annotate_with(const char *confidence, const char *text)
{
    duider_model *model;
    duider_session *session = NULL;
    duider_result *result = NULL;
    duider_error error;
    assert_int_equal(open_with(confidence, &model, &error), DUIDER_OK);
    assert_int_equal(duider_session_new(model, &session, NULL), DUIDER_OK);
    assert_int_equal(duider_annotate(session, text, strlen(text), NULL, &result, NULL), DUIDER_OK);
    duider_session_free(session);
    duider_model_close(model);
    return result;
}

static void assert_calibrated(double calibrated, double raw, double slope, double shift)
{
    assert_true(raw > 0.0 && raw < 1.0);
    double expected = 1.0 / (1.0 + exp(-(slope * log(raw / (1.0 - raw)) + shift)));
    assert_true(fabs(calibrated - expected) < 1e-9);
}

static void confidences_follow_the_formula(void **state)
{
    (void)state;
    char *article = support_read("tests/articles/dijk.txt", NULL);
    duider_result *raw = annotate_with(NULL, article);
    duider_result *shifted = annotate_with("{\"mention\": [0.5, 0.25], \"quote\": [2, -1], \"speaker\": [0.75, -0.5], \"weather\": true}", article);
    free(article);
    size_t names = 0, others = 0, speakers = 0;
    assert_int_equal(duider_result_entity_count(shifted), duider_result_entity_count(raw));
    for (size_t i = 0; i < duider_result_entity_count(raw); i++) {
        const duider_entity *a = duider_result_entity_at(raw, i), *b = duider_result_entity_at(shifted, i);
        assert_int_equal(a->mention_count, b->mention_count);
        for (size_t k = 0; k < a->mention_count; k++) {
            bool name = a->mentions[k].kind == DUIDER_MENTION_NAME;
            assert_calibrated(b->mentions[k].confidence, a->mentions[k].confidence, name ? 0.5 : 0.75, name ? 0.25 : -0.5);
            *(name ? &names : &others) += 1;
        }
    }
    assert_int_equal(duider_result_quote_count(shifted), duider_result_quote_count(raw));
    for (size_t i = 0; i < duider_result_quote_count(raw); i++) {
        const duider_quote *a = duider_result_quote_at(raw, i), *b = duider_result_quote_at(shifted, i);
        assert_calibrated(b->confidence, a->confidence, 2.0, -1.0);
        if (a->speaker_mention || a->speaker_entity != DUIDER_NO_ENTITY) {
            assert_calibrated(b->speaker_confidence, a->speaker_confidence, 0.75, -0.5);
            speakers++;
        } else {
            assert_true(b->speaker_confidence == 0.0);
        }
    }
    assert_true(names > 0 && others > 0 && speakers > 0);
    duider_result_free(raw);
    duider_result_free(shifted);
}

/* "Op de muur stond: ..." is a quote by its marks, and nobody says it. */
static void nobody_has_confidence_zero(void **state)
{
    (void)state;
    duider_result *result = annotate_with("{\"speaker\": [1, 5]}", "Op de muur stond met witte verf: “Hier is niemand ooit geweest en niemand komt hier.”");
    assert_int_equal(duider_result_quote_count(result), 1);
    const duider_quote *quote = duider_result_quote_at(result, 0);
    bool nobody = !quote->speaker_mention && quote->speaker_entity == DUIDER_NO_ENTITY;
    assert_true(nobody == (quote->speaker_confidence == 0.0));
    duider_result_free(result);
}

/* A kind that is not there keeps its confidence; the network's own is never 0 or 1, so that it has a logit. */
static void a_missing_kind_is_left_alone(void **state)
{
    (void)state;
    static const char text[] = "Jan de Vries woont in Schagen.";
    duider_result *raw = annotate_with(NULL, text), *same = annotate_with("{\"quote\": [3, 1]}", text);
    assert_true(duider_result_entity_count(raw) > 0);
    for (size_t i = 0; i < duider_result_entity_count(raw); i++) {
        double confidence = duider_result_entity_at(raw, i)->mentions[0].confidence;
        assert_true(confidence > 0.00009 && confidence < 0.99991);
        assert_true(duider_result_entity_at(same, i)->mentions[0].confidence == confidence);
    }
    duider_result_free(raw);
    duider_result_free(same);
}

static void what_is_no_calibration_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "[1, 0]", "1", "null", "{\"mention\": 1}", "{\"mention\": null}", "{\"quote\": []}", "{\"quote\": [1]}", "{\"quote\": [1, 0, 0]}",
        "{\"speaker\": [0, 0]}", "{\"speaker\": [-1, 0]}", "{\"speaker\": [\"1\", 0]}", "{\"speaker\": [1, null]}", "{\"speaker\": {\"a\": 1, \"b\": 0}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        duider_model *model;
        duider_error error;
        assert_int_equal(open_with(bad[i], &model, &error), DUIDER_BAD_MODEL);
        assert_null(model);
        assert_non_null(strstr(error.message, "confidence"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(confidences_follow_the_formula),
        cmocka_unit_test(nobody_has_confidence_zero),
        cmocka_unit_test(a_missing_kind_is_left_alone),
        cmocka_unit_test(what_is_no_calibration_is_refused),
    };
    return cmocka_run_group_tests(tests, support_read_model, support_free_model);
}
