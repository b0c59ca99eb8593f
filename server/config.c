/* Options: one table says name, environment variable, range, default and help of each. Arguments win over the environment. */
#include "server.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct setting {
    const char *name, *variable, *value, *help;
    size_t offset; /* of the member in struct config */
    bool is_text;
    size_t least, most;
    const char *preset; /* NULL: worked out at start */
};

#define MEMBER(member) offsetof(struct config, member)

static const struct setting settings[] = {
    {"host", "DUIDER_HOST", "ADDRESS", "address to listen on", MEMBER(host), true, 0, 0, "127.0.0.1"},
    {"port", "DUIDER_PORT", "N", "port to listen on; 0 takes a free one and prints it", MEMBER(port), false, 0, 65535, "8087"},
    {"model", "DUIDER_MODEL", "FILE", "model to use", MEMBER(model_path), true, 0, 0, NULL},
    {"workers", "DUIDER_WORKERS", "N", "articles annotated at the same time", MEMBER(workers), false, 1, 256, NULL},
    {"queue-length", "DUIDER_QUEUE_LENGTH", "N", "articles that may wait; more are refused with 503", MEMBER(queue_length), false, 1, 100000, "64"},
    {"max-body-bytes", "DUIDER_MAX_BODY_BYTES", "BYTES", "largest request body; larger ones are refused with 413", MEMBER(max_body_bytes), false, 1024, 1u << 30, "1048576"},
    {"max-connections", "DUIDER_MAX_CONNECTIONS", "N", "connections open at the same time", MEMBER(max_connections), false, 1, 60000, "1000"},
    {"request-timeout-ms", "DUIDER_REQUEST_TIMEOUT_MS", "MS", "time for a request from its first byte to its answer", MEMBER(request_timeout_ms), false, 100, 3600000, "30000"},
    {"idle-timeout-s", "DUIDER_IDLE_TIMEOUT_S", "SECONDS", "a connection that is silent for so long is closed", MEMBER(idle_timeout_s), false, 1, 3600, "30"},
    {"drain-timeout-ms", "DUIDER_DRAIN_TIMEOUT_MS", "MS", "on SIGTERM, time for requests under way to finish", MEMBER(drain_timeout_ms), false, 0, 3600000, "30000"},
};

#define SETTINGS (sizeof settings / sizeof *settings)

static void print_help(void)
{
    puts("usage: duider-server [OPTION...]\n\nAnnotates news articles over HTTP: entities, attributed quotes, sentiment. See openapi.yaml.\n");
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *s = &settings[i];
        printf("  --%s %s\n        %s (", s->name, s->value, s->help);
        if (s->preset)
            printf("default %s; ", s->preset);
        else if (!s->is_text)
            printf("default: one a processor; ");
        else
            printf("default: the installed one, or models/duider.model; ");
        printf("%s)\n", s->variable);
    }
    puts("  --version\n  --help\n\nSIGTERM or SIGINT: finishes what runs, then ends; a second one ends at once.");
}

static bool set(struct config *config, const struct setting *setting, const char *source, const char *value)
{
    void *member = (char *)config + setting->offset;
    if (setting->is_text) {
        memcpy(member, &value, sizeof value);
        return true;
    }
    char *end;
    errno = 0;
    unsigned long number = strtoul(value, &end, 10);
    if (errno || *end || !*value || *value == '-' || number < setting->least || number > setting->most) {
        fprintf(stderr, "duider-server: %s takes a number from %zu to %zu, not \"%s\"\n", source, setting->least, setting->most, value);
        return false;
    }
    size_t size = number;
    memcpy(member, &size, sizeof size);
    return true;
}

static bool set_defaults(struct config *config)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *config = (struct config){.model_path = duider_model_default_path(), .workers = processors > 0 && processors < 256 ? (size_t)processors : 1};
    for (size_t i = 0; i < SETTINGS; i++) {
        if (settings[i].preset && !set(config, &settings[i], settings[i].name, settings[i].preset))
            return false;
        const char *variable = getenv(settings[i].variable);
        if (variable && *variable && !set(config, &settings[i], settings[i].variable, variable))
            return false;
    }
    return true;
}

enum config_outcome config_read(int argc, char **argv, struct config *config)
{
    enum { HELP = 1000, VERSION };
    struct option longs[SETTINGS + 3] = {{0}};
    for (size_t i = 0; i < SETTINGS; i++)
        longs[i] = (struct option){settings[i].name, required_argument, NULL, (int)i};
    longs[SETTINGS] = (struct option){"help", no_argument, NULL, HELP};
    longs[SETTINGS + 1] = (struct option){"version", no_argument, NULL, VERSION};
    if (!set_defaults(config))
        return CONFIG_WRONG;
    for (int id; (id = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (id == HELP) {
            print_help();
            return CONFIG_HELP;
        }
        if (id == VERSION) {
            printf("duider-server %s\n", duider_version());
            return CONFIG_HELP;
        }
        if (id < 0 || (size_t)id >= SETTINGS)
            return CONFIG_WRONG; /* getopt has said what is wrong */
        char source[64];
        snprintf(source, sizeof source, "--%s", settings[id].name);
        if (!set(config, &settings[id], source, optarg))
            return CONFIG_WRONG;
    }
    if (optind < argc) {
        fprintf(stderr, "duider-server: no argument \"%s\" is known; see --help\n", argv[optind]);
        return CONFIG_WRONG;
    }
    return CONFIG_RUN;
}
