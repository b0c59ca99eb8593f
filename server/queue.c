/*
 * A bounded queue of jobs and the pool of workers that annotates them, each with a session of its own. The lock of the jobs is here.
 * A job belongs to whoever submitted it; between submit and done() only the queue touches it. A worker has a copy: so a job can be given up whose worker does
 * not come back in time, and another thread takes the worker's place. What the job borrowed stays until released().
 */
#include "server.h"
#include "detect/detect.h"

#include <stdlib.h>

#define FADING 0.9

enum { HTML_BYTES_A_TEXT_BYTE = 10 }; /* at least, in most pages */

struct worker {
    struct queue *queue;
    pthread_t thread;
    bool started, ended;
    struct job *job; /* NULL: none */
    bool stuck;      /* and its job was given up */
};

struct queue {
    const duider_model *model; /* NULL: it is not there yet */
    pthread_mutex_t lock;
    pthread_cond_t work, prepared;
    struct job **ring;
    size_t length, capacity, first, waiting, running; /* ring [capacity] */
    size_t waiting_bytes;
    double busy_ms, busy_bytes; /* of jobs done, old ones fading: what a byte costs */
    bool stopping;
    struct worker *workers; /* [2 * wanted]: as many may be stuck as work */
    size_t wanted, able, stuck;
    size_t prepared_count; /* threads that went to work */
};

/* The library asks this between windows of text. */
static bool is_past_deadline(void *payload)
{
    const struct job *job = payload;
    return (job->abandoned && atomic_load(job->abandoned)) || ms_since(&job->deadline) > 0;
}

bool job_has_waited_too_long(const struct job *job)
{
    return job->queue_timeout_ms && ms_since(&job->queued) > (double)job->queue_timeout_ms;
}

/* ---- workers ---- */

struct tools { /* of one worker */
    duider_session *session;
    struct detector *detector;
};

/* Makes what is lacking; where memory was short before, it may not be any more. */
static duider_status prepare(struct tools *tools, const duider_model *model, duider_error *error)
{
    if (!tools->detector)
        tools->detector = detector_new();
    if (!tools->detector) {
        *error = (duider_error){.status = DUIDER_NO_MEMORY, .message = "memory is short"};
        return error->status;
    }
    return tools->session ? DUIDER_OK : duider_session_new(model, &tools->session, error);
}

static void run_job(const struct tools *tools, struct job *job)
{
    duider_result *result = NULL;
    struct article article = {0};
    job->options.cancelled = is_past_deadline;
    job->options.payload = job;
    job->status = article_read(job, &article, &job->error);
    if (job->status == DUIDER_OK)
        job->status = detector_run(tools->detector, article.text, article.text_bytes, &job->options, &job->error);
    if (job->status == DUIDER_OK)
        job->status = duider_annotate(tools->session, article.text, article.text_bytes, &job->options, &result, &job->error);
    if (job->status == DUIDER_OK)
        job->status = duider_result_json(result, job->id, DUIDER_JSON_COMPACT, &job->json, &job->json_bytes, &job->error);
    if (job->status == DUIDER_OK)
        job->status = article_add_captions(&article, job);
    job->text_bytes = article.text_bytes;
    duider_result_free(result);
    article_free(&article);
}

static void try_job(const duider_model *model, struct tools *tools, struct job *job)
{
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    job->waited_ms = ms_since(&job->queued);
    job->overdue = job_has_waited_too_long(job);
    job->status = job->overdue ? DUIDER_CANCELLED : prepare(tools, model, &job->error);
    if (job->status == DUIDER_OK)
        run_job(tools, job);
    job->ran_ms = ms_since(&start);
}

