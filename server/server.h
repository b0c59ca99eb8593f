/*
 * The map of the server, in the order in which a request meets its parts: config, listener, guard, router, handlers, fetch, queue, respond. HTTP stays on
 * the listener's side of queue.c; a worker sees a job, the reader of pages and the library, nothing else; threads of fetch.c get pages.
 */
#ifndef DUIDER_SERVER_H
#define DUIDER_SERVER_H

#include "duider.h"

#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

/* ---- log.c ---- */

struct request;

enum log_format { LOG_PLAIN, LOG_LOGFMT, LOG_JSON };
enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR };

bool log_format_from_name(const char *name, enum log_format *format);
/* Plain sentences before. */
void log_set_format(enum log_format format);
/* One line on standard error. */
void log_message(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The request is over. */
void log_request(const struct request *request);

/* ---- config.c: every option once ---- */

struct config {
    const char *config_path; /* "": none, as with every text below that may be left out */
    const char *host;
    const char *socket_path; /* "": host and port */
    const char *tls_certificate, *tls_key; /* "": no TLS */
    const char *socket_mode_text;
    mode_t socket_mode;
    const char *model_path;
    size_t port;
    size_t workers;
    size_t queue_length;
    size_t max_body_bytes;
    size_t max_body_ratio; /* of decoded bytes to those of the body as it is sent */
    const char *cors_origins; /* "": none */
    size_t demo; /* 0: no demo page */
    size_t max_batch_bytes, max_batch_items, max_batches;
    const char *keys_file;    /* "": everybody may call */
    size_t rate_per_key, rate_per_address; /* requests a minute; 0: no limit */
    size_t rate_burst;
    size_t max_json_depth;
    size_t max_header_bytes;
    size_t max_connections;
    size_t max_connections_per_address; /* 0: no limit */
    size_t request_timeout_ms; /* from the first byte of a request to its answer */
    size_t header_timeout_ms;
    size_t queue_timeout_ms; /* 0: no limit */
    size_t allow_fetch; /* 0 or 1 */
    const char *fetch_hosts, *fetch_ports, *fetch_allow_addresses, *fetch_resolve, *fetch_user_agent;
    size_t fetch_threads, fetch_queue_length, fetch_timeout_ms, fetch_max_bytes;
    size_t stuck_after_ms;
    size_t idle_timeout_s;
    size_t drain_timeout_ms;
    const char *log_format_name;
    enum log_format log_format;
    bool checking;   /* --check-config was given */
    char *file_text; /* which texts above may point into */
};

enum config_outcome { CONFIG_RUN, CONFIG_DONE, CONFIG_WRONG, CONFIG_PRINT, CONFIG_CHECK, CONFIG_HEALTHCHECK };

/* Defaults, then the file, then DUIDER_* variables, then arguments. Prints what was asked for (CONFIG_DONE) or what is wrong. */
enum config_outcome config_read(int argc, char **argv, struct config *config);
void config_free(struct config *config);
/* Settings that can't change while the server runs stay as they were; says so. */
void config_keep_fixed(const struct config *running, struct config *config);
/* The whole of a file of settings or keys, for free(); NULL after saying why not. */
char *config_read_file(const char *path);

/* ---- clock.c: of monotonic times ---- */

double ms_since(const struct timespec *start);
struct timespec time_after(struct timespec time, size_t ms);
/* That long from now. */
struct timespec deadline_after(size_t ms);

/* ---- keys.c: who may call ---- */

struct keys;

/* NULL after saying why not. */
struct keys *keys_read(const char *path);
void keys_free(struct keys *keys);
/* The name of the key, which lives as long as `keys`; NULL: there is no such key. */
const char *keys_find(const struct keys *keys, const char *token);
/* --new-key: prints a new key, and its line for the file. */
bool keys_make(const char *name);

/* ---- rates.c: how often ---- */

struct rates;

struct rate {
    bool allowed;
    size_t limit, remaining; /* tokens; limit 0: there is no limit */
    size_t reset_s, retry_s; /* until the bucket is full; until there is a token */
};

/* NULL: no memory. */
struct rates *rates_new(void);
void rates_free(struct rates *rates);
/* Takes a token of the client, whose name has so many bytes, where there is one. */
struct rate rates_take(struct rates *rates, const void *client, size_t bytes, size_t per_minute, size_t burst);
/* Takes them whether they are there or not: what is missing must come back first. */
struct rate rates_charge(struct rates *rates, const void *client, size_t bytes, size_t per_minute, size_t burst, size_t tokens);

/* ---- tls.c ---- */

struct tls;

/* A chain of certificates and the key of its first, as PEM. NULL after saying why not. */
struct tls *tls_read(const char *chain_path, const char *key_path);
void tls_free(struct tls *tls);
/* Takes the pair: handshakes from now on have it. NULL: none. */
void tls_use(struct tls *tls);
/* For libmicrohttpd. */
const struct MHD_OptionItem *tls_options(void);
/* The first bytes of what is answered to a question, whoever the other side may be. */
bool tls_ask(int connection, const char *question, size_t bytes, char *answer, size_t answer_bytes, unsigned timeout_ms);

/* ---- healthcheck.c ---- */

/* Asks the server that runs with this configuration whether it is ready; says why where it is not. */
bool healthcheck(const struct config *config);

/* ---- queue.c: jobs and workers ---- */

struct job {
    const char *text;    /* as it was sent; borrowed, as all that the job points to, until it is released */
    size_t text_bytes;   /* when it is done: of the text that was annotated */
    const char *url;     /* where the text is to be fetched; or NULL */
    char *fetched;       /* what was there, freed when the job is done */
    unsigned refused;    /* of HTTP: why nothing was, in error.message; 0: something was, or there is no URL */
    double fetch_ms;
    bool is_html;
    bool encoded;        /* its charset is to be found, */
    const char *charset; /* unless the sender said: of charset_find, or NULL */
    const char *title;   /* or NULL */
    const char *id;      /* or NULL */
    const char *pointer; /* JSON Pointer to where the text was; NULL: in no JSON */
    duider_options options;
    struct timespec deadline; /* monotonic */
    size_t queue_timeout_ms;  /* 0: it may wait for ever */
    struct timespec queued;   /* from here on the queue's */
    size_t queued_bytes;
    bool overdue; /* it waited longer than that: status is CANCELLED */
    bool stuck;   /* its worker did not come back in time: status is CANCELLED */
    double waited_ms, ran_ms;
    bool reserved;         /* of a batch: the queue has room for it beside its length, and time in it does not count */
    const atomic_bool *abandoned; /* true: nobody waits for it any more; or NULL */
    duider_status status;
    duider_error error;
    char *json; /* for duider_string_free; NULL where status is not OK */
    size_t json_bytes;
    void (*done)(void *payload);     /* the status is there; the worker calls it, or the main thread where it gave the job up */
    void (*released)(void *payload); /* nothing reads any more what the job borrowed, nor the job; the last call */
    void *payload;
    struct job *next; /* the queue's */
};

struct queue;

struct queue_counts {
    size_t waiting, running;
    size_t workers, stuck; /* that take jobs; that do not come back from one */
};

/* `reserved`: room for jobs that are marked so. The workers begin to get ready. NULL: no memory or no thread. */
struct queue *queue_new(size_t workers, size_t length, size_t reserved);

/* What they annotate with; it must outlive the queue. Once, before the first job; returns when every worker is ready. */
void queue_set_model(struct queue *queue, const duider_model *model);

/* False: the queue is full or stopping, every worker is stuck, or the job would wait longer than it may; it was not taken. */
bool queue_submit(struct queue *queue, struct job *job);

struct queue_counts queue_counts(struct queue *queue);

/* In the queue where it is: longer than it may? */
bool job_has_waited_too_long(const struct job *job);

/* Now and then: gives up jobs that are past their deadline, those that wait at once and those that run after so long; other threads take the place of stuck workers. */
void queue_check(struct queue *queue, size_t stuck_after_ms);

/* Finishes every job taken, then ends the workers: none may be stuck. */
void queue_free(struct queue *queue);

/* ---- socket.c: where the server listens ---- */

struct socket {
    int number;
    bool passed;      /* by systemd, whose it stays */
    const char *path; /* to be removed; NULL: none */
    char name[160];
};

/* Where the settings say that the server is; 0 after saying that they name no address. */
socklen_t socket_address(const struct config *config, struct sockaddr_storage *address);
/* False after saying why not; to be closed then too. */
bool socket_open(struct socket *opened, const struct config *config);
/* No new connections. */
void socket_refuse(struct socket *opened);
void socket_close(struct socket *opened);

/* ---- article.c: what was sent -> the text to annotate ---- */

struct html_span;

struct article {
    const char *text;
    size_t text_bytes;
    char *made; /* what of it is not the job's */
    struct html_span *captions;
    size_t caption_count;
};

/* Where the text is not the job's, its result will carry it. Release with article_free, whatever the status. */
duider_status article_read(struct job *job, struct article *article, duider_error *error);
void article_free(struct article *article);
/* Adds the member to the result of a page. */
duider_status article_add_captions(const struct article *article, struct job *job);

/* ---- charset.c ---- */

struct utf8 {
    char *bytes; /* for free() */
    size_t count;
};

/* The charset of that label, as iconv calls it; NULL: none that is read here. */
const char *charset_find(const char *label, size_t bytes);
/* `declared`: of charset_find, or NULL. Bad sequences become U+FFFD. Fails with BAD_ARGUMENT (unknown charset), NO_MEMORY. */
duider_status charset_decode(const char *bytes, size_t count, const char *declared, bool html, struct utf8 *utf8, duider_error *error);

/* ---- html.c ---- */

struct html_text;

/*
 * UTF-8 without NULs -> its article (see html.h), headed by `title` or, where that is NULL, by its own. `options` says when to stop. Fails with EMPTY_TEXT,
 * BAD_ARGUMENT (nested too deep), TOO_LONG (too many elements), CANCELLED, NO_MEMORY.
 */
duider_status html_read(const char *html, size_t bytes, const char *title, const duider_options *options, struct html_text *text, duider_error *error);

/* ---- fetch.c: jobs with a URL ---- */

struct fetcher;
struct problem;
struct server;

/* Are the settings in order? Says so where they are not. */
bool fetch_check(const struct config *config);
/* For a server with a queue; `reserved`: as of that. NULL: no memory or no thread. */
struct fetcher *fetch_new(const struct server *server, size_t reserved);
/* False with *problem for a job with a URL where none are fetched. */
bool fetch_is_allowed(const struct server *server, const struct job *job, struct problem *problem);
/* To the fetcher or the queue. False: it was full or stopping; the job was not taken. */
bool job_submit(struct server *server, struct job *job);
struct queue_counts fetch_counts(struct fetcher *fetcher);
/* Finishes every job taken, then ends its threads. */
void fetch_free(struct fetcher *fetcher);

/* ---- addresses.c ---- */

struct sockaddr;

/* Is it a public address, or in the list? */
bool address_may_be_reached(const struct sockaddr *address, const char *allowed);
/* "10.0.0.0/8, ::1": addresses, with how many bits of them count. */
bool addresses_are_valid(const char *list);

/* ---- the server: what lasts, and what SIGHUP replaces ---- */

/* Draining: no new connections, and each open one gets one more answer. Stopped: nothing is taken any more. */
enum phase { PHASE_LOADING, PHASE_READY, PHASE_DRAINING, PHASE_STOPPED };

struct metrics;

struct listener {
    _Atomic(enum phase) phase;
    atomic_size_t open_requests;
    atomic_size_t batches; /* being answered */
    atomic_size_t stuck_workers;
    struct metrics *metrics;
    struct rates *key_rates, *address_rates;
    struct watch *watch;
    struct MHD_Daemon *daemon;
    struct socket socket;
    bool tls;
    pthread_mutex_t lock; /* of what follows, which the main thread changes */
    struct server *server;
};

struct server {
    struct listener *listener;
    struct config config;
    struct keys *keys;    /* NULL: everybody may call */
    struct tls *tls;      /* until tls.c uses it */
    duider_model *model;  /* both NULL while loading; written before phase becomes READY */
    struct queue *queue;
    struct fetcher *fetcher; /* NULL: nothing is fetched, or likewise */
    atomic_size_t requests; /* that began with it and are not over */
    struct server *older;   /* which some requests may still have */
};

/* ---- server.c ---- */

/* Takes what `config` owns, reads the keys. NULL after saying why not. */
struct server *server_new(struct listener *listener, struct config *config);
/* Opens the model, starts the workers; false after saying why not. */
bool server_load(struct server *server);
/* Finishes its jobs; no worker may be stuck. */
void server_free(struct server *server);
/* Now and then: what takes too long is given up, with the older servers too; those that no request has any more are freed. */
void server_check(struct listener *listener);
/* Another server for the requests that come from now on; what can't be read leaves things as they are. */
void server_reload(struct listener *listener, int argc, char **argv);

struct route;
struct batch;

struct problem {
    unsigned status; /* of the answer; 0: there is none */
    char detail[DUIDER_ERROR_MESSAGE_BYTES + 64];
    char pointer[32]; /* JSON Pointer to the bad member; "" for none */
};

/* ---- negotiate.c: content codings, and what a client says of them ---- */

#define CODINGS_READ "gzip, deflate, br, zstd" /* in bodies of requests */

enum coding { CODING_IDENTITY, CODING_GZIP, CODING_DEFLATE, CODING_BR, CODING_ZSTD, CODING_UNKNOWN };

struct request;

/* Adds those of a Content-Encoding to what others said. */
void negotiate_add_coding(enum coding *coding, const char *value);
/* The coding of the request's body; UNKNOWN where it has more than one, too. */
enum coding negotiate_body(const struct request *request);
/* What Accept-Encoding wants of the codings that answers may have: request->answer_coding, request->compress_from. */
void negotiate_answer(struct request *request);
/* Does Accept take the type? */
bool negotiate_takes(const struct request *request, const char *type);
/* Does If-None-Match name the tag? */
bool negotiate_is_held(const struct request *request, const char *etag);
/* "gzip" */
const char *negotiate_coding_name(enum coding coding);

/* ---- compress.c ---- */

struct compressor;

/* For GZIP, BR or ZSTD. NULL: no memory. */
struct compressor *compressor_new(enum coding coding);
void compressor_free(struct compressor *compressor);
/* The coded form of the next piece, for free(); who has it and those before can decode all of them. `last`: none follows. NULL: no memory. */
char *compressor_run(struct compressor *compressor, const char *data, size_t bytes, bool last, size_t *coded_bytes);

/* ---- decompress.c ---- */

struct decompressor;

/* For GZIP, DEFLATE, BR or ZSTD. NULL: no memory. */
struct decompressor *decompressor_new(enum coding coding);
void decompressor_free(struct decompressor *decompressor);
/* Gives what the bytes hold to `take`, piece by piece, until that says false. False: the bytes are not of that coding. */
bool decompressor_run(struct decompressor *decompressor, const char *data, size_t bytes, bool (*take)(void *payload, const char *data, size_t bytes), void *payload);
/* Is what came so far whole? */
bool decompressor_is_at_end(const struct decompressor *decompressor);

/* ---- body.c ---- */

/* Adds a piece of the body as it is sent; what lies over a limit is counted and dropped. */
void body_add(struct request *request, const char *data, size_t bytes);
/* Of the body so far, as if it were all; false with *problem. */
bool body_check(struct request *request, struct problem *problem);

/* ---- listener.c: one HTTP request ---- */

enum {
    REQUEST_ID_BYTES = 65,
    DISCARD_BYTES_MAX = 64 * 1024 * 1024 /* so much of a body that is too large is still read, so that its sender sees the answer */
};

struct request {
    struct server *server;
    atomic_uint holders; /* the listener, and the queue while it has the job; the last one frees */
    struct MHD_Connection *connection;
    const char *method, *path; /* path: static string of the route once routed, else "-" */
    char id[REQUEST_ID_BYTES]; /* the client's X-Request-Id, or one of our own */
    const char *key;           /* name of the API key it came with; NULL: none was asked for, or none fits */
    struct rate rate;
    struct timespec start;
    char *body;
    size_t body_bytes, body_capacity, received;
    struct problem refusal; /* by the headers */
    bool begun; /* the route was looked up */
    size_t body_limit;
    bool late;  /* it came when nothing was taken any more */
    bool too_large, too_dense, corrupt, no_memory; /* what is wrong with the body */
    enum coding coding;                            /* of the body */
    struct decompressor *decompressor;             /* NULL: not begun */
    atomic_bool left; /* the client did */
    bool submitted; /* a worker has, or had, the job */
    bool refused;   /* the queue was full */
    const struct route *route; /* NULL where the headers were answered */
    json_t *input; /* parsed body, which the job's strings point into */
    struct job job;
    _Atomic(struct batch *) batch; /* NULL: none */
    enum coding answer_coding; /* that it is to have; IDENTITY: none */
    size_t compress_from;      /* smaller answers stay as they are */
    bool coded;                /* the answer has it */
    char etag[24];   /* of a page that caches may keep; "": for other answers, which they may not */
    unsigned status; /* of the answer, for the log */
    size_t answer_bytes;
};

/* Requests get `server`. False after saying why not; to be stopped then too. */
bool listener_start(struct listener *listener, struct server *server);
/* Takes no new connections; waits until open requests are answered, then takes no requests; or `timeout_ms` have passed, or `interrupted` says so. */
void listener_drain(struct listener *listener, size_t timeout_ms, bool (*interrupted)(void));
/* But for the metrics, which jobs that nobody waits for may still be counted in. */
void listener_stop(struct listener *listener);

/* One holder fewer. */
void request_release(void *request);
/* Its client is gone: what is done for it ends. Any thread may say so while the request is not over. */
void request_leave(struct request *request);

/* ---- watch.c: connections that send no request in time, or whose client left ---- */

struct watch *watch_new(const struct config *config);
void watch_free(struct watch *watch);
/* For MHD_OPTION_NOTIFY_CONNECTION; `payload` is the watch. */
void watch_connection(void *payload, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code);
/* The connection's request: its headers are there; or NULL: it is over. */
void watch_request(struct watch *watch, struct MHD_Connection *connection, struct request *request);
/* The answer goes out before the body came: its connection closes slowly, so that the client can read it. */
void watch_linger(struct watch *watch, struct MHD_Connection *connection);
/* Shuts what is past its time, tells the requests whose client is gone. True: something is lingering, call again soon. */
bool watch_cut(struct watch *watch);

/* ---- guard.c: what comes before the work ---- */

bool guard_check_headers(struct request *request, const char *url, struct problem *problem);
/* The request turned out to hold so many articles: they count as that many requests. */
void guard_charge(struct request *request, size_t articles);
void guard_add_headers(const struct request *request, unsigned status, struct MHD_Response *response);

/* ---- router.c ---- */

enum body { BODY_NONE, BODY_ARTICLE, BODY_BATCH };

struct route {
    const char *method, *path;
    enum MHD_Result (*handle)(struct request *request);
    enum body body;
    const char *type; /* of what it answers, errors aside */
    bool is_demo;     /* there only where the configuration wants the demo page */
};

/* Largest body under that path. */
size_t router_body_limit(const struct config *config, const char *url);

/* The path as a string that lasts; "-": there is none such. */
const char *router_known_path(const char *url);

/* Does a request to it need an API key, where there are some? */
bool router_is_guarded(const char *method, const char *url);

/* Paths in the order of the table, each once; NULL behind the last. */
const char *router_path(size_t index);

/* The route for the request, or NULL after an answer (404, 405, OPTIONS) was queued, whose outcome is in *answered. */
const struct route *router_find(struct request *request, const char *url, enum MHD_Result *answered);

/* ---- handlers.c ---- */

enum MHD_Result handle_annotate(struct request *request);
/* False with *problem while there are no workers. */
bool can_annotate(const struct request *request, struct problem *problem);
/* What a job's status, which is not OK, says to the client. */
void problem_of_job(const struct job *job, struct problem *problem);
enum MHD_Result handle_live(struct request *request);
enum MHD_Result handle_ready(struct request *request);
enum MHD_Result handle_info(struct request *request);
enum MHD_Result handle_metrics(struct request *request);

/* ---- pages.c ---- */

enum MHD_Result handle_openapi_yaml(struct request *request);
enum MHD_Result handle_openapi_json(struct request *request);
enum MHD_Result handle_demo_html(struct request *request);
enum MHD_Result handle_demo_css(struct request *request);
enum MHD_Result handle_demo_js(struct request *request);

/* ---- batch.c ---- */

enum MHD_Result handle_batch(struct request *request);
/* Articles of one batch that are in work at the same time. */
size_t batch_window(const struct config *config);
/* The request is over: cancels what still runs. */
void batch_end(struct request *request);
/* The request has left: a batch that sleeps wakes up, and ends. */
void batch_leave(struct request *request);

/* ---- metrics.c: what operators count, as Prometheus reads it ---- */

/* NULL: no memory. */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);
/* The request was answered, or its client left (status 0). */
void metrics_count(struct metrics *metrics, const struct request *request);
void metrics_count_reload(struct metrics *metrics, bool done);
/* A worker is through with the job. */
void metrics_count_article(struct metrics *metrics, const struct job *job);
/* A page was fetched (status 200) or not (that of the answer). */
void metrics_count_fetch(struct metrics *metrics, unsigned status, size_t bytes, double ms);
/* All of it as text, for free(); NULL: no memory. */
char *metrics_text(const struct request *request, size_t *bytes);

