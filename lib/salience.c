/*
 * How much the article is about each entity: 0 to 1. How often it is named or meant, how early, whether in the headline, whether it speaks. The
 * weights are a plain choice, not learned.
 */
#include "document.h"

#include <math.h>

#define WEIGHT_FREQUENCY 0.45
#define WEIGHT_POSITION 0.25
#define WEIGHT_HEADLINE 0.15
#define WEIGHT_SPEAKER 0.15

struct evidence {
    size_t mentions, first_word, quotes;
    bool headline;
};

duider_status weigh_entities(struct document *document, duider_error *error)
{
    size_t count = document->entities.count;
    struct arena scratch;
    arena_init(&scratch);
    struct evidence *evidence = arena_alloc(&scratch, count, sizeof *evidence);
    size_t most = 1, headline_end = document->sentences.items[0].end;
    for (size_t i = 0; evidence && i < document->mentions.count; i++) {
        const struct mention *mention = &document->mentions.items[i];
        struct evidence *e = &evidence[mention->entity];
        if (e->mentions++ == 0 || mention->span.first < e->first_word)
            e->first_word = mention->span.first;
        e->headline |= mention->span.first < headline_end;
        most = e->mentions > most ? e->mentions : most;
    }
    for (size_t i = 0; evidence && i < document->quotes.count; i++)
        if (document->quotes.items[i].entity != NONE)
            evidence[document->quotes.items[i].entity].quotes++;
    for (size_t i = 0; evidence && i < count; i++) {
        const struct evidence *e = &evidence[i];
        double frequency = log1p((double)e->mentions) / log1p((double)most);
        double position = 1.0 - (double)e->first_word / (double)document->words.count;
        double speaks = 1.0 - 1.0 / (1.0 + (double)e->quotes);
        document->entities.items[i].salience = WEIGHT_FREQUENCY * frequency + WEIGHT_POSITION * position +
                                               (e->headline ? WEIGHT_HEADLINE : 0.0) + WEIGHT_SPEAKER * speaks;
    }
    arena_release(&scratch);
    return evidence ? DUIDER_OK : fail_memory(error);
}
