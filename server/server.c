/*
 * One configuration with its keys, model and workers: made at start, and anew on SIGHUP. Requests that have begun keep theirs until they are over; then it is
 * freed. All of this is the main thread's, but for what listener.c takes under the listener's lock.
 */
#include "server.h"
#include "detect/detect.h"

#include <stdlib.h>

struct server *server_new(struct listener *listener, struct config *config)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server) {
        log_message(LOG_ERROR, "no memory");
        config_free(config);
        return NULL;
    }
    server->listener = listener;
    server->config = *config;
    if (!fetch_check(config) || (*config->keys_file && !(server->keys = keys_read(config->keys_file))) ||
        (*config->tls_certificate && !(server->tls = tls_read(config->tls_certificate, config->tls_key)))) {
        server_free(server);
        return NULL;
    }
    return server;
}

bool server_load(struct server *server)
{
    const struct config *config = &server->config;
    const size_t reserved = config->max_batches * batch_window(config);
    duider_error error;
    bool loaded = detector_check(&error) == DUIDER_OK;
    server->queue = loaded ? queue_new(config->workers, config->queue_length, reserved) : NULL;
    loaded = loaded && duider_model_open(config->model_path, &server->model, &error) == DUIDER_OK; /* the workers get ready meanwhile */
    if (!loaded) {
        log_message(LOG_ERROR, "%s", error.message);
        return false;
    }
    if (server->queue)
        queue_set_model(server->queue, server->model);
    if (server->queue && config->allow_fetch)
        server->fetcher = fetch_new(server, reserved);
    loaded = server->queue && (server->fetcher || !config->allow_fetch);
    if (!loaded)
        log_message(LOG_ERROR, "no memory or no threads for the workers");
    return loaded;
}

void server_free(struct server *server)
{
    fetch_free(server->fetcher); /* its jobs go on to the queue */
    queue_free(server->queue);
    duider_model_close(server->model);
    keys_free(server->keys);
    tls_free(server->tls);
    config_free(&server->config);
    free(server);
}

/* ---- SIGHUP ---- */

/* NULL: what is to be read is wrong, which was said. */
static struct server *read_anew(struct listener *listener, int argc, char **argv)
{
    struct config config;
    if (config_read(argc, argv, &config) != CONFIG_RUN) {
        config_free(&config);
        return NULL;
    }
    config_keep_fixed(&listener->server->config, &config);
    if (listener->tls != (*config.tls_certificate != 0))
        log_message(LOG_WARNING, "TLS stays %s until the next start", listener->tls ? "on" : "off");
    struct server *server = server_new(listener, &config);
    if (server && server_load(server))
        return server;
    if (server)
        server_free(server);
    return NULL;
}

void server_reload(struct listener *listener, int argc, char **argv)
{
    struct server *server = read_anew(listener, argc, argv);
    if (!server) {
        metrics_count_reload(listener->metrics, false);
        log_message(LOG_ERROR, "not reloaded: settings, keys and model stay as they were");
        return;
    }
    server->older = listener->server;
    pthread_mutex_lock(&listener->lock);
    listener->server = server;
    pthread_mutex_unlock(&listener->lock);
    if (listener->tls && server->tls) {
        tls_use(server->tls);
        server->tls = NULL;
    }
    log_set_format(server->config.log_format);
    metrics_count_reload(listener->metrics, true);
    log_message(LOG_INFO, "reloaded: %zu workers, model %s", server->config.workers, duider_model_get_info(server->model)->name);
}

/* ---- now and then ---- */

static bool is_over(const struct server *server)
{
    const struct queue_counts fetches = server->fetcher ? fetch_counts(server->fetcher) : (struct queue_counts){0}; /* first: its jobs go on to the queue */
    const struct queue_counts counts = queue_counts(server->queue);
    return atomic_load(&server->requests) == 0 && fetches.waiting + fetches.running + counts.waiting + counts.running + counts.stuck == 0;
}

static void free_older(struct server *server)
{
    while (server->older) {
        struct server *older = server->older;
        if (!is_over(older)) {
            server = older;
            continue;
        }
        server->older = older->older;
        server_free(older);
    }
}

void server_check(struct listener *listener)
{
    size_t stuck = 0;
    for (struct server *server = listener->server; server; server = server->older) {
        queue_check(server->queue, server->config.stuck_after_ms);
        stuck += queue_counts(server->queue).stuck;
    }
    const size_t before = atomic_exchange(&listener->stuck_workers, stuck);
    if (stuck > before)
        log_message(LOG_ERROR, "%zu workers do not come back from their articles", stuck);
    free_older(listener->server);
}
