/*
 * Logits of the names head -> named mentions, in text order.
 * The spans that decoding finds lose at their ends what no name begins or ends with; a common word with the capital of its sentence is no name.
 */
#include "decode.h"
#include "lexicon.h"

#include <ctype.h>
#include <xxhash.h>

enum {
    COMMON_BYTES_MAX = 64, /* of a word that may be a common one */
    PROBES_MAX = 32        /* places in the table of common words that are looked at */
};

/* ---- borders ---- */

static bool is_quotation_or_comma(struct view word)
{
    static const char *const marks[] = {"\"", "“", "”", "„", "‘", "‚", "»", "«", ",", ";", ":", "(", "[", "``", "''", NULL};
    return view_in(word, marks);
}

/* "De" of "De Nederlandsche Bank", cut off, is no name. */
static bool is_article(struct view word)
{
    static const char *const articles[] = {"De", "de", "Het", "het", "Een", "een", "The", "the", "Der", "der", "Die", "die", "Das", "das", NULL};
    return view_in(word, articles);
}

/* Takes off the ends what no name begins or ends with: marks, and words that join it to what follows. */
static struct span trim_name(const struct document *document, struct span span, duider_entity_type type)
{
    while (span.first < span.end && is_quotation_or_comma(word_view(document, span.first)))
        span.first++;
    while (span.end > span.first && is_quotation_or_comma(word_view(document, span.end - 1)))
        span.end--;
    bool opened = false;
    for (size_t word = span.first; word < span.end; word++)
        opened |= word_view(document, word).bytes[0] == '(';
    if (span.end > span.first && !opened && word_view(document, span.end - 1).bytes[0] == ')')
        span.end--;
    if (type != DUIDER_PER && span.end > span.first + 1 && is_article(word_view(document, span.first)) &&
        islower((unsigned char)word_view(document, span.first).bytes[0]))
        span.first++; /* "de" Kamer; "Frank de Boer" keeps it */
    while (span.end > span.first + 1 && islower((unsigned char)word_view(document, span.end - 1).bytes[0]) && lexicon_joins(word_view(document, span.end - 1)))
        span.end--; /* "minister Harbers van" Landbouw */
    return span;
}

/* ---- common words at the start of a sentence ---- */

static bool is_lower(struct view word)
{
    for (size_t i = 0; i < word.count; i++)
        if (isupper((unsigned char)word.bytes[i]))
            return false;
    return true;
}

/* The text's words in small letters, by hash: [size], 0 where free. */
struct common_words {
    uint64_t *hashes;
    size_t size; /* a power of two, more than twice the words */
};

/* Where the hash stands, or could; NULL where too many others do. */
static uint64_t *common_place(const struct common_words *common, uint64_t hash)
{
    for (size_t probe = 0; probe < PROBES_MAX; probe++) {
        uint64_t *place = &common->hashes[(hash + probe) & (common->size - 1)];
        if (*place == 0 || *place == hash)
            return place;
    }
    return NULL;
}

static bool read_common_words(const struct document *document, struct arena *scratch, struct common_words *common)
{
    size_t twice;
    if (!size_multiply(document->words.count, 2, &twice))
        return false;
    for (common->size = 16; common->size <= twice;)
        common->size *= 2;
    common->hashes = arena_alloc(scratch, common->size, sizeof *common->hashes);
    for (size_t word = 0; common->hashes && word < document->words.count; word++) {
        struct view view = word_view(document, word);
        if (document->words.items[word].class != WORD_LETTERS || !is_lower(view))
            continue;
        uint64_t hash = XXH3_64bits(view.bytes, view.count) | 1;
        uint64_t *place = common_place(common, hash);
        if (place)
            *place = hash;
    }
    return common->hashes != NULL;
}

static bool starts_sentence(const struct document *document, size_t word)
{
    for (size_t before = document->sentences.items[sentence_of(document, word)].first; before < word; before++)
        if (document->words.items[before].class == WORD_LETTERS)
            return false;
    return true;
}

/* "Dijkgraaf wil ..." where the text has "dijkgraaf" too: its capital is the sentence's. In German every noun has one. */
static bool is_common_word(const struct document *document, const struct common_words *common, struct span span)
{
    char lower[COMMON_BYTES_MAX];
    struct view view = word_view(document, span.first);
    if (document->language == DUIDER_LANGUAGE_DE || span.end != span.first + 1 || view.count > sizeof lower || !isupper((unsigned char)view.bytes[0]) ||
        !is_lower((struct view){view.bytes + 1, view.count - 1}) || !starts_sentence(document, span.first))
        return false;
    memcpy(lower, view.bytes, view.count);
    lower[0] = (char)tolower((unsigned char)lower[0]);
    uint64_t hash = XXH3_64bits(lower, view.count) | 1;
    const uint64_t *place = common_place(common, hash);
    return place && *place == hash;
}

/* ---- from spans to mentions ---- */

static bool add_mention(struct document *document, const struct tagged_span *tagged, const struct common_words *common)
{
    struct span span = trim_name(document, tagged->span, (duider_entity_type)tagged->type);
    if (span.first == span.end || (span.end == span.first + 1 && is_article(word_view(document, span.first))) || is_common_word(document, common, span))
        return true;
    if (!LIST_RESERVE(document->arena, &document->mentions))
        return false;
    document->mentions.items[document->mentions.count++] = (struct mention){
        .span = span,
        .type = (duider_entity_type)tagged->type,
        .kind = DUIDER_MENTION_NAME,
        .confidence = tagged->confidence,
        .entity = NONE,
    };
    return true;
}

duider_status find_mentions(struct document *document, duider_error *error)
{
    struct arena scratch;
    struct tagged_spans names = {0};
    struct common_words common;
    arena_init(&scratch);
    bool done = decode_sentences(document, HEAD_NAMES, &scratch, &names) && read_common_words(document, &scratch, &common);
    for (size_t i = 0; done && i < names.count; i++)
        done = add_mention(document, &names.items[i], &common);
    document->name_count = document->mentions.count;
    arena_release(&scratch);
    return done ? DUIDER_OK : fail_memory(error);
}

size_t names_before(const struct document *document, size_t word)
{
    size_t low = 0, high = document->name_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (document->mentions.items[middle].span.first < word)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
