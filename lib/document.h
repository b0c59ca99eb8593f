/*
 * The map of the library: what an article becomes, stage by stage, and the one function of each stage.
 * A stage reads what stands above it here and fills what it names; it never calls a later one.
 * Inside the library every place is a byte offset into `text.bytes` or an index into `words`.
 */
#ifndef DUIDER_DOCUMENT_H
#define DUIDER_DOCUMENT_H

#include "base.h"
#include "model.h"
#include "word_set.h"

#define NONE SIZE_MAX

/* ---- text.c: checked UTF-8 and offsets in every unit ---- */

struct text_mark { /* every TEXT_MARK_BYTES bytes: how many of each unit lie before */
    size_t codepoints, utf16;
};

struct replacement {     /* U+FFFD stands for a bad sequence */
    size_t at;           /* byte in text.bytes */
    size_t original_end; /* byte behind the bad sequence in the text as given */
};

struct text {
    const char *bytes; /* valid UTF-8: the caller's, or a copy where bad sequences were replaced */
    size_t count;
    struct text_mark *marks;
    struct {
        struct replacement *items;
        size_t count, capacity;
    } replacements;
};

duider_status text_read(struct arena *arena, const char *bytes, size_t count, duider_invalid_utf8 policy,
                        struct text *text, duider_error *error);
size_t text_offset(const struct text *text, size_t byte, duider_offsets unit);
/* The code point at `at` (text.count: 0) and its length in bytes. */
uint32_t text_code_point(const struct text *text, size_t at, size_t *length);

/* ---- tokenizer.c: words and their pieces ---- */

enum word_class {
    WORD_LETTERS, /* letters, digits, marks */
    WORD_SYMBOL   /* one symbol, or a run of the same one */
};

struct word {
    size_t start, end; /* bytes */
    uint32_t first_piece, piece_count;
    enum word_class class;
    bool space_before; /* white space or nothing stands before it */
    bool line_before;  /* a line end stands before it */
    bool paragraph_before;
    bool capital; /* begins with an upper-case letter */
};

struct piece {
    uint32_t id;
    uint32_t start, end; /* bytes from the start of its word */
};

/* ---- sentence.c ---- */

struct sentence {
    size_t first, end; /* words */
    double polarity[3];
};

/* ---- encoder.c and heads.c: what the network says of each word ---- */

struct pointer_answer { /* of one quote part that the network sees: the words it points at */
    size_t first;       /* first word of the part */
    size_t to[POINTER_COUNT]; /* word, or NONE where the network says that there is none */
    float probability[POINTER_COUNT];
};

/* ---- mentions.c, entities.c ---- */

struct span {
    size_t first, end; /* words */
};

struct mention {
    struct span span;
    duider_entity_type type;
    duider_mention_kind kind;
    double confidence;
    size_t entity; /* index, or NONE */
    double polarity[3];
};

enum gender { GENDER_UNKNOWN, GENDER_MALE, GENDER_FEMALE };

struct entity {
    duider_entity_type type;
    size_t name_mention; /* whose text is the canonical name */
    enum gender gender;
    double salience;
    double polarity[3];
    size_t mention_count;
};

struct role {
    struct span span;
    size_t entity; /* index, or NONE */
};

/* ---- quotes.c ---- */

enum { QUOTE_PARTS_MAX = 16 };

struct quote {
    duider_quote_kind kind;
    struct span parts[QUOTE_PARTS_MAX];
    size_t part_count;
    struct span cue[QUOTE_PARTS_MAX];
    size_t cue_count;
    struct span speaker; /* first == NONE: none */
    size_t entity;       /* NONE: none */
    double confidence, speaker_confidence;
    bool doubtful; /* perhaps nobody said it: to be dropped */
    double polarity[3];
};

#define LIST_OF(type)           \
    struct {                    \
        type *items;            \
        size_t count, capacity; \
    }

/* ---- the document ---- */

