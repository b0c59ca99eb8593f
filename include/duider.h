/*
 * duider: entities, attributed quotes and sentiment of a news article, in one call.
 *
 * Ownership, once for all: what duider_model_open, duider_session_new, duider_annotate and duider_result_json
 * return belongs to the caller, who releases it with the function named beside it. Everything reached from a
 * result (entities, quotes, strings) belongs to the result and lives as long as it does. Input text is only
 * borrowed during the call.
 *
 * Threads, once for all: a model is immutable after it is opened; any number of threads may share it. A session
 * serves one thread at a time. A result is read-only: any thread may read it.
 *
 * Text is UTF-8 in and out. Offsets count from 0, end exclusive, into the text exactly as it was given, in the unit that
 * the options name. Functions that can fail return a duider_status and fill the optional `error`, always the last
 * parameter; an out-parameter is written only on success.
 */
#ifndef DUIDER_H
#define DUIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DUIDER_API __attribute__((visibility("default")))
#define DUIDER_MUST_USE __attribute__((warn_unused_result))
#else
#define DUIDER_API
#define DUIDER_MUST_USE
#endif

/* ---------------------------------------------------------------- Version ---- */

#define DUIDER_VERSION_MAJOR 0
#define DUIDER_VERSION_MINOR 1
#define DUIDER_VERSION_PATCH 0
#define DUIDER_VERSION "0.1.0"

/* The version of the library that is loaded, as "major.minor.patch". Static storage. */
DUIDER_API const char *duider_version(void);

/* ---------------------------------------------------------------- Errors ----- */

typedef enum duider_status {
    DUIDER_OK = 0,
    DUIDER_NO_MEMORY,     /* an allocation failed */
    DUIDER_BAD_ARGUMENT,  /* a parameter or option is outside its range */
    DUIDER_BAD_UTF8,      /* the text is not UTF-8; error->byte_offset is the first bad byte */
    DUIDER_EMPTY_TEXT,    /* the text holds no word: it is empty or blank */
    DUIDER_TOO_LONG,      /* the text is longer than options.max_text_bytes */
    DUIDER_BAD_MODEL,     /* the model file is damaged, cut off or not a model */
    DUIDER_MODEL_VERSION, /* the model file is of a version that this library does not read */
    DUIDER_IO,            /* a file can't be opened or read */
    DUIDER_CANCELLED,     /* options.cancelled said so */
    DUIDER_INTERNAL       /* a library underneath failed: please report it */
} duider_status;

#define DUIDER_ERROR_MESSAGE_BYTES 256

/* Filled by the function that fails; one line, no trailing newline, never holds text of the article. */
typedef struct duider_error {
    duider_status status;
    size_t byte_offset; /* into the text or the file, where status has a place; else 0 */
    char message[DUIDER_ERROR_MESSAGE_BYTES];
} duider_error;

/* The meaning of a status in a few words. Static storage; never NULL. */
DUIDER_API const char *duider_status_text(duider_status status);

/* ---------------------------------------------------------------- Model ------ */

typedef struct duider_model duider_model;

/* What a model file says about itself. Strings belong to the model. */
typedef struct duider_model_info {
    const char *name;      /* "duider-nl-8" */
    const char *created;   /* "2026-11-24" */
    const char *languages; /* "nl,en,de" */
    const char *processor; /* instruction set of the matrix products, "avx512_core_vnni" */
    uint64_t file_bytes;
    uint64_t checksum; /* XXH3 64 bits of everything behind the header */
    uint32_t layers;
    uint32_t hidden;
    uint32_t vocabulary;    /* pieces */
    uint32_t window_tokens; /* pieces that are encoded together */
} duider_model_info;

/*
 * Maps the model file at `path` and checks every size and offset in it and its checksum. The file must not change
 * while the model is open. Fails with IO, BAD_MODEL, MODEL_VERSION, NO_MEMORY. Release with duider_model_close.
 */
DUIDER_API DUIDER_MUST_USE duider_status duider_model_open(const char *path, duider_model **model, duider_error *error);

/*
 * The path of the model to use when the user names none: $DUIDER_MODEL, else the installed model, else
 * models/duider.model under the working directory. Never NULL; the file may be missing.
 */
DUIDER_API const char *duider_model_default_path(void);

DUIDER_API const duider_model_info *duider_model_get_info(const duider_model *model);

/* Closes a model that no session uses any more. NULL is allowed. */
DUIDER_API void duider_model_close(duider_model *model);

/* ---------------------------------------------------------------- Session ---- */

/* The scratch memory of one thread's annotations: keep one a thread and reuse it for every article. */
typedef struct duider_session duider_session;

/* The model must outlive the session. Release with duider_session_free. */
DUIDER_API DUIDER_MUST_USE duider_status duider_session_new(const duider_model *model, duider_session **session,
                                                            duider_error *error);

/* NULL is allowed. */
DUIDER_API void duider_session_free(duider_session *session);

