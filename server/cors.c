/*
 * Which web pages may read answers (Fetch standard, CORS): those of the origins that --cors-origins lists; "*" stands for all. No credentials:
 * browsers send neither cookies nor certificates, so a page can do no more than its user's curl could.
 */
#include "server.h"

#include <string.h>

/* Is `origin` in the list, whose items commas or blanks separate? */
static bool is_listed(const char *list, const char *origin)
{
    size_t length = strlen(origin);
    for (const char *at = list; *at;) {
        at += strspn(at, ", \t");
        size_t item = strcspn(at, ", \t");
        if ((item == 1 && *at == '*') || (item == length && length > 0 && memcmp(at, origin, item) == 0))
            return true;
        at += item;
    }
    return false;
}

void cors_add_headers(const struct request *request, struct MHD_Response *response)
{
    const char *list = request->server->config.cors_origins;
    if (!*list)
        return;
    const char *origin = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Origin");
    if (!origin || !is_listed(list, origin))
        return;
    MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
    MHD_add_response_header(response, "Access-Control-Expose-Headers", "ETag, X-Request-Id, Server-Timing, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset");
    if (strcmp(request->method, "OPTIONS") != 0)
        return;
    MHD_add_response_header(response, "Access-Control-Allow-Methods", "GET, HEAD, POST");
    MHD_add_response_header(response, "Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding, If-None-Match, X-Request-Id");
    MHD_add_response_header(response, "Access-Control-Max-Age", "600");
}
