/* Method and path -> handler. HEAD goes where GET goes; OPTIONS says what a path allows. */
#include "server.h"

#include <string.h>

static const struct route routes[] = {
    {"POST", "/v1/annotate", handle_annotate, BODY_ARTICLE, "application/json", false},
    {"POST", "/v1/annotate/batch", handle_batch, BODY_BATCH, "application/x-ndjson", false},
    {"GET", "/v1/info", handle_info, BODY_NONE, "application/json", false},
    {"GET", "/health", handle_ready, BODY_NONE, "application/json", false},
    {"GET", "/health/live", handle_live, BODY_NONE, "application/json", false},
    {"GET", "/health/ready", handle_ready, BODY_NONE, "application/json", false},
    {"GET", "/metrics", handle_metrics, BODY_NONE, "text/plain; version=0.0.4; charset=utf-8", false},
    {"GET", "/openapi.yaml", handle_openapi_yaml, BODY_NONE, "application/yaml", false},
    {"GET", "/openapi.json", handle_openapi_json, BODY_NONE, "application/json", false},
    {"GET", "/", handle_demo_html, BODY_NONE, "text/html; charset=utf-8", true},
    {"GET", "/demo.css", handle_demo_css, BODY_NONE, "text/css; charset=utf-8", true},
    {"GET", "/demo.js", handle_demo_js, BODY_NONE, "text/javascript; charset=utf-8", true},
};

#define ROUTES (sizeof routes / sizeof *routes)

static const char *path_of(const char *url)
{
    if (strncmp(url, "http://", 7) == 0) /* the form that proxies send: http://host/path */
        url += 7 + strcspn(url + 7, "/");
    return *url ? url : "/";
}

size_t router_body_limit(const struct config *config, const char *url)
{
    for (size_t i = 0; i < ROUTES; i++)
        if (routes[i].body == BODY_BATCH && strcmp(path_of(url), routes[i].path) == 0)
            return config->max_batch_bytes;
    return config->max_body_bytes;
}

const char *router_known_path(const char *url)
{
    for (size_t i = 0; i < ROUTES; i++)
        if (strcmp(path_of(url), routes[i].path) == 0)
            return routes[i].path;
    return "-";
}

bool router_is_guarded(const char *method, const char *url)
{
    return strncmp(path_of(url), "/v1/", 4) == 0 && strcmp(method, "OPTIONS") != 0; /* a preflight of CORS comes without a key */
}

const char *router_path(size_t index)
{
    return index < ROUTES ? routes[index].path : NULL;
}

const struct route *router_find(struct request *request, const char *url, enum MHD_Result *answered)
{
    const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
    url = path_of(url);
    char allow[64] = "";
    if (strcmp(url, "*") == 0 && strcmp(method, "OPTIONS") == 0)
        snprintf(allow, sizeof allow, "GET, HEAD, POST, OPTIONS"); /* of the server as a whole */
    for (size_t i = 0; i < ROUTES; i++) {
        if (strcmp(url, routes[i].path) != 0 || (routes[i].is_demo && !request->server->config.demo))
            continue;
        request->path = routes[i].path;
        if (strcmp(method, routes[i].method) == 0)
            return &routes[i];
        snprintf(allow, sizeof allow, "%s%sOPTIONS", routes[i].method, strcmp(routes[i].method, "GET") == 0 ? ", HEAD, " : ", ");
    }
    if (!allow[0]) {
        struct problem problem = {404, "there is nothing under this path; see /openapi.yaml", ""};
        *answered = respond_problem(request, &problem);
    } else if (strcmp(method, "OPTIONS") == 0) {
        *answered = respond_empty(request, 204, "Allow", allow);
    } else {
        *answered = respond_method_not_allowed(request, allow);
    }
    return NULL;
}