/* ---------------------------------------------------------------- Annotate --- */

typedef enum duider_language {
    DUIDER_LANGUAGE_AUTO = 0, /* only in options: decide from the text */
    DUIDER_LANGUAGE_NL,
    DUIDER_LANGUAGE_EN,
    DUIDER_LANGUAGE_DE
} duider_language;

typedef enum duider_offsets {
    DUIDER_OFFSETS_CODEPOINTS = 0, /* Unicode code points: Python */
    DUIDER_OFFSETS_UTF16,          /* UTF-16 code units: JavaScript, Java */
    DUIDER_OFFSETS_BYTES           /* UTF-8 bytes: C, Go, Rust */
} duider_offsets;

typedef enum duider_invalid_utf8 {
    DUIDER_INVALID_UTF8_ERROR = 0, /* BAD_UTF8 with the position of the first bad byte */
    DUIDER_INVALID_UTF8_REPLACE    /* read each bad sequence as U+FFFD; offsets then count that one character, and byte
                                      offsets stay those of the text as given */
} duider_invalid_utf8;

/* Members that the JSON of a result may have, to be added up; id, language and offsets are always there, language_confidence where the language was AUTO. */
enum {
    DUIDER_INCLUDE_ENTITIES = 1,
    DUIDER_INCLUDE_QUOTES = 2,
    DUIDER_INCLUDE_SENTIMENT = 4, /* of the article; the others carry their own */
    DUIDER_INCLUDE_SENTENCES = 8,
    DUIDER_INCLUDE_TEXT = 16, /* the text that offsets count in, bad bytes replaced where the options say so */
    DUIDER_INCLUDE_DEFAULT = 15
};

typedef struct duider_options {
    size_t size; /* sizeof(duider_options), set by DUIDER_OPTIONS_INIT */
    duider_language language;
    duider_offsets offsets;
    duider_invalid_utf8 invalid_utf8;
    size_t max_text_bytes; /* 0: no limit but memory */
    double other_language; /* probability that the text is in none of these languages, where the caller has looked: makes AUTO less sure; else 0 */
    unsigned include;      /* sum of DUIDER_INCLUDE_ values: for duider_result_json alone, the result itself has everything but the text */
    /* Asked between windows of text and at least every 100 ms or so; true stops with CANCELLED. May be NULL. */
    bool (*cancelled)(void *payload);
    void *payload;
} duider_options;

#define DUIDER_OPTIONS_INIT \
    { sizeof(duider_options), DUIDER_LANGUAGE_AUTO, DUIDER_OFFSETS_CODEPOINTS, DUIDER_INVALID_UTF8_ERROR, 0, 0.0, DUIDER_INCLUDE_DEFAULT, NULL, NULL }

typedef struct duider_result duider_result;

/*
 * Annotates `text_bytes` bytes at `text` (no terminator needed; NUL bytes are characters like others). `options` may be NULL
 * for the defaults. Release the result with duider_result_free. Fails with BAD_ARGUMENT, BAD_UTF8, EMPTY_TEXT,
 * TOO_LONG, CANCELLED, NO_MEMORY, INTERNAL.
 */
DUIDER_API DUIDER_MUST_USE duider_status duider_annotate(duider_session *session, const char *text, size_t text_bytes,
                                                         const duider_options *options, duider_result **result,
                                                         duider_error *error);

/* NULL is allowed. */
DUIDER_API void duider_result_free(duider_result *result);

/* ---------------------------------------------------------------- Result ----- */

/* A stretch of the text, in the unit of the options. */
typedef struct duider_span {
    size_t start, end;
} duider_span;

/* The part of the text that a span covers: UTF-8, NUL-terminated, spaces and line ends as they stand there. */
typedef struct duider_extract {
    duider_span span;
    const char *text;
} duider_extract;

typedef enum duider_polarity {
    DUIDER_NEGATIVE = -1,
    DUIDER_NEUTRAL = 0,
    DUIDER_POSITIVE = 1
} duider_polarity;

typedef struct duider_sentiment {
    duider_polarity label;
    double score; /* -1 to 1: probability of positive less that of negative */
} duider_sentiment;

typedef enum duider_entity_type {
    DUIDER_PER = 0, /* person */
    DUIDER_ORG,     /* organisation */
    DUIDER_LOC,     /* place, country, building */
    DUIDER_EVENT,   /* named event */
    DUIDER_WORK,    /* named product, law, book, programme */
    DUIDER_NORP,    /* nationality, religious or political group */
    DUIDER_MISC     /* any other name */
} duider_entity_type;

typedef enum duider_mention_kind {
    DUIDER_MENTION_NAME = 0,
    DUIDER_MENTION_PRONOUN, /* "hij" */
    DUIDER_MENTION_NOMINAL  /* "de minister" */
} duider_mention_kind;

typedef enum duider_quote_kind {
    DUIDER_DIRECT = 0,
    DUIDER_INDIRECT,
    DUIDER_MIXED
} duider_quote_kind;

