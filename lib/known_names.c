/*
 * What the lists in lib/known_names/ know of a name leans on the network's logits: the network read some thousand names of each type, the lists have ten times
 * as many. Only names that a language's lists have as one type count, so that "Washington" is left to the context.
 * Logits -> logits of the names head.
 */
#include "lexicon.h"

#include <ctype.h>

#define SEVERAL '-' /* types: no letter */

enum {
    NAME_WORDS_MAX = 8,
    NAME_BYTES_MAX = 96,
    CAPITALS_MIN = 4 /* letters of a name in capitals ("LONDON") that is looked for in mixed case too */
};

/* What the first word of a known name loses as the first of another type, and what its words gain as its own: logits, chosen on dev. */
#define OTHER_TYPE 2.0f
#define CITY_AS_CLUB 1.0f /* a place that is a club or a government in the context */
#define OWN_TYPE 1.0f
#define NO_NAME 2.0f      /* what the words of a name of several lose as none */
#define FIRST_INSIDE 4.0f /* and all but its first as the first of another */

struct list { /* lines "name<tab>type's letter", sorted by their bytes; names without what is not ASCII, as in texts that lost it */
    const char *lines;
    size_t count;
};

static const char dutch[] =
#include "lib/known_names.nl.inc" /* made by known_names.sh */
    ;
static const char english[] =
#include "lib/known_names.en.inc" /* made by known_names.sh */
    ;
static const char german[] =
#include "lib/known_names.de.inc" /* made by known_names.sh */
    ;

static struct list list_of(duider_language language)
{
    switch (language) {
    case DUIDER_LANGUAGE_EN:
        return (struct list){english, sizeof english - 1};
    case DUIDER_LANGUAGE_DE:
        return (struct list){german, sizeof german - 1};
    default:
        return (struct list){dutch, sizeof dutch - 1};
    }
}

/* The letter of the name's type, or 0. */
static char find(struct list list, const char *name, size_t bytes)
{
    size_t low = 0, high = list.count;
    while (low < high) {
        size_t line = low + (high - low) / 2;
        while (line > low && list.lines[line - 1] != '\n')
            line--;
        size_t end = line + (size_t)((const char *)memchr(list.lines + line, '\n', list.count - line) - (list.lines + line));
        size_t length = end - line - 2;
        int order = memcmp(list.lines + line, name, length < bytes ? length : bytes);
        if (order == 0 && length == bytes)
            return list.lines[end - 1];
        if (order < 0 || (order == 0 && length < bytes))
            low = end + 1;
        else
            high = line;
    }
    return 0;
}

/* "NEW YORK" -> "New York"; false where it has other letters than capitals, or few. */
static bool lower_capitals(char *name, size_t bytes)
{
    bool inside = false;
    for (size_t i = 0; i < bytes; i++)
        if (islower((unsigned char)name[i]))
            return false;
    for (size_t i = 0; i < bytes; i++) {
        bool letter = isupper((unsigned char)name[i]);
        if (letter && inside)
            name[i] = (char)tolower((unsigned char)name[i]);
        inside = letter || name[i] == '\'';
    }
    return bytes >= CAPITALS_MIN;
}

static char look_up(const struct document *document, struct list list, struct span span)
{
    char name[NAME_BYTES_MAX];
    size_t bytes = 0;
    for (size_t at = document->words.items[span.first].start; at < document->words.items[span.end - 1].end; at++) {
        unsigned char byte = (unsigned char)document->text.bytes[at];
        byte = isspace(byte) ? ' ' : byte; /* a name that is broken over two lines */
        if (byte >= 0x80 || (byte == ' ' && bytes && name[bytes - 1] == ' '))
            continue;
        if (bytes == NAME_BYTES_MAX)
            return 0;
        name[bytes++] = (char)byte;
    }
    char type = find(list, name, bytes);
    return type || !lower_capitals(name, bytes) ? type : find(list, name, bytes);
}

static bool is_of(char letter, duider_entity_type type)
{
    static const char letters[] = {[DUIDER_PER] = 'P', [DUIDER_ORG] = 'O', [DUIDER_LOC] = 'L', [DUIDER_EVENT] = 'E', [DUIDER_WORK] = 'W', [DUIDER_NORP] = 'N', [DUIDER_MISC] = 'M'};
    bool finer = type == DUIDER_EVENT || type == DUIDER_WORK || type == DUIDER_MISC;
    return letters[type] == letter || (letter == 'M' && finer); /* the lists MISC.* hold events and works too */
}

static void lean(struct document *document, struct span span, char letter)
{
    for (size_t word = span.first; word < span.end; word++) {
        float *names = document->logits + word * document->model->label_count + document->model->head_first[HEAD_NAMES]; /* none; the first, a further one of each type */
        float *labels = names + (word == span.first ? 1 : 2);
        if (span.end > span.first + 1)
            names[0] -= NO_NAME;
        for (int type = DUIDER_PER; type <= DUIDER_MISC; type++) {
            float *logit = &labels[2 * type];
            if (is_of(letter, (duider_entity_type)type))
                *logit += OWN_TYPE;
            else
                *logit -= letter == 'L' && type == DUIDER_ORG ? CITY_AS_CLUB : OTHER_TYPE;
            if (word > span.first)
                names[2 * type + 1] -= FIRST_INSIDE;
        }
    }
}

/* The longest known name from the word on, and its type's letter. */
static struct span longest(const struct document *document, struct list list, size_t first, size_t limit, char *letter)
{
    size_t end = first + NAME_WORDS_MAX < limit ? first + NAME_WORDS_MAX : limit;
    for (; end > first; end--) {
        *letter = look_up(document, list, (struct span){first, end});
        if (*letter)
            return (struct span){first, end};
    }
    return (struct span){first, first + 1};
}

duider_status know_names(struct document *document, duider_error *error)
{
    (void)error;
    const struct list list = list_of(document->language);
    for (size_t s = 0; s < document->sentences.count; s++) {
        const struct sentence *sentence = &document->sentences.items[s];
        for (size_t word = sentence->first; word < sentence->end;) {
            char letter = 0;
            struct span span = {word, word + 1};
            const bool article = word == sentence->first && lexicon_article(word_view(document, word)); /* "De Staat" is seldom the rock group there */
            if (document->words.items[word].capital && !article)
                span = longest(document, list, word, sentence->end, &letter);
            if (letter && letter != SEVERAL) /* such a name is passed over, with all inside it: "Gemeentemuseum Den Haag" */
                lean(document, span, letter);
            word = span.end;
        }
    }
    return DUIDER_OK;
}
