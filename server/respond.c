/* Answers: status, headers, body, problem objects (RFC 9457). Nothing else writes to a client. */
#include "server.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_AFTER_SECONDS "1"

/* Of the demo page: files of this server alone, nothing inline, no HTML made of text, in no frame. */
#define CONTENT_SECURITY_POLICY                                                                                                      \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; " \
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

const char *status_title(unsigned status)
{
    switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Internal Server Error";
    }
}

/* What of the request an answer depends on, so that caches keep them apart. */
static void add_vary(const struct request *request, unsigned status, struct MHD_Response *response)
{
    bool codings = status == 200 || status == 304, origins = request->server->config.cors_origins[0];
    if (codings || origins)
        MHD_add_response_header(response, "Vary", !origins ? "Accept-Encoding" : !codings ? "Origin" : "Accept-Encoding, Origin");
}

static enum MHD_Result send_response(struct request *request, unsigned status, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Cache-Control", request->etag[0] ? "max-age=300" : "no-store");
    if (request->etag[0])
        MHD_add_response_header(response, "ETag", request->etag);
    if (request->route && request->route->is_demo) {
        MHD_add_response_header(response, "Content-Security-Policy", CONTENT_SECURITY_POLICY);
        MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    }
    if (request->coded)
        MHD_add_response_header(response, "Content-Encoding", negotiate_coding_name(request->answer_coding));
    if (atomic_load(&request->server->listener->phase) >= PHASE_DRAINING)
        MHD_add_response_header(response, "Connection", "close"); /* or a busy client would keep the server from stopping */
    MHD_add_response_header(response, "X-Request-Id", request->id);
    add_vary(request, status, response);
    cors_add_headers(request, response);
    guard_add_headers(request, status, response);
    if (request->job.json) {
        char timing[96];
        int fetch = request->job.url ? snprintf(timing, sizeof timing, "fetch;dur=%.1f, ", request->job.fetch_ms) : 0;
        snprintf(timing + fetch, sizeof timing - (size_t)fetch, "queue;dur=%.1f, annotate;dur=%.1f", request->job.waited_ms, request->job.ran_ms);
        MHD_add_response_header(response, "Server-Timing", timing);
    }
    if (status == 503)
        MHD_add_response_header(response, "Retry-After", RETRY_AFTER_SECONDS);
    enum MHD_Result queued = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    request->status = status;
    return queued;
}

char *respond_compress(struct request *request, const char *body, size_t *bytes)
{
    if (request->coded || request->answer_coding == CODING_IDENTITY || *bytes < request->compress_from)
        return NULL;
    struct compressor *compressor = compressor_new(request->answer_coding);
    char *coded = compressor ? compressor_run(compressor, body, *bytes, true, bytes) : NULL;
    compressor_free(compressor);
    request->coded = coded != NULL;
    return coded;
}

enum MHD_Result respond(struct request *request, unsigned status, const char *type, const char *body, size_t bytes)
{
    char *coded = respond_compress(request, body, &bytes);
    struct MHD_Response *response = coded ? MHD_create_response_from_buffer(bytes, coded, MHD_RESPMEM_MUST_FREE)
                                          : MHD_create_response_from_buffer(bytes, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    if (!response)
        free(coded);
    if (response)
        MHD_add_response_header(response, "Content-Type", type);
    request->answer_bytes = bytes;
    return send_response(request, status, response);
}

enum MHD_Result respond_stream(struct request *request, const char *type, MHD_ContentReaderCallback reader, void *payload)
{
    enum { BLOCK_BYTES = 16 * 1024 };
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, reader, payload, NULL);
    if (response)
        MHD_add_response_header(response, "Content-Type", type);
    return send_response(request, 200, response);
}

enum MHD_Result respond_empty(struct request *request, unsigned status, const char *header, const char *value)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response)
        MHD_add_response_header(response, header, value);
    return send_response(request, status, response);
}

static char *problem_text(const struct problem *problem)
{
    json_t *json = json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title", status_title(problem->status), "status", (int)problem->status, "detail",
                             problem->detail);
    if (json && problem->pointer[0])
        json_object_set_new(json, "errors", json_pack("[{s:s, s:s}]", "detail", problem->detail, "pointer", problem->pointer));
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

static enum MHD_Result respond_problem_with(struct request *request, const struct problem *problem, const char *header, const char *value)
{
    char *text = problem_text(problem);
    struct MHD_Response *response = text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE) : NULL;
    if (response) {
        request->answer_bytes = strlen(text);
        MHD_add_response_header(response, "Content-Type", "application/problem+json");
        if (header)
            MHD_add_response_header(response, header, value);
    }
    return send_response(request, problem->status, response);
}

enum MHD_Result respond_problem(struct request *request, const struct problem *problem)
{
    bool coded = problem->status == 415 && request->coding == CODING_UNKNOWN;
    return respond_problem_with(request, problem, coded ? "Accept-Encoding" : NULL, CODINGS_READ);
}

enum MHD_Result respond_method_not_allowed(struct request *request, const char *allow)
{
    struct problem problem = {405, "this path does not take that method", ""};
    return respond_problem_with(request, &problem, "Allow", allow);
}