struct document {
    struct arena *arena; /* lives as long as the result */
    const struct model *model;
    struct text text;
    LIST_OF(struct word) words;
    LIST_OF(struct piece) pieces;
    LIST_OF(struct sentence) sentences;
    float *logits; /* [words][model->label_count] */
    LIST_OF(struct pointer_answer) pointers;
    duider_language language;
    bool language_detected;     /* it was AUTO */
    double language_confidence; /* 1 where it was not */
    struct word_set small_words; /* that the text has in small letters; of mentions.c */
    LIST_OF(struct mention) mentions;
    size_t name_count; /* of the mentions: names stand first, in text order; pronouns and noun phrases behind them */
    LIST_OF(struct entity) entities;
    LIST_OF(struct role) roles;
    LIST_OF(struct quote) quotes;
    double polarity[3];
};

static inline struct view word_view(const struct document *document, size_t word)
{
    const struct word *w = &document->words.items[word];
    return (struct view){document->text.bytes + w->start, w->end - w->start};
}

/* Is the word written with digits alone? */
static inline bool is_number(const struct document *document, size_t word)
{
    struct view view = word_view(document, word);
    for (size_t i = 0; i < view.count; i++)
        if (view.bytes[i] < '0' || view.bytes[i] > '9')
            return false;
    return true;
}

static inline const float *word_logits(const struct document *document, size_t word)
{
    return document->logits + word * document->model->label_count;
}

/* language.c: where the options say AUTO. `other`: how likely the caller finds it that it is none of nl, en, de. Uncertain: Dutch. */
void choose_language(struct document *document, double other);

/* sentence.c: how many sentences begin before `word`; that many is the index of the first that begins there or behind it. */
size_t sentences_before(const struct document *document, size_t word);
/* The index of the sentence that the word is in: every word is in one. */
static inline size_t sentence_of(const struct document *document, size_t word)
{
    return sentences_before(document, word + 1) - 1;
}

/* Does a paragraph begin with one of the words? */
static inline bool paragraph_between(const struct document *document, size_t first, size_t end)
{
    for (size_t word = first; word < end; word++)
        if (document->words.items[word].paragraph_before)
            return true;
    return false;
}

/* mentions.c: how many names begin before `word`; that many is the index of the first that begins there or behind it. */
size_t names_before(const struct document *document, size_t word);

/* plain_speakers.c: the speaker mention that the words around a direct quote name plainly; first is NONE where they don't. */
struct span plain_speaker(const struct document *document, const struct quote *quote);
/* The noun phrase that begins with the determiner `first`, to its noun and a name behind it; empty where the word is none. */
struct span noun_phrase(const struct document *document, size_t first);

/* unnamed_speakers.c: does the speaker mention, in which no name stands, mean people whom the text does not name? */
bool is_unnamed_speaker(const struct document *document, struct span mention);

struct encoder;

/* Stages in order, one a file: tokenizer, sentence, heads, known names, mentions, persons, entities, roles, quotes, speakers, nested quotes, salience, sentiment. Each returns OK or fills `error`. */
duider_status tokenize(struct document *document, duider_error *error);
duider_status split_sentences(struct document *document, duider_error *error);
duider_status run_network(struct document *document, struct encoder *encoder, const duider_options *options, duider_error *error);
duider_status know_names(struct document *document, duider_error *error);
duider_status find_mentions(struct document *document, duider_error *error);
duider_status complete_persons(struct document *document, duider_error *error);
duider_status group_entities(struct document *document, duider_error *error);
duider_status link_roles(struct document *document, duider_error *error);
duider_status find_quotes(struct document *document, duider_error *error);
duider_status attribute_quotes(struct document *document, duider_error *error);
duider_status nest_quotes(struct document *document, duider_error *error);
duider_status drop_doubtful_quotes(struct document *document, duider_error *error);
duider_status weigh_entities(struct document *document, duider_error *error);
duider_status read_sentiment(struct document *document, duider_error *error);


#endif
