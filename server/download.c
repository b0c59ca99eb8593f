/*
 * A URL -> the bytes of its page, by libcurl. Where the page lies is decided again at each hop: the URL by its parts, the address when a socket is opened for it,
 * after the name was resolved, so that no name can mean another address in between. Size, ratio of compression and time are checked while the bytes come.
 */
#include "download.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
    URL_BYTES_MAX = 4096,
    REDIRECTS_MAX = 3,
    HEADERS_BYTES_MAX = 64 * 1024,
    CONNECT_MS = 5000,
    CODING_BYTES = 64,
    DROPPED_BYTES_MAX = 64 * 1024, /* of a body that leads elsewhere */
    RATIO_FREE_BYTES = 64 * 1024,  /* so much may come of however little */
    FIRST_BYTES = 64 * 1024
};

struct transfer {
    const struct config *config;
    const struct job *job;
    struct download *page;
    CURL *curl;
    size_t capacity, header_bytes, dropped_bytes;
    enum coding coding;
    struct decompressor *decompressor;
    bool address_refused;
    unsigned status; /* why a callback stopped it; 0: it did not */
    const char *detail;
};

static bool refuse(struct download *page, unsigned status, const char *detail)
{
    page->status = status;
    page->detail = detail;
    return false;
}

/* For callbacks: what is not all bytes stops the transfer. */
static size_t halt(struct transfer *transfer, unsigned status, const char *detail)
{
    transfer->status = status;
    transfer->detail = detail;
    return 0;
}

/* ---- the URL ---- */

/* Is `word` in the list? An item "*.news.example" stands for all below news.example. */
static bool is_listed(const char *list, const char *word, size_t length)
{
    for (const char *at = list; *at;) {
        at += strspn(at, ", \t");
        size_t item = strcspn(at, ", \t");
        bool below = item > 2 && at[0] == '*' && at[1] == '.' && length > item - 1;
        if (item == length && strncasecmp(at, word, length) == 0)
            return true;
        if (below && strncasecmp(at + 1, word + length - (item - 1), item - 1) == 0)
            return true;
        at += item;
    }
    return false;
}

/* False for an IP address, as the host of a URL, that may not be reached. A name is looked at when it is resolved. */
static bool host_may_be_reached(const char *host, const char *allowed)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    char inner[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET, host, &four.sin_addr) == 1)
        return address_may_be_reached((const struct sockaddr *)&four, allowed);
    if (host[0] != '[')
        return true;
    size_t length = strcspn(host + 1, "]");
    if (length >= sizeof inner)
        return false;
    memcpy(inner, host + 1, length);
    inner[length] = 0;
    return inet_pton(AF_INET6, inner, &six.sin6_addr) == 1 && address_may_be_reached((const struct sockaddr *)&six, allowed);
}

/* NULL for a part that the URL lacks. */
static bool check_parts(const struct config *config, const char *scheme, const char *host, const char *port, struct download *page)
{
    if (!scheme || (strcasecmp(scheme, "http") != 0 && strcasecmp(scheme, "https") != 0))
        return refuse(page, 422, "a URL must be of http or https");
    if (!host || !port)
        return refuse(page, 422, "the URL is none");
    size_t length = strlen(host);
    length -= length > 1 && host[length - 1] == '.'; /* "news.example." is the same host */
    if (!is_listed(config->fetch_ports, port, strlen(port)))
        return refuse(page, 422, "the URL's port is none that this server fetches from");
    if (*config->fetch_hosts && !is_listed(config->fetch_hosts, host, length))
        return refuse(page, 422, "the URL's host is none that this server fetches from");
    if (!host_may_be_reached(host, config->fetch_allow_addresses))
        return refuse(page, 422, "the URL's address is none that this server fetches from");
    return true;
}

/* The URL as libcurl understands it, for curl_free(); NULL where nothing is fetched from there. */
static char *check_url(const struct config *config, const char *url, struct download *page)
{
    CURLU *parsed = strlen(url) <= URL_BYTES_MAX ? curl_url() : NULL;
    char *scheme = NULL, *host = NULL, *port = NULL, *whole = NULL;
    switch (parsed ? curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER) : CURLUE_BAD_HANDLE) {
    case CURLUE_OK:
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0);
        curl_url_get(parsed, CURLUPART_HOST, &host, 0);
        curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
        if (check_parts(config, scheme, host, port, page) && curl_url_get(parsed, CURLUPART_URL, &whole, 0) != CURLUE_OK)
            refuse(page, 503, "memory is short");
        break;
    case CURLUE_BAD_HANDLE: refuse(page, 422, "the URL is too long"); break;
    case CURLUE_USER_NOT_ALLOWED: refuse(page, 422, "a URL must not hold a name or password"); break;
    case CURLUE_UNSUPPORTED_SCHEME: refuse(page, 422, "a URL must be of http or https"); break;
    default: refuse(page, 422, "the URL is none");
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parsed);
    return whole;
}

