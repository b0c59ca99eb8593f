/*
 * POST /v1/annotate/batch: many articles in (a JSON array, or one object a line), a result a line out, in order, as they are finished.
 *
 *   body -> next item -> [window: at most `window` articles parsed, waiting, running or done] -> lines
 *
 * The answer is read by libmicrohttpd whenever the client takes more; the reader keeps the window full and sleeps (the connection is suspended) while
 * the oldest article is not done. So a client that reads slowly or not at all holds no more than a window of results, and one that leaves
 * frees its work: what runs is cancelled, and the last job that ends frees the batch. The window ring and the input belong to the listener's thread;
 * what it shares with workers is under the lock.
 */
#include "server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct slot {
    struct batch *batch;
    atomic_uint holders; /* the batch, and the queue while it has the job; the last one frees */
    atomic_bool abandoned;
    struct job job;
    json_t *input;
    size_t index;
    struct problem problem; /* status 0: none */
    bool done;
};

struct batch {
    pthread_mutex_t lock;
    struct request *request;
    struct slot **slots; /* ring [window] */
    size_t window, first, count;
    size_t running; /* jobs that workers have or will have */
    bool suspended, abandoned, no_memory;

    const char *at, *end; /* of the lines still to be read, in the request's body */
    json_t *array;        /* or the items */
    size_t next_index;
    duider_options defaults;

    char *line; /* being sent */
    size_t line_bytes, line_at;
    struct compressor *compressor; /* NULL: lines go as they are */
    bool ended;                    /* the line is the end of what is compressed */
};

static void slot_release(void *payload)
{
    struct slot *slot = payload;
    if (atomic_fetch_sub(&slot->holders, 1) > 1)
        return;
    duider_string_free(slot->job.json);
    json_decref(slot->input);
    free(slot);
}

static void batch_free(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        slot_release(batch->slots[(batch->first + i) % batch->window]);
    json_decref(batch->array);
    duider_string_free(batch->line);
    compressor_free(batch->compressor);
    pthread_mutex_destroy(&batch->lock);
    free(batch->slots);
    free(batch);
}

/* ---- items ---- */

static bool refuse(struct slot *slot, unsigned status, const char *detail)
{
    slot->problem.status = status;
    snprintf(slot->problem.detail, sizeof slot->problem.detail, "%s", detail);
    return false;
}

/* The next line that is not blank. */
static bool next_line(struct batch *batch, const char **line, size_t *bytes)
{
    while (batch->at < batch->end) {
        const char *newline = memchr(batch->at, '\n', (size_t)(batch->end - batch->at));
        const char *stop = newline ? newline : batch->end;
        *line = batch->at;
        *bytes = (size_t)(stop - batch->at);
        batch->at = newline ? newline + 1 : batch->end;
        for (size_t i = 0; i < *bytes; i++)
            if (!strchr(" \t\r", (*line)[i]))
                return true;
    }
    return false;
}

/* The next item; NULL at the end, or where memory is short. What is wrong with the item is in slot->problem. */
static struct slot *next_item(struct batch *batch)
{
    const struct config *config = &batch->request->server->config;
    const char *line = NULL;
    size_t bytes = 0;
    if (batch->array ? batch->next_index >= json_array_size(batch->array) : !next_line(batch, &line, &bytes))
        return NULL;
    struct slot *slot = calloc(1, sizeof *slot);
    batch->no_memory = !slot;
    if (!slot)
        return NULL;
    atomic_store(&slot->holders, 1);
    slot->batch = batch;
    slot->index = batch->next_index++;
    slot->job.options = batch->defaults;
    if (bytes > config->max_body_bytes)
        return refuse(slot, 413, "the article is larger than one may be"), slot;
    slot->input = batch->array ? json_incref(json_array_get(batch->array, slot->index)) : input_parse(line, bytes, config->max_json_depth, &slot->problem);
    if (slot->input && input_read_article(slot->input, &slot->job, &slot->problem) &&
        fetch_is_allowed(batch->request->server, &slot->job, &slot->problem) && slot->job.text_bytes > config->max_body_bytes)
        refuse(slot, 413, "the article is larger than one may be");
    return slot;
}

/* Under the lock. */
static void wake(struct batch *batch)
{
    if (!batch->suspended)
        return;
    batch->suspended = false;
    MHD_resume_connection(batch->request->connection); /* a suspended connection can't end before */
}

