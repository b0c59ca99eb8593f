/*
 * libmicrohttpd -> requests: takes connections, collects bodies under a limit and a deadline, calls the route's handler, and again when a suspended request's
 * job is done. One thread; it never annotates.
 */
#include "server.h"

#include <stdlib.h>
#include <string.h>

enum { DRAIN_STEP_MS = 10, CONNECTION_MEMORY_BYTES = 16 * 1024 /* beside the headers */ };

static bool past_deadline(const struct request *request)
{
    return ms_since(&request->start) > (double)request->server->config.request_timeout_ms;
}

/* The method as a string of our own: what a client sends must not reach the log. */
static const char *known_method(const char *method)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(method, methods[i]) == 0)
            return methods[i];
    return "OTHER";
}

/* Which requests get that begin now. */
static struct server *take_server(struct listener *listener)
{
    pthread_mutex_lock(&listener->lock);
    struct server *server = listener->server;
    atomic_fetch_add(&server->requests, 1);
    pthread_mutex_unlock(&listener->lock);
    return server;
}

static struct request *request_new(struct listener *listener, struct MHD_Connection *connection, const char *method)
{
    struct request *request = calloc(1, sizeof *request);
    if (!request)
        return NULL;
    request->server = take_server(listener);
    atomic_store(&request->holders, 1);
    request->connection = connection;
    request->method = known_method(method);
    request->path = "-";
    clock_gettime(CLOCK_MONOTONIC, &request->start);
    atomic_fetch_add(&listener->open_requests, 1); /* before the phase is read: what is not late is waited for */
    request->late = atomic_load(&listener->phase) == PHASE_STOPPED;
    watch_request(listener->watch, connection, request);
    input_read_id(request);
    return request;
}

void request_release(void *payload)
{
    struct request *request = payload;
    if (atomic_fetch_sub(&request->holders, 1) > 1)
        return;
    json_decref(request->input);
    duider_string_free(request->job.json);
    decompressor_free(request->decompressor);
    free(request->body);
    atomic_fetch_sub(&request->server->requests, 1);
    free(request);
}

void request_leave(struct request *request)
{
    atomic_store(&request->left, true);
    batch_leave(request);
}

static void request_end(void *payload, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct listener *listener = payload;
    struct request *request = *context;
    if (!request)
        return;
    watch_request(listener->watch, connection, NULL);
    log_request(request);
    metrics_count(listener->metrics, request);
    batch_end(request);
    request_release(request);
    *context = NULL;
    atomic_fetch_sub(&listener->open_requests, 1);
}

static enum MHD_Result refuse_queue(struct request *request)
{
    struct problem problem = {503, "too many articles are waiting; try again", ""};
    return respond_problem(request, &problem);
}

/* Finds the route; what can be refused by its headers is refused here. */
static enum MHD_Result begin(struct request *request, const char *url)
{
    request->begun = true;
    enum MHD_Result answered = MHD_YES;
    const struct route *route = router_find(request, url, &answered);
    if (!route)
        return answered;
    negotiate_answer(request);
    struct problem problem;
    if (!negotiate_takes(request, route->type)) {
        problem = (struct problem){406, "", ""};
        snprintf(problem.detail, sizeof problem.detail, "Accept does not take %s, which is what there is", route->type);
        return respond_problem(request, &problem);
    }
    if (route->body != BODY_NONE && !input_check_headers(request, route->body, &problem))
        return respond_problem(request, &problem);
    if (request->too_large && !body_check(request, &problem))
        return respond_problem(request, &problem);
    request->route = route;
    return MHD_YES;
}

static enum MHD_Result refuse_early(struct request *request)
{
    watch_linger(request->server->listener->watch, request->connection);
    return respond_problem(request, &request->refusal);
}

/* The headers are there. An answer now closes the connection, so that a sender in the middle of a body may never see it: most are given after the body. */
static enum MHD_Result read_headers(struct request *request, const char *url)
{
    request->body_limit = router_body_limit(&request->server->config, url);
    request->coding = negotiate_body(request);
    request->path = router_known_path(url);
    if (!input_check_framing(request, &request->refusal))
        return refuse_early(request);
    if (!guard_check_headers(request, url, &request->refusal))
        return input_has_body(request) ? refuse_early(request) : MHD_YES;
    return input_is_to_be_checked_first(request) ? begin(request, url) : MHD_YES;
}

