/*
 * Logits -> polarity of each sentence, mention, entity, quote and of the article.
 * A head is linear, so the mean of its words' logits is its answer for the mean of their vectors, as it was trained.
 */
#include "decode.h"

enum { POLARITIES = 3 };

/* Sums of a head's logits over words. */
struct sums {
    double logits[POLARITIES];
    size_t words;
};

static void add_words(const struct document *document, enum head head, struct span span, struct sums *sums)
{
    size_t first = document->model->head_first[head];
    for (size_t word = span.first; word < span.end; word++)
        for (size_t i = 0; i < POLARITIES; i++)
            sums->logits[i] += (double)word_logits(document, word)[first + i];
    sums->words += span.end - span.first;
}

static void finish(const struct document *document, enum head head, const struct sums *sums, double polarity[POLARITIES])
{
    float means[POLARITIES];
    for (size_t i = 0; i < POLARITIES; i++)
        means[i] = sums->words ? (float)(sums->logits[i] / (double)sums->words) : 0.0f;
    softmax_at(means, POLARITIES, document->model->calibration[head], polarity);
}

static void read_span(const struct document *document, enum head head, struct span span, double polarity[POLARITIES])
{
    struct sums sums = {{0.0}, 0};
    add_words(document, head, span, &sums);
    finish(document, head, &sums, polarity);
}

static void read_entities(struct document *document, struct sums *sums)
{
    for (size_t i = 0; i < document->mentions.count; i++) {
        struct mention *mention = &document->mentions.items[i];
        read_span(document, HEAD_TARGET, mention->span, mention->polarity);
        if (mention->kind == DUIDER_MENTION_NAME)
            add_words(document, HEAD_TARGET, mention->span, &sums[mention->entity]);
    }
    for (size_t i = 0; i < document->entities.count; i++)
        finish(document, HEAD_TARGET, &sums[i], document->entities.items[i].polarity);
}

/* The article is the mean of its sentences; the headline counts as HEADLINE_WEIGHT of them. */
static void read_article(struct document *document)
{
    enum { HEADLINE_WEIGHT = 3 };
    double weights = 0.0;
    for (size_t i = 0; i < document->sentences.count; i++) {
        double weight = i == 0 ? HEADLINE_WEIGHT : 1.0;
        for (size_t p = 0; p < POLARITIES; p++)
            document->polarity[p] += weight * document->sentences.items[i].polarity[p];
        weights += weight;
    }
    for (size_t p = 0; p < POLARITIES; p++)
        document->polarity[p] /= weights;
}

duider_status read_sentiment(struct document *document, duider_error *error)
{
    for (size_t i = 0; i < document->sentences.count; i++) {
        struct sentence *sentence = &document->sentences.items[i];
        read_span(document, HEAD_SENTENCE, (struct span){sentence->first, sentence->end}, sentence->polarity);
    }
    for (size_t i = 0; i < document->quotes.count; i++) {
        struct quote *quote = &document->quotes.items[i];
        struct sums sums = {{0.0}, 0};
        for (size_t part = 0; part < quote->part_count; part++)
            add_words(document, HEAD_SENTENCE, quote->parts[part], &sums);
        finish(document, HEAD_SENTENCE, &sums, quote->polarity);
    }
    struct arena scratch;
    arena_init(&scratch);
    struct sums *sums = arena_alloc(&scratch, document->entities.count, sizeof *sums);
    if (sums)
        read_entities(document, sums);
    arena_release(&scratch);
    if (!sums)
        return fail_memory(error);
    read_article(document);
    return DUIDER_OK;
}