/* A worker calls this. */
static void item_done(void *payload)
{
    struct slot *slot = payload;
    struct batch *batch = slot->batch;
    pthread_mutex_lock(&batch->lock);
    slot->done = true;
    batch->running--;
    bool last = batch->abandoned && batch->running == 0;
    if (batch->suspended && slot == batch->slots[batch->first])
        wake(batch);
    pthread_mutex_unlock(&batch->lock);
    if (last)
        batch_free(batch);
}

static void submit(struct batch *batch, struct slot *slot)
{
    struct server *server = batch->request->server;
    slot->job.deadline = deadline_after(server->config.request_timeout_ms);
    slot->job.reserved = true;
    slot->job.done = item_done;
    slot->job.released = slot_release;
    slot->job.abandoned = &slot->abandoned;
    slot->job.payload = slot;
    pthread_mutex_lock(&batch->lock);
    batch->running++; /* before a worker can count it down */
    pthread_mutex_unlock(&batch->lock);
    atomic_fetch_add(&slot->holders, 1);
    if (job_submit(server, &slot->job))
        return;
    slot_release(slot);
    pthread_mutex_lock(&batch->lock);
    batch->running--;
    slot->done = true;
    pthread_mutex_unlock(&batch->lock);
    refuse(slot, 503, "the server is stopping");
}

static void fill_window(struct batch *batch)
{
    while (batch->count < batch->window) {
        struct slot *slot = next_item(batch);
        if (!slot)
            return;
        batch->slots[(batch->first + batch->count++) % batch->window] = slot;
        if (slot->problem.status)
            slot->done = true;
        else
            submit(batch, slot);
    }
}

/* ---- lines ---- */

static char *error_line(const struct slot *slot)
{
    const json_t *id = json_object_get(slot->input, "id");
    json_t *line = json_pack("{s:O?, s:I, s:{s:i, s:s, s:s}}", "id", json_is_string(id) ? id : NULL, "index", (json_int_t)slot->index, "error", "status",
                             (int)slot->problem.status, "title", status_title(slot->problem.status), "detail", slot->problem.detail);
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    return text;
}

/* So that the client can decode it at once. */
static bool compress_line(struct batch *batch)
{
    char *coded = compressor_run(batch->compressor, batch->line, batch->line_bytes, false, &batch->line_bytes);
    duider_string_free(batch->line);
    batch->line = coded;
    return coded != NULL;
}

/* Takes the oldest slot, which is done, out of the window, as the line to send; false: no memory. */
static bool take_line(struct batch *batch)
{
    struct slot *slot = batch->slots[batch->first];
    if (!slot->problem.status) {
        metrics_count_article(batch->request->server->listener->metrics, &slot->job);
        if (slot->job.status != DUIDER_OK)
            problem_of_job(&slot->job, &slot->problem);
    }
    batch->line = slot->problem.status ? error_line(slot) : slot->job.json;
    batch->line_bytes = !batch->line ? 0 : slot->problem.status ? strlen(batch->line) : slot->job.json_bytes;
    batch->line_at = 0;
    if (!slot->problem.status)
        slot->job.json = NULL;
    slot_release(slot);
    batch->first = (batch->first + 1) % batch->window;
    batch->count--;
    if (batch->line)
        batch->line[batch->line_bytes++] = '\n'; /* in the place of the terminator */
    return batch->line && (!batch->compressor || compress_line(batch));
}

/* The line that comes after all others, where the answer is compressed: its end. */
static bool take_end(struct batch *batch)
{
    if (!batch->compressor || batch->ended)
        return false;
    batch->ended = true;
    batch->line_at = 0;
    batch->line = compressor_run(batch->compressor, "", 0, true, &batch->line_bytes);
    return batch->line != NULL;
}

/* Suspends the connection unless the oldest article is done or the client has left. */
static bool oldest_is_done(struct batch *batch)
{
    pthread_mutex_lock(&batch->lock);
    bool done = batch->slots[batch->first]->done;
    if (!done && !atomic_load(&batch->request->left)) {
        batch->suspended = true;
        MHD_suspend_connection(batch->request->connection);
    }
    pthread_mutex_unlock(&batch->lock);
    return done;
}

