/* The body of a request, collected piece by piece: decoded, and under a limit that counts what is decoded. */
#include "server.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 16 * 1024, RATIO_FREE_BYTES = 64 * 1024 /* so much may come of however little */ };

static bool is_refused(const struct request *request)
{
    return request->too_large || request->too_dense || request->corrupt || request->no_memory;
}

/* Adds decoded bytes; false where nothing more is wanted. */
static bool store(void *payload, const char *data, size_t bytes)
{
    struct request *request = payload;
    request->too_large |= bytes > request->body_limit - request->body_bytes;
    request->too_dense |= request->decompressor && request->body_bytes + bytes > RATIO_FREE_BYTES &&
                          (request->body_bytes + bytes) / request->server->config.max_body_ratio > request->received;
    if (is_refused(request))
        return false;
    if (request->body_bytes + bytes > request->body_capacity) {
        size_t capacity = request->body_capacity ? request->body_capacity : FIRST_BYTES;
        while (capacity < request->body_bytes + bytes)
            capacity *= 2; /* the sum is at most the limit, 2^30 */
        char *larger = realloc(request->body, capacity);
        if (!larger) {
            request->no_memory = true;
            return false;
        }
        request->body = larger;
        request->body_capacity = capacity;
    }
    memcpy(request->body + request->body_bytes, data, bytes);
    request->body_bytes += bytes;
    return true;
}

void body_add(struct request *request, const char *data, size_t bytes)
{
    request->received += bytes;
    request->too_large |= request->received > request->body_limit;
    if (is_refused(request) || request->coding == CODING_UNKNOWN)
        return;
    if (request->coding == CODING_IDENTITY) {
        store(request, data, bytes);
        return;
    }
    if (!request->decompressor)
        request->decompressor = decompressor_new(request->coding);
    request->no_memory |= !request->decompressor;
    request->corrupt |= request->decompressor && !decompressor_run(request->decompressor, data, bytes, store, request);
}

bool body_check(struct request *request, struct problem *problem)
{
    const struct config *config = &request->server->config;
    *problem = (struct problem){413, "", ""};
    if (request->too_large) {
        snprintf(problem->detail, sizeof problem->detail, "the body is larger than %zu bytes", request->body_limit);
    } else if (request->too_dense) {
        snprintf(problem->detail, sizeof problem->detail, "the body grows to more than %zu times its size when it is decoded", config->max_body_ratio);
    } else if (request->no_memory) {
        *problem = (struct problem){503, "memory is short", ""};
    } else if (request->corrupt || (request->decompressor && !decompressor_is_at_end(request->decompressor))) {
        *problem = (struct problem){400, "the body is not what Content-Encoding says, or it is cut off", ""};
    } else {
        return true;
    }
    return false;
}
