/* Arguments -> struct options. Every option is named once, in the table of its subcommand. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum option_id { OPTION_FORMAT = 256, OPTION_COLOR, OPTION_OFFSETS, OPTION_REPLACE, OPTION_NDJSON, OPTION_ID };

struct option_text {
    struct option option;
    const char *value, *help;
};

static const struct option_text annotate_options[] = {
    {{"format", required_argument, NULL, OPTION_FORMAT}, "json|pretty|text|html", "what to print (default json)"},
    {{"ndjson", no_argument, NULL, OPTION_NDJSON}, NULL, "read a JSON object a line ({\"id\", \"text\", \"language\", \"offsets\"}), print a result a line, in order"},
    {{"jobs", required_argument, NULL, 'j'}, "N", "with --ndjson: annotate N articles at a time (default 1)"},
    {{"language", required_argument, NULL, 'l'}, "auto|nl|en|de", "language of the text (default auto: a text that is surely in another one is refused)"},
    {{"offsets", required_argument, NULL, OPTION_OFFSETS}, "codepoints|utf16|bytes", "unit of offsets in JSON (default codepoints)"},
    {{"id", required_argument, NULL, OPTION_ID}, "ID", "member \"id\" of the result (default: the file's name, where it is UTF-8; none for standard input)"},
    {{"replace-invalid", no_argument, NULL, OPTION_REPLACE}, NULL, "read bytes that are not UTF-8 as U+FFFD instead of refusing the text"},
    {{"color", required_argument, NULL, OPTION_COLOR}, "auto|always|never", "colours of --format text (default auto: on a terminal, unless NO_COLOR is set)"},
    {{"output", required_argument, NULL, 'o'}, "FILE", "write there instead of to standard output"},
    {{"model", required_argument, NULL, 'm'}, "FILE", "model to use (default: $DUIDER_MODEL, the installed one, models/duider.model)"},
    {{"help", no_argument, NULL, 'h'}, NULL, "print this"},
};

static const struct option_text info_options[] = {
    {{"model", required_argument, NULL, 'm'}, "FILE", "model to describe (default: $DUIDER_MODEL, the installed one, models/duider.model)"},
    {{"help", no_argument, NULL, 'h'}, NULL, "print this"},
};

enum { TABLE_MAX = 16 };

static void print_help(const char *usage, const struct option_text *table, size_t count)
{
    printf("usage: %s\n\n", usage);
    for (size_t i = 0; i < count; i++) {
        char name[80];
        const struct option *option = &table[i].option;
        if (option->val < 256)
            snprintf(name, sizeof name, "-%c, --%s%s%s", option->val, option->name, table[i].value ? " " : "", table[i].value ? table[i].value : "");
        else
            snprintf(name, sizeof name, "    --%s%s%s", option->name, table[i].value ? " " : "", table[i].value ? table[i].value : "");
        printf("  %s\n        %s\n", name, table[i].help);
    }
}

static bool one_of(const char *value, const char *const *names, const char *option, int *index)
{
    for (*index = 0; names[*index]; ++*index)
        if (strcmp(value, names[*index]) == 0)
            return true;
    fprintf(stderr, "duider: --%s can't be \"%s\"\n", option, value);
    return false;
}

static bool read_jobs(const char *value, size_t *jobs)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(value, &end, 10);
    if (errno || *end || value[0] == '-' || number < 1 || number > JOBS_MAX) {
        fprintf(stderr, "duider: --jobs takes a number from 1 to %d, not \"%s\"\n", JOBS_MAX, value);
        return false;
    }
    *jobs = number;
    return true;
}

static bool read_id(const char *value, const char **id)
{
    json_t *string = json_string(value); /* NULL: not UTF-8 */
    if (!string)
        fputs("duider: --id takes UTF-8\n", stderr);
    json_decref(string);
    *id = value;
    return string != NULL;
}

