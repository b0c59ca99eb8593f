/*
 * Speaker mentions that are plain from the words alone, for direct quotes of which the network sees none:
 * “…”, aldus de vorige wethouder; Aan het eind stond Visser op: “…”.
 */
#include "lexicon.h"

enum {
    PHRASE_WORDS_MAX = 8,
    MARKS_MAX = 3 /* closing mark, comma */
};

static bool is_letters(const struct document *document, size_t word)
{
    return word < document->words.count && document->words.items[word].class == WORD_LETTERS;
}

/* May more of the noun phrase follow on this word? Articles and inflected adjectives. */
static bool leads_on(struct view word)
{
    static const char *const determiners[] = {"de", "het", "een", "zijn", "haar", "hun", "onze", "dezelfde", "deze", "die", NULL};
    return view_in(word, determiners) || word.bytes[word.count - 1] == 'e';
}

/* The noun phrase from the word on: what leads on to its noun, the noun, and further capitalised words. */
static struct span phrase_from(const struct document *document, size_t first, size_t limit)
{
    struct span span = {first, first};
    bool noun = false;
    if (limit > first + PHRASE_WORDS_MAX)
        limit = first + PHRASE_WORDS_MAX;
    for (size_t word = first; word < limit; word++) {
        bool glued = word > first && !document->words.items[word].space_before; /* "VVD'er" */
        if (!is_letters(document, word)) {
            if (noun && word + 1 < limit && !document->words.items[word].space_before && !document->words.items[word + 1].space_before && is_letters(document, word + 1))
                continue;
            break;
        }
        if (noun && !glued && !document->words.items[word].capital)
            break;
        span.end = word + 1;
        noun |= document->words.items[word].capital || !leads_on(word_view(document, word));
    }
    return span;
}

static struct span behind_aldus(const struct document *document, const struct quote *quote)
{
    size_t word = quote->parts[quote->part_count - 1].end;
    for (size_t skipped = 0; skipped < MARKS_MAX && word < document->words.count && document->words.items[word].class == WORD_SYMBOL; skipped++)
        word++;
    if (!is_letters(document, word) || !view_equal(word_view(document, word), (struct view){"aldus", 5}))
        return (struct span){NONE, NONE};
    size_t next = sentences_before(document, word + 1);
    size_t limit = next < document->sentences.count ? document->sentences.items[next].first : document->words.count;
    struct span phrase = phrase_from(document, word + 1, limit);
    return phrase.end > phrase.first ? phrase : (struct span){NONE, NONE};
}

/* The one person named in the sentence that ends in the colon before the quote; NONE where a pronoun stands there too, or several persons. */
static struct span before_colon(const struct document *document, const struct quote *quote)
{
    struct span person = {NONE, NONE};
    size_t open = quote->parts[0].first - 1, entity = NONE;
    if (quote->parts[0].first < 2 || word_view(document, open - 1).bytes[0] != ':')
        return person;
    size_t first = document->sentences.items[sentences_before(document, open) - 1].first;
    for (size_t word = first; word < open; word++) {
        enum gender gender;
        if (lexicon_pronoun(word_view(document, word), &gender))
            return (struct span){NONE, NONE};
    }
    for (size_t i = names_before(document, first); i < document->name_count && document->mentions.items[i].span.first < open; i++) {
        const struct mention *mention = &document->mentions.items[i];
        if (mention->type != DUIDER_PER)
            continue;
        if (entity != NONE && mention->entity != entity)
            return (struct span){NONE, NONE};
        entity = mention->entity;
        person = mention->span;
    }
    return person;
}

struct span plain_speaker(const struct document *document, const struct quote *quote)
{
    struct span none = {NONE, NONE};
    if (quote->kind != DUIDER_DIRECT)
        return none;
    struct span found = behind_aldus(document, quote);
    return found.first != NONE ? found : before_colon(document, quote);
}
