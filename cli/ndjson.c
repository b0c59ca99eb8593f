/*
 * JSON lines in -> JSON lines out, in order, with as many threads as asked for.
 *
 * The main thread reads lines into a ring of slots; workers take them as they come, each with a session of its own; a writer prints finished slots from
 * the oldest on, each as soon as it can. The ring bounds the memory however long the input is. A bad line becomes an error object in its place.
 */
#include "cli.h"
#include "detect/detect.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS_PER_JOB = 8 };

#define PROGRESS_SECONDS 0.5

enum state { SLOT_FREE, SLOT_READY, SLOT_BUSY, SLOT_DONE };

struct slot {
    enum state state;
    char *line;
    size_t line_bytes;
    char *answer; /* a line without its end; NULL: memory was short */
    bool failed;
};

struct pool {
    const struct options *options;
    const duider_model *model;
    pthread_mutex_t lock;
    pthread_cond_t work, done, room; /* a line was read; one was answered; one was written */
    struct slot *slots;
    size_t slot_count;
    size_t read, taken, written; /* lines so far; a line's slot is its number modulo slot_count */
    bool finished;               /* no more lines come */
    bool broken;                 /* the output can't be written any more, for output_error */
    int output_error;
    bool some_failed;
    FILE *output;
};

struct worker {
    const struct pool *pool;
    duider_session *session;
    struct detector *detector;
};

/* ---- one line ---- */

struct failure {
    int status;
    char detail[DUIDER_ERROR_MESSAGE_BYTES + 64];
};

static int http_status(duider_status status)
{
    switch (status) {
    case DUIDER_BAD_UTF8: return 400;
    case DUIDER_TOO_LONG: return 413;
    case DUIDER_EMPTY_TEXT:
    case DUIDER_BAD_ARGUMENT: return 422;
    case DUIDER_NO_MEMORY: return 503;
    default: return 500;
    }
}

static const char *title_of(int status)
{
    switch (status) {
    case 400: return "Bad Request";
    case 413: return "Content Too Large";
    case 422: return "Unprocessable Content";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
    }
}

static char *error_line(const json_t *id, const struct failure *failure)
{
    json_t *line = json_pack("{s:O?, s:{s:i, s:s, s:s}}", "id", id, "error", "status", failure->status, "title", title_of(failure->status), "detail",
                             failure->detail);
    if (line && !id)
        json_object_set_new(line, "id", json_null());
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    return text;
}

static bool wrong(struct failure *failure, int status, const char *detail)
{
    failure->status = status;
    snprintf(failure->detail, sizeof failure->detail, "%s", detail);
    return false;
}

/* Checks the members and fills the options. */
static bool read_members(json_t *object, duider_options *options, struct failure *failure)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        const char *text = json_string_value(value);
        if (strcmp(name, "id") == 0) {
            if (!text && !json_is_null(value))
                return wrong(failure, 422, "\"id\" must be a string or null");
        } else if (strcmp(name, "text") == 0) {
            if (!text)
                return wrong(failure, 422, "\"text\" must be a string");
        } else if (strcmp(name, "language") == 0) {
            if (!duider_language_from_name(text, &options->language))
                return wrong(failure, 422, "\"language\" must be one of auto, nl, en, de");
        } else if (strcmp(name, "offsets") == 0) {
            if (!duider_offsets_from_name(text, &options->offsets))
                return wrong(failure, 422, "\"offsets\" must be one of codepoints, utf16, bytes");
        } else {
            return wrong(failure, 422, "unknown member; there are id, text, language, offsets");
        }
    }
    if (!json_object_get(object, "text"))
        return wrong(failure, 422, "\"text\" is missing");
    return true;
}

static char *annotate_object(const struct worker *worker, json_t *object, struct failure *failure)
{
    duider_options options = worker->pool->options->annotate;
    if (!read_members(object, &options, failure))
        return NULL;
    const json_t *text = json_object_get(object, "text");
    duider_result *result;
    duider_error error;
    duider_status status = detector_run(worker->detector, json_string_value(text), json_string_length(text), &options, &error);
    if (status == DUIDER_OK)
        status = duider_annotate(worker->session, json_string_value(text), json_string_length(text), &options, &result, &error);
    if (status != DUIDER_OK) {
        wrong(failure, http_status(status), error.message);
        return NULL;
    }
    char *json = NULL;
    status = duider_result_json(result, json_string_value(json_object_get(object, "id")), DUIDER_JSON_COMPACT, &json, NULL, &error);
    duider_result_free(result);
    if (status != DUIDER_OK)
        wrong(failure, http_status(status), error.message);
    return json;
}

