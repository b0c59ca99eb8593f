/* `duider annotate`: each FILE is one article, or with --ndjson one file of many. */
#include "cli.h"
#include "detect/detect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 1 << 16 };

char *read_all(FILE *input, size_t *bytes)
{
    size_t capacity = READ_STEP, count = 0;
    char *text = malloc(capacity);
    while (text) {
        count += fread(text + count, 1, capacity - count, input);
        if (count < capacity)
            break;
        if (capacity > SIZE_MAX / 2) {
            free(text);
            errno = ENOMEM;
            return NULL;
        }
        char *larger = realloc(text, capacity *= 2);
        if (!larger)
            free(text);
        text = larger;
    }
    if (text && ferror(input)) {
        free(text);
        return NULL;
    }
    *bytes = count;
    return text;
}

struct run {
    const struct options *options;
    duider_session *session;
    struct detector *detector;
    FILE *output;
    bool color;
};

static bool write_json(const struct run *run, const duider_result *result, const char *id, duider_error *error)
{
    char *json;
    size_t bytes;
    duider_json_format format = run->options->format == FORMAT_PRETTY ? DUIDER_JSON_PRETTY : DUIDER_JSON_COMPACT;
    duider_status status = duider_result_json(result, id, format, &json, &bytes, error);
    if (status == DUIDER_BAD_ARGUMENT) /* a file's name that is not UTF-8 */
        status = duider_result_json(result, NULL, format, &json, &bytes, error);
    if (status != DUIDER_OK)
        return false;
    fwrite(json, 1, bytes, run->output);
    fputc('\n', run->output);
    duider_string_free(json);
    return true;
}

/* Annotates one text and prints it; false with a message on standard error where it can't. */
static bool annotate_text(const struct run *run, const char *name, const char *id, const char *text, size_t bytes)
{
    const struct options *options = run->options;
    duider_options annotate = options->annotate;
    bool rendered = options->format == FORMAT_TEXT || options->format == FORMAT_HTML;
    if (rendered)
        annotate.offsets = DUIDER_OFFSETS_BYTES;
    duider_result *result;
    duider_error error;
    if (detector_run(run->detector, text, bytes, &annotate, &error) != DUIDER_OK ||
        duider_annotate(run->session, text, bytes, &annotate, &result, &error) != DUIDER_OK) {
        fprintf(stderr, "duider: %s: %s\n", name, error.message);
        return false;
    }
    bool done;
    snprintf(error.message, sizeof error.message, "out of memory");
    if (options->format == FORMAT_TEXT)
        done = render_text(result, text, bytes, run->color, run->output);
    else if (options->format == FORMAT_HTML)
        done = render_html(result, text, bytes, run->output);
    else
        done = write_json(run, result, id, &error);
    if (!done && !ferror(run->output)) /* run_annotate says what is wrong with the output */
        fprintf(stderr, "duider: %s: %s\n", name, error.message);
    duider_result_free(result);
    return done;
}

static bool annotate_file(const struct run *run, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    FILE *input = standard ? stdin : fopen(path, "rb");
    size_t bytes;
    char *text = input ? read_all(input, &bytes) : NULL;
    bool done = false;
    if (text)
        done = annotate_text(run, name, run->options->id ? run->options->id : standard ? NULL : path, text, bytes);
    else
        fprintf(stderr, "duider: %s: %s\n", name, strerror(errno));
    free(text);
    if (input && !standard)
        fclose(input);
    return done;
}

static bool use_color(const struct options *options, FILE *output)
{
    const char *no_color = getenv("NO_COLOR");
    if (options->color != COLOR_AUTO)
        return options->color == COLOR_ALWAYS;
    return isatty(fileno(output)) && !(no_color && *no_color);
}

static enum exit_code annotate_files(const struct options *options, const duider_model *model, FILE *output)
{
    struct run run = {.options = options, .output = output, .color = use_color(options, output)};
    duider_error error = {.message = "out of memory"};
    run.detector = detector_new();
    if (!run.detector || duider_session_new(model, &run.session, &error) != DUIDER_OK) {
        fprintf(stderr, "duider: %s\n", error.message);
        detector_free(run.detector);
        return EXIT_MODEL;
    }
    static char standard_input[] = "-";
    char *only[] = {standard_input};
    char **files = options->file_count ? options->files : only;
    size_t count = options->file_count ? options->file_count : 1;
    enum exit_code code = EXIT_FINE;
    for (size_t i = 0; i < count && !ferror(output); i++)
        if (!annotate_file(&run, files[i]))
            code = EXIT_SOME_FAILED;
    duider_session_free(run.session);
    detector_free(run.detector);
    return code;
}

static enum exit_code annotate_lines(const struct options *options, const duider_model *model, FILE *output)
{
    const char *path = options->file_count ? options->files[0] : "-";
    bool standard = strcmp(path, "-") == 0;
    FILE *input = standard ? stdin : fopen(path, "rb");
    if (!input) {
        fprintf(stderr, "duider: %s: %s\n", path, strerror(errno));
        return EXIT_SOME_FAILED;
    }
    enum exit_code code = run_ndjson(options, model, input, output);
    if (!standard)
        fclose(input);
    return code;
}

static bool is_same_file(const struct stat *file, int descriptor, const char *path)
{
    struct stat other;
    int found = path ? stat(path, &other) : fstat(descriptor, &other);
    return found == 0 && S_ISREG(file->st_mode) && file->st_dev == other.st_dev && file->st_ino == other.st_ino;
}

/* Would opening the output empty a file that is still to be read? */
static bool output_is_input(const struct options *options)
{
    struct stat output;
    if (!options->output_path || stat(options->output_path, &output) != 0)
        return false;
    bool same = options->file_count == 0 && is_same_file(&output, STDIN_FILENO, NULL);
    for (size_t i = 0; i < options->file_count; i++)
        same |= is_same_file(&output, STDIN_FILENO, strcmp(options->files[i], "-") == 0 ? NULL : options->files[i]);
    return same;
}

enum exit_code run_annotate(int argc, char **argv)
{
    struct options options;
    enum parsed parsed = options_parse_annotate(argc, argv, &options);
    if (parsed != PARSED_RUN)
        return parsed == PARSED_HELP ? EXIT_FINE : EXIT_USAGE;
    if (output_is_input(&options)) {
        fprintf(stderr, "duider: %s: is input and output\n", options.output_path);
        return EXIT_USAGE;
    }
    duider_error error;
    if (detector_check(&error) != DUIDER_OK) {
        fprintf(stderr, "duider: %s\n", error.message);
        return EXIT_MODEL;
    }
    duider_model *model = open_model(&options);
    if (!model)
        return EXIT_MODEL;
    FILE *output = options.output_path ? fopen(options.output_path, "wb") : stdout;
    if (!output) {
        fprintf(stderr, "duider: %s: %s\n", options.output_path, strerror(errno));
        duider_model_close(model);
        return EXIT_OUTPUT;
    }
    enum exit_code code = options.ndjson ? annotate_lines(&options, model, output) : annotate_files(&options, model, output);
    int reason = errno;
    bool failed = ferror(output) != 0;
    duider_model_close(model);
    if (!failed) {
        failed = fflush(output) != 0;
        reason = errno;
    }
    if (options.output_path)
        failed |= fclose(output) != 0;
    if (failed && reason != EPIPE)
        fprintf(stderr, "duider: output: %s\n", strerror(reason));
    return failed ? EXIT_OUTPUT : code;
}
