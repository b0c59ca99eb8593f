/*
 * duider-server: start, signals, stop. The listener is up before the model is loaded, so that health checks get an answer at once; the
 * model comes next, then the workers. SIGTERM and SIGINT drain and end; a second one ends at once.
 */
#include "server.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_STOPPED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, WATCH_STEP_MS = 250, LINGER_STEP_MS = 10 };

static sigset_t stop_signals;

static bool second_signal(void)
{
    return sigtimedwait(&stop_signals, NULL, &(struct timespec){0, 0}) > 0;
}

/* What must be known before the first request; false after saying what is wrong. */
static bool prepare(struct server *server)
{
    if (*server->config.keys_file && !(server->keys = keys_read(server->config.keys_file)))
        return false;
    server->key_rates = rates_new();
    server->address_rates = rates_new();
    if (!server->key_rates || !server->address_rates)
        log_message(LOG_ERROR, "no memory");
    return server->key_rates && server->address_rates;
}

static bool load(struct server *server)
{
    duider_error error;
    if (duider_model_open(server->config.model_path, &server->model, &error) != DUIDER_OK) {
        log_message(LOG_ERROR, "%s", error.message);
        return false;
    }
    server->queue = queue_new(server->model, server->config.workers, server->config.queue_length,
                              server->config.max_batches * batch_window(&server->config));
    if (!server->queue) {
        log_message(LOG_ERROR, "no memory or no threads for the workers");
        return false;
    }
    atomic_store(&server->phase, PHASE_READY);
    const char *host = server->config.host, *bracket = strchr(host, ':') ? "[]" : ""; /* an IPv6 address stands in brackets in a URL */
    log_message(LOG_INFO, "version %s is ready on http://%.1s%s%s:%u, %zu workers, model %s", duider_version(), bracket, host, *bracket ? bracket + 1 : "",
            server->port, server->config.workers, duider_model_get_info(server->model)->name);
    return true;
}

static void stop(struct server *server)
{
    atomic_store(&server->phase, PHASE_DRAINING);
    listener_drain(server, server->config.drain_timeout_ms, second_signal);
    if (atomic_load(&server->open_requests) > 0) {
        log_message(LOG_ERROR, "stopped with requests unanswered");
        _exit(EXIT_FAILED); /* workers may be in the middle of their articles */
    }
    queue_free(server->queue);
    listener_stop(server);
    duider_model_close(server->model);
}

static int run(struct server *server)
{
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGTERM);
    sigaddset(&stop_signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop_signals, NULL); /* threads made from here on inherit it */
    log_set_format(server->config.log_format);
    if (!prepare(server) || !listener_start(server))
        return EXIT_FAILED;
    if (!load(server)) {
        listener_stop(server);
        duider_model_close(server->model);
        return EXIT_FAILED;
    }
    long step_ms = WATCH_STEP_MS;
    while (sigtimedwait(&stop_signals, NULL, &(struct timespec){0, step_ms * 1000000L}) < 0)
        step_ms = watch_cut(server->watch) ? LINGER_STEP_MS : WATCH_STEP_MS;
    stop(server);
    return EXIT_STOPPED;
}

/* --check-config: what the settings name can be opened. */
static bool check(struct server *server)
{
    duider_error error;
    if (!listener_check(&server->config) || !prepare(server))
        return false;
    if (duider_model_open(server->config.model_path, &server->model, &error) != DUIDER_OK) {
        log_message(LOG_ERROR, "%s", error.message);
        return false;
    }
    duider_model_close(server->model);
    puts("the configuration is fine");
    return true;
}

int main(int argc, char **argv)
{
    struct server server = {.phase = PHASE_LOADING};
    int code = EXIT_STOPPED;
    json_object_seed(0); /* before there are threads */
    switch (config_read(argc, argv, &server.config)) {
    case CONFIG_RUN: code = run(&server); break;
    case CONFIG_CHECK: code = check(&server) ? EXIT_STOPPED : EXIT_FAILED; break;
    case CONFIG_HEALTHCHECK: code = healthcheck(&server.config) ? EXIT_STOPPED : EXIT_FAILED; break;
    case CONFIG_WRONG: code = server.config.checking ? EXIT_FAILED : EXIT_USAGE; break;
    default: break;
    }
    keys_free(server.keys);
    rates_free(server.key_rates);
    rates_free(server.address_rates);
    config_free(&server.config);
    return code;
}