static void name_fault(const json_error_t *where, struct failure *failure)
{
    enum json_error_code code = json_error_code(where);
    const char *what = code == json_error_null_character || code == json_error_null_byte_in_key ? "\\u0000 is not allowed in a string"
                       : code == json_error_invalid_utf8                                        ? "the line is not UTF-8"
                       : code == json_error_duplicate_key                                       ? "a member stands twice"
                       : code == json_error_numeric_overflow                                    ? "a number is too large"
                       : code == json_error_out_of_memory                                       ? "out of memory"
                                                                                                : "the line is not JSON";
    failure->status = code == json_error_out_of_memory ? 503 : 400;
    snprintf(failure->detail, sizeof failure->detail, "%s (byte %d)", what, where->position);
}

static void answer_line(const struct worker *worker, struct slot *slot)
{
    json_error_t where;
    struct failure failure = {0};
    json_t *object = json_loadb(slot->line, slot->line_bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
    if (!object) {
        name_fault(&where, &failure);
    } else if (!json_is_object(object)) {
        wrong(&failure, 422, "the line is no JSON object");
    } else {
        slot->answer = annotate_object(worker, object, &failure);
    }
    if (!slot->answer) {
        slot->failed = true;
        slot->answer = error_line(json_object_get(object, "id"), &failure);
    }
    json_decref(object);
}

/* ---- workers ---- */

static void *work(void *payload)
{
    struct pool *pool = payload;
    struct worker worker = {.pool = pool, .detector = detector_new()};
    bool ready = worker.detector && duider_session_new(pool->model, &worker.session, NULL) == DUIDER_OK;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->taken == pool->read && !pool->finished)
            pthread_cond_wait(&pool->work, &pool->lock);
        if (pool->taken == pool->read)
            break;
        struct slot *slot = &pool->slots[pool->taken++ % pool->slot_count];
        slot->state = SLOT_BUSY;
        pthread_mutex_unlock(&pool->lock);
        if (ready)
            answer_line(&worker, slot);
        pthread_mutex_lock(&pool->lock);
        slot->state = SLOT_DONE;
        pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->lock);
    duider_session_free(worker.session);
    detector_free(worker.detector);
    return NULL;
}

/* ---- the writer ---- */

struct progress {
    bool shown;
    struct timespec start;
    double last;
};

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void show_progress(struct progress *progress, size_t count, bool end)
{
    double seconds = seconds_since(&progress->start);
    if (!progress->shown || (!end && seconds - progress->last < PROGRESS_SECONDS))
        return;
    progress->last = seconds;
    fprintf(stderr, "\r%zu articles, %.1f a second%s", count, (double)count / (seconds > 0.001 ? seconds : 0.001), end ? "\n" : "");
}

static void write_slot(struct pool *pool, const struct slot *slot)
{
    static const char no_memory[] = "{\"id\":null,\"error\":{\"status\":503,\"title\":\"Service Unavailable\",\"detail\":\"out of memory\"}}";
    fputs(slot->answer ? slot->answer : no_memory, pool->output);
    fputc('\n', pool->output);
    fflush(pool->output); /* whoever waits for this line before sending the next one gets it now */
}

static void *write_answers(void *payload)
{
    struct pool *pool = payload;
    struct progress progress = {.shown = isatty(STDERR_FILENO) != 0};
    clock_gettime(CLOCK_MONOTONIC, &progress.start);
    pthread_mutex_lock(&pool->lock);
    while (!pool->broken) {
        struct slot *slot = &pool->slots[pool->written % pool->slot_count];
        if (pool->written == pool->read && pool->finished)
            break;
        if (pool->written == pool->read || slot->state != SLOT_DONE) {
            pthread_cond_wait(&pool->done, &pool->lock);
            continue;
        }
        struct slot finished = *slot;
        pthread_mutex_unlock(&pool->lock);
        write_slot(pool, &finished);
        int reason = errno;
        free(finished.line);
        free(finished.answer);
        pthread_mutex_lock(&pool->lock);
        *slot = (struct slot){.state = SLOT_FREE};
        pool->written++;
        pool->some_failed |= finished.failed || !finished.answer;
        pool->broken = ferror(pool->output) != 0;
        pool->output_error = reason;
        pthread_cond_signal(&pool->room);
        show_progress(&progress, pool->written, false);
    }
    if (pool->broken)
        pool->taken = pool->read; /* nobody reads on: what is not begun is dropped */
    pthread_mutex_unlock(&pool->lock);
    show_progress(&progress, pool->written, true);
    return NULL;
}