static enum MHD_Result on_request(void *payload, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                                  const char *upload, size_t *upload_bytes, void **context)
{
    (void)version;
    struct request *request = *context;
    if (!request) {
        request = *context = request_new(payload, connection, method);
        return request ? read_headers(request, url) : MHD_NO;
    }
    if (atomic_load(&request->left))
        return MHD_NO;
    if (*upload_bytes) {
        body_add(request, upload, *upload_bytes);
        *upload_bytes = 0;
        /* A client that sends on and on, or drips, is cut off. */
        return request->received > DISCARD_BYTES_MAX + request->body_limit || past_deadline(request) ? MHD_NO : MHD_YES;
    }
    if (request->refusal.status)
        return respond_problem(request, &request->refusal);
    if (!request->begun) {
        enum MHD_Result answered = begin(request, url);
        if (!request->route)
            return answered;
    }
    if (request->refused)
        return refuse_queue(request);
    struct problem problem;
    if (!body_check(request, &problem))
        return respond_problem(request, &problem);
    return request->route->handle(request);
}

/* Decodes %XX in a path or parameter, in place; "%00" must not end it early. */
static size_t unescape(void *payload, struct MHD_Connection *connection, char *text)
{
    (void)payload, (void)connection;
    size_t bytes = MHD_http_unescape(text);
    for (size_t i = 0; i < bytes; i++)
        if (text[i] == 0)
            text[i] = '\x01';
    return bytes;
}

/* ---- start and stop ---- */

static void on_log(void *payload, const char *format, va_list arguments)
{
    (void)payload, (void)format, (void)arguments; /* it may hold what a client sent */
}

bool listener_start(struct listener *listener, struct server *server)
{
    const struct config *config = &server->config;
    pthread_mutex_init(&listener->lock, NULL);
    listener->server = server;
    listener->socket.number = -1;
    listener->watch = watch_new(config);
    listener->metrics = metrics_new();
    listener->key_rates = rates_new();
    listener->address_rates = rates_new();
    if (!listener->watch || !listener->metrics || !listener->key_rates || !listener->address_rates) {
        log_message(LOG_ERROR, "no memory");
        return false;
    }
    if (!socket_open(&listener->socket, config))
        return false;
    listener->tls = server->tls != NULL;
    tls_use(server->tls);
    server->tls = NULL;
    listener->daemon = MHD_start_daemon(
        (listener->tls ? MHD_USE_TLS : 0u) | MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request,
        listener, MHD_OPTION_LISTEN_SOCKET, listener->socket.number, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_NOTIFY_COMPLETED, request_end,
        listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned)config->max_connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)config->idle_timeout_s,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)config->max_connections_per_address, MHD_OPTION_NOTIFY_CONNECTION, watch_connection, listener->watch,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, config->max_header_bytes + CONNECTION_MEMORY_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
        MHD_OPTION_ARRAY, tls_options(), MHD_OPTION_END);
    if (!listener->daemon)
        log_message(LOG_ERROR, "can't serve %s", listener->socket.name);
    return listener->daemon != NULL;
}

void listener_drain(struct listener *listener, size_t timeout_ms, bool (*interrupted)(void))
{
    MHD_quiesce_daemon(listener->daemon);
    socket_refuse(&listener->socket); /* the daemon's thread may still look at it, so that it closes later */
    for (size_t waited = 0;;) {
        bool stopped = atomic_load(&listener->phase) == PHASE_STOPPED;
        if (atomic_load(&listener->open_requests) == 0) {
            if (stopped)
                return;
            atomic_store(&listener->phase, PHASE_STOPPED); /* and count once more: one may have come in between */
            continue;
        }
        if (waited >= timeout_ms || interrupted())
            return;
        watch_cut(listener->watch);
        server_check(listener);
        nanosleep(&(struct timespec){0, DRAIN_STEP_MS * 1000000L}, NULL);
        waited += DRAIN_STEP_MS;
    }
}

void listener_stop(struct listener *listener)
{
    if (listener->daemon) {
        MHD_quiesce_daemon(listener->daemon); /* or it would close the socket, which is ours */
        MHD_stop_daemon(listener->daemon);
    }
    socket_close(&listener->socket);
    tls_use(NULL);
    watch_free(listener->watch);
    rates_free(listener->key_rates);
    rates_free(listener->address_rates);
    pthread_mutex_destroy(&listener->lock);
}
