/*
 * The logits of the network, for training/parity.py: texts from standard input, separated by NUL bytes; one line a word to standard
 * output, its logits separated by spaces.
 * usage: logits MODEL < texts
 */
#include "document.h"
#include "encoder.h"

#include <stdio.h>
#include <stdlib.h>

static duider_status print_logits(const struct model *model, struct encoder *encoder, const char *text, size_t bytes, duider_error *error)
{
    struct arena arena;
    arena_init(&arena);
    duider_options options = DUIDER_OPTIONS_INIT;
    struct document document = {.arena = &arena, .model = model};
    duider_status status = text_read(&arena, text, bytes, DUIDER_INVALID_UTF8_ERROR, &document.text, error);
    if (status == DUIDER_OK)
        status = tokenize(&document, error);
    if (status == DUIDER_OK)
        status = split_sentences(&document, error);
    if (status == DUIDER_OK)
        status = run_network(&document, encoder, &options, error);
    for (size_t word = 0; status == DUIDER_OK && word < document.words.count; word++)
        for (size_t label = 0; label < model->label_count; label++)
            printf("%.5g%c", (double)word_logits(&document, word)[label], label + 1 < model->label_count ? ' ' : '\n');
    arena_release(&arena);
    return status;
}

int main(int count, char **arguments)
{
    duider_model *model = NULL;
    struct encoder *encoder = NULL;
    duider_error error = {0};
    if (count != 2) {
        fprintf(stderr, "usage: logits MODEL < texts\n");
        return 2;
    }
    duider_status status = duider_model_open(arguments[1], &model, &error);
    if (status == DUIDER_OK)
        status = encoder_new(model_of(model), &encoder, &error);
    char *text = NULL;
    size_t capacity = 0;
    for (ssize_t got; status == DUIDER_OK && (got = getdelim(&text, &capacity, 0, stdin)) > 0;)
        status = print_logits(model_of(model), encoder, text, (size_t)got - (text[got - 1] == 0), &error);
    if (status != DUIDER_OK)
        fprintf(stderr, "logits: %s\n", error.message);
    free(text);
    if (encoder)
        encoder_free(encoder);
    duider_model_close(model);
    return status == DUIDER_OK ? 0 : 1;
}
