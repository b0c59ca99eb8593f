/*
 * What a client sent -> the text that is annotated: the article of a page, a headline before it. Workers do this. Where the text is not the one that was sent, the
 * result carries it.
 */
#include "html.h"
#include "server.h"

#include <stdlib.h>
#include <string.h>

static duider_status no_memory(duider_error *error)
{
    error->status = DUIDER_NO_MEMORY;
    snprintf(error->message, sizeof error->message, "memory is short");
    return DUIDER_NO_MEMORY;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* ---- the headline ---- */

/* With single blanks, and none at the ends. */
static char *one_line(const char *text)
{
    char *line = malloc(strlen(text) + 1);
    size_t bytes = 0;
    if (!line)
        return NULL;
    for (; *text; text++)
        if (!is_blank(*text))
            line[bytes++] = *text;
        else if (bytes && line[bytes - 1] != ' ')
            line[bytes++] = ' ';
    bytes -= bytes && line[bytes - 1] == ' ';
    line[bytes] = 0;
    return line;
}

/* Is `line` the first paragraph, or line, of the text? */
static bool begins_with(const char *text, size_t bytes, const char *line)
{
    size_t at = 0;
    while (at < bytes && is_blank(text[at]))
        at++;
    for (; *line; line++) {
        if (at == bytes || (*line == ' ' ? !is_blank(text[at]) : *line != text[at]))
            return false;
        for (at++; *line == ' ' && at < bytes && is_blank(text[at]); at++) {
        }
    }
    while (at < bytes && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r'))
        at++;
    return at == bytes || text[at] == '\n';
}

static duider_status put_before(struct article *article, const char *title, duider_error *error)
{
    size_t title_bytes = strlen(title);
    if (begins_with(article->text, article->text_bytes, title))
        return DUIDER_OK;
    article->made = malloc(title_bytes + 2 + article->text_bytes + 1);
    if (!article->made)
        return no_memory(error);
    memcpy(article->made, title, title_bytes);
    memcpy(article->made + title_bytes, "\n\n", 2);
    memcpy(article->made + title_bytes + 2, article->text, article->text_bytes);
    article->text = article->made;
    article->text_bytes += title_bytes + 2;
    return DUIDER_OK;
}

/* ---- the text ---- */

static duider_status read_page(const struct job *job, const char *title, struct article *article, duider_error *error)
{
    struct html_text page = {0};
    duider_status status = html_read(article->text, article->text_bytes, title, &job->options, &page, error);
    article->text = article->made = page.text;
    article->text_bytes = page.bytes;
    article->captions = page.captions;
    article->caption_count = page.caption_count;
    return status;
}

duider_status article_read(struct job *job, struct article *article, duider_error *error)
{
    struct utf8 decoded = {0};
    char *title = one_line(job->title ? job->title : "");
    duider_status status = title ? DUIDER_OK : no_memory(error);
    article->text = job->text;
    article->text_bytes = job->text_bytes;
    if (status == DUIDER_OK && job->encoded) {
        status = charset_decode(job->text, job->text_bytes, job->charset, job->is_html, &decoded, error);
        article->text = decoded.bytes;
        article->text_bytes = decoded.count;
    }
    if (status == DUIDER_OK && job->is_html)
        status = read_page(job, *title ? title : NULL, article, error);
    else if (status == DUIDER_OK && *title)
        status = put_before(article, title, error);
    if (job->is_html || job->encoded || (title && *title))
        job->options.include |= DUIDER_INCLUDE_TEXT;
    if (article->text == decoded.bytes)
        article->made = decoded.bytes;
    else
        free(decoded.bytes);
    free(title);
    return status;
}

void article_free(struct article *article)
{
    free(article->made);
    free(article->captions);
}

/* ---- captions ---- */

/* Bytes `from` to `to` in the unit of offsets. */
static size_t units(const char *text, size_t from, size_t to, duider_offsets unit)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++) {
        unsigned char byte = (unsigned char)text[i];
        count += unit == DUIDER_OFFSETS_BYTES || (byte & 0xC0) != 0x80;
        count += unit == DUIDER_OFFSETS_UTF16 && byte >= 0xF0;
    }
    return count;
}

/* NULL: no memory. */
static char *captions_json(const struct article *article, duider_offsets unit)
{
    json_t *captions = json_array();
    size_t byte = 0, start = 0;
    bool done = captions != NULL;
    for (size_t i = 0; done && i < article->caption_count; i++) {
        const struct html_span *span = &article->captions[i];
        start += units(article->text, byte, span->start, unit);
        size_t end = start + units(article->text, span->start, span->end, unit);
        json_t *caption = json_pack("{s:I, s:I, s:s%}", "start", (json_int_t)start, "end", (json_int_t)end, "text", article->text + span->start, span->end - span->start);
        done = json_array_append_new(captions, caption) == 0;
        byte = span->end;
        start = end;
    }
    char *text = done ? json_dumps(captions, JSON_COMPACT) : NULL;
    json_decref(captions);
    return text;
}

duider_status article_add_captions(const struct article *article, struct job *job)
{
    static const char name[] = ",\"captions\":";
    if (!job->is_html)
        return DUIDER_OK;
    char *captions = captions_json(article, job->options.offsets);
    size_t before = job->json_bytes - 1, list = captions ? strlen(captions) : 0; /* the last byte is the brace */
    char *json = captions ? malloc(before + sizeof name + list + 1) : NULL;
    if (json) {
        memcpy(json, job->json, before);
        memcpy(json + before, name, sizeof name - 1);
        memcpy(json + before + sizeof name - 1, captions, list);
        memcpy(json + before + sizeof name - 1 + list, "}", 2);
        duider_string_free(job->json);
        job->json = json;
        job->json_bytes = before + sizeof name + list;
    }
    free(captions);
    return json ? DUIDER_OK : no_memory(&job->error);
}
