/* Pages that change with the version alone: caches may keep them for a while, and ask with If-None-Match whether theirs still holds (RFC 9110, 13). */
#include "server.h"

#include <xxhash.h>

static enum MHD_Result answer_page(struct request *request, const char *text, size_t bytes)
{
    snprintf(request->etag, sizeof request->etag, "W/\"%016llx\"", (unsigned long long)XXH3_64bits(text, bytes)); /* weak: the same in each coding */
    return respond(request, negotiate_is_held(request, request->etag) ? 304 : 200, request->route->type, text, bytes); /* with 304 libmicrohttpd leaves the body out */
}

enum MHD_Result handle_openapi_yaml(struct request *request)
{
    return answer_page(request, openapi_yaml, openapi_yaml_bytes);
}

enum MHD_Result handle_openapi_json(struct request *request)
{
    return answer_page(request, openapi_json, openapi_json_bytes);
}

enum MHD_Result handle_demo_html(struct request *request)
{
    return answer_page(request, demo_html, demo_html_bytes);
}

enum MHD_Result handle_demo_css(struct request *request)
{
    return answer_page(request, demo_css, demo_css_bytes);
}

enum MHD_Result handle_demo_js(struct request *request)
{
    return answer_page(request, demo_js, demo_js_bytes);
}
