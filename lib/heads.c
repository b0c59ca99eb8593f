/*
 * Words and pieces -> logits of every word and the pointers of quote parts.
 *
 * A text that is longer than a window goes through overlapping ones:
 *
 *     words     0 1 2 3 4 5 6 7 8 9 ...
 *     window 0  [---------------)
 *     window 1            [---------------)
 *     core      [----------|-----------|----  each word is read from the window in whose core it lies
 */
#include "decode.h"
#include "encoder.h"
#include "kernels.h"

#include <math.h>

enum { SPECIAL_PIECES = 2 }; /* <s> and </s> */

struct window {
    size_t first, end;           /* words that are encoded */
    size_t core_first, core_end; /* words that are read */
};

struct windows {
    struct window *items;
    size_t count, capacity;
};

static size_t pieces_of(const struct document *document, size_t word)
{
    return document->words.items[word].piece_count;
}

static bool starts_sentence(const struct document *document, size_t word, size_t *sentence)
{
    while (*sentence < document->sentences.count && document->sentences.items[*sentence].first < word)
        ++*sentence;
    return *sentence < document->sentences.count && document->sentences.items[*sentence].first == word;
}

/* The end of the window that begins at `first`: the last sentence start in its last third, else as many words as fit. */
static size_t window_end(const struct document *document, size_t first, size_t *sentence)
{
    size_t room = document->model->window - SPECIAL_PIECES, used = 0, end = first, good = NONE;
    while (end < document->words.count && used + pieces_of(document, end) <= room) {
        used += pieces_of(document, end++);
        if (used > room * 2 / 3 && starts_sentence(document, end, sentence))
            good = end;
    }
    return end == document->words.count || good == NONE ? end : good;
}

static bool plan_windows(const struct document *document, struct arena *arena, struct windows *windows)
{
    size_t count = document->words.count, sentence = 0;
    for (size_t first = 0;;) {
        if (!LIST_RESERVE(arena, windows))
            return false;
        size_t end = window_end(document, first, &sentence);
        struct window *window = &windows->items[windows->count++];
        *window = (struct window){first, end, first, end};
        if (windows->count > 1) { /* the border of the cores lies in the middle of the overlap */
            struct window *before = window - 1;
            before->core_end = window->core_first = first + (before->end - first) / 2;
        }
        if (end == count)
            return true;
        size_t next = end, used = 0;
        while (next > first + 1 && used + pieces_of(document, next - 1) <= document->model->overlap)
            used += pieces_of(document, --next);
        first = next > first ? next : end;
        sentence = sentences_before(document, first);
    }
}

/* The ids of the window's pieces, and the places [1 + words] of what is read: <s> and the first piece of each word. */
static size_t gather(const struct document *document, const struct window *window, uint32_t *ids, uint32_t *places)
{
    size_t count = 0;
    *places++ = 0;
    ids[count++] = PIECE_BOS;
    for (size_t word = window->first; word < window->end; word++) {
        const struct word *w = &document->words.items[word];
        places[word - window->first] = (uint32_t)count;
        for (uint32_t i = 0; i < w->piece_count; i++)
            ids[count++] = document->pieces.items[w->first_piece + i].id;
    }
    ids[count++] = PIECE_EOS;
    return count;
}

struct reader { /* one window, encoded */
    struct document *document;
    const struct window *window;
    const float *vectors; /* [1 + words][hidden]: of <s>, then of each word's first piece */
    float *logits; /* [words of the window][labels] */
};

static const float *vector_of(const struct reader *reader, size_t word)
{
    return reader->vectors + (1 + word - reader->window->first) * reader->document->model->hidden;
}

static void read_logits(struct reader *reader)
{
    const struct model *model = reader->document->model;
    const struct window *window = reader->window;
    size_t labels = model->label_count;
    multiply_vectors(model->head_weight, labels, vector_of(reader, window->first), window->end - window->first, model->hidden, reader->logits);
    for (size_t word = window->first; word < window->end; word++) {
        float *out = reader->logits + (word - window->first) * labels;
        for (size_t label = 0; label < labels; label++)
            out[label] += model->head_bias[label];
        if (word >= window->core_first && word < window->core_end)
            memcpy(reader->document->logits + word * labels, out, labels * sizeof *out);
    }
}

