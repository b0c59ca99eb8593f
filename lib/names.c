/* The names of the public values, both ways, and the library's version. */
#include "base.h"

static const char *const languages[] = {"auto", "nl", "en", "de"};
static const char *const units[] = {"codepoints", "utf16", "bytes"};
static const char *const entity_types[] = {"PER", "ORG", "LOC", "EVENT", "WORK", "NORP", "MISC"};
static const char *const mention_kinds[] = {"name", "pronoun", "nominal"};
static const char *const quote_kinds[] = {"direct", "indirect", "mixed"};
static const char *const polarities[] = {"negative", "neutral", "positive"};
static const char *const statuses[] = {
    [DUIDER_OK] = "no error",
    [DUIDER_NO_MEMORY] = "out of memory",
    [DUIDER_BAD_ARGUMENT] = "bad argument",
    [DUIDER_BAD_UTF8] = "the text is not valid UTF-8",
    [DUIDER_EMPTY_TEXT] = "the text is empty",
    [DUIDER_TOO_LONG] = "the text is too long",
    [DUIDER_BAD_MODEL] = "the model file is damaged or no model",
    [DUIDER_MODEL_VERSION] = "the model file has another format version",
    [DUIDER_IO] = "a file can't be read",
    [DUIDER_CANCELLED] = "cancelled",
    [DUIDER_INTERNAL] = "internal error",
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *name_at(const char *const *list, size_t count, long index)
{
    return index >= 0 && (size_t)index < count ? list[index] : "unknown";
}

static bool find(const char *const *list, size_t count, const char *name, size_t *index)
{
    for (*index = 0; name && *index < count; ++*index)
        if (strcmp(list[*index], name) == 0)
            return true;
    return false;
}

const char *duider_version(void)
{
    return DUIDER_VERSION;
}

const char *duider_status_text(duider_status status)
{
    return name_at(statuses, COUNT(statuses), (long)status);
}

const char *duider_language_name(duider_language language)
{
    return name_at(languages, COUNT(languages), (long)language);
}

const char *duider_offsets_name(duider_offsets offsets)
{
    return name_at(units, COUNT(units), (long)offsets);
}

const char *duider_entity_type_name(duider_entity_type type)
{
    return name_at(entity_types, COUNT(entity_types), (long)type);
}

const char *duider_mention_kind_name(duider_mention_kind kind)
{
    return name_at(mention_kinds, COUNT(mention_kinds), (long)kind);
}

const char *duider_quote_kind_name(duider_quote_kind kind)
{
    return name_at(quote_kinds, COUNT(quote_kinds), (long)kind);
}

const char *duider_polarity_name(duider_polarity polarity)
{
    return name_at(polarities, COUNT(polarities), (long)polarity + 1);
}

bool duider_language_from_name(const char *name, duider_language *language)
{
    size_t index;
    bool found = find(languages, COUNT(languages), name, &index);
    if (found)
        *language = (duider_language)index;
    return found;
}

bool duider_offsets_from_name(const char *name, duider_offsets *offsets)
{
    size_t index;
    bool found = find(units, COUNT(units), name, &index);
    if (found)
        *offsets = (duider_offsets)index;
    return found;
}

bool duider_include_from_name(const char *name, unsigned *include)
{
    static const char *const members[] = {"entities", "quotes", "sentiment", "sentences", "text"}; /* in the order of their bits */
    size_t index;
    bool found = find(members, COUNT(members), name, &index);
    if (found)
        *include = 1u << index;
    return found;
}
