/* --healthcheck: one GET /health/ready to the server of the same configuration, for containers without curl. */
#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

enum { HEALTHCHECK_SECONDS = 2 };

static bool fail(const char *what)
{
    log_message(LOG_ERROR, "%s", what);
    return false;
}

/* Where the server listens on every address, it is reached on loopback. */
static void prefer_loopback(struct sockaddr_storage *address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)address;
    if (address->ss_family == AF_INET && four->sin_addr.s_addr == htonl(INADDR_ANY))
        four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (address->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr))
        six->sin6_addr = in6addr_loopback;
}

static int connect_to(const struct config *config)
{
    struct sockaddr_storage address;
    const struct timeval patience = {HEALTHCHECK_SECONDS, 0};
    const socklen_t bytes = socket_address(config, &address);
    const int connection = bytes ? socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (connection < 0)
        return -1;
    prefer_loopback(&address);
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(connection, (struct sockaddr *)&address, bytes) == 0)
        return connection;
    close(connection);
    return -1;
}

static bool ask(int connection, const char *question, size_t bytes, char *answer, size_t answer_bytes)
{
    return send(connection, question, bytes, MSG_NOSIGNAL) == (ssize_t)bytes && recv(connection, answer, answer_bytes, MSG_WAITALL) == (ssize_t)answer_bytes;
}

bool healthcheck(const struct config *config)
{
    static const char question[] = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    int connection = connect_to(config);
    if (connection < 0)
        return fail("no connection to the server");
    char answer[13] = "";
    const bool answered = *config->tls_certificate
                              ? tls_ask(connection, question, sizeof question - 1, answer, sizeof answer - 1, HEALTHCHECK_SECONDS * 1000)
                              : ask(connection, question, sizeof question - 1, answer, sizeof answer - 1);
    close(connection);
    if (!answered)
        return fail("the server does not answer");
    return strncmp(answer, "HTTP/1.1 200", 12) == 0 || fail("the server is not ready");
}
