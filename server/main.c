/*
 * duider-server: start, signals, stop. The listener is up before the model is loaded, so that health checks get an answer at once; the
 * model comes next, then the workers. SIGHUP reloads settings, keys and model. SIGTERM and SIGINT drain and end; a second one ends at once.
 */
#include "server.h"

#include <libxml/parser.h>
#include <signal.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { EXIT_STOPPED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, WATCH_STEP_MS = 250, LINGER_STEP_MS = 10 };

static sigset_t stop_signals, all_signals;

static bool second_signal(void)
{
    return sigtimedwait(&stop_signals, NULL, &(struct timespec){0, 0}) > 0;
}

static void take_signals(void)
{
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGTERM);
    sigaddset(&stop_signals, SIGINT);
    all_signals = stop_signals;
    sigaddset(&all_signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &all_signals, NULL); /* threads made from here on inherit it */
}

static void say_ready(const struct listener *listener)
{
    const struct server *server = listener->server;
    log_message(LOG_INFO, "version %s is ready on %s, %zu workers, model %s", duider_version(), listener->socket.name, server->config.workers,
                duider_model_get_info(server->model)->name);
    sd_notify(0, "READY=1");
}

static void wait_for_stop(struct listener *listener, int argc, char **argv)
{
    long step_ms = WATCH_STEP_MS;
    for (;;) {
        const int got = sigtimedwait(&all_signals, NULL, &(struct timespec){0, step_ms * 1000000L});
        if (got == SIGHUP) {
            struct timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
            server_reload(listener, argc, argv);
            sd_notify(0, "READY=1");
        }
        if (got > 0 && got != SIGHUP)
            return;
        step_ms = watch_cut(listener->watch) ? LINGER_STEP_MS : WATCH_STEP_MS;
        server_check(listener);
    }
}

static void stop(struct listener *listener)
{
    sd_notify(0, "STOPPING=1");
    atomic_store(&listener->phase, PHASE_DRAINING);
    listener_drain(listener, listener->server->config.drain_timeout_ms, second_signal);
    if (atomic_load(&listener->open_requests) > 0) {
        log_message(LOG_ERROR, "stopped with requests unanswered");
        _exit(EXIT_FAILED); /* workers may be in the middle of their articles */
    }
    listener_stop(listener);
    if (atomic_load(&listener->stuck_workers) > 0) {
        log_message(LOG_ERROR, "stopped with workers that do not come back");
        _exit(EXIT_STOPPED); /* every request was answered */
    }
    for (struct server *server = listener->server, *older; server; server = older) {
        older = server->older;
        server_free(server);
    }
    metrics_free(listener->metrics); /* pages that nobody waits for any more were still counted */
}

static int run(int argc, char **argv, struct config config)
{
    struct listener listener = {.phase = PHASE_LOADING};
    take_signals();
    log_set_format(config.log_format);
    struct server *server = server_new(&listener, &config);
    if (!server)
        return EXIT_FAILED;
    if (!listener_start(&listener, server) || !server_load(server)) {
        listener_stop(&listener);
        server_free(server);
        metrics_free(listener.metrics);
        return EXIT_FAILED;
    }
    atomic_store(&listener.phase, PHASE_READY);
    say_ready(&listener);
    wait_for_stop(&listener, argc, argv);
    stop(&listener);
    return EXIT_STOPPED;
}

/* --check-config: what the settings name can be opened. */
static bool check(struct config config)
{
    struct sockaddr_storage address;
    struct server *server = socket_address(&config, &address) ? server_new(NULL, &config) : NULL;
    bool fine = server && server_load(server);
    if (server)
        server_free(server);
    if (fine)
        puts("the configuration is fine");
    return fine;
}

int main(int argc, char **argv)
{
    struct config config;
    json_object_seed(0); /* before there are threads */
    xmlInitParser();
    const enum config_outcome outcome = config_read(argc, argv, &config);
    char *text = config.file_text;
    config.file_text = NULL; /* settings that stay as they are until the end point into it */
    int code = EXIT_STOPPED;
    switch (outcome) {
    case CONFIG_RUN: code = run(argc, argv, config); break;
    case CONFIG_CHECK: code = check(config) ? EXIT_STOPPED : EXIT_FAILED; break;
    case CONFIG_HEALTHCHECK: code = healthcheck(&config) ? EXIT_STOPPED : EXIT_FAILED; break;
    case CONFIG_WRONG: code = config.checking ? EXIT_FAILED : EXIT_USAGE; break;
    default: break;
    }
    config.file_text = text;
    config_free(&config);
    return code;
}
