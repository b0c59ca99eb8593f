/* Lists in headers: which coding a body has; which an answer may have, which types (RFC 9110, 12.5). */
#include "server.h"

#include <string.h>
#include <strings.h>

/* ---- lists: "gzip;q=0.5, br" ---- */

struct element {
    const char *name; /* not terminated; parameters left out */
    size_t bytes;
};

/* The next element that is not empty. Commas within quotation marks are no ends. */
static bool next_element(const char **at, struct element *element)
{
    *at += strspn(*at, ", \t");
    if (!**at)
        return false;
    element->name = *at;
    element->bytes = strcspn(*at, ";, \t");
    bool quoted = false;
    for (; **at && (quoted || **at != ','); ++*at) {
        if (**at == '\\' && quoted && (*at)[1])
            ++*at;
        else if (**at == '"')
            quoted = !quoted;
    }
    return true;
}

/* ---- codings ---- */

static bool is_named(const struct element *element, const char *name)
{
    return element->bytes == strlen(name) && strncasecmp(element->name, name, element->bytes) == 0;
}

static enum coding coding_of(const struct element *element)
{
    static const struct {
        const char *name;
        enum coding coding;
    } names[] = {{"identity", CODING_IDENTITY}, {"gzip", CODING_GZIP}, {"x-gzip", CODING_GZIP}, {"deflate", CODING_DEFLATE}, {"br", CODING_BR}, {"zstd", CODING_ZSTD}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_named(element, names[i].name))
            return names[i].coding;
    return CODING_UNKNOWN;
}

static enum MHD_Result read_body_coding(void *payload, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    enum coding *coding = payload;
    struct element element;
    if (!value || strcasecmp(name, MHD_HTTP_HEADER_CONTENT_ENCODING) != 0)
        return MHD_YES;
    while (next_element(&value, &element)) {
        enum coding found = coding_of(&element);
        if (found != CODING_IDENTITY)
            *coding = *coding == CODING_IDENTITY ? found : CODING_UNKNOWN;
    }
    return MHD_YES;
}

enum coding negotiate_body(const struct request *request)
{
    enum coding coding = CODING_IDENTITY;
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, read_body_coding, &coding);
    return coding;
}
