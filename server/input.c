/* What a client sends -> a job: header checks, media types, JSON members, query parameters. Says what is wrong without repeating the text. */
#include "server.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static bool wrong(struct problem *problem, unsigned status, const char *pointer, const char *detail)
{
    problem->status = status;
    snprintf(problem->pointer, sizeof problem->pointer, "%s", pointer);
    snprintf(problem->detail, sizeof problem->detail, "%s", detail);
    return false;
}

static const char *header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* ---- headers ---- */

struct framing {
    size_t lengths, encodings;
    bool unclear;
};

static enum MHD_Result count_framing(void *payload, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct framing *framing = payload;
    bool encoding = strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
    framing->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    framing->encodings += encoding;
    framing->unclear |= encoding && (!value || strcasecmp(value, "chunked") != 0);
    framing->unclear |= strpbrk(name, " \t") != NULL; /* "Content-Length : 5": others may read it as a length */
    return MHD_YES;
}

bool input_check_framing(const struct request *request, struct problem *problem)
{
    struct framing framing = {0, 0, false};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_framing, &framing);
    if (framing.lengths + framing.encodings > 1) /* two ways to say where the body ends: request smuggling */
        return wrong(problem, 400, "", "Content-Length and Transfer-Encoding must stand once, and not together");
    return !framing.unclear || wrong(problem, 400, "", "Transfer-Encoding must be chunked, and no blank may stand before a header's colon");
}

/* What Content-Length says; 0 where there is none. libmicrohttpd has refused what is no number. */
static unsigned long long announced_bytes(const struct request *request)
{
    const char *length = header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length ? strtoull(length, NULL, 10) : 0;
}

bool input_has_body(const struct request *request)
{
    return announced_bytes(request) > 0 || header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

bool input_is_to_be_checked_first(const struct request *request)
{
    return header(request, MHD_HTTP_HEADER_EXPECT) || announced_bytes(request) > DISCARD_BYTES_MAX;
}

/* ---- the request's id ---- */

void input_read_id(struct request *request)
{
    static atomic_uint_fast64_t made;
    const char *given = header(request, "X-Request-Id");
    size_t length = given ? strspn(given, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") : 0;
    if (length > 0 && length < sizeof request->id && !given[length])
        memcpy(request->id, given, length + 1);
    else /* unlike those of this and of earlier runs */
        snprintf(request->id, sizeof request->id, "%llx-%llx", (unsigned long long)time(NULL) << 20 | (unsigned long long)getpid(),
                 (unsigned long long)atomic_fetch_add(&made, 1));
}

/* ---- media type ---- */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

enum media media_of(const char *type, const char **charset, bool *readable)
{
    static const struct {
        const char *name;
        enum media media;
    } types[] = {{"application/json", MEDIA_JSON}, {"application/x-ndjson", MEDIA_NDJSON}, {"text/plain", MEDIA_TEXT}, {"text/html", MEDIA_HTML},
                 {"application/xhtml+xml", MEDIA_HTML}};
    *charset = NULL;
    *readable = true;
    if (!type)
        return MEDIA_OTHER;
    enum media media = MEDIA_OTHER;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is_word(type, strcspn(type, "; \t"), types[i].name))
            media = types[i].media;
    for (const char *parameter = strchr(type, ';'); parameter; parameter = strchr(parameter, ';')) {
        parameter = skip_blanks(parameter + 1);
        if (strncasecmp(parameter, "charset=", 8) == 0) {
            const char *value = parameter + 8 + (parameter[8] == '"');
            size_t length = strcspn(value, "\"; \t");
            bool utf8 = is_word(value, length, "utf-8") || is_word(value, length, "utf8") || is_word(value, length, "us-ascii");
            *charset = charset_find(value, length);
            *readable = utf8 || (media == MEDIA_HTML && *charset);
        }
    }
    return media;
}

bool input_check_headers(struct request *request, enum body body, struct problem *problem)
{
    if (!header(request, MHD_HTTP_HEADER_CONTENT_LENGTH) && !header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING))
        return wrong(problem, 411, "", "Content-Length or chunked transfer encoding is needed");
    if (request->coding == CODING_UNKNOWN)
        return wrong(problem, 415, "", "Content-Encoding must be one of " CODINGS_READ);
    const char *charset;
    bool readable;
    enum media media = media_of(header(request, MHD_HTTP_HEADER_CONTENT_TYPE), &charset, &readable);
    if (body == BODY_BATCH && ((media != MEDIA_JSON && media != MEDIA_NDJSON) || !readable))
        return wrong(problem, 415, "", "send application/json or application/x-ndjson, in UTF-8");
    if (media == MEDIA_OTHER || (media == MEDIA_NDJSON && body != BODY_BATCH))
        return wrong(problem, 415, "", "send application/json, text/plain or text/html");
    if (!readable)
        return wrong(problem, 415, "", media == MEDIA_HTML ? "the HTML is in a charset that is not read here" : "send JSON and plain text in UTF-8");
    request->too_large |= announced_bytes(request) > request->body_limit;
    return true;
}

/* ---- options ---- */

static bool read_language(const char *value, const char *pointer, duider_options *options, struct problem *problem)
{
    return (value && duider_language_from_name(value, &options->language)) ||
           wrong(problem, 422, pointer, "language must be one of auto, nl, en, de");
}

static bool read_offsets(const char *value, const char *pointer, duider_options *options, struct problem *problem)
{
    return (value && duider_offsets_from_name(value, &options->offsets)) ||
           wrong(problem, 422, pointer, "offsets must be one of codepoints, utf16, bytes");
}

