/*
 * Text -> words -> word pieces, each with its bytes in the text.
 *
 * A word is a run of letters, digits and combining marks (invisible format characters may stand inside), or a run of one
 * and the same other character. Each word is normalised by XLM-R's map and split by itself into the pieces whose scores add up to most
 * (unigram language model: Kudo, 2018); a word that white space precedes starts with "▁". training/tokenizer.py does the
 * same and is the reference.
 */
#include "document.h"

#include <utf8proc.h>

enum {
    WORD_PIECES_MAX = 24, /* of a longer word only the first pieces are encoded */
    WORD_BYTES_MAX = 512, /* of a longer word only the first bytes are split: enough for WORD_PIECES_MAX */
    GRAPHEME_BYTES_MAX = 5, /* longer graphemes are normalised code point by code point, as the reference does */
    SPACE_BYTES = 3
};

static const char space_piece[] = "\xE2\x96\x81"; /* U+2581 */

/* ---- character classes ---- */

enum character { CHARACTER_SPACE, CHARACTER_WORD, CHARACTER_SYMBOL, CHARACTER_INVISIBLE };

static bool is_invisible(uint32_t code)
{
    return code == 0x00AD || (code >= 0x200B && code <= 0x200F) || code == 0x2060 || code == 0xFEFF;
}

static enum character classify(uint32_t code)
{
    if (is_invisible(code))
        return CHARACTER_INVISIBLE;
    switch (utf8proc_category((utf8proc_int32_t)code)) {
    case UTF8PROC_CATEGORY_LU: case UTF8PROC_CATEGORY_LL: case UTF8PROC_CATEGORY_LT: case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: case UTF8PROC_CATEGORY_MN: case UTF8PROC_CATEGORY_MC: case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND: case UTF8PROC_CATEGORY_NL: case UTF8PROC_CATEGORY_NO:
        return CHARACTER_WORD;
    case UTF8PROC_CATEGORY_ZS: case UTF8PROC_CATEGORY_ZL: case UTF8PROC_CATEGORY_ZP: case UTF8PROC_CATEGORY_CC:
        return CHARACTER_SPACE;
    default:
        return CHARACTER_SYMBOL;
    }
}

/* ---- normalisation: XLM-R's map, a Darts double array, read as the `tokenizers` package reads it ---- */

struct normalised { /* one word, ready to split; from[i] is the byte of the word that bytes[i] comes from */
    char bytes[4 * WORD_BYTES_MAX];
    uint16_t from[4 * WORD_BYTES_MAX + 1];
    size_t count;
};

/* The replacement of the shortest prefix of `key` that the map holds, or NULL. */
static const char *charsmap_find(const struct model *model, const char *key, size_t count)
{
    size_t node = 0;
    uint32_t unit = model->charsmap_trie[0];
    for (size_t i = 0; i < count; i++) {
        unsigned char c = (unsigned char)key[i];
        if (c == 0)
            return NULL;
        node ^= (unit >> 10) << ((unit & (1u << 9)) >> 6); /* offset of the children */
        node ^= c;
        if (node >= model->charsmap_units)
            return NULL;
        unit = model->charsmap_trie[node];
        if ((unit & ((1u << 31) | 0xFF)) != c) /* label */
            return NULL;
        if ((unit >> 8) & 1) { /* has a value: in the leaf */
            size_t leaf = node ^ ((unit >> 10) << ((unit & (1u << 9)) >> 6));
            if (leaf >= model->charsmap_units)
                return NULL;
            uint32_t value = model->charsmap_trie[leaf] & ((1u << 31) - 1);
            return value < model->charsmap_bytes ? model->charsmap_strings + value : NULL;
        }
    }
    return NULL;
}

/* All of the bytes or, where there is no room, none: half a character would have no piece. */
static bool normalised_add(struct normalised *out, const char *bytes, size_t count, size_t from)
{
    if (count > sizeof out->bytes - out->count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == ' ')
            continue;
        out->from[out->count] = (uint16_t)from;
        out->bytes[out->count++] = bytes[i];
    }
    return true;
}

/* Adds the grapheme of `count` bytes at `from` in the word. */
static bool normalise_grapheme(const struct model *model, const char *word, size_t from, size_t count, struct normalised *out)
{
    if (count <= GRAPHEME_BYTES_MAX) {
        const char *whole = charsmap_find(model, word + from, count);
        if (whole)
            return normalised_add(out, whole, strlen(whole), from);
    }
    for (size_t at = from; at < from + count;) {
        utf8proc_int32_t code;
        size_t length = (size_t)utf8proc_iterate((const utf8proc_uint8_t *)word + at, (utf8proc_ssize_t)(from + count - at), &code);
        const char *replacement = charsmap_find(model, word + at, length);
        if (!(replacement ? normalised_add(out, replacement, strlen(replacement), at) : normalised_add(out, word + at, length, at)))
            return false;
        at += length;
    }
    return true;
}

