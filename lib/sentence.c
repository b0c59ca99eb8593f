/*
 * Words -> sentences: rules for Dutch, English and German newspaper text.
 * A sentence ends at a line end that closes a paragraph or a headline, or at . ! ? … with the quotation marks and brackets that close behind
 * it, unless the full stop belongs to an abbreviation, an initial, a number or a clause that goes on in lower case.
 */
#include "document.h"

#include <ctype.h>

enum {
    ABBREVIATION_BYTES_MAX = 12,
    SHORT_LINE_WORDS = 14 /* a line that is not longer and lacks a full stop is a headline or caption of its own */
};

/* Followed by a name or a number more often than by the end of a sentence. Lower case, without full stops. */
static const char *const abbreviations[] = {
    "aug", "art", "apr", "afd", "adv", "bgm", "blz", "bijv", "bv", "ca", "c.q", "dec", "dhr", "dr", "drs", "dra", "ds", "e.a", "enz", "evt", "excl",
    "feb", "febr", "fr", "gebr", "gem", "gen", "ing", "incl", "ir", "jan", "jhr", "jkvr", "jl", "jr", "kath", "kol", "ltz", "max", "mevr", "mej", "min", "mgr",
    "mln", "mld", "mr", "mw", "nl", "no", "nov", "nr", "nrs", "okt", "o.a", "o.m", "pag", "plm", "pres", "prof", "prov", "red", "resp",
    "sec", "sept", "sep", "st", "ste", "tel", "u", "vgl", "vlg", "vnl", "vs", "wnd", "zgn", "zr",
    "capt", "cmdr", "co", "col", "corp", "gov", "hon", "inc", "lt", "ltd", "maj", "mrs", "ms", "oct", "rep", "rev", "sen", "sgt", "supt",
    "abs", "bzw", "bspw", "dipl", "evtl", "frl", "geb", "ggf", "hr", "hrsg", "inkl", "kap", "nachf", "okt", "sog", "str", "univ", "usw", "vgl", "zzgl",
    NULL};

static bool one_of(struct view word, const char *const *list)
{
    return view_in(word, list);
}

static bool is_closing(struct view word)
{
    static const char *const closing[] = {")", "]", "\"", "'", "”", "’", "“", "‘", "»", "«", "''", "’’", NULL};
    return one_of(word, closing);
}

static bool is_opening(struct view word)
{
    static const char *const opening[] = {"(", "[", "\"", "'", "“", "‘", "„", "‚", "»", "«", "``", "''", "-", "–", "—", "•", NULL};
    return one_of(word, opening);
}

static bool ends_sentence(struct view word)
{
    return word.count > 0 && (word.bytes[0] == '.' || word.bytes[0] == '!' || word.bytes[0] == '?' ||
                              view_equal(word, (struct view){"…", 3}));
}

static bool is_abbreviation(const struct document *document, size_t word)
{
    struct view view = word_view(document, word);
    if (document->words.items[word].class != WORD_LETTERS)
        return false;
    if (view.count == 1 && isalpha((unsigned char)view.bytes[0]))
        return true; /* an initial, or a part of "o.a." */
    if (view.count > ABBREVIATION_BYTES_MAX)
        return false;
    char lower[ABBREVIATION_BYTES_MAX];
    for (size_t i = 0; i < view.count; i++)
        lower[i] = (char)tolower((unsigned char)view.bytes[i]);
    return one_of((struct view){lower, view.count}, abbreviations);
}

/* Is the word written with digits alone? */
static bool is_number(const struct document *document, size_t word)
{
    struct view view = word_view(document, word);
    for (size_t i = 0; i < view.count; i++)
        if (!isdigit((unsigned char)view.bytes[i]))
            return false;
    return true;
}

/* The first word behind the marks that open something at `word`; the count of words where there is none. */
static size_t skip_opening(const struct document *document, size_t word)
{
    while (word < document->words.count && is_opening(word_view(document, word)))
        word++;
    return word;
}

/* `stop` is a full stop or the like, `next` the first word behind it and its closing marks. */
static bool is_end(const struct document *document, size_t stop, size_t next)
{
    const struct word *words = document->words.items;
    if (next == document->words.count || words[next].line_before)
        return true;
    if (!words[next].space_before)
        return false; /* "3.5", "nu.nl", "o.a." */
    size_t start = skip_opening(document, next);
    bool lower = start < document->words.count && words[start].class == WORD_LETTERS && !words[start].capital && !is_number(document, start);
    if (lower)
        return false; /* "zegt ze … maar", "ca. vijf", and a quote that its attribution follows: “Waarom?” vraagt hij */
    if (word_view(document, stop).bytes[0] != '.' || word_view(document, stop).count > 1)
        return true;
    if (stop == 0 || words[stop].space_before)
        return true;
    if (next > stop + 1)
        return true; /* closing marks stand between */
    if (is_abbreviation(document, stop - 1))
        return false;
    return !(is_number(document, stop - 1) && document->language == DUIDER_LANGUAGE_DE); /* "am 3. Oktober" */
}

static bool add(struct document *document, size_t first, size_t end)
{
    if (!LIST_RESERVE(document->arena, &document->sentences))
        return false;
    document->sentences.items[document->sentences.count++] = (struct sentence){.first = first, .end = end};
    return true;
}

/* Does a sentence start at `word` because of the line end before it? Lines that are wrapped inside a sentence go on. */
static bool starts_line(const struct document *document, size_t first, size_t word)
{
    const struct word *w = &document->words.items[word];
    if (!w->line_before)
        return false;
    if (w->paragraph_before)
        return true;
    struct view before = word_view(document, word - 1);
    if (before.count == 1 && (before.bytes[0] == ',' || before.bytes[0] == '-'))
        return false;
    size_t start = skip_opening(document, word);
    bool capital = start < document->words.count && (document->words.items[start].capital || is_number(document, start));
    return capital || word - first <= SHORT_LINE_WORDS;
}

duider_status split_sentences(struct document *document, duider_error *error)
{
    size_t first = 0, count = document->words.count;
    for (size_t word = 0; word < count; word++) {
        size_t end = NONE;
        if (word > first && starts_line(document, first, word)) {
            end = word;
        } else if (ends_sentence(word_view(document, word))) {
            size_t next = word + 1;
            while (next < count && !document->words.items[next].space_before && is_closing(word_view(document, next)))
                next++;
            if (is_end(document, word, next))
                end = next;
        }
        if (end == NONE)
            continue;
        if (!add(document, first, end))
            return fail_memory(error);
        first = end;
        if (end > word)
            word = end - 1;
    }
    if (first < count && !add(document, first, count))
        return fail_memory(error);
    return DUIDER_OK;
}