/* ---- the main thread ---- */

static bool is_blank(const char *line, size_t bytes)
{
    return strspn(line, " \t\r\n") >= bytes;
}

/* Puts the line, which it takes over, where a worker finds it; false where nobody takes the output any more. */
static bool hand_over(struct pool *pool, char *line, size_t bytes)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->read - pool->written == pool->slot_count && !pool->broken)
        pthread_cond_wait(&pool->room, &pool->lock);
    bool open = !pool->broken;
    if (open) {
        pool->slots[pool->read++ % pool->slot_count] = (struct slot){.state = SLOT_READY, .line = line, .line_bytes = bytes};
        pthread_cond_signal(&pool->work);
    }
    pthread_mutex_unlock(&pool->lock);
    if (!open)
        free(line);
    return open;
}

/* Many an editor puts U+FEFF before the first line. */
static size_t drop_mark(char *line, size_t bytes)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t length = sizeof mark - 1;
    if (bytes < length || memcmp(line, mark, length) != 0)
        return bytes;
    memmove(line, line + length, bytes - length + 1);
    return bytes - length;
}

/* Reads all lines; false where the input can't be read to its end. */
static bool read_lines(struct pool *pool, FILE *input)
{
    bool open = true, readable = true;
    for (bool first = true; open; first = false) {
        char *line = NULL;
        size_t capacity = 0;
        ssize_t count = getline(&line, &capacity, input);
        if (count < 0) {
            int reason = errno;
            free(line);
            readable = feof(input) && !ferror(input); /* memory may be too short for the line */
            if (!readable)
                fprintf(stderr, "duider: %s: %s\n", pool->options->file_count ? pool->options->files[0] : "standard input", strerror(reason));
            break;
        }
        size_t bytes = first ? drop_mark(line, (size_t)count) : (size_t)count;
        if (is_blank(line, bytes))
            free(line);
        else
            open = hand_over(pool, line, bytes);
    }
    pthread_mutex_lock(&pool->lock);
    pool->finished = true;
    pthread_cond_broadcast(&pool->work);
    pthread_cond_broadcast(&pool->done);
    pthread_mutex_unlock(&pool->lock);
    return readable;
}

enum exit_code run_ndjson(const struct options *options, const duider_model *model, FILE *input, FILE *output)
{
    struct pool pool = {.options = options, .model = model, .slot_count = options->jobs * SLOTS_PER_JOB, .output = output};
    pthread_t threads[JOBS_MAX], writer;
    size_t started = 0;
    pool.slots = calloc(pool.slot_count, sizeof *pool.slots);
    if (!pool.slots) {
        fputs("duider: out of memory\n", stderr);
        return EXIT_SOME_FAILED;
    }
    json_object_seed(0); /* before there are threads */
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.work, NULL);
    pthread_cond_init(&pool.done, NULL);
    pthread_cond_init(&pool.room, NULL);
    while (started < options->jobs && pthread_create(&threads[started], NULL, work, &pool) == 0)
        started++;
    enum exit_code code = EXIT_SOME_FAILED;
    if (started && pthread_create(&writer, NULL, write_answers, &pool) == 0) {
        bool readable = read_lines(&pool, input);
        pthread_join(writer, NULL);
        code = readable && !pool.some_failed ? EXIT_FINE : EXIT_SOME_FAILED;
    } else {
        fputs("duider: no thread could be started\n", stderr);
        pool.finished = true;
        pthread_cond_broadcast(&pool.work);
    }
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < pool.slot_count; i++) {
        free(pool.slots[i].line);
        free(pool.slots[i].answer);
    }
    pthread_cond_destroy(&pool.work);
    pthread_cond_destroy(&pool.done);
    pthread_cond_destroy(&pool.room);
    pthread_mutex_destroy(&pool.lock);
    free(pool.slots);
    if (pool.broken)
        errno = pool.output_error;
    return code;
}
