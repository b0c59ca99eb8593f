/*
 * A bounded queue of jobs and the fixed pool of workers that annotates them, each with a session of its own. The lock of the jobs is here.
 * A job belongs to whoever submitted it; between submit and done() only its worker touches it.
 */
#include "server.h"
#include "detect/detect.h"

#include <pthread.h>
#include <stdlib.h>

#define FADING 0.9

enum { HTML_BYTES_A_TEXT_BYTE = 10 }; /* at least, in most pages */

struct queue {
    const duider_model *model;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct job **ring;
    size_t length, capacity, first, waiting, running; /* ring [capacity] */
    size_t waiting_bytes;
    double busy_ms, busy_bytes; /* of jobs done, old ones fading: what a byte costs */
    bool stopping;
    pthread_t *threads;
    size_t thread_count;
};

static double ms_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) * 1e3 + (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

/* The library asks this between windows of text. */
static bool is_past_deadline(void *payload)
{
    struct job *job = payload;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return atomic_load(&job->abandoned) || now.tv_sec > job->deadline.tv_sec || (now.tv_sec == job->deadline.tv_sec && now.tv_nsec > job->deadline.tv_nsec);
}

struct worker {
    duider_session *session;
    struct detector *detector;
};

/* Makes what the worker lacks; where memory was short before, it may not be any more. */
static duider_status prepare(struct worker *worker, const duider_model *model, duider_error *error)
{
    if (!worker->detector)
        worker->detector = detector_new();
    if (!worker->detector) {
        *error = (duider_error){.status = DUIDER_NO_MEMORY, .message = "memory is short"};
        return error->status;
    }
    return worker->session ? DUIDER_OK : duider_session_new(model, &worker->session, error);
}

static void run_job(const struct worker *worker, struct job *job)
{
    duider_result *result = NULL;
    struct article article = {0};
    job->options.cancelled = is_past_deadline;
    job->options.payload = job;
    job->status = article_read(job, &article, &job->error);
    if (job->status == DUIDER_OK)
        job->status = detector_run(worker->detector, article.text, article.text_bytes, &job->options, &job->error);
    if (job->status == DUIDER_OK)
        job->status = duider_annotate(worker->session, article.text, article.text_bytes, &job->options, &result, &job->error);
    if (job->status == DUIDER_OK)
        job->status = duider_result_json(result, job->id, DUIDER_JSON_COMPACT, &job->json, &job->json_bytes, &job->error);
    if (job->status == DUIDER_OK)
        job->status = article_add_captions(&article, job);
    job->text_bytes = article.text_bytes;
    duider_result_free(result);
    article_free(&article);
}

static void *work(void *payload)
{
    struct queue *queue = payload;
    struct worker worker = {NULL, NULL};
    duider_error unused;
    prepare(&worker, queue->model, &unused); /* before the first article comes */
    pthread_mutex_lock(&queue->lock);
    for (;;) {
        while (queue->waiting == 0 && !queue->stopping)
            pthread_cond_wait(&queue->work, &queue->lock);
        if (queue->waiting == 0)
            break;
        struct job *job = queue->ring[queue->first];
        queue->first = (queue->first + 1) % queue->capacity;
        queue->waiting--;
        queue->waiting_bytes -= job->queued_bytes;
        queue->running++;
        pthread_mutex_unlock(&queue->lock);
        job->waited_ms = ms_since(&job->queued);
        job->overdue = job->queue_timeout_ms && job->waited_ms > (double)job->queue_timeout_ms;
        struct timespec start;
        clock_gettime(CLOCK_MONOTONIC, &start);
        bool ran = false;
        job->status = job->overdue ? DUIDER_CANCELLED : prepare(&worker, queue->model, &job->error);
        if (job->status == DUIDER_OK) {
            run_job(&worker, job);
            ran = job->status == DUIDER_OK;
        }
        const double ms = job->ran_ms = ms_since(&start), bytes = (double)job->text_bytes;
        free(job->fetched);
        job->fetched = NULL;
        job->done(job->payload); /* the job is gone */
        pthread_mutex_lock(&queue->lock);
        queue->running--;
        if (ran) {
            queue->busy_ms = queue->busy_ms * FADING + ms;
            queue->busy_bytes = queue->busy_bytes * FADING + bytes;
        }
    }
    pthread_mutex_unlock(&queue->lock);
    duider_session_free(worker.session);
    detector_free(worker.detector);
    return NULL;
}

struct queue *queue_new(const duider_model *model, size_t workers, size_t length, size_t reserved)
{
    struct queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return NULL;
    queue->model = model;
    queue->length = length;
    queue->capacity = length + reserved;
    queue->ring = calloc(queue->capacity, sizeof(struct job *));
    queue->threads = calloc(workers, sizeof *queue->threads);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->work, NULL);
    while (queue->ring && queue->threads && queue->thread_count < workers &&
           pthread_create(&queue->threads[queue->thread_count], NULL, work, queue) == 0)
        queue->thread_count++;
    if (queue->thread_count < workers) {
        queue_free(queue);
        return NULL;
    }
    return queue;
}

/* What waits, at the price of what was done lately. What runs is not counted: it is nearly done, or the job in front will say that it waited too long. */
static double expected_wait_ms(const struct queue *queue)
{
    return queue->busy_bytes > 0 ? (double)queue->waiting_bytes * queue->busy_ms / queue->busy_bytes / (double)queue->thread_count : 0;
}

bool queue_submit(struct queue *queue, struct job *job)
{
    pthread_mutex_lock(&queue->lock);
    bool taken = queue->waiting < (job->reserved ? queue->capacity : queue->length) && !queue->stopping &&
                 (!job->queue_timeout_ms || expected_wait_ms(queue) <= (double)job->queue_timeout_ms);
    if (taken) {
        clock_gettime(CLOCK_MONOTONIC, &job->queued);
        job->queued_bytes = job->is_html ? job->text_bytes / HTML_BYTES_A_TEXT_BYTE : job->text_bytes;
        queue->waiting_bytes += job->queued_bytes;
        queue->ring[(queue->first + queue->waiting++) % queue->capacity] = job;
        pthread_cond_signal(&queue->work);
    }
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

struct queue_counts queue_counts(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    struct queue_counts counts = {queue->waiting, queue->running, queue->thread_count};
    pthread_mutex_unlock(&queue->lock);
    return counts;
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    pthread_mutex_lock(&queue->lock);
    queue->stopping = true;
    pthread_cond_broadcast(&queue->work);
    pthread_mutex_unlock(&queue->lock);
    for (size_t i = 0; i < queue->thread_count; i++)
        pthread_join(queue->threads[i], NULL);
    pthread_cond_destroy(&queue->work);
    pthread_mutex_destroy(&queue->lock);
    free(queue->ring);
    free(queue->threads);
    free(queue);
}