static bool read_include(const json_t *value, duider_options *options, struct problem *problem)
{
    size_t index;
    const json_t *item;
    bool fine = json_is_array(value);
    options->include = 0;
    json_array_foreach(value, index, item) {
        const char *name = json_string_value(item);
        unsigned include = 0;
        fine = fine && name && duider_include_from_name(name, &include);
        options->include |= include;
    }
    return fine || wrong(problem, 422, "/include", "include must be an array of entities, quotes, sentiment, sentences, text");
}

struct query {
    duider_options *options;
    struct problem *problem;
    bool fine;
};

static enum MHD_Result read_parameter(void *payload, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct query *query = payload;
    if (strcmp(name, "language") == 0)
        query->fine = read_language(value, "", query->options, query->problem);
    else if (strcmp(name, "offsets") == 0)
        query->fine = read_offsets(value, "", query->options, query->problem);
    else
        query->fine = wrong(query->problem, 422, "", "unknown query parameter; there are language and offsets");
    return query->fine ? MHD_YES : MHD_NO;
}

/* ---- JSON ---- */

/* jansson would recurse as deep as the input says. */
static bool is_shallow(const char *json, size_t bytes, size_t most)
{
    size_t depth = 0;
    bool string = false;
    for (size_t i = 0; i < bytes; i++) {
        if (string && json[i] == '\\') {
            i++; /* what is escaped ends no string */
        } else if (string) {
            string = json[i] != '"';
        } else if (json[i] == '"') {
            string = true;
        } else if (json[i] == '{' || json[i] == '[') {
            if (++depth > most)
                return false;
        } else if ((json[i] == '}' || json[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

bool input_read_article(const json_t *article, struct job *job, struct problem *problem)
{
    const char *name;
    json_t *value;
    if (!json_is_object(article))
        return wrong(problem, 422, "", "an article must be a JSON object");
    json_object_foreach((json_t *)(uintptr_t)article, name, value) {
        const char *text = json_string_value(value);
        if (strcmp(name, "id") == 0) {
            if (!text && !json_is_null(value))
                return wrong(problem, 422, "/id", "id must be a string or null");
            job->id = text;
        } else if (strcmp(name, "text") == 0 || strcmp(name, "html") == 0 || strcmp(name, "url") == 0) {
            const char *pointer = name[0] == 't' ? "/text" : name[0] == 'h' ? "/html" : "/url";
            if (!text || job->pointer)
                return wrong(problem, 422, pointer, "text, html or url, one of them, must be a string");
            *(name[0] == 'u' ? &job->url : &job->text) = text;
            job->text_bytes = name[0] == 'u' ? 0 : json_string_length(value);
            job->is_html = name[0] == 'h';
            job->pointer = pointer;
        } else if (strcmp(name, "title") == 0) {
            if (!text && !json_is_null(value))
                return wrong(problem, 422, "/title", "title must be a string or null");
            job->title = text;
        } else if (strcmp(name, "language") == 0) {
            if (!read_language(text, "/language", &job->options, problem))
                return false;
        } else if (strcmp(name, "offsets") == 0) {
            if (!read_offsets(text, "/offsets", &job->options, problem))
                return false;
        } else if (strcmp(name, "include") == 0) {
            if (!read_include(value, &job->options, problem))
                return false;
        } else {
            return wrong(problem, 422, "", "unknown member; there are id, text, html, url, title, language, offsets, include");
        }
    }
    return job->pointer || wrong(problem, 422, "/text", "text, html or url is missing");
}

json_t *input_parse(const char *json, size_t bytes, size_t depth_max, struct problem *problem)
{
    if (!is_shallow(json, bytes, depth_max)) {
        wrong(problem, 400, "", "the JSON is nested too deep");
        return NULL;
    }
    json_error_t where;
    json_t *parsed = json_loadb(json, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &where); /* no number is wanted anywhere */
    if (!parsed) {
        wrong(problem, 400, "", "");
        enum json_error_code code = json_error_code(&where);
        const char *what = code == json_error_null_character || code == json_error_null_byte_in_key ? "\\u0000 is not allowed in a string"
                           : code == json_error_invalid_utf8                                        ? "the body is not UTF-8"
                           : code == json_error_duplicate_key                                       ? "a member stands twice"
                           : code == json_error_numeric_overflow                                    ? "a number is too large"
                                                                                                    : "the body is not JSON";
        snprintf(problem->detail, sizeof problem->detail, "%s (line %d, byte %d)", what, where.line, where.position);
    }
    return parsed;
}

bool input_is_ndjson(const struct request *request)
{
    const char *charset;
    bool readable; /* true, as input_check_headers saw */
    return media_of(header(request, MHD_HTTP_HEADER_CONTENT_TYPE), &charset, &readable) == MEDIA_NDJSON;
}

bool input_read_query(struct request *request, duider_options *options, struct problem *problem)
{
    *options = (duider_options)DUIDER_OPTIONS_INIT;
    struct query query = {options, problem, true};
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, read_parameter, &query);
    return query.fine;
}

bool input_read(struct request *request, struct problem *problem)
{
    if (!input_read_query(request, &request->job.options, problem))
        return false;
    struct job *job = &request->job;
    bool readable; /* true, as input_check_headers saw */
    enum media media = media_of(header(request, MHD_HTTP_HEADER_CONTENT_TYPE), &job->charset, &readable);
    if (media == MEDIA_JSON) {
        request->input = input_parse(request->body ? request->body : "", request->body_bytes, request->server->config.max_json_depth, problem);
        return request->input && input_read_article(request->input, job, problem);
    }
    job->text = request->body ? request->body : "";
    job->text_bytes = request->body_bytes;
    job->is_html = job->encoded = media == MEDIA_HTML;
    return true;
}
