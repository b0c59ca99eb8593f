/*
 * The library against the reference implementation of training/: pieces of hard lines, logits of articles.
 * tests/golden/ is written by `training/parity.py golden` from the float32 network that models/duider.model was exported from.
 */
#include "document.h"
#include "encoder.h"
#include "support.h"

#include <math.h>

#include <jansson.h>

/* The next line of a JSON Lines file, NULL behind the last one. */
static json_t *next_line(FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t bytes = getline(&line, &capacity, file);
    json_t *row = NULL;
    if (bytes > 0) {
        row = json_loadb(line, (size_t)bytes, 0, NULL);
        assert_non_null(row);
    }
    free(line);
    return row;
}

static FILE *open_golden(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    return file;
}

static void read_document(struct document *document, struct arena *arena, const json_t *text)
{
    arena_init(arena);
    *document = (struct document){.arena = arena, .model = model_of(support_model)};
    assert_int_equal(text_read(arena, json_string_value(text), json_string_length(text), DUIDER_INVALID_UTF8_ERROR, &document->text, NULL), DUIDER_OK);
    assert_int_equal(tokenize(document, NULL), DUIDER_OK);
}

static void check_word(const struct document *document, size_t index, const json_t *wanted)
{
    const struct model *model = document->model;
    const struct word *word = &document->words.items[index];
    assert_int_equal(word->start, json_integer_value(json_array_get(wanted, 0)));
    assert_int_equal(word->end, json_integer_value(json_array_get(wanted, 1)));
    assert_int_equal(word->piece_count, json_array_size(wanted) - 2);
    for (size_t i = 0; i < word->piece_count; i++) {
        uint32_t id = document->pieces.items[word->first_piece + i].id;
        const json_t *piece = json_array_get(wanted, i + 2);
        if (id == PIECE_UNKNOWN) {
            assert_string_equal(json_string_value(piece), "<unk>");
            continue;
        }
        struct view got = {model->piece_bytes + model->piece_offsets[id], model->piece_offsets[id + 1] - model->piece_offsets[id]};
        assert_true(view_equal(got, (struct view){json_string_value(piece), json_string_length(piece)}));
    }
}

static void pieces_agree(void **state)
{
    (void)state;
    FILE *file = open_golden("tests/golden/pieces.jsonl");
    size_t lines = 0;
    for (json_t *row; (row = next_line(file)); lines++) {
        struct arena arena;
        struct document document;
        const json_t *text = json_object_get(row, "text"), *words = json_object_get(row, "words");
        read_document(&document, &arena, text);
        if (document.words.count != json_array_size(words))
            print_error("line %zu: %s\n", lines + 1, json_string_value(text));
        assert_int_equal(document.words.count, json_array_size(words));
        for (size_t i = 0; i < document.words.count; i++)
            check_word(&document, i, json_array_get(words, i));
        arena_release(&arena);
        json_decref(row);
    }
    assert_true(lines >= 30);
    fclose(file);
}

static size_t best_label(const float *logits, size_t first, size_t count)
{
    size_t best = first;
    for (size_t i = first; i < first + count; i++)
        best = logits[i] > logits[best] ? i : best;
    return best;
}

struct agreement {
    size_t tags, equal;
    double largest;
};

static void compare_words(const struct document *document, const json_t *wanted, struct agreement *agreement)
{
    const struct model *model = document->model;
    float row[256];
    assert_in_range(model->label_count, 1, 256);
    for (size_t word = 0; word < document->words.count; word++) {
        const float *logits = word_logits(document, word);
        for (size_t i = 0; i < model->label_count; i++) {
            row[i] = (float)json_number_value(json_array_get(json_array_get(wanted, word), i));
            agreement->largest = fmax(agreement->largest, fabs((double)(row[i] - logits[i])));
        }
        for (int head = HEAD_NAMES; head <= HEAD_SPEAKERS; head++) {
            size_t first = model->head_first[head], count = model->head_size[head];
            agreement->tags++;
            agreement->equal += best_label(row, first, count) == best_label(logits, first, count);
        }
    }
}

static void tags_agree(void **state)
{
    (void)state;
    FILE *file = open_golden("tests/golden/logits.jsonl");
    struct agreement agreement = {0};
    struct encoder *encoder = NULL;
    assert_int_equal(encoder_new(model_of(support_model), &encoder, NULL), DUIDER_OK);
    for (json_t *row; (row = next_line(file));) {
        struct arena arena;
        struct document document;
        duider_options options = DUIDER_OPTIONS_INIT;
        read_document(&document, &arena, json_object_get(row, "text"));
        assert_int_equal(split_sentences(&document, NULL), DUIDER_OK);
        assert_int_equal(run_network(&document, encoder, &options, NULL), DUIDER_OK);
        assert_int_equal(document.words.count, json_array_size(json_object_get(row, "logits")));
        compare_words(&document, json_object_get(row, "logits"), &agreement);
        arena_release(&arena);
        json_decref(row);
    }
    encoder_free(encoder);
    fclose(file);
    print_message("%zu of %zu tags equal, largest difference of a logit %.3f\n", agreement.equal, agreement.tags, agreement.largest);
    assert_true(agreement.tags > 1000);
    assert_true((double)agreement.equal >= 0.995 * (double)agreement.tags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_agree),
        cmocka_unit_test(tags_agree),
    };
    return cmocka_run_group_tests(tests, support_open, support_close);
}
