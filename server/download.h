/* What fetch.c wants of download.c. */
#ifndef DUIDER_DOWNLOAD_H
#define DUIDER_DOWNLOAD_H

#include "server.h"

struct download {
    char *bytes; /* of the page, for free(); may be NULL where it has none */
    size_t count, received; /* received: as they came over the network, compressed */
    bool is_html;
    const char *charset; /* that it was sent with, of charset_find, or NULL */
    unsigned status;     /* where there is no page: as the client is to see it, 422, 502, 503 or 504, */
    const char *detail;  /* and why: static, or `text` */
    char text[64];
};

/* Gets the page under `url` until `deadline`, unless the job is abandoned. False: there is none. */
bool download(const struct config *config, const struct job *job, const char *url, struct timespec deadline, struct download *page);

#endif