static struct job *take_job(struct queue *queue)
{
    struct job *job = queue->ring[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->waiting--;
    queue->waiting_bytes -= job->queued_bytes;
    return job;
}

/* The worker is through with its job, of which it had the copy. True: somebody waits for what came of it. */
static bool hand_over(struct worker *worker, struct job *job, const struct job *copy)
{
    pthread_mutex_lock(&worker->queue->lock);
    const bool wanted = !worker->stuck;
    if (wanted)
        *job = *copy;
    worker->job = NULL;
    pthread_mutex_unlock(&worker->queue->lock);
    if (!wanted)
        duider_string_free(copy->json);
    return wanted;
}

/* Under the lock. False: another thread has taken the worker's place. */
static bool go_on(struct worker *worker, const struct job *copy)
{
    struct queue *queue = worker->queue;
    if (!worker->stuck) {
        queue->running--;
        if (copy->status == DUIDER_OK) {
            queue->busy_ms = queue->busy_ms * FADING + copy->ran_ms;
            queue->busy_bytes = queue->busy_bytes * FADING + (double)copy->text_bytes;
        }
        return true;
    }
    worker->stuck = false;
    queue->stuck--;
    if (queue->able >= queue->wanted)
        return false;
    queue->able++;
    return true;
}

static void *work(void *payload)
{
    struct worker *worker = payload;
    struct queue *queue = worker->queue;
    struct tools tools = {NULL, detector_new()};
    duider_error error;
    pthread_mutex_lock(&queue->lock);
    while (!queue->model && !queue->stopping)
        pthread_cond_wait(&queue->work, &queue->lock);
    const duider_model *model = queue->model;
    pthread_mutex_unlock(&queue->lock);
    if (model && prepare(&tools, model, &error) != DUIDER_OK)
        log_message(LOG_WARNING, "%s", error.message); /* it is tried again with each job */
    pthread_mutex_lock(&queue->lock);
    queue->prepared_count++;
    pthread_cond_signal(&queue->prepared);
    for (bool going = true; going;) {
        while (queue->waiting == 0 && !queue->stopping)
            pthread_cond_wait(&queue->work, &queue->lock);
        if (queue->waiting == 0)
            break;
        struct job *job = worker->job = take_job(queue), copy = *job;
        queue->running++;
        pthread_mutex_unlock(&queue->lock);
        try_job(model, &tools, &copy);
        free(copy.fetched);
        copy.fetched = NULL;
        void (*released)(void *) = job->released;
        void *job_payload = job->payload;
        if (hand_over(worker, job, &copy))
            job->done(job_payload);
        released(job_payload); /* the job is gone */
        pthread_mutex_lock(&queue->lock);
        going = go_on(worker, &copy);
    }
    pthread_mutex_unlock(&queue->lock);
    duider_session_free(tools.session);
    detector_free(tools.detector);
    pthread_mutex_lock(&queue->lock);
    worker->ended = true;
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

/* Under the lock: threads for the workers that are wanted, as far as there is room. */
static void start_workers(struct queue *queue)
{
    for (size_t i = 0; i < 2 * queue->wanted && queue->able < queue->wanted; i++) {
        struct worker *worker = &queue->workers[i];
        if (worker->ended) {
            pthread_join(worker->thread, NULL);
            worker->started = worker->ended = false;
        }
        if (worker->started)
            continue;
        worker->queue = queue;
        if (pthread_create(&worker->thread, NULL, work, worker) != 0)
            return;
        pthread_setname_np(worker->thread, "duider-worker");
        worker->started = true;
        queue->able++;
    }
}

/* ---- the queue ---- */

struct queue *queue_new(size_t workers, size_t length, size_t reserved)
{
    struct queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return NULL;
    queue->length = length;
    queue->capacity = length + reserved;
    queue->wanted = workers;
    queue->ring = calloc(queue->capacity, sizeof(struct job *));
    queue->workers = calloc(2 * workers, sizeof *queue->workers);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->work, NULL);
    pthread_cond_init(&queue->prepared, NULL);
    pthread_mutex_lock(&queue->lock);
    if (queue->ring && queue->workers)
        start_workers(queue);
    const bool started = queue->able == workers;
    pthread_mutex_unlock(&queue->lock);
    if (started)
        return queue;
    queue_free(queue);
    return NULL;
}

void queue_set_model(struct queue *queue, const duider_model *model)
{
    pthread_mutex_lock(&queue->lock);
    queue->model = model;
    pthread_cond_broadcast(&queue->work);
    while (queue->prepared_count < queue->wanted) /* or the first articles would wait for it */
        pthread_cond_wait(&queue->prepared, &queue->lock);
    pthread_mutex_unlock(&queue->lock);
}

/* What waits, at the price of what was done lately. What runs is not counted: it is nearly done, or the job in front will say that it waited too long. */
static double expected_wait_ms(const struct queue *queue)
{
    return queue->busy_bytes > 0 ? (double)queue->waiting_bytes * queue->busy_ms / queue->busy_bytes / (double)queue->wanted : 0;
}

bool queue_submit(struct queue *queue, struct job *job)
{
    pthread_mutex_lock(&queue->lock);
    bool taken = queue->waiting < (job->reserved ? queue->capacity : queue->length) && !queue->stopping && queue->able > 0 &&
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
    struct queue_counts counts = {queue->waiting, queue->running, queue->able, queue->stuck};
    pthread_mutex_unlock(&queue->lock);
    return counts;
}

/* ---- what takes too long ---- */

static void give_up(struct job *job, struct job **list)
{
    job->status = DUIDER_CANCELLED;
    job->next = *list;
    *list = job;
}

/* Under the lock: the jobs of workers that should have come back long ago. */
static struct job *list_stuck(struct queue *queue, double after_ms)
{
    struct job *list = NULL;
    for (size_t i = 0; i < 2 * queue->wanted; i++) {
        struct worker *worker = &queue->workers[i];
        if (!worker->job || worker->stuck || ms_since(&worker->job->deadline) <= after_ms)
            continue;
        worker->stuck = worker->job->stuck = true;
        queue->running--;
        queue->able--;
        queue->stuck++;
        give_up(worker->job, &list);
    }
    return list;
}

/* Under the lock: takes what can't be done in time any more out of the queue. */
static struct job *list_overdue(struct queue *queue)
{
    struct job *list = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < queue->waiting; i++) {
        struct job *job = queue->ring[(queue->first + i) % queue->capacity];
        job->overdue = job_has_waited_too_long(job);
        if (job->overdue || is_past_deadline(job)) {
            job->waited_ms = ms_since(&job->queued);
            queue->waiting_bytes -= job->queued_bytes;
            free(job->fetched);
            job->fetched = NULL;
            give_up(job, &list);
        } else {
            queue->ring[(queue->first + kept++) % queue->capacity] = job;
        }
    }
    queue->waiting = kept;
    return list;
}