/* ---- input.c: body -> job ---- */

enum media { MEDIA_JSON, MEDIA_TEXT, MEDIA_HTML, MEDIA_NDJSON, MEDIA_OTHER };

/*
 * "text/html; charset=latin1" (NULL: MEDIA_OTHER): the type; *charset as charset_find says, NULL where none is named; *readable false where a request may not come in it.
 */
enum media media_of(const char *type, const char **charset, bool *readable);

/* Fills request->job from the body and the headers; false with *problem. */
bool input_read(struct request *request, struct problem *problem);

/* Fills request->id from X-Request-Id, where that is 1 to 64 of A-Z a-z 0-9 . _ -; else makes one. */
void input_read_id(struct request *request);

/* Do the headers say clearly where the request ends? Where they do not, the connection can't be used any more. */
bool input_check_framing(const struct request *request, struct problem *problem);

bool input_has_body(const struct request *request);

/* Should the answer to the headers, if they are refused, go out before the body comes? */
bool input_is_to_be_checked_first(const struct request *request);

/* Checks of the headers of a request with a body. */
bool input_check_headers(struct request *request, enum body body, struct problem *problem);

/* Query parameters -> options, from the defaults on. */
bool input_read_query(struct request *request, duider_options *options, struct problem *problem);
bool input_is_ndjson(const struct request *request);
/* NULL with *problem. */
json_t *input_parse(const char *json, size_t bytes, size_t depth_max, struct problem *problem);
/* Members of an article -> job, whose strings point into `article`. */
bool input_read_article(const json_t *article, struct job *job, struct problem *problem);