/* libmicrohttpd asks for up to `most` bytes. */
static ssize_t read_lines(void *payload, uint64_t position, char *buffer, size_t most)
{
    (void)position;
    struct batch *batch = payload;
    if (atomic_load(&batch->request->left))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (!batch->line) {
        fill_window(batch);
        if (batch->no_memory)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (batch->count == 0) {
            if (!take_end(batch))
                return MHD_CONTENT_READER_END_OF_STREAM;
        } else if (!oldest_is_done(batch)) {
            return 0;
        } else if (!take_line(batch)) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        fill_window(batch); /* workers go on while the line is sent */
    }
    size_t bytes = batch->line_bytes - batch->line_at < most ? batch->line_bytes - batch->line_at : most;
    memcpy(buffer, batch->line + batch->line_at, bytes);
    batch->line_at += bytes;
    batch->request->answer_bytes += bytes;
    if (batch->line_at == batch->line_bytes) {
        duider_string_free(batch->line);
        batch->line = NULL;
    }
    return (ssize_t)bytes;
}

/* ---- the request ---- */

static size_t count_items(const struct batch *batch)
{
    struct batch copy = {.at = batch->at, .end = batch->end};
    const char *line;
    size_t bytes, count = 0;
    if (batch->array)
        return json_array_size(batch->array);
    while (next_line(&copy, &line, &bytes))
        count++;
    return count;
}

static bool read_input(struct request *request, struct batch *batch, struct problem *problem)
{
    const struct config *config = &request->server->config;
    if (!input_read_query(request, &batch->defaults, problem))
        return false;
    batch->at = request->body ? request->body : "";
    batch->end = batch->at + request->body_bytes;
    if (!input_is_ndjson(request)) {
        batch->array = input_parse(batch->at, request->body_bytes, config->max_json_depth, problem);
        if (!batch->array)
            return false;
    }
    size_t items = count_items(batch);
    if (batch->array && !json_is_array(batch->array))
        *problem = (struct problem){422, "the body must be a JSON array of articles", ""};
    else if (items == 0)
        *problem = (struct problem){422, "the batch holds no article", ""};
    else if (items > config->max_batch_items)
        snprintf(problem->detail, sizeof problem->detail, "the batch holds more than %zu articles", config->max_batch_items), problem->status = 413;
    else
        return true;
    return false;
}

static struct batch *batch_new(struct request *request)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return NULL;
    pthread_mutex_init(&batch->lock, NULL);
    batch->request = request;
    batch->window = batch_window(&request->server->config);
    batch->slots = calloc(batch->window, sizeof *batch->slots);
    if (batch->slots)
        return batch;
    batch->window = 0;
    batch_free(batch);
    return NULL;
}

size_t batch_window(const struct config *config)
{
    return config->workers + 1; /* one waits when a worker is free */
}

void batch_end(struct request *request)
{
    struct batch *batch = request->batch;
    if (!batch)
        return;
    atomic_fetch_sub(&request->server->listener->batches, 1);
    pthread_mutex_lock(&batch->lock);
    batch->abandoned = true;
    for (size_t i = 0; i < batch->count; i++)
        atomic_store(&batch->slots[(batch->first + i) % batch->window]->abandoned, true);
    bool idle = batch->running == 0;
    pthread_mutex_unlock(&batch->lock);
    if (idle)
        batch_free(batch);
}

void batch_leave(struct request *request)
{
    struct batch *batch = atomic_load(&request->batch);
    if (!batch)
        return;
    pthread_mutex_lock(&batch->lock);
    wake(batch);
    pthread_mutex_unlock(&batch->lock);
}

enum MHD_Result handle_batch(struct request *request)
{
    struct server *server = request->server;
    struct problem problem = {0};
    if (!can_annotate(request, &problem))
        return respond_problem(request, &problem);
    request->batch = batch_new(request);
    if (!request->batch) {
        problem = (struct problem){503, "memory is short", ""};
        return respond_problem(request, &problem);
    }
    if (atomic_fetch_add(&server->listener->batches, 1) >= server->config.max_batches) { /* batch_end counts down */
        problem = (struct problem){503, "as many batches run as may; try again", ""};
        return respond_problem(request, &problem);
    }
    if (!read_input(request, request->batch, &problem))
        return respond_problem(request, &problem);
    guard_charge(request, count_items(request->batch));
    if (request->answer_coding != CODING_IDENTITY)
        request->batch->compressor = compressor_new(request->answer_coding);
    request->coded = request->batch->compressor != NULL;
    return respond_stream(request, request->route->type, read_lines, request->batch);
}
