/* The pipeline: a session's text goes through the stages in order and comes out as a result. */
#include "encoder.h"
#include "result.h"

#include <stdlib.h>

struct duider_session {
    const struct model *model;
    struct encoder *encoder;
};

duider_status duider_session_new(const duider_model *model, duider_session **session, duider_error *error)
{
    if (!model || !session)
        return fail(error, DUIDER_BAD_ARGUMENT, 0, "duider_session_new: model and session must not be NULL");
    duider_session *made = calloc(1, sizeof *made);
    if (!made)
        return fail_memory(error);
    made->model = model_of(model);
    duider_status status = encoder_new(made->model, &made->encoder, error);
    if (status != DUIDER_OK) {
        free(made);
        return status;
    }
    *session = made;
    return DUIDER_OK;
}

void duider_session_free(duider_session *session)
{
    if (!session)
        return;
    encoder_free(session->encoder);
    free(session);
}

static duider_status check_options(const duider_options *options, duider_error *error)
{
    if (options->size != sizeof *options)
        return fail(error, DUIDER_BAD_ARGUMENT, 0, "options.size is %zu, this library's is %zu: use DUIDER_OPTIONS_INIT", options->size,
                    sizeof *options);
    if ((unsigned)options->language > DUIDER_LANGUAGE_DE)
        return fail(error, DUIDER_BAD_ARGUMENT, 0, "options.language is no duider_language");
    if (!(options->other_language >= 0.0 && options->other_language <= 1.0))
        return fail(error, DUIDER_BAD_ARGUMENT, 0, "options.other_language is no probability");
    if ((unsigned)options->offsets > DUIDER_OFFSETS_BYTES)
        return fail(error, DUIDER_BAD_ARGUMENT, 0, "options.offsets is no duider_offsets");
    if ((unsigned)options->invalid_utf8 > DUIDER_INVALID_UTF8_REPLACE)
        return fail(error, DUIDER_BAD_ARGUMENT, 0, "options.invalid_utf8 is no duider_invalid_utf8");
    if (options->include & ~(unsigned)(DUIDER_INCLUDE_DEFAULT | DUIDER_INCLUDE_TEXT))
        return fail(error, DUIDER_BAD_ARGUMENT, 0, "options.include is no sum of DUIDER_INCLUDE_ values");
    return DUIDER_OK;
}

static duider_status run_stages(struct document *document, struct encoder *encoder, const duider_options *options, duider_error *error)
{
    static duider_status (*const before[])(struct document *, duider_error *) = {tokenize, split_sentences};
    static duider_status (*const after[])(struct document *, duider_error *) = {
        know_names, find_mentions, complete_persons, group_entities, link_roles, find_quotes, attribute_quotes, nest_quotes, drop_doubtful_quotes, weigh_entities, read_sentiment};
    duider_status status = DUIDER_OK;
    for (size_t i = 0; i < sizeof before / sizeof *before && status == DUIDER_OK; i++)
        status = before[i](document, error);
    if (status == DUIDER_OK)
        status = run_network(document, encoder, options, error);
    for (size_t i = 0; i < sizeof after / sizeof *after && status == DUIDER_OK; i++)
        status = after[i](document, error);
    return status;
}

duider_status duider_annotate(duider_session *session, const char *text, size_t text_bytes, const duider_options *options,
                              duider_result **result, duider_error *error)
{
    duider_options defaults = DUIDER_OPTIONS_INIT;
    if (!options)
        options = &defaults;
    if (!session || !result || (!text && text_bytes))
        return fail(error, DUIDER_BAD_ARGUMENT, 0, "duider_annotate: session, text and result must not be NULL");
    duider_status status = check_options(options, error);
    if (status != DUIDER_OK)
        return status;
    if (options->max_text_bytes && text_bytes > options->max_text_bytes)
        return fail(error, DUIDER_TOO_LONG, options->max_text_bytes, "the text is too long: %zu bytes, at most %zu are allowed", text_bytes,
                    options->max_text_bytes);
    duider_result *made = calloc(1, sizeof *made);
    if (!made)
        return fail_memory(error);
    arena_init(&made->arena);
    made->offsets = options->offsets;
    made->include = options->include;
    struct arena arena;
    arena_init(&arena);
    struct document document = {.arena = &arena, .model = session->model, .language = options->language, .language_confidence = 1.0};
    status = text_read(&arena, text ? text : "", text_bytes, options->invalid_utf8, &document.text, error);
    if (status == DUIDER_OK)
        status = run_stages(&document, session->encoder, options, error);
    if (status == DUIDER_OK)
        status = build_result(&document, made, error);
    arena_release(&arena);
    if (status != DUIDER_OK) {
        duider_result_free(made);
        return status;
    }
    *result = made;
    return DUIDER_OK;
}
