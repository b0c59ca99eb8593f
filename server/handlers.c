/* What each route does: request -> job or answer. */
#include "server.h"

#include <stdlib.h>
#include <string.h>

static unsigned status_of(duider_status status)
{
    switch (status) {
    case DUIDER_BAD_UTF8: return 400;
    case DUIDER_TOO_LONG: return 413;
    case DUIDER_EMPTY_TEXT:
    case DUIDER_BAD_ARGUMENT: return 422;
    case DUIDER_NO_MEMORY:
    case DUIDER_CANCELLED: return 503;
    default: return 500;
    }
}

static enum MHD_Result unavailable(struct request *request, const char *detail)
{
    struct problem problem = {503, "", ""};
    snprintf(problem.detail, sizeof problem.detail, "%s", detail);
    return respond_problem(request, &problem);
}

/* A worker calls this: the connection goes on in the listener's thread, which compresses nothing large. */
static void finish(void *payload)
{
    struct request *request = payload;
    struct job *job = &request->job;
    if (job->status == DUIDER_OK) {
        job->json[job->json_bytes++] = '\n'; /* in the place of the terminator: the length is given */
        char *coded = respond_compress(request, job->json, &job->json_bytes);
        if (coded) {
            duider_string_free(job->json);
            job->json = coded;
        }
    }
    MHD_resume_connection(request->connection);
}

void problem_of_job(const struct job *job, struct problem *problem)
{
    problem->status = job->refused ? job->refused : status_of(job->status);
    snprintf(problem->detail, sizeof problem->detail, "%s",
             job->overdue                      ? "the article waited too long for its turn; try again"
             : job->status == DUIDER_CANCELLED ? "the article took longer than a request may take"
                                               : job->error.message);
    if (problem->status < 500 && job->pointer)
        snprintf(problem->pointer, sizeof problem->pointer, "%s", job->pointer);
}

static enum MHD_Result answer_job(struct request *request)
{
    struct job *job = &request->job;
    if (job->status != DUIDER_OK) {
        struct problem problem = {0};
        problem_of_job(job, &problem);
        return respond_problem(request, &problem);
    }
    return respond(request, 200, request->route->type, job->json, job->json_bytes);
}

bool can_annotate(const struct request *request, struct problem *problem)
{
    bool loading = atomic_load(&request->server->listener->phase) == PHASE_LOADING;
    if (!loading && !request->late) /* late: the workers may be gone */
        return true;
    *problem = (struct problem){503, "", ""};
    snprintf(problem->detail, sizeof problem->detail, "%s", loading ? "the model is being loaded" : "the server is stopping");
    return false;
}

enum MHD_Result handle_annotate(struct request *request)
{
    if (request->submitted)
        return answer_job(request);
    struct problem problem = {0};
    if (!input_read(request, &problem) || !can_annotate(request, &problem) || !fetch_is_allowed(request->server, &request->job, &problem))
        return respond_problem(request, &problem);
    struct server *server = request->server;
    request->job.deadline = time_after(request->start, server->config.request_timeout_ms);
    request->job.queue_timeout_ms = server->config.queue_timeout_ms;
    request->job.done = finish;
    request->job.released = request_release;
    request->job.payload = request;
    request->job.abandoned = &request->left;
    request->submitted = true;
    atomic_fetch_add(&request->holders, 1);
    MHD_suspend_connection(request->connection); /* before a worker can resume it */
    if (job_submit(server, &request->job))
        return MHD_YES;
    request_release(request);
    request->submitted = false;
    MHD_resume_connection(request->connection);
    request->job.status = DUIDER_CANCELLED;
    request->refused = true;
    return MHD_YES; /* answered when the connection is called again */
}

static enum MHD_Result respond_json(struct request *request, unsigned status, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!text)
        return MHD_NO;
    enum MHD_Result queued = respond(request, status, request->route->type, text, strlen(text));
    duider_string_free(text);
    return queued;
}

enum MHD_Result handle_live(struct request *request)
{
    return respond_json(request, 200, json_pack("{s:s}", "status", "live"));
}

enum MHD_Result handle_ready(struct request *request)
{
    struct queue_counts counts;
    switch (atomic_load(&request->server->listener->phase)) {
    case PHASE_LOADING: return unavailable(request, "the model is being loaded");
    case PHASE_READY:
        counts = queue_counts(request->server->queue);
        if (counts.waiting >= request->server->config.queue_length)
            return unavailable(request, "too many articles are waiting");
        if (counts.workers == 0)
            return unavailable(request, "every worker is stuck");
        return respond_json(request, 200, json_pack("{s:s}", "status", "ready"));
    default: return unavailable(request, "the server is stopping");
    }
}

enum MHD_Result handle_info(struct request *request)
{
    const struct server *server = request->server;
    if (atomic_load(&server->listener->phase) == PHASE_LOADING)
        return unavailable(request, "the model is being loaded");
    const duider_model_info *info = duider_model_get_info(server->model);
    char checksum[17];
    snprintf(checksum, sizeof checksum, "%016llx", (unsigned long long)info->checksum);
    json_t *model = json_pack("{s:s, s:s, s:s, s:I, s:i, s:i, s:i, s:i}", "name", info->name, "created", info->created, "checksum", checksum, "bytes",
                              (json_int_t)info->file_bytes, "layers", (int)info->layers, "hidden", (int)info->hidden, "vocabulary", (int)info->vocabulary,
                              "window", (int)info->window_tokens);
    json_t *limits = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "max_batch_bytes", (json_int_t)server->config.max_batch_bytes,
                               "max_batch_items", (json_int_t)server->config.max_batch_items, "max_batches", (json_int_t)server->config.max_batches,
                               "max_body_bytes", (json_int_t)server->config.max_body_bytes, "max_body_ratio", (json_int_t)server->config.max_body_ratio, "queue_length",
                               (json_int_t)server->config.queue_length, "request_timeout_ms", (json_int_t)server->config.request_timeout_ms,
                               "max_connections", (json_int_t)server->config.max_connections, "max_header_bytes",
                               (json_int_t)server->config.max_header_bytes, "max_json_depth", (json_int_t)server->config.max_json_depth,
                               "queue_timeout_ms", (json_int_t)server->config.queue_timeout_ms, "fetch_max_bytes",
                               (json_int_t)server->config.fetch_max_bytes, "fetch_timeout_ms", (json_int_t)server->config.fetch_timeout_ms);
    return respond_json(request, 200, json_pack("{s:s, s:s, s:[s,s,s], s:i, s:b, s:o, s:o}", "version", duider_version(), "processor", info->processor,
                                                "languages", "nl", "en", "de", "workers", (int)server->config.workers, "fetch", server->fetcher != NULL, "model", model, "limits", limits));
}

enum MHD_Result handle_metrics(struct request *request)
{
    size_t bytes;
    char *text = metrics_text(request, &bytes);
    if (!text)
        return unavailable(request, "memory is short");
    enum MHD_Result queued = respond(request, 200, request->route->type, text, bytes);
    free(text);
    return queued;
}
