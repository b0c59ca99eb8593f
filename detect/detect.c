/*
 * The text's words -> pieces -> libexttextcat's candidates for each that is not plainly in one -> how likely it is that the text is in none of nl, en, de.
 *
 * What is quoted is left out, and words that begin with a capital: neither quotations nor names say what language stands around them, and what is all names
 * or all capitals leaves nothing to judge. Pieces are judged one by one, so that passages in other languages weigh what they are of the text. A piece speaks for another language where no
 * language that we read, nor a near relative of one (dialects have no fingerprint of their own), is among its candidates.
 */
#include "detect.h"

#include <libexttextcat/textcat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

enum {
    MANY_PIECES = 4,
    PIECES_MAX = 16,
    PIECE_BYTES = 300,      /* of long texts */
    SHORT_PIECE_BYTES = 60, /* less is no piece, unless it is the only one */
    JUDGED_FROM_BYTES = 25,
    WORD_BYTES = 64, /* of a word, at most; the ends of pieces are moved so far to meet those of words */
    NAME_BYTES = 16, /* of a language */
    PLAIN_WORDS = 4  /* of the commonest, at least, in a piece that is plainly in a language that we read */
};

#define REPETITIVE 0.85 /* of a piece's words, more than so many stood in it before */
#define PLAIN_SHARE 0.15 /* of its words */
#define DOUBT 0.5 /* of a vote, undecided, that is added to those of the pieces: little text says little */
#define SURE 0.8  /* from here on a text is refused: two pieces of two speak for other languages, or 13 of 16 */

struct detector {
    void *textcat;
    candidate_t *candidates;
};

duider_status detector_check(duider_error *error)
{
    if (access(FINGERPRINTS "/fpdb.conf", R_OK) == 0)
        return DUIDER_OK;
    *error = (duider_error){.status = DUIDER_IO, .message = "the fingerprints of languages (libexttextcat-data) can't be read: " FINGERPRINTS "/fpdb.conf"};
    return error->status;
}

struct detector *detector_new(void)
{
    struct detector *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->textcat = special_textcat_Init(FINGERPRINTS "/fpdb.conf", FINGERPRINTS "/");
    if (!made->textcat) {
        free(made);
        return NULL;
    }
    made->candidates = textcat_GetClassifyFullOutput(made->textcat);
    return made;
}

void detector_free(struct detector *detector)
{
    if (!detector)
        return;
    textcat_ReleaseClassifyFullOutput(detector->textcat, detector->candidates);
    textcat_Done(detector->textcat);
    free(detector);
}

/* ---- words ---- */

enum { LINE_END = '\n', OPENING_SINGLE = 0x2018, CLOSING_SINGLE = 0x2019, REPLACEMENT = 0xFFFD };

enum kind { KIND_OTHER, KIND_CAPITAL, KIND_LETTER };

static enum kind kind_of(utf8proc_int32_t character)
{
    switch (utf8proc_category(character)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT: return KIND_CAPITAL;
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC: return KIND_LETTER;
    default: return character == '\'' || character == CLOSING_SINGLE ? KIND_LETTER : KIND_OTHER;
    }
}

/* Is what follows `character`, whose neighbour is `before`, quoted? A quotation that is not closed ends with its line. */
static bool is_quoted(bool quoted, utf8proc_int32_t *opening, utf8proc_int32_t before, utf8proc_int32_t character, enum kind kind)
{
    static const utf8proc_int32_t marks[] = {'"', 0xAB, 0xBB, 0x201C, 0x201D, 0x201E}; /* each opens in one country and closes in another */
    bool mark = false;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        mark |= character == marks[i];
    if (character == LINE_END)
        return false;
    if (quoted)
        return *opening == OPENING_SINGLE ? !(before == CLOSING_SINGLE && kind == KIND_OTHER) : !mark;
    *opening = character;
    return mark || character == OPENING_SINGLE;
}

/* Puts a blank behind the word that began at `start`, or takes away what is too long to be one: scripts without blanks are not Latin. */
static size_t end_word(char *words, size_t start, size_t count)
{
    if (count - start > WORD_BYTES && (unsigned char)words[start] < 0xCD) /* U+0340 */
        return start;
    words[count] = ' ';
    return count + 1;
}