/* ---- callbacks ---- */

static curl_socket_t open_socket(void *payload, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = payload;
    if (purpose != CURLSOCKTYPE_IPCXN || !address_may_be_reached(&address->addr, transfer->config->fetch_allow_addresses)) {
        transfer->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_progress(void *payload, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    const struct transfer *transfer = payload;
    (void)total, (void)now, (void)up_total, (void)up_now;
    return transfer->job->abandoned && atomic_load(transfer->job->abandoned);
}

static size_t on_header(char *line, size_t size, size_t count, void *payload)
{
    static const char name[] = "content-encoding:";
    struct transfer *transfer = payload;
    size_t bytes = size * count;
    transfer->header_bytes += bytes;
    if (transfer->header_bytes > HEADERS_BYTES_MAX)
        return halt(transfer, 502, "the page's headers are too large");
    if (bytes > 5 && memcmp(line, "HTTP/", 5) == 0)
        transfer->coding = CODING_IDENTITY; /* an answer begins */
    if (bytes < sizeof name || strncasecmp(line, name, sizeof name - 1) != 0)
        return bytes;
    char value[CODING_BYTES];
    snprintf(value, sizeof value, "%.*s", (int)(bytes - sizeof name + 1), line + sizeof name - 1);
    value[strcspn(value, "\r\n")] = 0;
    negotiate_add_coding(&transfer->coding, value);
    if (transfer->coding == CODING_UNKNOWN)
        return halt(transfer, 502, "the page is compressed in a way that was not asked for");
    return bytes;
}

static long status_of(const struct transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static bool check_type(struct transfer *transfer)
{
    const char *type = NULL;
    bool readable;
    struct download *page = transfer->page;
    curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_TYPE, &type);
    enum media media = media_of(type, &page->charset, &readable);
    page->is_html = media == MEDIA_HTML;
    if (media != MEDIA_HTML && media != MEDIA_TEXT)
        return halt(transfer, 422, "the page is neither HTML nor plain text");
    return readable || page->charset || halt(transfer, 422, "the page is in a charset that is not read here");
}

/* Adds decoded bytes; false where no more are wanted. */
static bool store(void *payload, const char *data, size_t bytes)
{
    struct transfer *transfer = payload;
    struct download *page = transfer->page;
    if (bytes > transfer->config->fetch_max_bytes - page->count)
        return halt(transfer, 422, "the page is larger than one may be");
    if (page->count + bytes > RATIO_FREE_BYTES && (page->count + bytes) / transfer->config->max_body_ratio > page->received)
        return halt(transfer, 422, "the page is compressed more than it may be");
    if (page->count + bytes > transfer->capacity) {
        size_t capacity = transfer->capacity ? transfer->capacity : FIRST_BYTES;
        while (capacity < page->count + bytes)
            capacity *= 2; /* the sum is at most the limit, 2^30 */
        char *larger = realloc(page->bytes, capacity);
        if (!larger)
            return halt(transfer, 503, "memory is short");
        page->bytes = larger;
        transfer->capacity = capacity;
    }
    memcpy(page->bytes + page->count, data, bytes);
    page->count += bytes;
    return true;
}

static bool decode(struct transfer *transfer, const char *data, size_t bytes)
{
    if (transfer->coding == CODING_IDENTITY)
        return store(transfer, data, bytes);
    if (!transfer->decompressor && !(transfer->decompressor = decompressor_new(transfer->coding)))
        return halt(transfer, 503, "memory is short");
    return decompressor_run(transfer->decompressor, data, bytes, store, transfer) ? !transfer->status : halt(transfer, 502, "the page is not what its Content-Encoding says");
}

static size_t on_body(char *data, size_t size, size_t count, void *payload)
{
    struct transfer *transfer = payload;
    struct download *page = transfer->page;
    size_t bytes = size * count;
    long status = status_of(transfer);
    if (status >= 300 && status < 400) { /* read, because libcurl forgets where it leads if it is stopped */
        transfer->dropped_bytes += bytes;
        return transfer->dropped_bytes <= DROPPED_BYTES_MAX ? bytes : halt(transfer, 502, "the page leads to another, and is too large");
    }
    if (status != 200 || (!page->received && !check_type(transfer)))
        return 0;
    page->received += bytes;
    if (page->received > transfer->config->fetch_max_bytes)
        return halt(transfer, 422, "the page is larger than one may be");
    return decode(transfer, data, bytes) ? bytes : 0;
}

/* ---- the transfer ---- */

static bool set_up(struct transfer *transfer, struct curl_slist *headers, struct curl_slist *resolve)
{
    CURL *curl = transfer->curl;
    const struct config *config = transfer->config;
    return headers && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK && curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, config->fetch_user_agent) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_RESOLVE, resolve) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)config->fetch_max_bytes) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
}

static long ms_until(const struct timespec *deadline)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(deadline->tv_sec - now.tv_sec) * 1000 + (deadline->tv_nsec - now.tv_nsec) / 1000000;
}

