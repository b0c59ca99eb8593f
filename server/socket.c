/* Where the server listens: the socket that systemd passes, else a Unix socket (--socket), else an address and port. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

socklen_t socket_address(const struct config *config, struct sockaddr_storage *address)
{
    struct sockaddr_un *local = (struct sockaddr_un *)(void *)address;
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)address;
    const size_t path_bytes = strlen(config->socket_path) + 1;
    memset(address, 0, sizeof *address);
    if (path_bytes > sizeof local->sun_path) {
        log_message(LOG_ERROR, "the path of the socket is longer than %zu bytes", sizeof local->sun_path - 1);
        return 0;
    }
    if (path_bytes > 1) {
        local->sun_family = AF_UNIX;
        memcpy(local->sun_path, config->socket_path, path_bytes);
        return sizeof *local;
    }
    if (inet_pton(AF_INET, strcmp(config->host, "localhost") == 0 ? "127.0.0.1" : config->host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)config->port);
        return sizeof *four;
    }
    if (inet_pton(AF_INET6, config->host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)config->port);
        return sizeof *six;
    }
    log_message(LOG_ERROR, "\"%s\" is no IP address", config->host);
    return 0;
}

/* A socket that a server left which did not end well: nobody answers there. */
static bool is_left_behind(const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
        return false;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool refused = probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    if (probe >= 0)
        close(probe);
    return refused;
}

/* Permissions are there from the first moment. */
static bool bind_local(int listening, const struct sockaddr_un *address, mode_t mode)
{
    const mode_t before = umask(~mode & 0777);
    bool bound = bind(listening, (const struct sockaddr *)address, sizeof *address) == 0;
    if (!bound && errno == EADDRINUSE && is_left_behind(address) && unlink(address->sun_path) == 0)
        bound = bind(listening, (const struct sockaddr *)address, sizeof *address) == 0;
    umask(before);
    return bound;
}

static bool bind_internet(int listening, const struct sockaddr_storage *address, socklen_t bytes)
{
    if (address->ss_family == AF_INET6) /* "::" takes IPv4 too */
        setsockopt(listening, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int));
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    return bind(listening, (const struct sockaddr *)address, bytes) == 0;
}

/* -1 after saying why. */
static int listen_to(const struct config *config)
{
    struct sockaddr_storage address;
    const socklen_t bytes = socket_address(config, &address);
    if (!bytes)
        return -1;
    const bool local = address.ss_family == AF_UNIX;
    int listening = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listening >= 0 &&
        (local ? bind_local(listening, (struct sockaddr_un *)(void *)&address, config->socket_mode) : bind_internet(listening, &address, bytes)) &&
        listen(listening, BACKLOG) == 0)
        return listening;
    if (local)
        log_message(LOG_ERROR, "can't listen on %s: %s", config->socket_path, strerror(errno));
    else
        log_message(LOG_ERROR, "can't listen on %s port %zu: %s", config->host, config->port, strerror(errno));
    if (listening >= 0)
        close(listening);
    return -1;
}

/* -1: systemd passed none; -2: it passed what can't be used, which was said. */
static int take_from_systemd(void)
{
    const int passed = sd_listen_fds(1);
    if (passed <= 0)
        return -1;
    if (passed == 1 && sd_is_socket(SD_LISTEN_FDS_START, AF_UNSPEC, SOCK_STREAM, 1) > 0)
        return SD_LISTEN_FDS_START;
    log_message(LOG_ERROR, "systemd passed %d sockets: one that listens to a stream is needed", passed);
    return -2;
}

static unsigned port_of(int listening)
{
    struct sockaddr_storage address;
    socklen_t bytes = sizeof address;
    if (getsockname(listening, (struct sockaddr *)&address, &bytes) != 0)
        return 0;
    return address.ss_family == AF_INET    ? ntohs(((struct sockaddr_in *)(void *)&address)->sin_port)
           : address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)(void *)&address)->sin6_port)
                                           : 0;
}

bool socket_open(struct socket *opened, const struct config *config)
{
    const int passed = take_from_systemd();
    *opened = (struct socket){.number = passed != -1 ? passed : listen_to(config), .passed = passed >= 0};
    if (opened->number < 0)
        return false;
    const char *host = config->host, *bracket = strchr(host, ':') ? "[]" : ""; /* an IPv6 address stands in brackets in a URL */
    if (opened->passed)
        snprintf(opened->name, sizeof opened->name, "systemd's socket");
    else if (*config->socket_path)
        snprintf(opened->name, sizeof opened->name, "unix:%s", opened->path = config->socket_path);
    else
        snprintf(opened->name, sizeof opened->name, "%s://%.1s%s%s:%u", *config->tls_certificate ? "https" : "http", bracket, host, *bracket ? bracket + 1 : "", port_of(opened->number));
    return true;
}

void socket_refuse(struct socket *opened)
{
    if (opened->path)
        unlink(opened->path); /* another server may take it now */
    opened->path = NULL;
    if (!opened->passed) /* with systemd's, who comes now waits for the next start */
        shutdown(opened->number, SHUT_RDWR);
}

void socket_close(struct socket *opened)
{
    if (opened->number < 0)
        return;
    socket_refuse(opened);
    close(opened->number);
}