/* The keys of <s> and of every word of the window for all pointers: [1 + words][pointers * size]. */
static float *read_keys(const struct reader *reader, struct arena *scratch)
{
    const struct model *model = reader->document->model;
    size_t words = reader->window->end - reader->window->first, size = POINTER_COUNT * model->pointer_size;
    float *keys = arena_alloc(scratch, (words + 1) * size, sizeof *keys);
    if (keys)
        multiply_vectors(model->pointer_key, size, reader->vectors, words + 1, model->hidden, keys);
    return keys;
}

/* Where the quote part points: the best word of each pointer. */
static bool point(const struct reader *reader, struct span part, const float *keys, struct arena *scratch, struct pointer_answer *answer)
{
    const struct model *model = reader->document->model;
    size_t words = reader->window->end - reader->window->first, size = model->pointer_size, all = POINTER_COUNT * size;
    float *query = arena_alloc(scratch, all, sizeof *query), *last = arena_alloc(scratch, all, sizeof *last);
    float *scores = arena_alloc(scratch, words + 1, sizeof *scores);
    if (!query || !last || !scores)
        return false;
    multiply_vectors(model->pointer_first, all, vector_of(reader, part.first), 1, model->hidden, query);
    multiply_vectors(model->pointer_last, all, vector_of(reader, part.end - 1), 1, model->hidden, last);
    for (size_t i = 0; i < all; i++)
        query[i] += model->pointer_first_bias[i] + last[i];
    answer->first = part.first;
    for (size_t p = 0; p < POINTER_COUNT; p++) {
        size_t best = 0;
        for (size_t row = 0; row <= words; row++) {
            multiply_vectors(query + p * size, 1, keys + row * all + p * size, 1, size, scores + row);
            scores[row] /= sqrtf((float)size);
            best = scores[row] > scores[best] ? row : best;
        }
        softmax_row(scores, words + 1);
        answer->to[p] = best ? reader->window->first + best - 1 : NONE;
        answer->probability[p] = scores[best];
    }
    return true;
}

static bool read_pointers(struct reader *reader, struct arena *scratch)
{
    struct document *document = reader->document;
    const struct window *window = reader->window;
    struct tagged_spans parts = {0};
    if (!decode_spans(document->model, HEAD_QUOTES, reader->logits, window->first, window->end - window->first, scratch, &parts))
        return false;
    float *keys = parts.count ? read_keys(reader, scratch) : NULL;
    if (parts.count && !keys)
        return false;
    for (size_t i = 0; i < parts.count; i++) {
        struct span part = parts.items[i].span;
        if (part.first < window->core_first || part.first >= window->core_end)
            continue;
        if (!LIST_RESERVE(document->arena, &document->pointers) ||
            !point(reader, part, keys, scratch, &document->pointers.items[document->pointers.count++]))
            return false;
    }
    return true;
}

static duider_status read_window(struct document *document, struct encoder *encoder, const struct window *window, duider_error *error)
{
    struct arena scratch;
    arena_init(&scratch);
    size_t words = window->end - window->first;
    uint32_t *ids = arena_alloc(&scratch, document->model->window, sizeof *ids);
    uint32_t *places = arena_alloc(&scratch, words + 1, sizeof *places);
    float *logits = arena_alloc(&scratch, words * document->model->label_count, sizeof *logits);
    duider_status status = ids && places && logits ? DUIDER_OK : fail_memory(error);
    struct reader reader = {document, window, NULL, logits};
    if (status == DUIDER_OK)
        status = encoder_run(encoder, ids, gather(document, window, ids, places), places, words + 1, &reader.vectors, error);
    if (status == DUIDER_OK) {
        read_logits(&reader);
        if (!read_pointers(&reader, &scratch))
            status = fail_memory(error);
    }
    arena_release(&scratch);
    return status;
}

duider_status run_network(struct document *document, struct encoder *encoder, const duider_options *options, duider_error *error)
{
    struct arena scratch;
    struct windows windows = {0};
    size_t values;
    arena_init(&scratch);
    if (size_multiply(document->words.count, document->model->label_count, &values))
        document->logits = arena_alloc(document->arena, values, sizeof *document->logits);
    duider_status status = document->logits && plan_windows(document, &scratch, &windows) ? DUIDER_OK : fail_memory(error);
    for (size_t i = 0; i < windows.count && status == DUIDER_OK; i++) {
        if (options->cancelled && options->cancelled(options->payload))
            status = fail(error, DUIDER_CANCELLED, 0, "cancelled by the caller");
        else
            status = read_window(document, encoder, &windows.items[i], error);
    }
    arena_release(&scratch);
    if (status == DUIDER_OK && document->language == DUIDER_LANGUAGE_AUTO)
        choose_language(document, options->other_language);
    return status;
}
