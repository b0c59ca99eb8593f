/* Viterbi decoding of the tagging heads: see decode.h. */
#include "decode.h"

#include <math.h>

enum { LABELS_MAX = 32 };

enum part { PART_OUTSIDE, PART_BEGIN, PART_CONTINUE, PART_INSIDE };

/* Label i of a head: which part of which type. Labels are O, then for each type B, (C,) I. */
static enum part label_part(enum head head, size_t label, size_t *type)
{
    size_t parts = head == HEAD_QUOTES ? 3 : 2;
    *type = 0;
    if (label == 0)
        return PART_OUTSIDE;
    *type = (label - 1) / parts;
    size_t part = (label - 1) % parts;
    return part == 0 ? PART_BEGIN : part + 1 == parts ? PART_INSIDE : PART_CONTINUE;
}

static bool may_follow(enum head head, size_t before, size_t label)
{
    size_t type, type_before;
    if (label_part(head, label, &type) != PART_INSIDE)
        return true;
    return label_part(head, before, &type_before) != PART_OUTSIDE && type_before == type;
}

void softmax_at(const float *logits, size_t count, float temperature, double *probabilities)
{
    double most = logits[0], sum = 0.0;
    for (size_t i = 1; i < count; i++)
        most = fmax(most, logits[i]);
    for (size_t i = 0; i < count; i++)
        sum += probabilities[i] = exp((logits[i] - most) / temperature);
    for (size_t i = 0; i < count; i++)
        probabilities[i] /= sum;
}

void head_probabilities(const struct model *model, enum head head, const float *logits, double *probabilities)
{
    softmax_at(logits + model->head_first[head], model->head_size[head], model->calibration[head], probabilities);
}

bool labelled(const struct document *document, enum head head, size_t word)
{
    double probabilities[16] = {0.0};
    head_probabilities(document->model, head, word_logits(document, word), probabilities);
    return probabilities[0] < 0.5;
}

/*
 * What the finer types EVENT, WORK, NORP and MISC gain at a word: they compete with PER, ORG and LOC by the sum of their probabilities, as some
 * training data know them as one. gain [2]: for B and for I.
 */
static void finer_gain(const float *row, double gain[2])
{
    for (size_t part = 0; part < 2; part++) {
        const float *finer = row + 1 + part;
        double most = -INFINITY, sum = 0.0;
        for (size_t type = DUIDER_EVENT; type <= DUIDER_MISC; type++)
            most = fmax(most, (double)finer[2 * type]);
        for (size_t type = DUIDER_EVENT; type <= DUIDER_MISC; type++)
            sum += exp((double)finer[2 * type] - most);
        gain[part] = log(sum);
    }
}

/* How well each label fits the word: its logit, and for names what its type gains. */
static void score_labels(enum head head, const float *row, size_t size, double *fit)
{
    double gain[2] = {0.0, 0.0};
    if (head == HEAD_NAMES)
        finer_gain(row, gain);
    for (size_t label = 0; label < size; label++)
        fit[label] = (double)row[label] + (head == HEAD_NAMES && label > 2 * DUIDER_EVENT ? gain[(label - 1) % 2] : 0.0);
}

static bool find_path(const struct model *model, enum head head, const float *logits, size_t count, struct arena *scratch, uint8_t **path)
{
    size_t size = model->head_size[head], first = model->head_first[head];
    uint8_t *back = arena_alloc(scratch, count, size);
    bool allowed[LABELS_MAX][LABELS_MAX];
    double score[LABELS_MAX], next[LABELS_MAX], fit[LABELS_MAX];
    *path = arena_alloc(scratch, count, 1);
    if (!back || !*path)
        return false;
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < size; j++)
            allowed[i][j] = may_follow(head, i, j);
    score_labels(head, logits + first, size, fit);
    for (size_t j = 0; j < size; j++)
        score[j] = allowed[0][j] ? fit[j] : -1e9;
    for (size_t word = 1; word < count; word++) {
        score_labels(head, logits + word * model->label_count + first, size, fit);
        for (size_t j = 0; j < size; j++) {
            size_t best = 0;
            for (size_t i = 1; i < size; i++)
                if (allowed[i][j] && (!allowed[best][j] || score[i] > score[best]))
                    best = i;
            next[j] = score[best] + (allowed[best][j] ? 0.0 : -1e9) + fit[j];
            back[word * size + j] = (uint8_t)best;
        }
        memcpy(score, next, size * sizeof *score);
    }
    size_t best = 0;
    for (size_t j = 1; j < size; j++)
        best = score[j] > score[best] ? j : best;
    for (size_t word = count; word-- > 0;) {
        (*path)[word] = (uint8_t)best;
        best = word ? back[word * size + best] : 0;
    }
    return true;
}

static bool add_span(struct arena *arena, struct tagged_spans *spans, struct tagged_span span)
{
    if (!LIST_RESERVE(arena, spans))
        return false;
    spans->items[spans->count++] = span;
    return true;
}

bool decode_spans(const struct model *model, enum head head, const float *logits, size_t first, size_t count, struct arena *arena,
                  struct tagged_spans *spans)
{
    struct arena scratch;
    uint8_t *path;
    arena_init(&scratch);
    bool done = count == 0 || find_path(model, head, logits, count, &scratch, &path);
    struct tagged_span open = {.span = {NONE, NONE}};
    for (size_t word = 0; done && word < count; word++) {
        size_t type;
        double probabilities[LABELS_MAX];
        enum part part = label_part(head, path[word], &type);
        if (open.span.first != NONE && part != PART_INSIDE) {
            open.confidence /= (double)(open.span.end - open.span.first);
            done = add_span(arena, spans, open);
            open.span.first = NONE;
        }
        if (part == PART_OUTSIDE)
            continue;
        head_probabilities(model, head, logits + word * model->label_count, probabilities);
        if (part != PART_INSIDE)
            open = (struct tagged_span){{first + word, first + word}, type, part == PART_CONTINUE, 0.0};
        open.span.end = first + word + 1;
        /* Where B, C or I of the same type split the probability, the word still belongs to the span. */
        size_t parts = head == HEAD_QUOTES ? 3 : 2;
        for (size_t i = 0; i < parts; i++)
            open.confidence += probabilities[1 + type * parts + i];
    }
    if (done && open.span.first != NONE) {
        open.confidence /= (double)(open.span.end - open.span.first);
        done = add_span(arena, spans, open);
    }
    arena_release(&scratch);
    return done;
}

bool decode_sentences(const struct document *document, enum head head, struct arena *arena, struct tagged_spans *spans)
{
    bool done = true;
    for (size_t i = 0; done && i < document->sentences.count; i++) {
        const struct sentence *sentence = &document->sentences.items[i];
        done = decode_spans(document->model, head, word_logits(document, sentence->first), sentence->first, sentence->end - sentence->first, arena, spans);
    }
    return done;
}
