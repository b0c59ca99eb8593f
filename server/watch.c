/*
 * Connections that do not send a request in time. libmicrohttpd 0.9.75 closes what is silent, but a byte now and then keeps a connection open, and it tells
 * nothing of a request before its headers are complete: so each connection has a time by which the next headers must be there, and one that is past it
 * is shut down. The listener's thread notes what happens; the main thread cuts.
 *
 * A client that leaves while its answer is waited for goes unseen too: a connection that is suspended is not looked at. So the main thread looks, and tells the
 * request. An end of what the client sends is not enough, since it may wait for the answer all the same; keep-alive probes find out who is gone without a word.
 *
 * And connections that are answered before the body came: to close them at once would reset them, and the client might never see the answer (RFC 9112, 9.6).
 * So our end is shut, and what comes is thrown away until the client closes too, or for LINGER_MS.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINGER_MS = 2000, LINGERING_MAX = 256, PROBE_AFTER_S = 30, PROBE_EVERY_S = 10, PROBES = 3 };

struct connection {
    struct connection *next, *previous;
    int socket;
    struct request *request; /* under way, with its own deadline; NULL: none, or its client was seen to be gone */
    bool asking;
    bool lingering; /* to linger when it is closed; then: libmicrohttpd has closed it, and the socket is ours */
    bool closed;
    size_t due_ms;
};

struct watch {
    pthread_mutex_t lock;
    struct connection first; /* of a ring */
    size_t header_timeout_ms, idle_timeout_ms;
    size_t lingering;
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

static void forget(struct connection *watched)
{
    watched->previous->next = watched->next;
    watched->next->previous = watched->previous;
    free(watched);
}

static void stop_lingering(struct watch *watch, struct connection *watched)
{
    close(watched->socket);
    watch->lingering--;
    forget(watched);
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    while (watch->lingering)
        stop_lingering(watch, watch->first.next); /* libmicrohttpd has closed all others */
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

/* Of TCP; others need none. */
static void probe(int socket)
{
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &(int){PROBE_AFTER_S}, sizeof(int));
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &(int){PROBE_EVERY_S}, sizeof(int));
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &(int){PROBES}, sizeof(int));
}

static void add(struct watch *watch, struct MHD_Connection *connection, void **context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *watched = info ? calloc(1, sizeof *watched) : NULL;
    *context = watched;
    if (!watched)
        return;
    watched->socket = info->connect_fd;
    probe(watched->socket);
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
    *context = NULL;
    pthread_mutex_lock(&watch->lock);
    int kept = watched->lingering && watch->lingering < LINGERING_MAX ? fcntl(watched->socket, F_DUPFD_CLOEXEC, 0) : -1;
    if (kept < 0) {
        forget(watched);
    } else {
        shutdown(kept, SHUT_WR);
        watched->socket = kept;
        watched->closed = true;
        watched->due_ms = now_ms() + LINGER_MS;
        watch->lingering++;
    }
    pthread_mutex_unlock(&watch->lock);
}

static struct connection *watched_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void watch_request(struct watch *watch, struct MHD_Connection *connection, struct request *request)
{
    struct connection *watched = watched_of(connection);
    if (!watched)
        return;
    pthread_mutex_lock(&watch->lock);
    watched->request = request;
    watched->asking = request != NULL;
    watched->due_ms = now_ms() + watch->idle_timeout_ms + watch->header_timeout_ms; /* it may be silent first */
    pthread_mutex_unlock(&watch->lock);
}

void watch_linger(struct watch *watch, struct MHD_Connection *connection)
{
    struct connection *watched = watched_of(connection);
    if (!watched)
        return;
    pthread_mutex_lock(&watch->lock);
    watched->lingering = true;
    pthread_mutex_unlock(&watch->lock);
}

/* Throws away what has come; false: nothing more will. */
static bool discard(int socket)
{
    enum { PIECES_MAX = 16 };
    char piece[16 * 1024];
    ssize_t bytes = 1;
    for (size_t i = 0; i < PIECES_MAX && bytes > 0; i++)
        bytes = recv(socket, piece, sizeof piece, MSG_DONTWAIT);
    return bytes > 0 || (bytes < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Closed on both sides, or broken. */
static bool is_gone(int socket)
{
    struct pollfd looked = {.fd = socket};
    return poll(&looked, 1, 0) > 0 && looked.revents & (POLLERR | POLLHUP);
}

bool watch_cut(struct watch *watch)
{
    size_t now = now_ms();
    pthread_mutex_lock(&watch->lock);
    for (struct connection *watched = watch->first.next, *next; watched != &watch->first; watched = next) {
        next = watched->next;
        if (watched->closed) {
            if (!discard(watched->socket) || watched->due_ms <= now)
                stop_lingering(watch, watched);
        } else if (watched->request && is_gone(watched->socket)) {
            request_leave(watched->request);
            watched->request = NULL; /* once is enough */
        } else if (!watched->asking && watched->due_ms <= now) {
            shutdown(watched->socket, SHUT_RDWR); /* the listener sees its end and closes it */
            watched->asking = true;               /* once is enough */
        }
    }
    bool soon = watch->lingering > 0;
    pthread_mutex_unlock(&watch->lock);
    return soon;
}
