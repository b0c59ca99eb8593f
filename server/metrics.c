/* Counters of requests and articles in the Prometheus text format (0.0.4). Counting takes no lock: every number is an atomic. */
#include "server.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATHS_MAX = 16, STATUSES = 22, BUCKETS = 14 };

/* 0: the client left before an answer. */
static const unsigned statuses[STATUSES] = {200, 204, 304, 400, 401, 403, 404, 405, 406, 408, 411, 413, 415, 422, 429, 431, 500, 502, 503, 504, 505, 0};
static const double edges_ms[BUCKETS] = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000};

struct metrics {
    atomic_ullong requests[PATHS_MAX][STATUSES];
    atomic_ullong within[PATHS_MAX][BUCKETS + 1]; /* requests that took at most that long and longer than the bucket before; the last: longer */
    atomic_ullong total_us[PATHS_MAX];
    atomic_ullong articles, article_bytes, busy_us, waited_us, refused;
    atomic_ullong stuck;
    atomic_ullong reloads, failed_reloads;
    atomic_ullong fetches[STATUSES], fetched_bytes, fetching_us;
    time_t start;
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics)
        metrics->start = time(NULL);
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

/* Index of the path among the routes; what is under none comes last. */
static size_t path_index(const char *path)
{
    size_t i = 0;
    for (const char *known; i < PATHS_MAX - 1 && (known = router_path(i)); i++)
        if (strcmp(known, path) == 0)
            return i;
    return i;
}

static size_t status_index(unsigned status)
{
    size_t i = 0;
    while (i < STATUSES - 1 && statuses[i] != status)
        i++;
    return i;
}

void metrics_count(struct metrics *metrics, const struct request *request)
{
    double ms = ms_since(&request->start);
    size_t path = path_index(request->path), status = status_index(request->status), bucket = 0;
    while (bucket < BUCKETS && ms > edges_ms[bucket])
        bucket++;
    atomic_fetch_add(&metrics->requests[path][status], 1);
    atomic_fetch_add(&metrics->within[path][bucket], 1);
    atomic_fetch_add(&metrics->total_us[path], (unsigned long long)(ms * 1e3));
    if (request->refused)
        atomic_fetch_add(&metrics->refused, 1);
    if (request->submitted)
        metrics_count_article(metrics, &request->job);
}

void metrics_count_reload(struct metrics *metrics, bool done)
{
    atomic_fetch_add(done ? &metrics->reloads : &metrics->failed_reloads, 1);
}

void metrics_count_article(struct metrics *metrics, const struct job *job)
{
    atomic_fetch_add(&metrics->busy_us, (unsigned long long)(job->ran_ms * 1e3));
    atomic_fetch_add(&metrics->waited_us, (unsigned long long)(job->waited_ms * 1e3));
    if (job->stuck)
        atomic_fetch_add(&metrics->stuck, 1);
    if (job->status != DUIDER_OK)
        return;
    atomic_fetch_add(&metrics->articles, 1);
    atomic_fetch_add(&metrics->article_bytes, job->text_bytes);
}

void metrics_count_fetch(struct metrics *metrics, unsigned status, size_t bytes, double ms)
{
    atomic_fetch_add(&metrics->fetches[status_index(status)], 1);
    atomic_fetch_add(&metrics->fetched_bytes, bytes);
    atomic_fetch_add(&metrics->fetching_us, (unsigned long long)(ms * 1e3));
}

/* ---- text ---- */

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP duider_%s %s\n# TYPE duider_%s %s\n", name, help, name, type);
}

static void number(FILE *out, const char *name, const char *type, const char *help, double value)
{
    head(out, name, type, help);
    fprintf(out, "duider_%s %.15g\n", name, value);
}

static void write_requests(FILE *out, const struct metrics *metrics)
{
    head(out, "requests_total", "counter", "Requests by route and status; status 0: the client left before the answer.");
    for (size_t path = 0; path < PATHS_MAX; path++)
        for (size_t i = 0; i < STATUSES; i++) {
            unsigned long long count = atomic_load(&metrics->requests[path][i]);
            if (count)
                fprintf(out, "duider_requests_total{route=\"%s\",status=\"%u\"} %llu\n", router_path(path) ? router_path(path) : "other", statuses[i], count);
        }
    head(out, "request_seconds", "histogram", "Time from a request's headers to the end of its answer.");
    for (size_t path = 0; path < PATHS_MAX; path++) {
        const char *route = router_path(path) ? router_path(path) : "other";
        unsigned long long sum = 0, all = 0;
        for (size_t i = 0; i <= BUCKETS; i++)
            all += atomic_load(&metrics->within[path][i]);
        if (!all)
            continue;
        for (size_t i = 0; i < BUCKETS; i++) {
            sum += atomic_load(&metrics->within[path][i]);
            fprintf(out, "duider_request_seconds_bucket{route=\"%s\",le=\"%g\"} %llu\n", route, edges_ms[i] / 1e3, sum);
        }
        sum += atomic_load(&metrics->within[path][BUCKETS]);
        fprintf(out, "duider_request_seconds_bucket{route=\"%s\",le=\"+Inf\"} %llu\nduider_request_seconds_sum{route=\"%s\"} %.6f\n"
                     "duider_request_seconds_count{route=\"%s\"} %llu\n", route, sum, route, (double)atomic_load(&metrics->total_us[path]) / 1e6, route, sum);
    }
}