static bool apply(struct options *options, int id, const char *value, bool *format_given)
{
    static const char *const formats[] = {"json", "pretty", "text", "html", NULL};
    static const char *const colors[] = {"auto", "always", "never", NULL};
    int index = 0;
    switch (id) {
    case OPTION_FORMAT:
        *format_given = true;
        if (!one_of(value, formats, "format", &index))
            return false;
        options->format = (enum format)index;
        return true;
    case OPTION_COLOR:
        if (!one_of(value, colors, "color", &index))
            return false;
        options->color = (enum color)index;
        return true;
    case OPTION_OFFSETS:
        if (duider_offsets_from_name(value, &options->annotate.offsets))
            return true;
        fprintf(stderr, "duider: --offsets can't be \"%s\"\n", value);
        return false;
    case 'l':
        if (duider_language_from_name(value, &options->annotate.language))
            return true;
        fprintf(stderr, "duider: --language can't be \"%s\"\n", value);
        return false;
    case 'j': return read_jobs(value, &options->jobs);
    case OPTION_REPLACE: options->annotate.invalid_utf8 = DUIDER_INVALID_UTF8_REPLACE; return true;
    case OPTION_NDJSON: options->ndjson = true; return true;
    case OPTION_ID: return read_id(value, &options->id);
    case 'o': options->output_path = value; return true;
    case 'm': options->model_path = value; return true;
    default: return false; /* getopt has said what is wrong */
    }
}

static enum parsed parse(int argc, char **argv, const char *usage, const struct option_text *table, size_t count, struct options *options,
                         bool *format_given)
{
    struct option longs[TABLE_MAX + 1] = {{0}};
    char shorts[2 * TABLE_MAX + 1] = "";
    size_t letters = 0;
    for (size_t i = 0; i < count; i++) {
        longs[i] = table[i].option;
        if (table[i].option.val < 256) {
            shorts[letters++] = (char)table[i].option.val;
            if (table[i].option.has_arg)
                shorts[letters++] = ':';
        }
    }
    static char program[] = "duider"; /* getopt puts it before what it says */
    argv[0] = program;
    optind = 1;
    for (int id; (id = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        if (id == 'h') {
            print_help(usage, table, count);
            return PARSED_HELP;
        }
        if (!apply(options, id, optarg, format_given))
            return PARSED_WRONG;
    }
    options->files = argv + optind;
    options->file_count = (size_t)(argc - optind);
    return PARSED_RUN;
}

#define COUNT(list) (sizeof(list) / sizeof *(list))
_Static_assert(COUNT(annotate_options) <= TABLE_MAX, "room for the table");

enum parsed options_parse_annotate(int argc, char **argv, struct options *options)
{
    bool format_given = false;
    *options = (struct options){.annotate = DUIDER_OPTIONS_INIT, .model_path = duider_model_default_path(), .jobs = 1, .format = FORMAT_TEXT};
    enum parsed parsed = parse(argc, argv, "duider annotate [OPTION...] [FILE...]    (- or no FILE: standard input)", annotate_options, COUNT(annotate_options),
                               options, &format_given);
    if (parsed != PARSED_RUN)
        return parsed;
    if (options->ndjson && format_given) {
        fputs("duider: --ndjson prints JSON lines; it does not go with --format\n", stderr);
        return PARSED_WRONG;
    }
    if (options->ndjson && (options->id || options->file_count > 1)) {
        fputs("duider: --ndjson reads one FILE, and ids from its lines\n", stderr);
        return PARSED_WRONG;
    }
    if (options->ndjson && options->annotate.invalid_utf8 != DUIDER_INVALID_UTF8_ERROR) {
        fputs("duider: --replace-invalid does not go with --ndjson: JSON is UTF-8\n", stderr);
        return PARSED_WRONG;
    }
    if (options->jobs > 1 && !options->ndjson) {
        fputs("duider: --jobs goes with --ndjson\n", stderr);
        return PARSED_WRONG;
    }
    if (!format_given)
        options->format = FORMAT_JSON;
    return PARSED_RUN;
}

enum parsed options_parse_info(int argc, char **argv, struct options *options)
{
    bool format_given = false;
    *options = (struct options){.annotate = DUIDER_OPTIONS_INIT, .model_path = duider_model_default_path()};
    enum parsed parsed = parse(argc, argv, "duider info [OPTION...]", info_options, COUNT(info_options), options, &format_given);
    if (parsed == PARSED_RUN && options->file_count) {
        fputs("duider: info takes no file\n", stderr);
        return PARSED_WRONG;
    }
    return parsed;
}