/* Copies words, a blank between them, to `words`; their bytes. Not `all`: those that begin with a small letter and are not quoted. *valid: it is UTF-8. */
static size_t copy_words(const char *text, size_t bytes, bool all, char *words, bool *valid)
{
    size_t count = 0, start = 0;
    enum { OUTSIDE, COPIED, SKIPPED } state = OUTSIDE;
    bool quoted = false;
    utf8proc_int32_t character = LINE_END, before, opening;
    for (utf8proc_ssize_t length; bytes > 0; text += length, bytes -= (size_t)length) {
        before = character;
        length = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)bytes, &character);
        if (length <= 0) {
            length = 1;
            character = REPLACEMENT;
            *valid = false;
        }
        enum kind kind = kind_of(character);
        quoted = is_quoted(quoted, &opening, before, character, kind);
        if (kind == KIND_OTHER) {
            if (state == COPIED)
                count = end_word(words, start, count);
            state = OUTSIDE;
            continue;
        }
        if (state == OUTSIDE) {
            start = count;
            state = all || (kind == KIND_LETTER && !quoted) ? COPIED : SKIPPED;
        }
        if (state == COPIED) {
            memcpy(words + count, text, (size_t)length);
            count += (size_t)length;
        }
    }
    if (state == COPIED)
        count = end_word(words, start, count);
    words[count] = 0;
    return count;
}

/* ---- pieces ---- */

static bool is_read(const char *name)
{
    static const char *const read[] = {"nl", "en", "de", "af", "fy", "nds", "lb", "sco"};
    size_t length = strcspn(name, "-"); /* "nl--utf8" */
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        if (strlen(read[i]) == length && strncmp(name, read[i], length) == 0)
            return true;
    return false;
}

/* Are most letters of another alphabet than the Latin one? */
static bool is_of_another_script(const char *piece)
{
    size_t latin = 0, others = 0;
    utf8proc_int32_t character;
    for (utf8proc_ssize_t length; *piece; piece += length) {
        length = utf8proc_iterate((const utf8proc_uint8_t *)piece, -1, &character);
        bool is_latin = character < 0x300 || (character >= 0x1E00 && character < 0x1F00);
        latin += is_latin && character > ' ';
        others += !is_latin && character != CLOSING_SINGLE;
    }
    return others > latin;
}

/* The word at or behind `at`, or the end; its bytes in *length. */
static const char *read_word(const char *at, size_t *length)
{
    at += strspn(at, " ");
    *length = strcspn(at, " ");
    return at;
}

/* Is it the same few words over and over? "La la la" is no language. */
static bool is_repetitive(const char *piece)
{
    size_t words = 0, again = 0, length;
    for (const char *word = read_word(piece, &length); *word; word = read_word(word + length, &length)) {
        words++;
        again += word > piece && memmem(piece, (size_t)(word - piece), word - 1, length + 1 + (word[length] && word[length + 1])) != NULL; /* with the blanks around it */
    }
    return (double)again > REPETITIVE * (double)words;
}

/* Is it full of the commonest words of a language that we read? None here is as common in one that we do not. Spares the fingerprints, which cost ten times as much. */
static bool is_plainly_read(const char *piece)
{
    static const char *const common[] = {"het",  "een",  "van",  "dat",  "voor", "met",  "niet", "zijn", "aan",  "ook", "naar", "bij", "wordt", "door", "maar", "the",
                                         "of",   "and",  "that", "with", "was",  "from", "this", "have", "und",  "die", "von",  "zu",  "mit",   "sich", "auf",  "für",
                                         "nicht", "ist", "eine", "dem",  "auch", "werden"};
    size_t words = 0, found = 0, length;
    for (const char *word = read_word(piece, &length); *word; word = read_word(word + length, &length)) {
        words++;
        for (size_t i = 0; i < sizeof common / sizeof *common; i++)
            found += strncmp(common[i], word, length) == 0 && common[i][length] == 0;
    }
    return found >= PLAIN_WORDS && (double)found >= PLAIN_SHARE * (double)words;
}

struct votes {
    size_t pieces, other_scripts;
    double foreign;                         /* an undecided piece is half a vote */
    char languages[PIECES_MAX][NAME_BYTES]; /* "fr"; "": one that is read, or undecided */
};

