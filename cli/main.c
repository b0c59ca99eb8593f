/*
 * duider: the command line of libduider. Picks the subcommand from a table; each lives in its own file.
 * Exit status: 0 fine, 1 an article failed, 2 wrong usage, 3 no model, 4 output not written.
 */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static const struct {
    const char *name;
    enum exit_code (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"annotate", run_annotate, "annotate articles: entities, quotes, sentiment"},
    {"info", run_info, "say which library and model this is"},
};

static void print_help(FILE *output)
{
    fputs("duider: entities, attributed quotes and sentiment of news articles\n\nusage: duider COMMAND [OPTION...] [FILE...]\n\ncommands:\n", output);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(output, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`duider COMMAND --help` lists a command's options.  --version prints the version.\n", output);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_FINE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("duider %s\n", duider_version());
        return EXIT_FINE;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return (int)commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "duider: no command \"%s\"; see duider --help\n", argv[1]);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a reader that went away shows as a failed write */
    int code = run(argc, argv);
    if (code == EXIT_FINE && (fflush(stdout) != 0 || ferror(stdout))) { /* help, version, info; `annotate` has seen to its own output */
        if (errno != EPIPE)
            fprintf(stderr, "duider: output: %s\n", strerror(errno));
        return EXIT_OUTPUT;
    }
    return code;
}
