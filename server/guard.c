/* What a request must pass before anything is done for it, in this order: the size of its headers, its API key. */
#include "server.h"

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

bool guard_check_headers(struct request *request, const char *url, struct problem *problem)
{
    if (!check_size(request, problem))
        return false;
    return !router_is_guarded(request->method, url) || check_key(request, problem);
}

void guard_add_headers(const struct request *request, unsigned status, struct MHD_Response *response)
{
    if (status == 401)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                bearer_token(request) ? "Bearer realm=\"duider\", error=\"invalid_token\"" : "Bearer realm=\"duider\"");
}
