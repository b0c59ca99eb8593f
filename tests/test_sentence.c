/* sentence.c: where sentences end. Each case is a text in which | stands where a sentence must begin; the text itself lacks it. */
#include "document.h"
#include "support.h"

static void check(const char *marked)
{
    char text[1024];
    size_t count = 0, starts[32], expected = 0;
    for (const char *c = marked; *c; c++)
        if (*c == '|')
            starts[expected++] = count;
        else
            text[count++] = *c;
    struct arena arena;
    arena_init(&arena);
    struct document document = {.arena = &arena, .model = model_of(support_model)};
    assert_int_equal(text_read(&arena, text, count, DUIDER_INVALID_UTF8_ERROR, &document.text, NULL), DUIDER_OK);
    assert_int_equal(tokenize(&document, NULL), DUIDER_OK);
    assert_int_equal(split_sentences(&document, NULL), DUIDER_OK);
    if (document.sentences.count != expected)
        print_error("%zu sentences in: %s\n", document.sentences.count, marked);
    assert_int_equal(document.sentences.count, expected);
    for (size_t i = 0; i < expected; i++)
        assert_int_equal(document.words.items[document.sentences.items[i].first].start, starts[i]);
    arena_release(&arena);
}

static void plain_sentences(void **state)
{
    (void)state;
    check("|De trein is laat. |Niemand weet waarom! |Komt hij nog?");
    check("|Het kost 3.500 euro, of 4,5 procent. |Dat is veel.");
}

static void abbreviations_go_on(void **state)
{
    (void)state;
    check("|Prof. dr. A. de Boer en mr. J.P. Balkema spraken. |Daarna was er koffie.");
    check("|De N.V. werd o.a. in Gent geleid. |Toen ging het mis.");
    check("|Mr. Smith met Sen. Brown on Jan. 5. |They talked.");
    check("|Zum 20. Jahrestag kam der 1. FC. |Es regnete.");
    check("|Am 3. Oktober kam Hr. Schulz, bzw. Frau Weber. |Es regnete.");
}

static void quotation_marks_close_sentences(void **state)
{
    (void)state;
    check("|“Ik ga.” |Hij ging.");
    check("|„Ik ga. |Nu meteen!” |Hij ging.");
    check("|‘Waarom?’ vroeg zij. |‘Daarom.’");
    check("|»Ich gehe.« |Er ging.");
    check("|\"Ik ga.\" |\"Nu al?\"");
}

static void lines_and_paragraphs(void **state)
{
    (void)state;
    check("|Brug dicht\n\n|De brug is dicht. |Morgen open.");
    check("|De brug over de\nrivier is dicht. |Morgen open.");
    check("|Brug dicht\n|De brug is dicht. |Morgen open.\n|De bus rijdt om.");
    check("|De bus van Gent naar\nBrugge rijdt al de hele\ndag niet meer. |Dat is lastig,\nzegt men.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_sentences),
        cmocka_unit_test(abbreviations_go_on),
        cmocka_unit_test(quotation_marks_close_sentences),
        cmocka_unit_test(lines_and_paragraphs),
    };
    return cmocka_run_group_tests(tests, support_open, support_close);
}
