/* --healthcheck: one GET /health/ready to the server of the same configuration, for containers without curl. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEALTHCHECK_SECONDS = 2 };

static bool fail(const char *what)
{
    log_message(LOG_ERROR, "%s", what);
    return false;
}

/* Every address is reached on loopback. */
static int connect_tcp(const struct config *config)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)config->port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)config->port)};
    bool is_six = inet_pton(AF_INET6, strcmp(config->host, "::") == 0 ? "::1" : config->host, &six.sin6_addr) == 1;
    bool loopback = strcmp(config->host, "localhost") == 0 || strcmp(config->host, "0.0.0.0") == 0;
    if (!is_six && inet_pton(AF_INET, loopback ? "127.0.0.1" : config->host, &four.sin_addr) != 1) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int connection = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = {HEALTHCHECK_SECONDS, 0};
    if (connection < 0)
        return -1;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(connection, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four, is_six ? sizeof six : sizeof four) == 0)
        return connection;
    close(connection);
    return -1;
}

bool healthcheck(const struct config *config)
{
    static const char question[] = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    int connection = connect_tcp(config);
    if (connection < 0)
        return fail("no connection to the server");
    char answer[13] = "";
    size_t got = 0;
    bool asked = send(connection, question, sizeof question - 1, MSG_NOSIGNAL) == (ssize_t)sizeof question - 1;
    for (ssize_t bytes = 1; asked && got < sizeof answer - 1 && bytes > 0; got += bytes > 0 ? (size_t)bytes : 0)
        bytes = recv(connection, answer + got, sizeof answer - 1 - got, 0);
    close(connection);
    if (got < sizeof answer - 1)
        return fail("the server does not answer");
    return strncmp(answer, "HTTP/1.1 200", 12) == 0 || fail("the server is not ready");
}
