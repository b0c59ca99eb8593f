/*
 * What annotating costs: throughput by threads, latency and time by length, stages, memory, start. All as one JSON object.
 * usage: measure [-s SECONDS] [-w WORDS] MODEL FILE      SECONDS: how long each part goes on where it may be repeated (default 8)
 *                                                        WORDS: of the longest article (default 50000)
 *        measure -n REPEATS MODEL FILE                   only the file as it is, so many times; for a profiler, too
 *
 * Articles of other lengths are cut from the file, or made of it by repeating it.
 */
#include "encoder.h"
#include "result.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- allocations: all of the program and its libraries, counted on their way to the C library ---- */

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t item_bytes);
extern void *__libc_realloc(void *memory, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

DUIDER_API void *malloc(size_t bytes);
DUIDER_API void *calloc(size_t count, size_t item_bytes);
DUIDER_API void *realloc(void *memory, size_t bytes);
DUIDER_API void *aligned_alloc(size_t alignment, size_t bytes);
DUIDER_API int posix_memalign(void **memory, size_t alignment, size_t bytes);

static atomic_size_t allocation_calls, allocation_bytes;

static void count_allocation(size_t bytes)
{
    atomic_fetch_add_explicit(&allocation_calls, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&allocation_bytes, bytes, memory_order_relaxed);
}

void *malloc(size_t bytes)
{
    count_allocation(bytes);
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t item_bytes)
{
    count_allocation(count * item_bytes);
    return __libc_calloc(count, item_bytes);
}

void *realloc(void *memory, size_t bytes)
{
    count_allocation(bytes);
    return __libc_realloc(memory, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    count_allocation(bytes);
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    count_allocation(bytes);
    void *made = __libc_memalign(alignment, bytes);
    if (!made)
        return ENOMEM;
    *memory = made;
    return 0;
}

/* ---- small things ---- */

static void check(duider_status status, const duider_error *error)
{
    if (status == DUIDER_OK)
        return;
    fprintf(stderr, "measure: %s\n", error->message);
    exit(1);
}

static void *must(void *memory)
{
    if (!memory) {
        fputs("measure: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static double milliseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double status_mb(const char *field) /* of /proc/self/status */
{
    FILE *file = must(fopen("/proc/self/status", "r"));
    char line[256];
    double kb = NAN;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0)
            kb = strtod(line + strlen(field), NULL);
    fclose(file);
    return kb * 1024.0 / 1e6;
}

/* ---- articles ---- */

struct article {
    char *text;
    size_t bytes, words; /* words: what white space separates */
};

static struct article read_article(const char *path)
{
    enum { BYTES_MAX = 1 << 24 };
    struct article article = {.text = must(malloc(BYTES_MAX))};
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    article.bytes = fread(article.text, 1, BYTES_MAX, file);
    fclose(file);
    for (size_t i = 0; i < article.bytes; i++)
        article.words += (unsigned char)article.text[i] > ' ' && (i == 0 || (unsigned char)article.text[i - 1] <= ' ');
    if (article.words == 0) {
        fprintf(stderr, "measure: %s: no words\n", path);
        exit(1);
    }
    return article;
}

/* `words` words of `whole`, again from its start where it ends. */
static struct article make_article(const struct article *whole, size_t words)
{
    struct article made = {.text = must(malloc((words / whole->words + 1) * (whole->bytes + 2)))};
    for (bool inside = false; made.words < words || inside;) {
        size_t at = made.bytes % (whole->bytes + 2);
        char byte = at < whole->bytes ? whole->text[at] : '\n'; /* a blank line between two */
        bool space = (unsigned char)byte <= ' ';
        if (space && inside && made.words == words)
            break;
        made.words += !space && !inside;
        inside = !space;
        made.text[made.bytes++] = byte;
    }
    return made;
}

/* From text to JSON; -> milliseconds. */
static double annotate(duider_session *session, const struct article *article)
{
    duider_error error = {0};
    duider_result *result = NULL;
    char *json = NULL;
    double began = milliseconds(CLOCK_MONOTONIC);
    check(duider_annotate(session, article->text, article->bytes, NULL, &result, &error), &error);
    check(duider_result_json(result, NULL, DUIDER_JSON_COMPACT, &json, NULL, &error), &error);
    double took = milliseconds(CLOCK_MONOTONIC) - began;
    duider_string_free(json);
    duider_result_free(result);
    return took;
}

/* ---- time by length ---- */

enum { TIMES_MAX = 1000 };

/* Sorted times of `least` runs and as many more, up to `most`, as `seconds` have room for. */
static size_t repeat(duider_session *session, const struct article *article, size_t least, size_t most, double seconds, double times[TIMES_MAX])
{
    annotate(session, article);
    size_t count = 0;
    double until = milliseconds(CLOCK_MONOTONIC) + 1e3 * seconds;
    while (count < least || (count < most && milliseconds(CLOCK_MONOTONIC) < until))
        times[count++] = annotate(session, article);
    qsort(times, count, sizeof *times, by_size);
    return count;
}

static double percentile(const double *times, size_t count, double share) /* nearest rank */
{
    return times[(size_t)ceil(share * (double)count) - 1];
}

static json_t *measure_latency(duider_session *session, const struct article *whole, size_t longest, double seconds)
{
    static const size_t lengths[] = {50, 200, 700, 3000, 10000};
    json_t *list = json_array();
    double times[TIMES_MAX];
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths && lengths[i] <= longest; i++) {
        struct article article = make_article(whole, lengths[i]);
        size_t count = repeat(session, &article, 3, 200, seconds, times);
        json_array_append_new(list, json_pack("{s:I, s:I, s:f, s:f, s:f, s:f}", "words", (json_int_t)article.words, "runs", (json_int_t)count, "fastest_ms",
                                              times[0], "p50_ms", percentile(times, count, 0.5), "p95_ms", percentile(times, count, 0.95), "p99_ms",
                                              percentile(times, count, 0.99)));
        free(article.text);
    }
    return list;
}

static json_t *measure_scaling(duider_session *session, const struct article *whole, size_t longest)
{
    static const size_t lengths[] = {50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths && lengths[i] <= longest; i++) {
        struct article article = make_article(whole, lengths[i]);
        double fastest = annotate(session, &article);
        for (size_t words = article.words; words < 5000; words += article.words) { /* short ones more often */
            double took = annotate(session, &article);
            fastest = took < fastest ? took : fastest;
        }
        json_array_append_new(list, json_pack("{s:I, s:f}", "words", (json_int_t)article.words, "fastest_ms", fastest));
        free(article.text);
    }
    return list;
}

/* ---- throughput ---- */

enum { THREADS_MAX = 2, ROUNDS = 3 };

struct worker {
    const duider_model *model;
    const struct article *article;
    pthread_barrier_t *start;
    double seconds, rate; /* rate: articles a second */
};

static void *work(void *payload)
{
    struct worker *worker = payload;
    duider_session *session = NULL;
    duider_error error = {0};
    check(duider_session_new(worker->model, &session, &error), &error);
    annotate(session, worker->article);
    pthread_barrier_wait(worker->start);
    double began = milliseconds(CLOCK_MONOTONIC), took = 0.0;
    size_t done = 0;
    for (; took < 1e3 * worker->seconds; done++) {
        annotate(session, worker->article);
        took = milliseconds(CLOCK_MONOTONIC) - began;
    }
    worker->rate = (double)done * 1e3 / took;
    duider_session_free(session);
    return NULL;
}

/* Articles a second of so many threads, each with a session of its own. */
static double run_threads(const duider_model *model, const struct article *article, unsigned count, double seconds)
{
    pthread_t threads[THREADS_MAX];
    struct worker workers[THREADS_MAX];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, count);
    for (unsigned i = 0; i < count; i++) {
        workers[i] = (struct worker){model, article, &start, seconds, 0.0};
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
            must(NULL);
    }
    double rate = 0.0;
    for (unsigned i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        rate += workers[i].rate;
    }
    pthread_barrier_destroy(&start);
    return rate;
}

static json_t *summary(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return json_pack("{s:f, s:f, s:f}", "median", values[ROUNDS / 2], "least", values[0], "most", values[ROUNDS - 1]);
}

static json_t *measure_throughput(const duider_model *model, const struct article *article, size_t pieces, double seconds)
{
    double rates[THREADS_MAX][ROUNDS], scaling[ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++) {
        for (unsigned threads = 1; threads <= THREADS_MAX; threads++)
            rates[threads - 1][round] = run_threads(model, article, threads, seconds / ROUNDS);
        scaling[round] = rates[1][round] / rates[0][round];
    }
    json_t *list = json_array();
    for (unsigned threads = 1; threads <= THREADS_MAX; threads++) {
        json_t *articles = summary(rates[threads - 1]);
        double median = json_real_value(json_object_get(articles, "median"));
        json_array_append_new(list, json_pack("{s:i, s:o, s:f, s:f}", "threads", (int)threads, "articles_per_s", articles, "words_per_s",
                                              median * (double)article->words, "pieces_per_s", median * (double)pieces));
    }
    return json_pack("{s:o, s:o}", "by_threads", list, "two_threads_over_one", summary(scaling));
}

/* ---- stages ---- */

static const char *const stage_names[] = {"decode",    "sentences", "tokenizer", "embedding",      "matrix products",
                                          "attention", "encoder, other", "heads", "document model", "result and JSON"};

enum stage { DECODE, SENTENCES, TOKENIZER, EMBEDDING, PRODUCTS, ATTENTION, ENCODER_REST, HEADS, DOCUMENT_MODEL, RESULT_JSON, STAGE_COUNT };

struct stages {
    double ms[STAGE_COUNT];
    struct encoder_times encoder;
    size_t articles, pieces; /* pieces: of one article */
};

static void lap(struct stages *stages, enum stage stage, double *since)
{
    double now = milliseconds(CLOCK_THREAD_CPUTIME_ID);
    stages->ms[stage] += now - *since;
    *since = now;
}

/* The pipeline of lib/annotate.c, stage by stage. */
static void run_stages(const struct model *model, struct encoder *encoder, const struct article *article, struct stages *stages)
{
    static duider_status (*const after[])(struct document *, duider_error *) = {
        find_mentions, group_entities, link_roles, find_quotes, attribute_quotes, weigh_entities, read_sentiment};
    duider_options options = DUIDER_OPTIONS_INIT;
    duider_error error = {0};
    struct arena arena;
    arena_init(&arena);
    struct document document = {.arena = &arena, .model = model};
    double since = milliseconds(CLOCK_THREAD_CPUTIME_ID);
    check(text_read(&arena, article->text, article->bytes, DUIDER_INVALID_UTF8_ERROR, &document.text, &error), &error);
    lap(stages, DECODE, &since);
    check(tokenize(&document, &error), &error);
    lap(stages, TOKENIZER, &since);
    check(split_sentences(&document, &error), &error);
    lap(stages, SENTENCES, &since);
    check(run_network(&document, encoder, &options, &error), &error);
    lap(stages, HEADS, &since);
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        check(after[i](&document, &error), &error);
    lap(stages, DOCUMENT_MODEL, &since);
    duider_result *result = must(calloc(1, sizeof *result));
    char *json = NULL;
    arena_init(&result->arena);
    result->include = options.include;
    check(build_result(&document, result, &error), &error);
    check(duider_result_json(result, NULL, DUIDER_JSON_COMPACT, &json, NULL, &error), &error);
    stages->pieces = document.pieces.count;
    duider_string_free(json);
    duider_result_free(result);
    arena_release(&arena);
    lap(stages, RESULT_JSON, &since);
    stages->articles++;
}

/* Multiplications and additions of the products, in 10^9 a second of their time. */
static double product_gops(const struct model *model, const struct stages *stages)
{
    const struct layer *layer = &model->layers[0];
    const struct quantised *const matrices[PRODUCT_COUNT] = {&layer->qkv, &layer->attention_out, &layer->ffn_in, &layer->ffn_out};
    double operations = 0.0;
    for (size_t i = 0; i < PRODUCT_COUNT; i++)
        operations += 2.0 * (double)stages->encoder.rows[i] * (double)(matrices[i]->out * matrices[i]->in);
    return operations / (double)stages->encoder.nanoseconds[ENCODER_PRODUCTS];
}

static json_t *measure_stages(const struct model *model, const struct article *article, double seconds, size_t *pieces)
{
    static const enum stage parts[ENCODER_PART_COUNT] = {EMBEDDING, PRODUCTS, ATTENTION, ENCODER_REST};
    struct stages stages = {0};
    struct encoder *encoder = NULL;
    duider_error error = {0};
    check(encoder_new(model, &encoder, &error), &error);
    run_stages(model, encoder, article, &stages);
    stages = (struct stages){0};
    encoder_measure(encoder, &stages.encoder);
    for (double until = milliseconds(CLOCK_MONOTONIC) + 1e3 * seconds; stages.articles < 2 || milliseconds(CLOCK_MONOTONIC) < until;)
        run_stages(model, encoder, article, &stages);
    encoder_free(encoder);
    for (size_t i = 0; i < ENCODER_PART_COUNT; i++) {
        stages.ms[parts[i]] += (double)stages.encoder.nanoseconds[i] / 1e6;
        stages.ms[HEADS] -= (double)stages.encoder.nanoseconds[i] / 1e6;
    }
    json_t *list = json_array();
    double sum = 0.0;
    for (size_t i = 0; i < STAGE_COUNT; i++)
        sum += stages.ms[i];
    for (size_t i = 0; i < STAGE_COUNT; i++)
        json_array_append_new(list, json_pack("{s:s, s:f, s:f}", "stage", stage_names[i], "ms", stages.ms[i] / (double)stages.articles, "share",
                                              stages.ms[i] / sum));
    *pieces = stages.pieces;
    return json_pack("{s:I, s:I, s:I, s:f, s:s, s:f, s:f, s:o}", "words", (json_int_t)article->words, "pieces", (json_int_t)stages.pieces, "encoded_pieces",
                     (json_int_t)(stages.encoder.rows[PRODUCT_QKV] / model->layer_count / stages.articles), "sum_ms", sum / (double)stages.articles, "kernel",
                     product_kernel(model), "product_gops", product_gops(model, &stages), "no_product_share", 1.0 - stages.ms[PRODUCTS] / sum, "stages",
                     list);
}

/* ---- memory ---- */

static json_t *allocations(size_t calls, size_t bytes, size_t runs)
{
    return json_pack("{s:f, s:f}", "calls", (double)(allocation_calls - calls) / (double)runs, "bytes", (double)(allocation_bytes - bytes) / (double)runs);
}

/* Of a session and an encoder that have seen the article before. */
static json_t *measure_allocations(const struct model *model, duider_session *session, const struct article *article)
{
    enum { RUNS = 5 };
    annotate(session, article);
    size_t calls = allocation_calls, bytes = allocation_bytes;
    for (size_t i = 0; i < RUNS; i++)
        annotate(session, article);
    json_t *whole = allocations(calls, bytes, RUNS);

    struct encoder *encoder = NULL;
    duider_error error = {0};
    const float *vectors;
    uint32_t *ids = must(calloc(model->window, sizeof *ids)), kept = 0;
    check(encoder_new(model, &encoder, &error), &error);
    check(encoder_run(encoder, ids, model->window, &kept, 1, &vectors, &error), &error);
    calls = allocation_calls, bytes = allocation_bytes;
    for (size_t i = 0; i < RUNS; i++)
        check(encoder_run(encoder, ids, model->window, &kept, 1, &vectors, &error), &error);
    json_t *window = allocations(calls, bytes, RUNS);
    encoder_free(encoder);
    free(ids);
    return json_pack("{s:o, s:o}", "article", whole, "window_in_encoder", window);
}

/* ---- the program ---- */

static json_t *measure_article(duider_session *session, const struct article *article, long repeats)
{
    double times[TIMES_MAX];
    size_t count = repeats < 1 ? 1 : repeats > TIMES_MAX ? TIMES_MAX : (size_t)repeats;
    repeat(session, article, count, count, 0.0, times);
    return json_pack("{s:I, s:I, s:f, s:f}", "words", (json_int_t)article->words, "runs", (json_int_t)count, "fastest_ms", times[0], "p50_ms",
                     percentile(times, count, 0.5));
}

static json_t *measure_all(const duider_model *model, duider_session *session, const struct article *article, size_t longest, double seconds, json_t *start)
{
    const duider_model_info *info = duider_model_get_info(model);
    size_t pieces;
    json_t *all = json_pack("{s:s, s:I, s:s, s:o}", "model", info->name, "model_bytes", (json_int_t)info->file_bytes, "processor", info->processor, "start", start);
    json_object_set_new(all, "rss_at_start_mb", json_real(status_mb("VmRSS:")));
    json_object_set_new(all, "stages", measure_stages(model_of(model), article, seconds, &pieces));
    json_object_set_new(all, "allocations", measure_allocations(model_of(model), session, article));
    json_object_set_new(all, "peak_rss_article_mb", json_real(status_mb("VmHWM:")));
    json_object_set_new(all, "latency", measure_latency(session, article, longest, seconds));
    json_object_set_new(all, "throughput", measure_throughput(model, article, pieces, seconds));
    json_object_set_new(all, "scaling", measure_scaling(session, article, longest));
    json_object_set_new(all, "peak_rss_mb", json_real(status_mb("VmHWM:")));
    return all;
}

int main(int count, char **arguments)
{
    double seconds = 8.0;
    long repeats = 0;
    size_t longest = 50000;
    for (int option; (option = getopt(count, arguments, "s:n:w:")) != -1;) {
        if (option == 's')
            seconds = strtod(optarg, NULL);
        else if (option == 'n')
            repeats = strtol(optarg, NULL, 10);
        else if (option == 'w')
            longest = strtoul(optarg, NULL, 10);
        else
            optind = count;
    }
    if (count - optind != 2) {
        fputs("usage: measure [-s SECONDS] [-w WORDS] [-n REPEATS] MODEL FILE\n", stderr);
        return 2;
    }
    struct article article = read_article(arguments[optind + 1]);
    duider_model *model = NULL;
    duider_session *session = NULL;
    duider_error error = {0};
    double began = milliseconds(CLOCK_MONOTONIC);
    check(duider_model_open(arguments[optind], &model, &error), &error);
    double opened = milliseconds(CLOCK_MONOTONIC);
    check(duider_session_new(model, &session, &error), &error);
    double made = milliseconds(CLOCK_MONOTONIC), first = annotate(session, &article);
    json_t *start = json_pack("{s:f, s:f, s:f}", "model_open_ms", opened - began, "session_new_ms", made - opened, "first_article_ms", first);
    json_t *out;
    if (repeats) {
        out = measure_article(session, &article, repeats);
        json_decref(start);
    } else {
        out = measure_all(model, session, &article, longest, seconds, start);
    }
    json_dumpf(out, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(out);
    free(article.text);
    duider_session_free(session);
    duider_model_close(model);
    return 0;
}
