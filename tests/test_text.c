/* text.c: UTF-8 checks and offsets in three units. */
#include "document.h"
#include "support.h"

static struct text read_text(struct arena *arena, const char *bytes, duider_invalid_utf8 policy, duider_status expected, size_t expected_offset)
{
    struct text text = {0};
    duider_error error = {0};
    arena_init(arena);
    assert_int_equal(text_read(arena, bytes, strlen(bytes), policy, &text, &error), expected);
    if (expected != DUIDER_OK)
        assert_int_equal(error.byte_offset, expected_offset);
    return text;
}

static void offsets_count_each_unit(void **state)
{
    (void)state;
    struct arena arena;
    /* a é 😀 z: 1, 2, 4, 1 bytes; 1, 1, 2, 1 UTF-16 units */
    struct text text = read_text(&arena, "a\xC3\xA9\xF0\x9F\x98\x80z", DUIDER_INVALID_UTF8_ERROR, DUIDER_OK, 0);
    assert_int_equal(text_offset(&text, 7, DUIDER_OFFSETS_CODEPOINTS), 3);
    assert_int_equal(text_offset(&text, 7, DUIDER_OFFSETS_UTF16), 4);
    assert_int_equal(text_offset(&text, 7, DUIDER_OFFSETS_BYTES), 7);
    assert_int_equal(text_offset(&text, 8, DUIDER_OFFSETS_CODEPOINTS), 4);
    arena_release(&arena);
}

static void offsets_hold_in_long_texts(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    char bytes[2 * COUNT + 1];
    for (size_t i = 0; i < COUNT; i++)
        memcpy(bytes + 2 * i, "\xC3\xAB", 2);
    bytes[2 * COUNT] = 0;
    struct arena arena;
    struct text text = read_text(&arena, bytes, DUIDER_INVALID_UTF8_ERROR, DUIDER_OK, 0);
    for (size_t i = 0; i <= COUNT; i++)
        assert_int_equal(text_offset(&text, 2 * i, DUIDER_OFFSETS_CODEPOINTS), i);
    arena_release(&arena);
}

static void bad_bytes_are_named_by_place(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t at;
    } cases[] = {
        {"abc\xFF", 3},            /* no lead byte */
        {"ab\xC3", 2},             /* cut off */
        {"\xC0\xAF", 0},           /* overlong */
        {"x\xED\xA0\x80", 1},      /* surrogate */
        {"xy\xF4\x90\x80\x80", 2}, /* above U+10FFFF */
        {"\x80", 0},               /* continuation alone */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        read_text(&arena, cases[i].bytes, DUIDER_INVALID_UTF8_ERROR, DUIDER_BAD_UTF8, cases[i].at);
        arena_release(&arena);
    }
}

static void replaced_bytes_keep_offsets_of_the_original(void **state)
{
    (void)state;
    struct arena arena;
    struct text text = read_text(&arena, "a\xFF\xE2\x82z", DUIDER_INVALID_UTF8_REPLACE, DUIDER_OK, 0);
    assert_int_equal(text.count, 1 + 3 + 3 + 1); /* one U+FFFD a maximal bad part */
    assert_memory_equal(text.bytes, "a\xEF\xBF\xBD\xEF\xBF\xBDz", text.count);
    assert_int_equal(text_offset(&text, 7, DUIDER_OFFSETS_CODEPOINTS), 3);
    assert_int_equal(text_offset(&text, 7, DUIDER_OFFSETS_BYTES), 4); /* z stands at byte 4 of what was given */
    assert_int_equal(text_offset(&text, 8, DUIDER_OFFSETS_BYTES), 5);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_count_each_unit),
        cmocka_unit_test(offsets_hold_in_long_texts),
        cmocka_unit_test(bad_bytes_are_named_by_place),
        cmocka_unit_test(replaced_bytes_keep_offsets_of_the_original),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
