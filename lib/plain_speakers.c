/*
 * Speaker mentions that are plain from the words alone: the noun phrase that begins with the article at which the network points, and, for direct
 * quotes of which it sees no speaker, “…”, aldus de vorige wethouder; Aan het eind stond Visser op: “…”.
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

/* An inflected adjective of the phrase: "vorige", or, where nouns are written small, "Vlaamse" before a small letter. */
static bool is_adjective(const struct document *document, size_t word)
{
    const bool german = document->language == DUIDER_LANGUAGE_DE, capital = document->words.items[word].capital;
    struct view view = word_view(document, word);
    bool ending = view.bytes[view.count - 1] == 'e' || (german && view.count > 2 && memcmp(view.bytes + view.count - 2, "en", 2) == 0);
    return ending && (!capital || (!german && is_letters(document, word + 1) && !document->words.items[word + 1].capital));
}

struct span noun_phrase(const struct document *document, size_t first)
{
    struct span span = {first, first};
    if (!is_letters(document, first) || !lexicon_determiner(word_view(document, first)))
        return span;
    size_t limit = document->sentences.items[sentence_of(document, first)].end;
    if (limit > first + PHRASE_WORDS_MAX)
        limit = first + PHRASE_WORDS_MAX;
    size_t noun = first + 1;
    while (noun < limit && is_letters(document, noun) && is_adjective(document, noun))
        noun++;
    if (noun >= limit || !is_letters(document, noun))
        return span;
    span.end = noun + 1;
    /* "VVD'er", and in languages that write nouns small the name behind: "de oude veerman Bram" */
    while (span.end + 1 < limit && !document->words.items[span.end].space_before && !document->words.items[span.end + 1].space_before && is_letters(document, span.end + 1))
        span.end += 2;
    while (document->language != DUIDER_LANGUAGE_DE && span.end < limit && is_letters(document, span.end) && document->words.items[span.end].capital)
        span.end++;
    return span;
}

static struct span behind_aldus(const struct document *document, const struct quote *quote)
{
    size_t word = quote->parts[quote->part_count - 1].end;
    for (size_t skipped = 0; skipped < MARKS_MAX && word < document->words.count && document->words.items[word].class == WORD_SYMBOL; skipped++)
        word++;
    if (!is_letters(document, word) || !view_equal(word_view(document, word), (struct view){"aldus", 5}))
        return (struct span){NONE, NONE};
    if (sentence_of(document, word) != sentence_of(document, word + 1))
        return (struct span){NONE, NONE}; /* the sentence ends there */
    struct span phrase = noun_phrase(document, word + 1);
    return phrase.end > phrase.first ? phrase : (struct span){NONE, NONE};
}

/* The one person named in the sentence that ends in the colon before the quote; NONE where a pronoun stands there too, or several persons. */
static struct span before_colon(const struct document *document, const struct quote *quote)
{
    struct span person = {NONE, NONE};
    size_t open = quote->parts[0].first - 1, entity = NONE;
    if (quote->parts[0].first < 2 || word_view(document, open - 1).bytes[0] != ':')
        return person;
    size_t first = document->sentences.items[sentence_of(document, open - 1)].first;
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
