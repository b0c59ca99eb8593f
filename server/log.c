/*
 * Lines on standard error: plain sentences until the settings are read, then logfmt or JSON, an object a line. Never text of an article nor an API key, and of
 * what clients send only what was checked.
 */
#include "server.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const format_names[] = {[LOG_PLAIN] = "plain", [LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json"};
static const char *const level_names[] = {[LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};
static _Atomic(enum log_format) format_in_use = LOG_PLAIN;

bool log_format_from_name(const char *name, enum log_format *format)
{
    for (enum log_format i = LOG_LOGFMT; i <= LOG_JSON; i++)
        if (strcmp(name, format_names[i]) == 0)
            return *format = i, true;
    return false;
}

void log_set_format(enum log_format format)
{
    atomic_store(&format_in_use, format);
}

/* May it stand in logfmt without quotes? */
static bool is_bare(const char *text)
{
    const char *c = text;
    while (*c && !isspace((unsigned char)*c) && !iscntrl((unsigned char)*c) && !strchr("=\"\\", *c))
        c++;
    return c > text && !*c;
}

static void write_logfmt(FILE *out, json_t *fields)
{
    const char *name, *separator = "";
    json_t *value;
    json_object_foreach(fields, name, value) {
        const char *text = json_string_value(value);
        const bool bare = text && is_bare(text);
        char *encoded = bare ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
        fprintf(out, "%s%s=%s", separator, name, bare ? text : encoded ? encoded : "?");
        free(encoded);
        separator = " ";
    }
}

/* Takes the object, which is NULL where memory was short. */
static void write_line(enum log_format format, json_t *fields)
{
    char *line = NULL;
    size_t bytes = 0;
    FILE *out = fields ? open_memstream(&line, &bytes) : NULL;
    if (out) {
        if (format == LOG_JSON)
            json_dumpf(fields, out, JSON_COMPACT | JSON_REAL_PRECISION(12));
        else
            write_logfmt(out, fields);
        fputc('\n', out);
        if (fclose(out) == 0)
            fwrite(line, 1, bytes, stderr);
        free(line);
    }
    json_decref(fields);
}

static json_t *new_line(enum log_level level)
{
    struct timespec now;
    struct tm utc;
    char time[40];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(time, sizeof time, "%FT%T", &utc);
    snprintf(time + length, sizeof time - length, ".%03ldZ", now.tv_nsec / 1000000);
    return json_pack("{s:s, s:s}", "time", time, "level", level_names[level]);
}

void log_message(enum log_level level, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const enum log_format in_use = atomic_load(&format_in_use);
    if (in_use == LOG_PLAIN) {
        fprintf(stderr, "duider-server: %s\n", text);
        return;
    }
    json_t *line = new_line(level);
    json_t *message = json_string(text);
    json_object_set_new(line, "msg", message ? message : json_string("not UTF-8"));
    write_line(in_use, line);
}

void log_request(const struct request *request)
{
    double ms = ms_since(&request->start);
    json_t *line = new_line(LOG_INFO);
    json_t *about = json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:f, s:s*}", "msg", "request", "id", request->id, "method", request->method, "path",
                              request->path, "status", (int)request->status, "in", (json_int_t)request->received, "out", (json_int_t)request->answer_bytes, "ms",
                              round(ms * 10) / 10, "key", request->key);
    json_object_update(line, about);
    json_decref(about);
    write_line(atomic_load(&format_in_use), line);
}
