/* The command line's parts: options as read, subcommands, renderers. Only the public duider.h lies underneath. */
#ifndef DUIDER_CLI_H
#define DUIDER_CLI_H

#include "duider.h"

#include <stdio.h>

enum exit_code {
    EXIT_FINE = 0,
    EXIT_SOME_FAILED = 1, /* an article could not be read or annotated; the others were */
    EXIT_USAGE = 2,       /* the command line is wrong */
    EXIT_MODEL = 3,       /* the model can't be opened */
    EXIT_OUTPUT = 4       /* the output can't be written */
};

enum format { FORMAT_JSON, FORMAT_PRETTY, FORMAT_TEXT, FORMAT_HTML };

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

enum { JOBS_MAX = 256 };

struct options {
    const char *model_path;
    const char *output_path; /* NULL: standard output */
    const char *id;
    enum format format;
    enum color color;
    duider_options annotate;
    bool ndjson;
    size_t jobs;
    char **files; /* none: standard input */
    size_t file_count;
};

/* What reading the arguments came to. */
enum parsed { PARSED_RUN, PARSED_HELP, PARSED_WRONG };

/* Arguments of a subcommand, argv[0] being its name. Prints what is wrong to standard error. */
enum parsed options_parse_annotate(int argc, char **argv, struct options *options);
enum parsed options_parse_info(int argc, char **argv, struct options *options);

/* Opens options->model_path; says why on standard error where that fails. */
duider_model *open_model(const struct options *options);

enum exit_code run_annotate(int argc, char **argv);
enum exit_code run_info(int argc, char **argv);

/* Lines of `input` -> lines of `output`, in order. */
enum exit_code run_ndjson(const struct options *options, const duider_model *model, FILE *input, FILE *output);

/* Offsets of `result` are bytes into `text`. False: the output can't be written. */
bool render_text(const duider_result *result, const char *text, size_t text_bytes, bool color, FILE *output);
bool render_html(const duider_result *result, const char *text, size_t text_bytes, FILE *output);

/* The whole of `input` in memory, for free(); NULL with errno set. */
char *read_all(FILE *input, size_t *bytes);

#endif
