/*
 * Persons whom the text names in full, where it names them again: the particle of a surname that the network left out ("De Wachter" after "Kevin De Wachter"),
 * and surnames and first names that it did not see.
 */
#include "lexicon.h"

enum {
    PARTICLES_MAX = 3, /* before a surname */
    NAME_BYTES_MIN = 3 /* of a surname or first name alone */
};

#define FULL_CONFIDENCE_MIN 0.7 /* of a person named in full */
#define DOUBTFUL_CONFIDENCE 0.8 /* below it the network is not sure of another type */
#define FOUND_CONFIDENCE 0.9    /* of the names found here, so many are right on dev */

struct short_forms {
    struct word_set surnames; /* with their particles: "de wachter" */
    struct word_set words;    /* a last or first name, one word */
};

static struct view view_of(const struct document *document, struct span span)
{
    const size_t start = document->words.items[span.first].start;
    return (struct view){document->text.bytes + start, document->words.items[span.end - 1].end - start};
}

static bool is_name_word(const struct document *document, size_t word)
{
    const struct word *w = &document->words.items[word];
    return w->class == WORD_LETTERS && w->capital && w->end - w->start >= NAME_BYTES_MIN && !lexicon_particle(word_view(document, word));
}

static bool read_short_forms(const struct document *document, struct arena *scratch, struct short_forms *forms)
{
    size_t twice, surnames;
    if (!size_multiply(document->mentions.count, 2, &twice) || !size_multiply(document->mentions.count, PARTICLES_MAX, &surnames) ||
        !word_set_init(&forms->surnames, scratch, surnames) || !word_set_init(&forms->words, scratch, twice))
        return false;
    for (size_t i = 0; i < document->mentions.count; i++) {
        const struct mention *mention = &document->mentions.items[i];
        const struct span span = mention->span;
        if (mention->type != DUIDER_PER || mention->confidence < FULL_CONFIDENCE_MIN || span.end < span.first + 2)
            continue;
        for (size_t word = span.first + 1; word + 1 < span.end && word <= span.first + PARTICLES_MAX; word++)
            if (lexicon_particle(word_view(document, word)))
                word_set_add(&forms->surnames, view_of(document, (struct span){word, span.end}));
        if (is_name_word(document, span.first))
            word_set_add(&forms->words, word_view(document, span.first));
        if (is_name_word(document, span.end - 1))
            word_set_add(&forms->words, word_view(document, span.end - 1));
    }
    return true;
}

/* "De" "Wachter": from the farthest particle on that the full name has, if that has a capital. `from`: where the name before ends. */
static struct span with_particles(const struct document *document, const struct short_forms *forms, struct span span, size_t from)
{
    struct span widest = span;
    for (size_t word = span.first; word > from && span.first - word < PARTICLES_MAX && lexicon_particle(word_view(document, word - 1));) {
        word--;
        if (document->words.items[word].capital && word_set_holds(&forms->surnames, view_of(document, (struct span){word, span.end})))
            widest.first = word;
    }
    return widest;
}

static bool is_joined(const struct document *document, size_t word)
{
    const struct word *items = document->words.items;
    return (word > 0 && !items[word].space_before && word_view(document, word - 1).bytes[0] == '-') ||
           (word + 1 < document->words.count && !items[word + 1].space_before && word_view(document, word + 1).bytes[0] == '-');
}

static bool is_unseen_name(const struct document *document, const struct short_forms *forms, size_t word)
{
    return is_name_word(document, word) && word_set_holds(&forms->words, word_view(document, word)) && !word_set_holds(&document->small_words, word_view(document, word)) &&
           !is_joined(document, word);
}

/* A surname of a person named in full that the network takes for something else, and is not sure. */
static bool is_doubtful_surname(const struct document *document, const struct short_forms *forms, const struct mention *mention)
{
    const struct span span = mention->span;
    return mention->type != DUIDER_PER && mention->confidence < DOUBTFUL_CONFIDENCE && (span.end == span.first + 1 ?
        word_set_holds(&forms->words, word_view(document, span.first)) : word_set_holds(&forms->surnames, view_of(document, span)));
}

static bool add(struct document *document, const struct mention *mention, size_t *end)
{
    if (!LIST_RESERVE(document->arena, &document->mentions))
        return false;
    document->mentions.items[document->mentions.count++] = *mention;
    *end = mention->span.end;
    return true;
}

/* The names in text order, as they were or wider, and between them those that were not seen. */
static bool complete(struct document *document, const struct short_forms *forms)
{
    const struct mention *seen = document->mentions.items;
    const size_t seen_count = document->mentions.count;
    document->mentions.items = NULL;
    document->mentions.count = document->mentions.capacity = 0;
    size_t end = 0, next = 0;
    for (size_t word = 0; word < document->words.count; word++) {
        struct mention mention = {.span = {word, word + 1}, .type = DUIDER_PER, .kind = DUIDER_MENTION_NAME, .confidence = FOUND_CONFIDENCE, .entity = NONE};
        if (next < seen_count && seen[next].span.first == word)
            mention = seen[next++];
        else if (!is_unseen_name(document, forms, word))
            continue;
        if (is_doubtful_surname(document, forms, &mention))
            mention.type = DUIDER_PER;
        if (mention.type == DUIDER_PER)
            mention.span = with_particles(document, forms, mention.span, end);
        if (!add(document, &mention, &end))
            return false;
        word = end - 1;
    }
    return true;
}

duider_status complete_persons(struct document *document, duider_error *error)
{
    struct arena scratch;
    struct short_forms forms;
    arena_init(&scratch);
    const bool done = read_short_forms(document, &scratch, &forms) && complete(document, &forms);
    document->name_count = document->mentions.count;
    arena_release(&scratch);
    return done ? DUIDER_OK : fail_memory(error);
}
