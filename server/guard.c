/* What a request must pass before anything is done for it, in this order: the size of its headers. */
#include "server.h"

bool guard_check_headers(const struct request *request, struct problem *problem)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    size_t limit = request->server->config.max_header_bytes;
    if (!info || info->header_size <= limit)
        return true;
    problem->status = 431;
    problem->pointer[0] = 0;
    snprintf(problem->detail, sizeof problem->detail, "the headers are larger than %zu bytes", limit);
    return false;
}