/* Says why there is no page, in words that tell nothing of the network behind this server. */
static bool explain(const struct transfer *transfer, CURLcode code)
{
    struct download *page = transfer->page;
    if (transfer->status)
        return refuse(page, transfer->status, transfer->detail);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return refuse(page, 504, "the page did not come in time");
    case CURLE_ABORTED_BY_CALLBACK: return refuse(page, 503, "nobody waits for the page");
    case CURLE_OUT_OF_MEMORY: return refuse(page, 503, "memory is short");
    case CURLE_FILESIZE_EXCEEDED: return refuse(page, 422, "the page is larger than one may be");
    case CURLE_COULDNT_RESOLVE_HOST: return refuse(page, 502, "the URL's host was not found");
    case CURLE_COULDNT_CONNECT:
        return transfer->address_refused ? refuse(page, 422, "the URL's address is none that this server fetches from")
                                         : refuse(page, 502, "the URL's host can't be reached");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR: return refuse(page, 502, "there is no safe connection to the URL's host");
    default: return refuse(page, 502, "the URL's host gave no proper answer");
    }
}

/* One hop; *next gets where it leads, for free(), if it does. */
static bool get(struct transfer *transfer, const char *url, const struct timespec *deadline, char **next)
{
    long left = ms_until(deadline);
    const char *location = NULL;
    if (left <= 0)
        return refuse(transfer->page, 504, "the page did not come in time");
    if (curl_easy_setopt(transfer->curl, CURLOPT_URL, url) != CURLE_OK || curl_easy_setopt(transfer->curl, CURLOPT_TIMEOUT_MS, left) != CURLE_OK ||
        curl_easy_setopt(transfer->curl, CURLOPT_CONNECTTIMEOUT_MS, left < CONNECT_MS ? left : (long)CONNECT_MS) != CURLE_OK)
        return refuse(transfer->page, 503, "memory is short");
    CURLcode code = curl_easy_perform(transfer->curl);
    long status = status_of(transfer);
    bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && !transfer->status);
    curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_URL, &location);
    if (code == CURLE_OK && location) {
        *next = strdup(location);
        return *next || refuse(transfer->page, 503, "memory is short");
    }
    if (answered && status != 200) {
        snprintf(transfer->page->text, sizeof transfer->page->text, "the page's answer has status %ld", status);
        return refuse(transfer->page, 502, transfer->page->text);
    }
    if (code == CURLE_OK && !transfer->page->received) /* on_body was never called */
        check_type(transfer);
    if (code == CURLE_OK && transfer->decompressor && !decompressor_is_at_end(transfer->decompressor))
        halt(transfer, 502, "the page is cut off");
    return (code == CURLE_OK && !transfer->status) || explain(transfer, code);
}

static bool follow(struct transfer *transfer, const char *start, const struct timespec *deadline)
{
    char *url = strdup(start);
    bool done = url || refuse(transfer->page, 503, "memory is short");
    for (size_t hop = 0; done && url; hop++) {
        char *next = NULL, *checked = hop <= REDIRECTS_MAX ? check_url(transfer->config, url, transfer->page) : NULL;
        if (hop > REDIRECTS_MAX)
            refuse(transfer->page, 502, "the page leads to another too often");
        done = checked && get(transfer, checked, deadline, &next);
        curl_free(checked);
        free(url);
        url = next;
    }
    free(url);
    return done;
}

/* "host:port:address[,address]" with blanks between. */
static struct curl_slist *resolve_list(const char *items)
{
    struct curl_slist *list = NULL;
    for (const char *at = items; *at;) {
        at += strspn(at, " \t");
        size_t length = strcspn(at, " \t");
        char *item = strndup(at, length);
        struct curl_slist *longer = item && length ? curl_slist_append(list, item) : NULL;
        list = longer ? longer : list;
        free(item);
        at += length;
    }
    return list;
}

static struct curl_slist *header_list(void)
{
    static const char *const headers[] = {"Accept: text/html, application/xhtml+xml, text/plain;q=0.5", "Accept-Encoding: gzip"};
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct curl_slist *longer = curl_slist_append(list, headers[i]);
        if (!longer) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

bool download(const struct config *config, const struct job *job, const char *url, struct timespec deadline, struct download *page)
{
    *page = (struct download){0};
    struct transfer transfer = {.config = config, .job = job, .page = page, .curl = curl_easy_init()};
    struct curl_slist *headers = header_list(), *resolve = resolve_list(config->fetch_resolve);
    bool done = transfer.curl && set_up(&transfer, headers, resolve) ? follow(&transfer, url, &deadline) : refuse(page, 503, "memory is short");
    curl_easy_cleanup(transfer.curl);
    curl_slist_free_all(headers);
    curl_slist_free_all(resolve);
    decompressor_free(transfer.decompressor);
    if (done)
        return true;
    free(page->bytes);
    page->bytes = NULL;
    return false;
}
