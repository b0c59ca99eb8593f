/*
 * Articles by URL: a bounded queue of jobs and a few threads that fetch their pages and hand them on to the workers. Neither the listener nor a worker waits for
 * another host. A job belongs to this file from fetch_submit until it is in the workers' queue, or done without one.
 */
#include "download.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct fetcher {
    const struct server *server;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct job **ring;
    size_t length, capacity, first, waiting, running; /* ring [capacity] */
    bool stopping;
    pthread_t *threads;
    size_t thread_count;
};

/* ---- settings ---- */

static bool wrong(const char *setting, const char *what)
{
    log_message(LOG_ERROR, "%s: %s", setting, what);
    return false;
}

static bool ports_are_valid(const char *list)
{
    for (const char *at = list; *at;) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ", \t");
        unsigned long port = strtoul(at, NULL, 10);
        if (length && (strspn(at, "0123456789") != length || port < 1 || port > 65535))
            return false;
        at += length;
    }
    return true;
}

static bool names_are_valid(const char *list)
{
    for (const char *at = list; *at;) {
        at += strspn(at, " \t");
        size_t length = strcspn(at, " \t");
        const char *port = memchr(at, ':', length), *address = port ? memchr(port + 1, ':', length - (size_t)(port + 1 - at)) : NULL;
        if (length && (!address || port == at || address == port + 1 || address + 1 == at + length))
            return false;
        at += length;
    }
    return true;
}

bool fetch_check(const struct config *config)
{
    if (!ports_are_valid(config->fetch_ports))
        return wrong("fetch-ports", "ports are numbers from 1 to 65535, commas between them");
    if (!addresses_are_valid(config->fetch_allow_addresses))
        return wrong("fetch-allow-addresses", "addresses are written as 10.1.2.3, 10.0.0.0/8 or fd00::/8, commas between them");
    return names_are_valid(config->fetch_resolve) || wrong("fetch-resolve", "a name is written as host:port:address, blanks between them");
}

/* ---- threads ---- */

static void refuse(struct job *job, unsigned status, const char *detail)
{
    job->status = DUIDER_IO;
    job->refused = status;
    snprintf(job->error.message, sizeof job->error.message, "%s", detail);
}

static struct timespec earlier(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec) ? a : b;
}

/* Gets the job's page, and the job into the workers' queue; else it is done. */
static void fetch(struct fetcher *fetcher, struct job *job)
{
    bool done = true;
    job->overdue = job_has_waited_too_long(job);
    if (job->overdue) {
        job->status = DUIDER_CANCELLED;
    } else {
        struct download page;
        struct timespec start, deadline = earlier(job->deadline, deadline_after(fetcher->server->config.fetch_timeout_ms));
        clock_gettime(CLOCK_MONOTONIC, &start);
        bool got = download(&fetcher->server->config, job, job->url, deadline, &page);
        job->fetch_ms = ms_since(&start);
        metrics_count_fetch(fetcher->server->listener->metrics, got ? 200 : page.status, page.received, job->fetch_ms);
        if (got) {
            job->fetched = page.bytes;
            job->text = page.bytes ? page.bytes : "";
            job->text_bytes = page.count;
            job->is_html = page.is_html;
            job->encoded = true;
            job->charset = page.charset;
            done = !queue_submit(fetcher->server->queue, job);
        }
        if (!got)
            refuse(job, page.status, page.detail);
        else if (done)
            refuse(job, 503, "too many articles are waiting; try again");
    }
    if (!done)
        return; /* a worker has it */
    free(job->fetched);
    job->fetched = NULL;
    void (*released)(void *) = job->released;
    void *payload = job->payload;
    job->done(payload); /* the job may be gone */
    released(payload);
}

static void *work(void *payload)
{
    struct fetcher *fetcher = payload;
    pthread_mutex_lock(&fetcher->lock);
    for (;;) {
        while (fetcher->waiting == 0 && !fetcher->stopping)
            pthread_cond_wait(&fetcher->work, &fetcher->lock);
        if (fetcher->waiting == 0)
            break;
        struct job *job = fetcher->ring[fetcher->first];
        fetcher->first = (fetcher->first + 1) % fetcher->capacity;
        fetcher->waiting--;
        fetcher->running++;
        pthread_mutex_unlock(&fetcher->lock);
        fetch(fetcher, job);
        pthread_mutex_lock(&fetcher->lock);
        fetcher->running--;
    }
    pthread_mutex_unlock(&fetcher->lock);
    return NULL;
}

struct fetcher *fetch_new(const struct server *server, size_t reserved)
{
    const struct config *config = &server->config;
    struct fetcher *fetcher = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? calloc(1, sizeof *fetcher) : NULL;
    if (!fetcher)
        return NULL;
    fetcher->server = server;
    fetcher->length = config->fetch_queue_length;
    fetcher->capacity = fetcher->length + reserved;
    fetcher->ring = calloc(fetcher->capacity, sizeof(struct job *));
    fetcher->threads = calloc(config->fetch_threads, sizeof *fetcher->threads);
    pthread_mutex_init(&fetcher->lock, NULL);
    pthread_cond_init(&fetcher->work, NULL);
    while (fetcher->ring && fetcher->threads && fetcher->thread_count < config->fetch_threads &&
           pthread_create(&fetcher->threads[fetcher->thread_count], NULL, work, fetcher) == 0)
        fetcher->thread_count++;
    if (fetcher->thread_count == config->fetch_threads)
        return fetcher;
    fetch_free(fetcher);
    return NULL;
}

void fetch_free(struct fetcher *fetcher)
{
    if (!fetcher)
        return;
    pthread_mutex_lock(&fetcher->lock);
    fetcher->stopping = true;
    pthread_cond_broadcast(&fetcher->work);
    pthread_mutex_unlock(&fetcher->lock);
    for (size_t i = 0; i < fetcher->thread_count; i++)
        pthread_join(fetcher->threads[i], NULL);
    pthread_cond_destroy(&fetcher->work);
    pthread_mutex_destroy(&fetcher->lock);
    free(fetcher->ring);
    free(fetcher->threads);
    free(fetcher);
    curl_global_cleanup();
}

/* ---- jobs ---- */

bool fetch_is_allowed(const struct server *server, const struct job *job, struct problem *problem)
{
    if (!job->url || server->fetcher)
        return true;
    *problem = (struct problem){403, "this server fetches no pages: send the article as text or html", "/url"};
    return false;
}

static bool fetch_submit(struct fetcher *fetcher, struct job *job)
{
    pthread_mutex_lock(&fetcher->lock);
    bool taken = fetcher->waiting < (job->reserved ? fetcher->capacity : fetcher->length) && !fetcher->stopping;
    if (taken) {
        clock_gettime(CLOCK_MONOTONIC, &job->queued);
        fetcher->ring[(fetcher->first + fetcher->waiting++) % fetcher->capacity] = job;
        pthread_cond_signal(&fetcher->work);
    }
    pthread_mutex_unlock(&fetcher->lock);
    return taken;
}

bool job_submit(struct server *server, struct job *job)
{
    return job->url ? fetch_submit(server->fetcher, job) : queue_submit(server->queue, job);
}

struct queue_counts fetch_counts(struct fetcher *fetcher)
{
    pthread_mutex_lock(&fetcher->lock);
    struct queue_counts counts = {fetcher->waiting, fetcher->running, fetcher->thread_count, 0};
    pthread_mutex_unlock(&fetcher->lock);
    return counts;
}