static void normalise(const struct model *model, const char *word, size_t count, struct normalised *out)
{
    out->count = 0;
    size_t start = 0, at = 0, visible_end = 0; /* grapheme so far: [start, visible_end) */
    utf8proc_int32_t before = 0, state = 0;
    char kept[WORD_BYTES_MAX]; /* the word without invisible characters, and where each byte stood */
    uint16_t place[WORD_BYTES_MAX] = {0};
    size_t kept_count = 0;
    while (at < count) {
        utf8proc_int32_t code;
        size_t length = (size_t)utf8proc_iterate((const utf8proc_uint8_t *)word + at, (utf8proc_ssize_t)(count - at), &code);
        if (kept_count + length > sizeof kept)
            break;
        if (!is_invisible((uint32_t)code)) {
            for (size_t i = 0; i < length; i++, kept_count++)
                kept[kept_count] = word[at + i], place[kept_count] = (uint16_t)at;
        }
        at += length;
    }
    for (at = 0; at < kept_count;) {
        utf8proc_int32_t code;
        size_t length = (size_t)utf8proc_iterate((const utf8proc_uint8_t *)kept + at, (utf8proc_ssize_t)(kept_count - at), &code);
        if (at > 0 && utf8proc_grapheme_break_stateful(before, code, &state)) {
            if (!normalise_grapheme(model, kept, start, visible_end - start, out))
                break;
            start = at;
        }
        before = code;
        at += length;
        visible_end = at;
    }
    if (start < visible_end)
        normalise_grapheme(model, kept, start, visible_end - start, out);
    for (size_t i = 0; i < out->count; i++)
        out->from[i] = place[out->from[i]];
    out->from[out->count] = (uint16_t)count;
}

/* ---- unigram pieces ---- */

struct best { /* of all splits of the bytes before a place */
    double score;
    size_t from; /* the last piece's start; NONE: no split reaches this place */
    uint32_t id;
};

static int piece_byte(const struct model *model, uint32_t id, size_t depth)
{
    uint32_t start = model->piece_offsets[id], end = model->piece_offsets[id + 1];
    return depth < end - start ? (unsigned char)model->piece_bytes[start + depth] : -1;
}

/* Narrows the sorted pieces [*low, *high) to those whose byte at `depth` is `byte`. */
static bool narrow(const struct model *model, uint32_t *low, uint32_t *high, size_t depth, int byte)
{
    uint32_t bounds[2] = {*low, *high};
    for (int side = 0; side < 2; side++) {
        uint32_t a = side ? bounds[0] : *low, b = *high;
        while (a < b) {
            uint32_t middle = a + (b - a) / 2;
            if (piece_byte(model, middle, depth) < byte + side)
                a = middle + 1;
            else
                b = middle;
        }
        bounds[side] = a;
    }
    *low = bounds[0];
    *high = bounds[1];
    return *low < *high;
}

static void improve(struct best *place, double score, size_t from, uint32_t id)
{
    if (place->from == NONE || score > place->score)
        *place = (struct best){score, from, id};
}

