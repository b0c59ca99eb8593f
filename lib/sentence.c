/*
 * Words -> sentences: rules for Dutch, English and German newspaper text.
 * A sentence ends at a line end that closes a paragraph or a headline, or at . ! ? … with the quotation marks and brackets that close behind
 * it, unless the full stop belongs to an abbreviation, an initial, a number or a clause that goes on in lower case.
 */
#include "document.h"

#include <ctype.h>

enum {
    ABBREVIATION_BYTES_MAX = 12,
    OPENING_MARKS_MAX = 4,
    WRAPPED_SHARE = 4 /* a text is wrapped when one in so many of its lines starts in lower case */
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

/* The first word behind the marks that open something at `word`; the count of words where there is none. */
static size_t skip_opening(const struct document *document, size_t word)
{
    size_t end = word + OPENING_MARKS_MAX;
    while (word < end && word < document->words.count && is_opening(word_view(document, word)))
        word++;
    return word;
}

/* "am 3. Oktober", "der 20. Jahrestag": is the number at `word` an ordinal, when `next` follows its full stop? */
static bool is_german_ordinal(const struct document *document, size_t word, size_t next)
{
    static const char *const before[] = {"am", "der", "dem", "den", "des", "im", "zum", "zur", "vom", "beim", "Am", "Der", "Im", "Zum", "Zur", "Vom", NULL};
    static const char *const months[] = {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember", NULL};
    return document->language == DUIDER_LANGUAGE_DE || (word > 0 && one_of(word_view(document, word - 1), before)) ||
           (next < document->words.count && one_of(word_view(document, next), months));
}

/* Does the line at `word` start in lower case, so that it goes on with the sentence before it? */
static bool goes_on(const struct document *document, size_t word)
{
    size_t start = skip_opening(document, word);
    const struct word *w = &document->words.items[start];
    return start < document->words.count && w->class == WORD_LETTERS && !w->capital && !is_number(document, start);
}

/* Is the text wrapped, its line ends without meaning? In a wrapped text many lines start in lower case, in others hardly any. */
static bool is_wrapped(const struct document *document)
{
    size_t lines = 0, lower = 0;
    for (size_t word = 1; word < document->words.count; word++) {
        if (!document->words.items[word].line_before || document->words.items[word].paragraph_before)
            continue;
        lines++;
        lower += goes_on(document, word);
    }
    return lower * WRAPPED_SHARE >= lines;
}

/* Does a sentence start at `word` because of the line end before it? */
static bool starts_line(const struct document *document, size_t word, bool wrapped)
{
    const struct word *w = &document->words.items[word];
    return w->line_before && (w->paragraph_before || (!wrapped && !goes_on(document, word)));
}

/* `stop` is a full stop or the like, `next` the first word behind it and its closing marks. */
static bool is_end(const struct document *document, size_t stop, size_t next, bool wrapped)
{
    const struct word *words = document->words.items;
    if (next == document->words.count || starts_line(document, next, wrapped))
        return true;
    if (!words[next].space_before)
        return false; /* "3.5", "nu.nl", "o.a." */
    size_t start = skip_opening(document, next);
    if (goes_on(document, start))
        return false; /* "zegt ze … maar", "ca. vijf", and a quote that its attribution follows: “Waarom?” vraagt hij */
    if (word_view(document, stop).bytes[0] != '.' || word_view(document, stop).count > 1)
        return true;
    if (stop == 0 || words[stop].space_before)
        return true;
    if (next > stop + 1)
        return true; /* closing marks stand between */
    if (is_abbreviation(document, stop - 1))
        return false;
    return !(is_number(document, stop - 1) && is_german_ordinal(document, stop - 1, start));
}

static bool add(struct document *document, size_t first, size_t end)
{
    if (!LIST_RESERVE(document->arena, &document->sentences))
        return false;
    document->sentences.items[document->sentences.count++] = (struct sentence){.first = first, .end = end};
    return true;
}

duider_status split_sentences(struct document *document, duider_error *error)
{
    size_t first = 0, count = document->words.count;
    bool wrapped = is_wrapped(document);
    for (size_t word = 0; word < count; word++) {
        size_t end = NONE;
        if (word > first && starts_line(document, word, wrapped)) {
            end = word;
        } else if (ends_sentence(word_view(document, word))) {
            size_t next = word + 1;
            while (next < count && !document->words.items[next].space_before && is_closing(word_view(document, next)))
                next++;
            if (is_end(document, word, next, wrapped))
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

size_t sentences_before(const struct document *document, size_t word)
{
    size_t low = 0, high = document->sentences.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (document->sentences.items[middle].first < word)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