static void write_fetches(FILE *out, const struct metrics *metrics, struct fetcher *fetcher)
{
    struct queue_counts counts = fetch_counts(fetcher);
    head(out, "fetches_total", "counter", "Pages fetched, by the status that the answer has for it; 200: the page was there.");
    for (size_t i = 0; i < STATUSES; i++) {
        unsigned long long count = atomic_load(&metrics->fetches[i]);
        if (count)
            fprintf(out, "duider_fetches_total{status=\"%u\"} %llu\n", statuses[i], count);
    }
    number(out, "fetched_bytes_total", "counter", "Bytes of them as they came over the network.", (double)atomic_load(&metrics->fetched_bytes));
    number(out, "fetch_seconds_total", "counter", "Time that they took.", (double)atomic_load(&metrics->fetching_us) / 1e6);
    number(out, "fetch_waiting", "gauge", "Articles that wait to be fetched.", (double)counts.waiting);
    number(out, "fetch_running", "gauge", "Articles that are being fetched.", (double)counts.running);
}

static double resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file) {
        if (fscanf(file, "%*s %ld", &pages) != 1)
            pages = 0;
        fclose(file);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

char *metrics_text(const struct request *request, size_t *bytes)
{
    const struct server *server = request->server;
    const struct listener *listener = server->listener;
    const struct metrics *metrics = listener->metrics;
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    if (!out)
        return NULL;
    enum phase phase = atomic_load(&listener->phase);
    write_requests(out, metrics);
    number(out, "articles_total", "counter", "Articles annotated.", (double)atomic_load(&metrics->articles));
    number(out, "article_bytes_total", "counter", "Bytes of text in them.", (double)atomic_load(&metrics->article_bytes));
    number(out, "refused_total", "counter", "Articles that the queue did not take.", (double)atomic_load(&metrics->refused));
    number(out, "stuck_total", "counter", "Articles that were given up with their worker.", (double)atomic_load(&metrics->stuck));
    number(out, "worker_busy_seconds_total", "counter", "Time that workers spent on articles.", (double)atomic_load(&metrics->busy_us) / 1e6);
    number(out, "queue_wait_seconds_total", "counter", "Time that articles waited for a worker.", (double)atomic_load(&metrics->waited_us) / 1e6);
    if (phase != PHASE_LOADING && !request->late) { /* late: the queue may be gone */
        struct queue_counts counts = queue_counts(server->queue);
        const duider_model_info *info = duider_model_get_info(server->model);
        number(out, "queue_waiting", "gauge", "Articles that wait.", (double)counts.waiting);
        number(out, "queue_running", "gauge", "Articles that are being annotated.", (double)counts.running);
        number(out, "workers", "gauge", "Articles that can be annotated at the same time.", (double)counts.workers);
        number(out, "workers_stuck", "gauge", "Workers that do not come back from an article.", (double)atomic_load(&listener->stuck_workers));
        head(out, "model_info", "gauge", "The model in use.");
        fprintf(out, "duider_model_info{name=\"%s\",created=\"%s\",processor=\"%s\",version=\"%s\"} 1\n", info->name, info->created, info->processor,
                duider_version());
        if (server->fetcher)
            write_fetches(out, metrics, server->fetcher);
    }
    number(out, "ready", "gauge", "1 while articles are taken, 0 while loading or stopping.", phase == PHASE_READY);
    number(out, "requests_open", "gauge", "Requests that are not answered yet, this one too.", (double)atomic_load(&listener->open_requests));
    number(out, "reloads_total", "counter", "SIGHUPs that were followed.", (double)atomic_load(&metrics->reloads));
    number(out, "failed_reloads_total", "counter", "SIGHUPs after which everything stayed as it was.", (double)atomic_load(&metrics->failed_reloads));
    number(out, "resident_memory_bytes", "gauge", "Memory of the process that is in RAM.", resident_bytes());
    number(out, "start_time_seconds", "gauge", "When the process started, in seconds since 1970.", (double)metrics->start);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