static void tell(struct job *list, bool release)
{
    for (struct job *job = list, *next; job; job = next) {
        void (*released)(void *) = release ? job->released : NULL;
        void *payload = job->payload;
        next = job->next;
        job->done(payload); /* the job may be gone */
        if (released)
            released(payload);
    }
}

void queue_check(struct queue *queue, size_t stuck_after_ms)
{
    pthread_mutex_lock(&queue->lock);
    struct job *stuck = list_stuck(queue, (double)stuck_after_ms), *overdue = list_overdue(queue);
    start_workers(queue);
    pthread_mutex_unlock(&queue->lock);
    tell(stuck, false); /* that is for the workers to do, when they come back */
    tell(overdue, true);
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    pthread_mutex_lock(&queue->lock);
    queue->stopping = true;
    pthread_cond_broadcast(&queue->work);
    pthread_mutex_unlock(&queue->lock);
    for (size_t i = 0; queue->workers && i < 2 * queue->wanted; i++)
        if (queue->workers[i].started)
            pthread_join(queue->workers[i].thread, NULL);
    pthread_cond_destroy(&queue->work);
    pthread_cond_destroy(&queue->prepared);
    pthread_mutex_destroy(&queue->lock);
    free(queue->ring);
    free(queue->workers);
    free(queue);
}
