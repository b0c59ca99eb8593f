/* Lists in headers: which coding a body has; which coding and type an answer may have (RFC 9110, 12.5); which page a client already holds. */
#include "server.h"

#include <string.h>
#include <strings.h>

/* ---- lists: "gzip;q=0.5, br" ---- */

enum { QUALITY_ONE = 1000 };

struct element {
    const char *name; /* not terminated; parameters left out */
    size_t bytes;
    unsigned quality; /* of its parameter q; thousandths */
};

/* "0.5" -> 500; what is no number is 1. */
static unsigned read_quality(const char *value)
{
    unsigned quality = 0, unit = QUALITY_ONE / 10;
    if (*value != '0')
        return QUALITY_ONE;
    if (value[1] != '.')
        return 0;
    for (value += 2; *value >= '0' && *value <= '9'; value++, unit /= 10)
        quality += (unsigned)(*value - '0') * unit;
    return quality;
}

/* The next element that is not empty. Commas within quotation marks are no ends. */
static bool next_element(const char **at, struct element *element)
{
    *at += strspn(*at, ", \t");
    if (!**at)
        return false;
    element->name = *at;
    element->bytes = strcspn(*at, ";, \t");
    element->quality = QUALITY_ONE;
    bool quoted = false;
    for (; **at && (quoted || **at != ','); ++*at) {
        if (**at == '\\' && quoted && (*at)[1])
            ++*at;
        else if (**at == '"')
            quoted = !quoted;
        else if (**at == ';' && !quoted) {
            const char *parameter = *at + 1 + strspn(*at + 1, " \t");
            if (strncasecmp(parameter, "q=", 2) == 0)
                element->quality = read_quality(parameter + 2);
        }
    }
    return true;
}

/* ---- codings ---- */

static const char *const coding_names[] = {[CODING_IDENTITY] = "identity", [CODING_GZIP] = "gzip", [CODING_DEFLATE] = "deflate", [CODING_BR] = "br", [CODING_ZSTD] = "zstd"};

static bool is_named(const struct element *element, const char *name)
{
    return element->bytes == strlen(name) && strncasecmp(element->name, name, element->bytes) == 0;
}

static enum coding coding_of(const struct element *element)
{
    for (enum coding coding = CODING_IDENTITY; coding < CODING_UNKNOWN; coding++)
        if (is_named(element, coding_names[coding]))
            return coding;
    return is_named(element, "x-gzip") ? CODING_GZIP : CODING_UNKNOWN;
}

const char *negotiate_coding_name(enum coding coding)
{
    return coding_names[coding];
}

void negotiate_add_coding(enum coding *coding, const char *value)
{
    struct element element;
    while (next_element(&value, &element)) {
        enum coding found = coding_of(&element);
        if (found != CODING_IDENTITY)
            *coding = *coding == CODING_IDENTITY ? found : CODING_UNKNOWN;
    }
}

static enum MHD_Result read_body_coding(void *payload, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    if (value && strcasecmp(name, MHD_HTTP_HEADER_CONTENT_ENCODING) == 0)
        negotiate_add_coding(payload, value);
    return MHD_YES;
}

enum coding negotiate_body(const struct request *request)
{
    enum coding coding = CODING_IDENTITY;
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, read_body_coding, &coding);
    return coding;
}

enum { COMPRESS_FROM_BYTES = 1024 };

struct wishes {
    unsigned quality[CODING_UNKNOWN], others; /* others: of "*" */
    bool named[CODING_UNKNOWN], others_named;
};

static enum MHD_Result read_wishes(void *payload, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct wishes *wishes = payload;
    struct element element;
    if (!value || strcasecmp(name, MHD_HTTP_HEADER_ACCEPT_ENCODING) != 0)
        return MHD_YES;
    while (next_element(&value, &element)) {
        enum coding coding = coding_of(&element);
        if (coding != CODING_UNKNOWN) {
            wishes->named[coding] = true;
            wishes->quality[coding] = element.quality;
        } else if (is_named(&element, "*")) {
            wishes->others_named = true;
            wishes->others = element.quality;
        }
    }
    return MHD_YES;
}

void negotiate_answer(struct request *request)
{
    static const enum coding offered[] = {CODING_ZSTD, CODING_BR, CODING_GZIP}; /* the cheapest first: they differ little in size */
    struct wishes wishes = {0};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, read_wishes, &wishes);
    unsigned best = wishes.named[CODING_IDENTITY] ? wishes.quality[CODING_IDENTITY] : 0;
    bool plain_refused = best == 0 && (wishes.named[CODING_IDENTITY] || (wishes.others_named && wishes.others == 0));
    for (size_t i = 0; i < sizeof offered / sizeof *offered; i++) {
        unsigned quality = wishes.named[offered[i]] ? wishes.quality[offered[i]] : wishes.others;
        if (quality > best || (quality == best && quality > 0 && request->answer_coding == CODING_IDENTITY)) {
            best = quality;
            request->answer_coding = offered[i];
        }
    }
    request->compress_from = plain_refused ? 0 : COMPRESS_FROM_BYTES;
}

/* ---- types ---- */

struct range {
    const char *type;
    size_t type_bytes;
    bool any;          /* a range was there */
    unsigned nearness; /* of the ranges that the type is in, the nearest: 3 itself, 2 its group, 1 all; 0: it is in none */
    unsigned quality;
};

static unsigned nearness_of(const struct element *element, const char *type, size_t type_bytes)
{
    size_t group = strcspn(type, "/") + 1;
    if (element->bytes == type_bytes && strncasecmp(element->name, type, type_bytes) == 0)
        return 3;
    if (element->bytes == group + 1 && element->name[group] == '*' && strncasecmp(element->name, type, group) == 0)
        return 2;
    return is_named(element, "*/*") || is_named(element, "*"); /* the second: what old Java sends */
}

static enum MHD_Result read_accept(void *payload, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct range *range = payload;
    struct element element;
    if (!value || strcasecmp(name, MHD_HTTP_HEADER_ACCEPT) != 0)
        return MHD_YES;
    while (next_element(&value, &element)) {
        unsigned nearness = nearness_of(&element, range->type, range->type_bytes);
        range->any = true;
        if (nearness > range->nearness || (nearness == range->nearness && element.quality > range->quality)) {
            range->nearness = nearness;
            range->quality = element.quality;
        }
    }
    return MHD_YES;
}

bool negotiate_takes(const struct request *request, const char *type)
{
    struct range range = {.type = type, .type_bytes = strcspn(type, ";")};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, read_accept, &range);
    return !range.any || (range.nearness > 0 && range.quality > 0);
}

/* ---- tags ---- */

struct held {
    const char *etag;
    bool found;
};

static enum MHD_Result read_tags(void *payload, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct held *held = payload;
    struct element element;
    if (!value || strcasecmp(name, MHD_HTTP_HEADER_IF_NONE_MATCH) != 0)
        return MHD_YES;
    while (next_element(&value, &element))
        held->found |= is_named(&element, "*") || is_named(&element, held->etag) || is_named(&element, held->etag + 2); /* with or without W/ */
    return MHD_YES;
}

bool negotiate_is_held(const struct request *request, const char *etag)
{
    struct held held = {.etag = etag};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, read_tags, &held);
    return held.found;
}
