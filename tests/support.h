/* What the C tests share: the model, files, annotation in one call. */
#ifndef DUIDER_TESTS_SUPPORT_H
#define DUIDER_TESTS_SUPPORT_H

#include "duider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static duider_model *support_model;
static duider_session *support_session;

static inline const char *support_model_path(void)
{
    const char *path = getenv("DUIDER_MODEL");
    return path ? path : "models/duider.model";
}

static inline int support_open(void **state)
{
    (void)state;
    duider_error error;
    if (duider_model_open(support_model_path(), &support_model, &error) != DUIDER_OK ||
        duider_session_new(support_model, &support_session, &error) != DUIDER_OK) {
        print_error("%s\n", error.message);
        return 1;
    }
    return 0;
}

static inline int support_close(void **state)
{
    (void)state;
    duider_session_free(support_session);
    duider_model_close(support_model);
    return 0;
}

/* The whole file, NUL-terminated, for free(). */
static inline char *support_read(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, size, file), size);
    text[size] = 0;
    fclose(file);
    if (bytes)
        *bytes = size;
    return text;
}

/* The bytes of the model file, for tests that damage or change a copy. */
static char *support_model_bytes;
static size_t support_model_size;

static inline int support_read_model(void **state)
{
    (void)state;
    support_model_bytes = support_read(support_model_path(), &support_model_size);
    return 0;
}

static inline int support_free_model(void **state)
{
    (void)state;
    free(support_model_bytes);
    return 0;
}

/* Opens a model file of these bytes; on failure *model is NULL. */
static inline duider_status support_open_bytes(const char *bytes, size_t count, duider_model **model, duider_error *error)
{
    char path[] = "/tmp/duider-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    for (size_t written = 0; written < count;) {
        ssize_t now = write(file, bytes + written, count - written);
        assert_true(now > 0);
        written += (size_t)now;
    }
    close(file);
    *model = NULL;
    *error = (duider_error){0};
    duider_status status = duider_model_open(path, model, error);
    unlink(path);
    return status;
}

static inline duider_result *support_annotate(const char *text, size_t bytes, const duider_options *options)
{
    duider_result *result = NULL;
    duider_error error = {0};
    duider_status status = duider_annotate(support_session, text, bytes, options, &result, &error);
    if (status != DUIDER_OK)
        print_error("%s\n", error.message);
    assert_int_equal(status, DUIDER_OK);
    return result;
}

/* The entity of that name, or NULL. */
static inline const duider_entity *support_entity(const duider_result *result, const char *name)
{
    for (size_t i = 0; i < duider_result_entity_count(result); i++)
        if (strcmp(duider_result_entity_at(result, i)->name, name) == 0)
            return duider_result_entity_at(result, i);
    return NULL;
}

/* The quote with a part that begins so, or NULL. */
static inline const duider_quote *support_quote(const duider_result *result, const char *begin)
{
    for (size_t i = 0; i < duider_result_quote_count(result); i++) {
        const duider_quote *quote = duider_result_quote_at(result, i);
        for (size_t k = 0; k < quote->span_count; k++)
            if (strncmp(quote->spans[k].text, begin, strlen(begin)) == 0)
                return quote;
    }
    return NULL;
}

/* -1 to 1, the same in every run. */
static inline float support_random(void)
{
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / 8388608.0f - 1.0f;
}

#endif
