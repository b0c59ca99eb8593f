/*
 * Bytes in the charset that their sender named, or that they name themselves -> UTF-8, as browsers read them (WHATWG Encoding and HTML): a byte order mark
 * counts most, then what was declared, then <meta>; else it is UTF-8 where it can be, and windows-1252. iconv and utf8proc do the work.
 */
#include "server.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

enum {
    META_BYTES = 4096, /* a <meta> further down does not count */
    GROWTH = 3         /* bytes of UTF-8 that one byte becomes at most, and U+FFFD has */
};

static const char utf8_name[] = "UTF-8", latin_name[] = "CP1252", replacement[] = "\xEF\xBF\xBD";

const char *charset_find(const char *label, size_t bytes)
{
    static const struct {
        const char *label, *name; /* as iconv calls it */
    } charsets[] = {
        {"utf-8", utf8_name}, {"utf8", utf8_name}, {"us-ascii", latin_name}, {"ascii", latin_name}, {"iso-8859-1", latin_name}, {"iso8859-1", latin_name},
        {"latin1", latin_name}, {"l1", latin_name}, {"windows-1252", latin_name}, {"cp1252", latin_name}, {"iso-8859-15", "ISO-8859-15"},
        {"iso8859-15", "ISO-8859-15"}, {"latin9", "ISO-8859-15"}, {"windows-1250", "CP1250"}, {"windows-1251", "CP1251"}, {"windows-1253", "CP1253"},
        {"windows-1254", "CP1254"}, {"windows-1257", "CP1257"}, {"iso-8859-2", "ISO-8859-2"}, {"iso-8859-9", "CP1254"}, {"macintosh", "MACINTOSH"},
        {"utf-16", "UTF-16LE"}, {"utf-16le", "UTF-16LE"}, {"utf-16be", "UTF-16BE"},
    };
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++)
        if (strlen(charsets[i].label) == bytes && strncasecmp(charsets[i].label, label, bytes) == 0)
            return charsets[i].name;
    return NULL;
}

/* Those below write to `out`, which has GROWTH times the room; U+FFFD stands for each bad sequence. */
static void add(struct utf8 *out, const char *bytes, size_t count)
{
    memcpy(out->bytes + out->count, bytes, count);
    out->count += count;
}

/* True where there was no bad sequence. iconv would let code points above U+10FFFF pass. */
static bool read_utf8(const char *bytes, size_t count, struct utf8 *out)
{
    bool fine = true;
    for (size_t at = 0; at < count;) {
        utf8proc_int32_t code;
        size_t left = count - at;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)bytes + at, left > 4 ? 4 : (utf8proc_ssize_t)left, &code);
        if (length > 0) {
            add(out, bytes + at, (size_t)length);
            at += (size_t)length;
            continue;
        }
        fine = false;
        add(out, replacement, GROWTH);
        for (at++; at < count && (bytes[at] & 0xC0) == 0x80; at++) {
        }
    }
    return fine;
}

/* False where iconv lacks the charset. */
static bool convert(const char *charset, const char *bytes, size_t count, struct utf8 *out)
{
    iconv_t converter = iconv_open(utf8_name, charset);
    if (converter == (iconv_t)-1)
        return false;
    const size_t unit = strncmp(charset, "UTF-16", 6) == 0 ? 2 : 1;
    char *in = (char *)(uintptr_t)bytes, *at = out->bytes;
    size_t left = count, room = count * GROWTH;
    while (left && iconv(converter, &in, &left, &at, &room) == (size_t)-1) {
        size_t bad = left < unit ? left : unit;
        in += bad, left -= bad;
        memcpy(at, replacement, GROWTH);
        at += GROWTH, room -= GROWTH;
    }
    iconv_close(converter);
    out->count = (size_t)(at - out->bytes);
    return true;
}

static const char *byte_order_mark(const char **bytes, size_t *count)
{
    static const struct {
        const char *mark, *name;
    } marks[] = {{"\xEF\xBB\xBF", utf8_name}, {"\xFF\xFE", "UTF-16LE"}, {"\xFE\xFF", "UTF-16BE"}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t length = strlen(marks[i].mark);
        if (*count >= length && memcmp(*bytes, marks[i].mark, length) == 0) {
            *bytes += length;
            *count -= length;
            return marks[i].name;
        }
    }
    return NULL;
}

static bool starts(const char *at, const char *end, const char *word)
{
    return (size_t)(end - at) >= strlen(word) && strncasecmp(at, word, strlen(word)) == 0;
}

/* What <meta charset="..."> or <meta content="text/html; charset=..."> says; NULL: there is none. */
static const char *find_meta(const char *html, size_t bytes, size_t *label_bytes)
{
    const char *end = html + (bytes < META_BYTES ? bytes : META_BYTES);
    bool in_meta = false;
    for (const char *at = html; at < end; at++) {
        if (*at == '<' || *at == '>')
            in_meta = starts(at, end, "<meta");
        if (!in_meta || !starts(at, end, "charset"))
            continue;
        const char *label = at + strlen("charset");
        while (label < end && (*label == ' ' || *label == '='))
            label++;
        label += label < end && (*label == '"' || *label == '\'');
        for (*label_bytes = 0; label + *label_bytes < end && !memchr("\"' ;>/\t\r\n", label[*label_bytes], 9);)
            ++*label_bytes;
        if (*label_bytes)
            return label;
    }
    return NULL;
}

static duider_status wrong(duider_error *error, duider_status status, const char *message)
{
    error->status = status;
    snprintf(error->message, sizeof error->message, "%s", message);
    return status;
}

duider_status charset_decode(const char *bytes, size_t count, const char *declared, bool html, struct utf8 *utf8, duider_error *error)
{
    size_t label_bytes;
    const char *mark = byte_order_mark(&bytes, &count), *charset = mark ? mark : declared;
    const char *label = html && !charset ? find_meta(bytes, count, &label_bytes) : NULL;
    if (label)
        charset = charset_find(label, label_bytes);
    if (label && !charset)
        return wrong(error, DUIDER_BAD_ARGUMENT, "the page is in a charset that is not read here");
    if (label && strncmp(charset, "UTF-16", 6) == 0)
        charset = utf8_name; /* or the label could not have been read */
    utf8->bytes = reallocarray(NULL, count + 1, GROWTH);
    if (!utf8->bytes)
        return wrong(error, DUIDER_NO_MEMORY, "memory is short");
    utf8->count = 0;
    bool read = (!charset || charset == utf8_name) && (read_utf8(bytes, count, utf8) || charset);
    if (!read && !convert(charset ? charset : latin_name, bytes, count, utf8))
        return wrong(error, DUIDER_BAD_ARGUMENT, "the page is in a charset that is not read here");
    for (size_t i = 0; i < utf8->count; i++)
        if (!utf8->bytes[i])
            utf8->bytes[i] = ' '; /* it would end the page */
    return DUIDER_OK;
}