static size_t utf8_length(char lead)
{
    unsigned char c = (unsigned char)lead;
    return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* Fills best[0..count] for the bytes. */
static void search_pieces(const struct model *model, const char *bytes, size_t count, struct best *best)
{
    best[0] = (struct best){0.0, 0, 0};
    for (size_t i = 1; i <= count; i++)
        best[i] = (struct best){0.0, NONE, 0};
    for (size_t at = 0; at < count;) {
        size_t character = utf8_length(bytes[at]);
        if (character > count - at)
            character = count - at; /* the map of a damaged model may hold half a character */
        bool single = false;
        uint32_t low = PIECE_FIRST, high = (uint32_t)model->vocabulary;
        for (size_t depth = 0; at + depth < count && narrow(model, &low, &high, depth, (unsigned char)bytes[at + depth]); depth++) {
            if (piece_byte(model, low, depth + 1) >= 0)
                continue; /* only longer pieces start so */
            improve(&best[at + depth + 1], best[at].score + (double)model->piece_scores[low], at, low);
            single |= depth + 1 == character;
        }
        if (!single)
            improve(&best[at + character], best[at].score + (double)model->unknown_score, at, PIECE_UNKNOWN);
        at += character;
    }
}

struct splitter {
    struct normalised plain;
    char bytes[4 * WORD_BYTES_MAX + SPACE_BYTES];
    struct best best[4 * WORD_BYTES_MAX + SPACE_BYTES + 1];
};

static size_t word_byte(const struct splitter *splitter, size_t at, size_t space)
{
    return at < space ? 0 : splitter->plain.from[at - space];
}

/* Appends the pieces of a word. */
static bool split_word(struct document *document, struct splitter *splitter, struct word *word)
{
    const struct model *model = document->model;
    size_t length = word->end - word->start, space = word->space_before ? SPACE_BYTES : 0;
    normalise(model, document->text.bytes + word->start, length, &splitter->plain);
    memcpy(splitter->bytes, space_piece, space);
    memcpy(splitter->bytes + space, splitter->plain.bytes, splitter->plain.count);
    size_t count = splitter->plain.count + space;
    search_pieces(model, splitter->bytes, count, splitter->best);

    struct piece pieces[4 * WORD_BYTES_MAX + SPACE_BYTES];
    size_t piece_count = 0; /* from the last to the first */
    for (size_t at = count; at > 0; at = splitter->best[at].from) {
        const struct best *best = &splitter->best[at];
        uint32_t start = (uint32_t)word_byte(splitter, best->from, space), end = (uint32_t)word_byte(splitter, at, space);
        if (best->id == PIECE_UNKNOWN && piece_count && pieces[piece_count - 1].id == PIECE_UNKNOWN)
            pieces[piece_count - 1].start = start; /* unknown characters side by side are one piece */
        else
            pieces[piece_count++] = (struct piece){best->id, start, end};
    }
    if (piece_count == 0)
        pieces[piece_count++] = (struct piece){PIECE_UNKNOWN, 0, (uint32_t)length};
    word->first_piece = (uint32_t)document->pieces.count;
    word->piece_count = (uint32_t)(piece_count < WORD_PIECES_MAX ? piece_count : WORD_PIECES_MAX);
    for (uint32_t i = 0; i < word->piece_count; i++) {
        if (!LIST_RESERVE(document->arena, &document->pieces))
            return false;
        document->pieces.items[document->pieces.count++] = pieces[piece_count - 1 - i];
    }
    return true;
}

/* ---- words ---- */

struct gap { /* what stands between two words */
    bool any;
    unsigned lines;
};

/* The end of the word that starts at `at` with `code`. */
static size_t word_end(const struct text *text, size_t at, uint32_t code, enum character class)
{
    size_t length;
    text_code_point(text, at, &length);
    for (at += length; at < text->count; at += length) {
        uint32_t next = text_code_point(text, at, &length);
        enum character next_class = class == CHARACTER_WORD ? classify(next) : CHARACTER_SYMBOL;
        if (class == CHARACTER_WORD ? next_class != CHARACTER_WORD && next_class != CHARACTER_INVISIBLE : next != code)
            break;
    }
    return at;
}

duider_status tokenize(struct document *document, duider_error *error)
{
    const struct text *text = &document->text;
    struct splitter splitter;
    struct gap gap = {true, 2};
    size_t length;
    for (size_t at = 0; at < text->count;) {
        uint32_t code = text_code_point(text, at, &length);
        enum character class = classify(code);
        if (class == CHARACTER_SPACE || class == CHARACTER_INVISIBLE) {
            gap.any = true;
            gap.lines += code == '\n' || code == 0x2028 || code == 0x0085 || (code == '\r' && (at + 1 == text->count || text->bytes[at + 1] != '\n'));
            gap.lines += code == 0x2029 ? 2 : 0;
            at += length;
            continue;
        }
        if (!LIST_RESERVE(document->arena, &document->words) || document->pieces.count > UINT32_MAX - WORD_PIECES_MAX)
            return fail_memory(error);
        struct word *word = &document->words.items[document->words.count++];
        utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
        *word = (struct word){
            .start = at,
            .end = word_end(text, at, code, class),
            .class = class == CHARACTER_WORD ? WORD_LETTERS : WORD_SYMBOL,
            .space_before = gap.any,
            .line_before = gap.lines > 0,
            .paragraph_before = gap.lines > 1,
            .capital = category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT,
        };
        gap = (struct gap){false, 0};
        at = word->end;
        struct word clipped = *word;
        if (clipped.end - clipped.start > WORD_BYTES_MAX) {
            clipped.end = clipped.start + WORD_BYTES_MAX;
            while ((text->bytes[clipped.end] & 0xC0) == 0x80)
                clipped.end--;
        }
        if (!split_word(document, &splitter, &clipped))
            return fail_memory(error);
        word->first_piece = clipped.first_piece;
        word->piece_count = clipped.piece_count;
    }
    if (document->words.count == 0)
        return fail(error, DUIDER_EMPTY_TEXT, 0, "the text is empty: it holds no word");
    return DUIDER_OK;
}