/* `piece` is terminated. */
static void judge(struct detector *detector, const char *piece, struct votes *votes)
{
    char *language = votes->languages[votes->pieces++];
    if (is_plainly_read(piece))
        return;
    int count = textcat_ClassifyFull(detector->textcat, piece, strlen(piece), detector->candidates);
    bool other_script = is_of_another_script(piece);
    for (int i = 0; i < count && !other_script; i++)
        if (is_read(detector->candidates[i].name))
            return;
    bool decided = other_script || (count > 0 && !is_repetitive(piece));
    votes->other_scripts += other_script;
    votes->foreign += decided ? 1.0 : 0.5;
    if (decided && count > 0)
        snprintf(language, NAME_BYTES, "%.*s", (int)strcspn(detector->candidates[0].name, "-"), detector->candidates[0].name);
}

static size_t pieces_of(size_t bytes)
{
    if (bytes < 2 * SHORT_PIECE_BYTES)
        return bytes >= JUDGED_FROM_BYTES;
    size_t pieces = bytes / PIECE_BYTES;
    return pieces < 2 ? 2 : pieces > PIECES_MAX ? PIECES_MAX : pieces;
}

/* The next end of a word, or of a character where that is far away. */
static char *next_end(char *at)
{
    for (const char *far = at + WORD_BYTES; *at && *at != ' ' && at < far;)
        at++;
    while ((*at & 0xC0) == 0x80)
        at++;
    return at;
}

/* Judges pieces that are spread evenly over the words, which are terminated. */
static void judge_pieces(struct detector *detector, char *words, size_t bytes, struct votes *votes)
{
    size_t pieces = pieces_of(bytes), share = pieces ? bytes / pieces : 0;
    for (size_t i = 0; i < pieces; i++) {
        char *piece = i ? next_end(words + i * share) : words, *end = next_end(words + i * share + (share < PIECE_BYTES ? share : PIECE_BYTES));
        char kept = *end;
        *end = 0;
        if (piece < end)
            judge(detector, piece, votes);
        *end = kept;
    }
}

/* The language that more than half of the pieces look like; "": none. */
static const char *common_language(const struct votes *votes)
{
    for (size_t i = 0; i < votes->pieces; i++) {
        size_t same = 0;
        for (size_t k = 0; k < votes->pieces; k++)
            same += strcmp(votes->languages[i], votes->languages[k]) == 0;
        if (2 * same > votes->pieces)
            return votes->languages[i];
    }
    return "";
}

/* Few pieces must agree on the language, or be of another script: Danish and Norwegian are taken for one another, what is in no language for anything. */
static bool is_sure(const struct votes *votes, double other)
{
    bool agreed = *common_language(votes) || 2 * votes->other_scripts > votes->pieces;
    return other >= SURE && votes->pieces > 1 && (agreed || votes->pieces >= MANY_PIECES);
}

static duider_status refuse(const struct votes *votes, duider_error *error)
{
    const char *language = common_language(votes);
    *error = (duider_error){.status = DUIDER_BAD_ARGUMENT};
    snprintf(error->message, sizeof error->message, "the text seems to be in %s, which is not read here; name nl, en or de as its language to have it annotated as that",
             *language ? language : "another language");
    return error->status;
}

duider_status detector_run(struct detector *detector, const char *text, size_t bytes, duider_options *options, duider_error *error)
{
    if (options->language != DUIDER_LANGUAGE_AUTO)
        return DUIDER_OK;
    char *words = malloc(bytes + 2); /* a blank and the end */
    if (!words) {
        *error = (duider_error){.status = DUIDER_NO_MEMORY, .message = "memory is short"};
        return error->status;
    }
    struct votes votes = {0};
    bool valid = true;
    size_t count = copy_words(text, bytes, false, words, &valid);
    bool enough = pieces_of(count) > 0;
    if (!enough)
        count = copy_words(text, bytes, true, words, &valid); /* names and quotations must tell what they can */
    judge_pieces(detector, words, count, &votes);
    free(words);
    options->other_language = (votes.foreign + DOUBT / 2.0) / ((double)votes.pieces + DOUBT);
    bool readable = valid || options->invalid_utf8 == DUIDER_INVALID_UTF8_REPLACE; /* else the library says what is wrong */
    return enough && readable && is_sure(&votes, options->other_language) ? refuse(&votes, error) : DUIDER_OK;
}
