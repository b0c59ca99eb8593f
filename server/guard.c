/* What a request must pass before anything is done for it, in this order: the size of its headers, the rate of its address, its API key, the rate of that. */
#include "server.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

static bool refuse(struct problem *problem, unsigned status, const char *detail)
{
    *problem = (struct problem){status, "", ""};
    snprintf(problem->detail, sizeof problem->detail, "%s", detail);
    return false;
}

static bool check_size(const struct request *request, struct problem *problem)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    size_t limit = request->server->config.max_header_bytes;
    if (!info || info->header_size <= limit)
        return true;
    refuse(problem, 431, "");
    snprintf(problem->detail, sizeof problem->detail, "the headers are larger than %zu bytes", limit);
    return false;
}

/* What stands behind "Bearer"; NULL: nothing. */
static const char *bearer_token(const struct request *request)
{
    static const char scheme[] = "Bearer ";
    const char *value = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    if (!value || strncasecmp(value, scheme, sizeof scheme - 1) != 0)
        return NULL;
    value += sizeof scheme - 1;
    return value + strspn(value, " ");
}

static bool check_key(struct request *request, struct problem *problem)
{
    const struct keys *keys = request->server->keys;
    if (!keys)
        return true;
    const char *token = bearer_token(request);
    request->key = token ? keys_find(keys, token) : NULL;
    return request->key || refuse(problem, 401, token ? "the API key is not known" : "an API key is needed: Authorization: Bearer KEY");
}

/* ---- rates ---- */

/* The part of an address that one client has; 0 bytes: it has none. */
static const void *client_address(const struct request *request, size_t *bytes)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
    *bytes = 0;
    if (address && address->sa_family == AF_INET)
        return *bytes = sizeof four->sin_addr, &four->sin_addr;
    if (!address || address->sa_family != AF_INET6)
        return NULL;
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        return *bytes = 4, six->sin6_addr.s6_addr + 12;
    return *bytes = 8, six->sin6_addr.s6_addr;
}

/* What is said of the rate is what binds most. */
static void note_rate(struct request *request, struct rate rate)
{
    if (!request->rate.limit || !rate.allowed || rate.remaining < request->rate.remaining)
        request->rate = rate;
}

static bool check_rate(struct request *request, struct rate rate, const char *detail, struct problem *problem)
{
    note_rate(request, rate);
    return rate.allowed || refuse(problem, 429, detail);
}

static bool check_address_rate(struct request *request, struct problem *problem)
{
    const struct server *server = request->server;
    size_t bytes;
    const void *address = client_address(request, &bytes);
    return !server->config.rate_per_address || !bytes ||
           check_rate(request, rates_take(server->listener->address_rates, address, bytes, server->config.rate_per_address, server->config.rate_burst),
                      "too many requests from this address", problem);
}

static bool check_key_rate(struct request *request, struct problem *problem)
{
    const struct server *server = request->server;
    return !server->config.rate_per_key || !request->key ||
           check_rate(request, rates_take(server->listener->key_rates, request->key, strlen(request->key), server->config.rate_per_key, server->config.rate_burst),
                      "too many requests with this API key", problem);
}

void guard_charge(struct request *request, size_t articles)
{
    const struct server *server = request->server;
    const struct config *config = &server->config;
    size_t bytes;
    const void *address = client_address(request, &bytes);
    if (config->rate_per_address && bytes)
        note_rate(request, rates_charge(server->listener->address_rates, address, bytes, config->rate_per_address, config->rate_burst, articles - 1));
    if (config->rate_per_key && request->key)
        note_rate(request, rates_charge(server->listener->key_rates, request->key, strlen(request->key), config->rate_per_key, config->rate_burst, articles - 1));
}

/* ---- all together ---- */

bool guard_check_headers(struct request *request, const char *url, struct problem *problem)
{
    if (!check_size(request, problem))
        return false;
    return !router_is_guarded(request->method, url) ||
           (check_address_rate(request, problem) && check_key(request, problem) && check_key_rate(request, problem));
}

static void add_number(struct MHD_Response *response, const char *name, size_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", value);
    MHD_add_response_header(response, name, text);
}

void guard_add_headers(const struct request *request, unsigned status, struct MHD_Response *response)
{
    if (status == 401)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                bearer_token(request) ? "Bearer realm=\"duider\", error=\"invalid_token\"" : "Bearer realm=\"duider\"");
    if (!request->rate.limit)
        return;
    add_number(response, "RateLimit-Limit", request->rate.limit);
    add_number(response, "RateLimit-Remaining", request->rate.remaining);
    add_number(response, "RateLimit-Reset", request->rate.reset_s);
    if (!request->rate.allowed)
        add_number(response, MHD_HTTP_HEADER_RETRY_AFTER, request->rate.retry_s);
}