/* ---- cors.c ---- */

/* Lets the request's page read the answer, if its origin may; respond.c adds Vary. */
void cors_add_headers(const struct request *request, struct MHD_Response *response);

/* ---- respond.c ---- */

/*
 * The body in the coding that its client wants, for free(), with its size in *bytes; NULL: it is sent as it is. Any thread may do this before the answer is
 * queued, one a request.
 */
char *respond_compress(struct request *request, const char *body, size_t *bytes);
/* Queues an answer. `body` is copied; it is compressed unless it already was. */
enum MHD_Result respond(struct request *request, unsigned status, const char *type, const char *body, size_t bytes);
enum MHD_Result respond_problem(struct request *request, const struct problem *problem);
/* The body comes from `reader`, whose payload must live until the request ends. */
enum MHD_Result respond_stream(struct request *request, const char *type, MHD_ContentReaderCallback reader, void *payload);
/* "Not Found" of 404. */
const char *status_title(unsigned status);
enum MHD_Result respond_empty(struct request *request, unsigned status, const char *header, const char *value);
enum MHD_Result respond_method_not_allowed(struct request *request, const char *allow);

/* ---- embedded.c ---- */

extern const char openapi_yaml[], openapi_json[], demo_html[], demo_css[], demo_js[];
extern const uint64_t openapi_yaml_bytes, openapi_json_bytes, demo_html_bytes, demo_css_bytes, demo_js_bytes;

#endif
