/*
 * Logits of the names head -> named mentions, in text order.
 * The spans that decoding finds lose at their ends what no name begins or ends with; a common word in small letters, or with the capital of its sentence, is no name.
 */
#include "decode.h"
#include "lexicon.h"

#include <ctype.h>

/* ---- borders ---- */

static bool is_quotation_or_comma(struct view word)
{
    static const char *const marks[] = {"\"", "“", "”", "„", "‘", "‚", "»", "«", ",", ";", ":", "(", "[", "``", "''", NULL};
    return view_in(word, marks);
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
    if (type != DUIDER_PER && span.end > span.first + 1 && lexicon_article(word_view(document, span.first)) &&
        islower((unsigned char)word_view(document, span.first).bytes[0]))
        span.first++; /* "de" Kamer; "Frank de Boer" keeps it */
    while (span.end > span.first + 1 && islower((unsigned char)word_view(document, span.end - 1).bytes[0]) && lexicon_joins(word_view(document, span.end - 1)))
        span.end--; /* "minister Harbers van" Landbouw */
    return span;
}

/* In the middle of a sentence an article with a capital belongs to the name: volgens Het Belang van Limburg. `from`: where the name before ends. */
static size_t with_article(const struct document *document, size_t first, size_t from)
{
    static const char *const articles[] = {"De", "Het", "The", NULL};
    const struct word *items = document->words.items;
    const bool inside = document->language != DUIDER_LANGUAGE_DE && first > from && first >= 2 && !items[first].line_before && !items[first - 1].line_before;
    if (!inside || !view_in(word_view(document, first - 1), articles))
        return first;
    struct view before = word_view(document, first - 2);
    return islower((unsigned char)before.bytes[0]) || before.bytes[0] == ',' ? first - 1 : first;
}

/* ---- common words ---- */

/* No capital in it. */
static bool is_small(struct view word)
{
    for (size_t i = 0; i < word.count; i++)
        if (isupper((unsigned char)word.bytes[i]))
            return false;
    return true;
}

static bool read_small_words(struct document *document)
{
    if (!word_set_init(&document->small_words, document->arena, document->words.count))
        return false;
    for (size_t word = 0; word < document->words.count; word++)
        if (document->words.items[word].class == WORD_LETTERS && is_small(word_view(document, word)))
            word_set_add(&document->small_words, word_view(document, word));
    return true;
}

static bool starts_sentence(const struct document *document, size_t word)
{
    for (size_t before = document->sentences.items[sentence_of(document, word)].first; before < word; before++)
        if (document->words.items[before].class == WORD_LETTERS)
            return false;
    return true;
}

/* "Dijkgraaf wil ..." where the text has "dijkgraaf" too, or "Toen wil ...": its capital is the sentence's. In German every noun has one. */
static bool is_common_word(const struct document *document, struct span span)
{
    struct view view = word_view(document, span.first);
    if (document->language == DUIDER_LANGUAGE_DE || span.end != span.first + 1 || !isupper((unsigned char)view.bytes[0]) || !is_small((struct view){view.bytes + 1, view.count - 1}) ||
        !starts_sentence(document, span.first))
        return false;
    return word_set_holds(&document->small_words, view) || lexicon_adverb(view);
}

/* "bureau", "parket": one word in small letters is no person, organisation or place ("dpa" is in German), unless it is written like one: "nu.nl". */
static bool is_common_noun(const struct document *document, struct span span, duider_entity_type type)
{
    struct view view = word_view(document, span.first);
    if (document->language == DUIDER_LANGUAGE_DE || span.end != span.first + 1 || type > DUIDER_LOC)
        return false;
    for (size_t i = 0; i < view.count; i++)
        if (!islower((unsigned char)view.bytes[i]))
            return false;
    return true;
}

/* "Hessisches" (Ministerium): in German only names have such adjectives with a capital, and sentences at their start. */
static bool is_german_adjective(const struct document *document, size_t word)
{
    static const char *const endings[] = {"ische", "ischen", "ischer", "isches", "ischem", NULL};
    struct view view = word_view(document, word);
    if (document->language != DUIDER_LANGUAGE_DE || !document->words.items[word].capital || starts_sentence(document, word))
        return false;
    return lexicon_ends_with(endings, view);
}

/*
 * Two spans that are one: an organisation in two ("parket" "Oost-Vlaanderen", "1" . "FC Saarbrücken", "Hessischen" "Ministerium"), a person behind a word for it
 * ("Wolfsexperte" "Friedemann Ochs"). The span before is left empty.
 */
static void join(const struct document *document, struct tagged_span *before, struct tagged_span *span)
{
    if (before->span.end != before->span.first + 1)
        return;
    if (before->type == DUIDER_PER && span->type == DUIDER_PER && before->span.end == span->span.first && span->span.end > span->span.first + 1)
        before->span.end = before->span.first;
    const bool adjective = before->type != DUIDER_PER && span->type == DUIDER_ORG && before->span.end == span->span.first && is_german_adjective(document, before->span.first);
    const bool noun = before->type == DUIDER_ORG && span->type == DUIDER_LOC && before->span.end == span->span.first && is_common_noun(document, before->span, DUIDER_ORG);
    const bool number = before->type == DUIDER_ORG && span->type == DUIDER_ORG && before->span.end + 1 == span->span.first && is_number(document, before->span.first) &&
                        word_view(document, before->span.end).bytes[0] == '.';
    if (!noun && !number && !adjective)
        return;
    span->span.first = before->span.first;
    span->type = DUIDER_ORG;
    before->span.end = before->span.first;
}

/* ---- from spans to mentions ---- */

static bool add_mention(struct document *document, const struct tagged_span *tagged)
{
    struct span span = trim_name(document, tagged->span, (duider_entity_type)tagged->type);
    const bool article = span.end == span.first + 1 && lexicon_article(word_view(document, span.first)); /* cut off "De Nederlandsche Bank" */
    if (span.first == span.end || article || is_common_word(document, span) ||
        is_common_noun(document, span, (duider_entity_type)tagged->type))
        return true;
    span.first = with_article(document, span.first, document->mentions.count ? document->mentions.items[document->mentions.count - 1].span.end : 0);
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
    arena_init(&scratch);
    bool done = decode_sentences(document, HEAD_NAMES, &scratch, &names) && read_small_words(document);
    for (size_t i = 1; done && i < names.count; i++)
        join(document, &names.items[i - 1], &names.items[i]);
    for (size_t i = 0; done && i < names.count; i++)
        done = add_mention(document, &names.items[i]);
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
