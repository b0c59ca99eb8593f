/*
 * Text as given -> checked UTF-8 with offsets in every unit.
 * In: any bytes. Out: struct text, whose bytes are valid UTF-8; where bad sequences were replaced it knows their place in the original.
 */
#include "document.h"

#include <utf8proc.h>

enum {
    TEXT_MARK_BYTES = 256,
    REPLACEMENT_BYTES = 3 /* U+FFFD: EF BF BD */
};

/* Bytes of the code point at `at`, or 0 where no valid one stands; *bad gets the bytes to skip then. */
static size_t valid_length(const char *bytes, size_t count, size_t at, size_t *bad)
{
    utf8proc_int32_t code;
    size_t left = count - at;
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)bytes + at, left > 4 ? 4 : (utf8proc_ssize_t)left, &code);
    if (length > 0)
        return (size_t)length;
    /* The maximal ill-formed part: the lead byte and the continuation bytes that could follow it (Unicode, 3.9). */
    unsigned char lead = (unsigned char)bytes[at];
    size_t want = lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xC2 && lead < 0xE0 ? 2 : 1;
    size_t skip = 1;
    while (skip < want && skip < left && ((unsigned char)bytes[at + skip] & 0xC0) == 0x80) {
        unsigned char second = (unsigned char)bytes[at + 1];
        if (skip == 1 && ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                          (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)))
            break;
        skip++;
    }
    *bad = skip;
    return 0;
}

/* Copies `bytes` with U+FFFD in the place of each bad sequence. */
static bool replace_invalid(struct arena *arena, const char *bytes, size_t count, size_t bad_sequences, struct text *text)
{
    size_t extra, room;
    if (!size_multiply(bad_sequences, REPLACEMENT_BYTES, &extra) || !size_add(count, extra, &room))
        return false;
    char *copy = arena_alloc(arena, room, 1);
    if (!copy)
        return false;
    size_t out = 0;
    for (size_t at = 0; at < count;) {
        size_t bad = 0, length = valid_length(bytes, count, at, &bad);
        if (length) {
            memcpy(copy + out, bytes + at, length);
            out += length, at += length;
            continue;
        }
        if (!LIST_RESERVE(arena, &text->replacements))
            return false;
        text->replacements.items[text->replacements.count++] = (struct replacement){out, at + bad};
        memcpy(copy + out, "\xEF\xBF\xBD", REPLACEMENT_BYTES);
        out += REPLACEMENT_BYTES, at += bad;
    }
    text->bytes = copy;
    text->count = out;
    return true;
}

static bool mark_offsets(struct arena *arena, struct text *text)
{
    text->marks = arena_alloc(arena, text->count / TEXT_MARK_BYTES + 1, sizeof *text->marks);
    if (!text->marks)
        return false;
    struct text_mark now = {0, 0};
    for (size_t at = 0; at < text->count; at++) {
        if (at % TEXT_MARK_BYTES == 0)
            text->marks[at / TEXT_MARK_BYTES] = now;
        unsigned char byte = (unsigned char)text->bytes[at];
        now.codepoints += (byte & 0xC0) != 0x80;
        now.utf16 += (size_t)((byte & 0xC0) != 0x80) + (byte >= 0xF0);
    }
    if (text->count % TEXT_MARK_BYTES == 0)
        text->marks[text->count / TEXT_MARK_BYTES] = now;
    return true;
}

duider_status text_read(struct arena *arena, const char *bytes, size_t count, duider_invalid_utf8 policy, struct text *text,
                        duider_error *error)
{
    *text = (struct text){.bytes = bytes, .count = count};
    size_t bad_sequences = 0;
    for (size_t at = 0; at < count;) {
        size_t bad = 0, length = valid_length(bytes, count, at, &bad);
        if (!length && policy == DUIDER_INVALID_UTF8_ERROR)
            return fail(error, DUIDER_BAD_UTF8, at, "the text is not valid UTF-8: bad byte 0x%02X at byte %zu",
                        (unsigned char)bytes[at], at);
        bad_sequences += !length;
        at += length ? length : bad;
    }
    if (bad_sequences && !replace_invalid(arena, bytes, count, bad_sequences, text))
        return fail_memory(error);
    return mark_offsets(arena, text) ? DUIDER_OK : fail_memory(error);
}

/* The place of `byte` in the text as given, before replacements. */
static size_t original_byte(const struct text *text, size_t byte)
{
    size_t low = 0, high = text->replacements.count; /* the first replacement that does not end at or before `byte` */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (text->replacements.items[middle].at + REPLACEMENT_BYTES <= byte)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return byte;
    const struct replacement *last = &text->replacements.items[low - 1];
    return last->original_end + (byte - last->at - REPLACEMENT_BYTES);
}

size_t text_offset(const struct text *text, size_t byte, duider_offsets unit)
{
    if (unit == DUIDER_OFFSETS_BYTES)
        return original_byte(text, byte);
    struct text_mark now = text->marks[byte / TEXT_MARK_BYTES];
    for (size_t at = byte - byte % TEXT_MARK_BYTES; at < byte; at++) {
        unsigned char c = (unsigned char)text->bytes[at];
        now.codepoints += (c & 0xC0) != 0x80;
        now.utf16 += (size_t)((c & 0xC0) != 0x80) + (c >= 0xF0);
    }
    return unit == DUIDER_OFFSETS_UTF16 ? now.utf16 : now.codepoints;
}

uint32_t text_code_point(const struct text *text, size_t at, size_t *length)
{
    utf8proc_int32_t code = 0;
    size_t left = text->count - at;
    *length = 0;
    if (left)
        *length = (size_t)utf8proc_iterate((const utf8proc_uint8_t *)text->bytes + at, left > 4 ? 4 : (utf8proc_ssize_t)left, &code);
    return (uint32_t)code;
}
