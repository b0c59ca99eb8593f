/*
 * How long one thread takes to annotate a text, once it has done so before.
 * usage: annotate_time MODEL FILE [REPEATS]      prints {"words": N, "median_ms": N, "fastest_ms": N, "repeats": N}
 */
#include "duider.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static size_t count_words(const char *text, size_t bytes)
{
    size_t words = 0;
    for (size_t i = 0; i < bytes; i++)
        words += (unsigned char)text[i] > ' ' && (i == 0 || (unsigned char)text[i - 1] <= ' ');
    return words;
}

static duider_status time_one(duider_session *session, const char *text, size_t bytes, double *took, duider_error *error)
{
    duider_result *result = NULL;
    char *json = NULL;
    double began = milliseconds();
    duider_status status = duider_annotate(session, text, bytes, NULL, &result, error);
    if (status == DUIDER_OK)
        status = duider_result_json(result, NULL, DUIDER_JSON_COMPACT, &json, NULL, error);
    *took = milliseconds() - began;
    duider_string_free(json);
    duider_result_free(result);
    return status;
}

int main(int count, char **arguments)
{
    enum { REPEATS = 30, REPEATS_MAX = 1000, TEXT_BYTES_MAX = 1 << 24 };
    static char text[TEXT_BYTES_MAX];
    double took[REPEATS_MAX];
    if (count < 3) {
        fprintf(stderr, "usage: annotate_time MODEL FILE [REPEATS]\n");
        return 2;
    }
    FILE *file = fopen(arguments[2], "rb");
    if (!file) {
        perror(arguments[2]);
        return 1;
    }
    size_t bytes = fread(text, 1, sizeof text, file);
    fclose(file);
    long repeats = count > 3 ? strtol(arguments[3], NULL, 10) : REPEATS;
    repeats = repeats < 1 ? 1 : repeats > REPEATS_MAX ? REPEATS_MAX : repeats;
    duider_model *model = NULL;
    duider_session *session = NULL;
    duider_error error = {0};
    duider_status status = duider_model_open(arguments[1], &model, &error);
    if (status == DUIDER_OK)
        status = duider_session_new(model, &session, &error);
    double warm_up;
    if (status == DUIDER_OK)
        status = time_one(session, text, bytes, &warm_up, &error);
    for (long i = 0; i < repeats && status == DUIDER_OK; i++)
        status = time_one(session, text, bytes, &took[i], &error);
    if (status == DUIDER_OK) {
        qsort(took, (size_t)repeats, sizeof *took, by_size);
        printf("{\"words\": %zu, \"median_ms\": %.1f, \"fastest_ms\": %.1f, \"repeats\": %ld}\n", count_words(text, bytes), took[repeats / 2],
               took[0], repeats);
    } else {
        fprintf(stderr, "annotate_time: %s\n", error.message);
    }
    duider_session_free(session);
    duider_model_close(model);
    return status == DUIDER_OK ? 0 : 1;
}
