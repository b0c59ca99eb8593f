/*
 * Connections that do not send a request in time. libmicrohttpd 0.9.75 closes what is silent, but a byte now and then keeps a connection open, and it tells
 * nothing of a request before its headers are complete: so each connection has a time by which the next headers must be there, and one that is past it
 * is shut down. The listener's thread notes what happens; the main thread cuts.
 */
#include "server.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

struct connection {
    struct connection *next, *previous;
    int socket;
    bool asking; /* a request is under way: it has its own deadline */
    size_t due_ms;
};

struct watch {
    pthread_mutex_t lock;
    struct connection first; /* of a ring */
    size_t header_timeout_ms, idle_timeout_ms;
};

static size_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (size_t)now.tv_sec * 1000 + (size_t)now.tv_nsec / 1000000;
}

struct watch *watch_new(const struct config *config)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    pthread_mutex_init(&watch->lock, NULL);
    watch->first.next = watch->first.previous = &watch->first;
    watch->header_timeout_ms = config->header_timeout_ms;
    watch->idle_timeout_ms = config->idle_timeout_s * 1000;
    return watch;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

static void add(struct watch *watch, struct MHD_Connection *connection, void **context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *watched = info ? calloc(1, sizeof *watched) : NULL;
    *context = watched;
    if (!watched)
        return;
    watched->socket = info->connect_fd;
    watched->due_ms = now_ms() + watch->header_timeout_ms;
    pthread_mutex_lock(&watch->lock);
    watched->next = &watch->first;
    watched->previous = watch->first.previous;
    watched->previous->next = watched->next->previous = watched;
    pthread_mutex_unlock(&watch->lock);
}

void watch_connection(void *payload, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
    struct watch *watch = payload;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        add(watch, connection, context);
        return;
    }
    struct connection *watched = *context; /* its socket closes after this call, so that no other socket can have its number under the lock */
    if (!watched)
        return;
    pthread_mutex_lock(&watch->lock);
    watched->previous->next = watched->next;
    watched->next->previous = watched->previous;
    pthread_mutex_unlock(&watch->lock);
    free(watched);
    *context = NULL;
}

void watch_request(struct watch *watch, struct MHD_Connection *connection, bool asking)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *watched = info ? info->socket_context : NULL;
    if (!watched)
        return;
    pthread_mutex_lock(&watch->lock);
    watched->asking = asking;
    watched->due_ms = now_ms() + watch->idle_timeout_ms + watch->header_timeout_ms; /* it may be silent first */
    pthread_mutex_unlock(&watch->lock);
}

void watch_cut(struct watch *watch)
{
    size_t now = now_ms();
    pthread_mutex_lock(&watch->lock);
    for (struct connection *watched = watch->first.next; watched != &watch->first; watched = watched->next)
        if (!watched->asking && watched->due_ms <= now) {
            shutdown(watched->socket, SHUT_RDWR); /* the listener sees its end and closes it */
            watched->asking = true;               /* once is enough */
        }
    pthread_mutex_unlock(&watch->lock);
}