#define DUIDER_NO_ENTITY SIZE_MAX

/*
 * Every confidence below is calibrated on development data (docs/model-format.md): of the names with confidence 0.9 about nine in ten have the
 * right span and type, of such quotes nine in ten are quotes, and of the speakers of a quote that is right nine in ten are the speaker.
 */

typedef struct duider_sentence {
    duider_span span;
    duider_sentiment sentiment;
} duider_sentence;

typedef struct duider_mention {
    duider_extract extract;
    duider_mention_kind kind;
    double confidence; /* 0 to 1; of a pronoun or noun phrase: that of the speaker */
    duider_sentiment sentiment;
} duider_mention;

typedef struct duider_entity {
    const char *id; /* "e1", "e2", ... in the order in which the text first names them */
    duider_entity_type type;
    const char *name;       /* canonical name: the fullest form in the text */
    double salience;        /* 0 to 1 */
    duider_sentiment sentiment;
    const duider_mention *mentions; /* in text order */
    size_t mention_count;
    const duider_extract *roles; /* in text order; may be empty */
    size_t role_count;
} duider_entity;

/* In German text the words between marks in a mixed quote are a direct quote, too, whose span lies within the clause's. */
typedef struct duider_quote {
    const char *id; /* "q1", "q2", ... in text order */
    duider_quote_kind kind;
    double confidence;
    const duider_extract *spans; /* content, at least one part; quotation marks left out */
    size_t span_count;
    const duider_extract *cue; /* parts of the reporting phrase; may be empty */
    size_t cue_count;
    const duider_extract *speaker_mention; /* NULL: the text has none near */
    size_t speaker_entity;                 /* index of the entity, or DUIDER_NO_ENTITY */
    double speaker_confidence;             /* 0 where both are missing */
    duider_sentiment sentiment;
} duider_quote;

/* Never AUTO: where the options said so, what was found. What is more likely to be something else is taken as NL. */
DUIDER_API duider_language duider_result_language(const duider_result *result);
/* How likely that is to be the text's language, 0 to 1 (an estimate, not calibrated); 1 where the options named it. */
DUIDER_API double duider_result_language_confidence(const duider_result *result);
DUIDER_API duider_offsets duider_result_offsets(const duider_result *result);
DUIDER_API duider_sentiment duider_result_sentiment(const duider_result *result);

/* Items in text order (sentences, quotes) or in the order in which the text first names them (entities). `index` below the count, else NULL. */
DUIDER_API size_t duider_result_sentence_count(const duider_result *result);
DUIDER_API const duider_sentence *duider_result_sentence_at(const duider_result *result, size_t index);
DUIDER_API size_t duider_result_entity_count(const duider_result *result);
DUIDER_API const duider_entity *duider_result_entity_at(const duider_result *result, size_t index);
DUIDER_API size_t duider_result_quote_count(const duider_result *result);
DUIDER_API const duider_quote *duider_result_quote_at(const duider_result *result, size_t index);

/* The names of the values as JSON has them: "nl", "codepoints", "PER", "pronoun", "direct", "negative". */
DUIDER_API const char *duider_language_name(duider_language language);
DUIDER_API const char *duider_offsets_name(duider_offsets offsets);
DUIDER_API const char *duider_entity_type_name(duider_entity_type type);
DUIDER_API const char *duider_mention_kind_name(duider_mention_kind kind);
DUIDER_API const char *duider_quote_kind_name(duider_quote_kind kind);
DUIDER_API const char *duider_polarity_name(duider_polarity polarity);

/* The other way round, for options: false where `name` is not one of the values (AUTO is "auto"). */
DUIDER_API bool duider_language_from_name(const char *name, duider_language *language);
DUIDER_API bool duider_offsets_from_name(const char *name, duider_offsets *offsets);
/* "entities", "quotes", "sentiment", "sentences" or "text" -> its DUIDER_INCLUDE_ value. */
DUIDER_API bool duider_include_from_name(const char *name, unsigned *include);

/* ---------------------------------------------------------------- JSON ------- */

typedef enum duider_json_format {
    DUIDER_JSON_COMPACT = 0, /* one line */
    DUIDER_JSON_PRETTY       /* indented by two spaces */
} duider_json_format;

/*
 * The result as JSON text, UTF-8, NUL-terminated, without a newline at the end; the same bytes for the same input. `id` becomes the
 * member "id" (UTF-8; left out when NULL); `json_bytes` (may be NULL) gets the length. Release with duider_string_free. Fails with
 * NO_MEMORY, BAD_ARGUMENT (`id` is not UTF-8).
 */
DUIDER_API DUIDER_MUST_USE duider_status duider_result_json(const duider_result *result, const char *id,
                                                            duider_json_format format, char **json, size_t *json_bytes,
                                                            duider_error *error);

/* NULL is allowed. */
DUIDER_API void duider_string_free(char *string);

#ifdef __cplusplus
}
#endif
#endif
