/*
 * Options: one table says name, environment variable, range, default and help of each. A value comes from the arguments, else from the environment, else from
 * the file that --config names, else from the table.
 */
#include "server.h"

#include <ctype.h>
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
    const char *preset; /* NULL: worked out at start; "": none */
};

#define MEMBER(member) offsetof(struct config, member)

static const struct setting settings[] = {
    {"config", "DUIDER_CONFIG", "FILE", "settings, one \"name = value\" a line; # begins a comment", MEMBER(config_path), true, 0, 0, ""},
    {"host", "DUIDER_HOST", "ADDRESS", "address to listen on", MEMBER(host), true, 0, 0, "127.0.0.1"},
    {"port", "DUIDER_PORT", "N", "port to listen on; 0 takes a free one and prints it", MEMBER(port), false, 0, 65535, "8087"},
    {"socket", "DUIDER_SOCKET", "PATH", "Unix socket to listen on in place of host and port", MEMBER(socket_path), true, 0, 0, ""},
    {"socket-mode", "DUIDER_SOCKET_MODE", "MODE", "its permissions, in octal", MEMBER(socket_mode_text), true, 0, 0, "0660"},
    {"tls-cert", "DUIDER_TLS_CERT", "FILE", "certificate and its chain in PEM: the server speaks HTTPS alone", MEMBER(tls_certificate), true, 0, 0, ""},
    {"tls-key", "DUIDER_TLS_KEY", "FILE", "its key in PEM", MEMBER(tls_key), true, 0, 0, ""},
    {"model", "DUIDER_MODEL", "FILE", "model to use", MEMBER(model_path), true, 0, 0, NULL},
    {"workers", "DUIDER_WORKERS", "N", "articles annotated at the same time", MEMBER(workers), false, 1, 256, NULL},
    {"queue-length", "DUIDER_QUEUE_LENGTH", "N", "articles that may wait; more are refused with 503", MEMBER(queue_length), false, 1, 100000, "64"},
    {"max-body-bytes", "DUIDER_MAX_BODY_BYTES", "BYTES", "largest request body; larger ones are refused with 413", MEMBER(max_body_bytes), false, 1024, 1u << 30, "1048576"},
    {"max-body-ratio", "DUIDER_MAX_BODY_RATIO", "N", "times its size that a compressed body may grow to when decoded; others are refused with 413", MEMBER(max_body_ratio), false, 1, 1000000, "100"},
    {"max-batch-bytes", "DUIDER_MAX_BATCH_BYTES", "BYTES", "largest body of a batch; each article of it is bound by max-body-bytes", MEMBER(max_batch_bytes), false, 1024, 1u << 30, "16777216"},
    {"max-batch-items", "DUIDER_MAX_BATCH_ITEMS", "N", "most articles in a batch", MEMBER(max_batch_items), false, 1, 10000000, "10000"},
    {"max-batches", "DUIDER_MAX_BATCHES", "N", "batches answered at the same time; more are refused with 503", MEMBER(max_batches), false, 1, 1000, "4"},
    {"cors-origins", "DUIDER_CORS_ORIGINS", "LIST", "origins whose pages may call from a browser (https://news.example), commas between them; * for all", MEMBER(cors_origins), true, 0, 0, ""},
    {"demo", "DUIDER_DEMO", "0|1", "1: a page at / to try it in a browser; 0: none", MEMBER(demo), false, 0, 1, "1"},
    {"keys-file", "DUIDER_KEYS_FILE", "FILE", "who has none of its API keys gets 401 from paths under /v1/; --new-key makes them", MEMBER(keys_file), true, 0, 0, ""},
    {"rate-per-key", "DUIDER_RATE_PER_KEY", "N", "requests a minute with one API key, a batch as many as its articles; more are refused with 429; 0: no limit", MEMBER(rate_per_key), false, 0, 1000000, "0"},
    {"rate-per-address", "DUIDER_RATE_PER_ADDRESS", "N", "requests a minute from one address (IPv6: one /64); more are refused with 429; 0: no limit", MEMBER(rate_per_address), false, 0, 1000000, "0"},
    {"rate-burst", "DUIDER_RATE_BURST", "N", "of these, so many may come at once", MEMBER(rate_burst), false, 1, 1000000, "10"},
    {"max-json-depth", "DUIDER_MAX_JSON_DEPTH", "N", "how deep JSON may be nested; deeper is refused with 400", MEMBER(max_json_depth), false, 1, 1000, "32"},
    {"max-header-bytes", "DUIDER_MAX_HEADER_BYTES", "BYTES", "largest headers of a request; larger ones are refused with 431", MEMBER(max_header_bytes), false, 1024, 1u << 20, "16384"},
    {"max-connections", "DUIDER_MAX_CONNECTIONS", "N", "connections open at the same time", MEMBER(max_connections), false, 1, 60000, "1000"},
    {"max-connections-per-address", "DUIDER_MAX_CONNECTIONS_PER_ADDRESS", "N", "of these, from one address; 0: as many", MEMBER(max_connections_per_address), false, 0, 60000, "0"},
    {"request-timeout-ms", "DUIDER_REQUEST_TIMEOUT_MS", "MS", "time for a request from its first byte to its answer", MEMBER(request_timeout_ms), false, 100, 3600000, "30000"},
    {"header-timeout-ms", "DUIDER_HEADER_TIMEOUT_MS", "MS", "a connection whose first headers are not there by then is closed; later ones: this long after the idle time", MEMBER(header_timeout_ms), false, 100, 3600000, "10000"},
    {"queue-timeout-ms", "DUIDER_QUEUE_TIMEOUT_MS", "MS", "an article that has waited so long, or would have to, is refused with 503; 0: no limit", MEMBER(queue_timeout_ms), false, 0, 3600000, "5000"},
    {"allow-fetch", "DUIDER_ALLOW_FETCH", "[0|1]", "take articles by URL: fetch pages over http and https from public addresses", MEMBER(allow_fetch), false, 0, 1, "0"},
    {"fetch-hosts", "DUIDER_FETCH_HOSTS", "LIST", "hosts to fetch from alone, commas between them; *.news.example for all below it", MEMBER(fetch_hosts), true, 0, 0, ""},
    {"fetch-ports", "DUIDER_FETCH_PORTS", "LIST", "ports to fetch from, commas between them", MEMBER(fetch_ports), true, 0, 0, "80,443"},
    {"fetch-allow-addresses", "DUIDER_FETCH_ALLOW_ADDRESSES", "LIST", "addresses to fetch from though they are not public, as 10.1.0.0/16 or fd00::/8, commas between them", MEMBER(fetch_allow_addresses), true, 0, 0, ""},
    {"fetch-resolve", "DUIDER_FETCH_RESOLVE", "LIST", "addresses of hosts, as host:port:address, blanks between them; they need not be asked for", MEMBER(fetch_resolve), true, 0, 0, ""},
    {"fetch-user-agent", "DUIDER_FETCH_USER_AGENT", "TEXT", "what a host that is fetched from is told", MEMBER(fetch_user_agent), true, 0, 0, "duider/" DUIDER_VERSION},
    {"fetch-threads", "DUIDER_FETCH_THREADS", "N", "pages fetched at the same time", MEMBER(fetch_threads), false, 1, 256, "4"},
    {"fetch-queue-length", "DUIDER_FETCH_QUEUE_LENGTH", "N", "articles that may wait to be fetched; more are refused with 503", MEMBER(fetch_queue_length), false, 1, 100000, "32"},
    {"fetch-timeout-ms", "DUIDER_FETCH_TIMEOUT_MS", "MS", "time for a page to come; then it is given up with 504", MEMBER(fetch_timeout_ms), false, 100, 3600000, "10000"},
    {"fetch-max-bytes", "DUIDER_FETCH_MAX_BYTES", "BYTES", "largest page; larger ones are refused with 422", MEMBER(fetch_max_bytes), false, 1024, 1u << 30, "2097152"},
    {"stuck-after-ms", "DUIDER_STUCK_AFTER_MS", "MS", "a worker that has not come back so long after its article's deadline is replaced", MEMBER(stuck_after_ms), false, 100, 3600000, "5000"},
    {"idle-timeout-s", "DUIDER_IDLE_TIMEOUT_S", "SECONDS", "a connection that is silent for so long is closed", MEMBER(idle_timeout_s), false, 1, 3600, "30"},
    {"drain-timeout-ms", "DUIDER_DRAIN_TIMEOUT_MS", "MS", "on SIGTERM, time for requests under way to finish", MEMBER(drain_timeout_ms), false, 0, 3600000, "30000"},
    {"log-format", "DUIDER_LOG_FORMAT", "FORMAT", "lines on standard error: logfmt or json", MEMBER(log_format_name), true, 0, 0, "logfmt"},
};

#define SETTINGS (sizeof settings / sizeof *settings)

/* ---- where values come from ---- */

enum { FILE_BYTES_MAX = 1 << 20 };

struct given {
    const char *argument, *variable, *line; /* NULL: not given there */
    size_t line_number;
};

static void print_help(void)
{
    puts("usage: duider-server [OPTION...]\n\nAnnotates news articles over HTTP: entities, attributed quotes, sentiment. See openapi.yaml.\n");
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *s = &settings[i];
        printf("  --%s %s\n        %s (", s->name, s->value, s->help);
        if (s->preset && *s->preset)
            printf("default %s; ", s->preset);
        else if (s->preset)
            printf("default: none; ");
        else if (!s->is_text)
            printf("default: one a processor; ");
        else
            printf("default: the installed one, or models/duider.model; ");
        printf("%s)\n", s->variable);
    }
    puts("  --print-config\n        print every setting and where it comes from; end\n"
         "  --check-config\n        check the settings and what they name; end with 0 or 1\n"
         "  --healthcheck\n        ask the server that runs with these settings whether it is ready; end with 0 or 1\n"
         "  --new-key NAME\n        make an API key: the key goes to standard error, its line for keys-file to standard output; end\n"
         "  --version\n  --help\n\nSIGHUP: reloads settings, keys and model. SIGTERM or SIGINT: finishes what runs, then ends; a second one ends at once.");
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
    if (errno || *end || !isdigit((unsigned char)*value) || number < setting->least || number > setting->most) {
        log_message(LOG_ERROR, "%s takes a number from %zu to %zu, not \"%s\"", source, setting->least, setting->most, value);
        return false;
    }
    size_t size = number;
    memcpy(member, &size, sizeof size);
    return true;
}

/* ---- the file ---- */

char *config_read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file ? malloc(FILE_BYTES_MAX + 1) : NULL;
    size_t bytes = text ? fread(text, 1, FILE_BYTES_MAX + 1, file) : 0;
    const char *wrong = !file ? strerror(errno) : !text ? "no memory" : ferror(file) ? "can't be read" : bytes > FILE_BYTES_MAX ? "too large" : NULL;
    if (file)
        fclose(file);
    if (wrong) {
        log_message(LOG_ERROR, "%s: %s", path, wrong);
        free(text);
        return NULL;
    }
    text[bytes] = 0;
    return text;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        end--;
    *end = 0;
    return text;
}

static void cut_comment(char *line)
{
    for (char *c = line; *c; c++)
        if (*c == '#' && (c == line || isspace((unsigned char)c[-1]))) /* a # within a word belongs to it */
            *c = 0;
}

static const struct setting *find_setting(const char *name)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    return NULL;
}

/* Takes the file's text apart in place. */
static bool read_lines(char *text, const char *path, struct given *given)
{
    bool fine = true;
    size_t number = 0;
    for (char *next = text; next;) {
        char *line = next;
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        number++;
        cut_comment(line);
        line = trim(line);
        if (!*line)
            continue;
        char *equals = strchr(line, '=');
        if (!equals) {
            log_message(LOG_ERROR, "%s:%zu: a line is \"name = value\"", path, number);
            fine = false;
            continue;
        }
        *equals = 0;
        const char *name = trim(line);
        const struct setting *setting = find_setting(name);
        struct given *place = setting ? &given[setting - settings] : NULL;
        if (!setting || setting->offset == MEMBER(config_path)) {
            log_message(LOG_ERROR, "%s:%zu: there is no setting \"%s\"", path, number, name);
            fine = false;
        } else if (place->line) {
            log_message(LOG_ERROR, "%s:%zu: %s stands twice", path, number, name);
            fine = false;
        } else {
            place->line = trim(equals + 1);
            place->line_number = number;
        }
    }
    return fine;
}

/* ---- the arguments ---- */

static enum config_outcome read_arguments(int argc, char **argv, struct config *config, struct given *given)
{
    enum { FIRST_COMMAND = 1000, HELP = FIRST_COMMAND, VERSION, PRINT, CHECK, HEALTHCHECK, NEW_KEY };
    static const struct option commands[] = {
        {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION},
        {"print-config", no_argument, NULL, PRINT},
        {"check-config", no_argument, NULL, CHECK},
        {"healthcheck", no_argument, NULL, HEALTHCHECK},
        {"new-key", required_argument, NULL, NEW_KEY},
        {0},
    };
    struct option longs[SETTINGS + sizeof commands / sizeof *commands];
    for (size_t i = 0; i < SETTINGS; i++)
        longs[i] = (struct option){settings[i].name, settings[i].value[0] == '[' ? optional_argument : required_argument, NULL, (int)i};
    memcpy(longs + SETTINGS, commands, sizeof commands);
    enum config_outcome outcome = CONFIG_RUN;
    optind = 0; /* the arguments are read again on SIGHUP */
    for (int id; (id = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        switch (id) {
        case HELP: print_help(); return CONFIG_DONE;
        case VERSION: printf("duider-server %s\n", duider_version()); return CONFIG_DONE;
        case PRINT: outcome = CONFIG_PRINT; break;
        case CHECK: outcome = CONFIG_CHECK; config->checking = true; break;
        case HEALTHCHECK: outcome = CONFIG_HEALTHCHECK; break;
        case NEW_KEY: return keys_make(optarg) ? CONFIG_DONE : CONFIG_WRONG;
        default:
            if (id < 0 || (size_t)id >= SETTINGS)
                return CONFIG_WRONG; /* getopt has said what is wrong */
            given[id].argument = optarg ? optarg : "1";
        }
    }
    if (optind < argc) {
        log_message(LOG_ERROR, "no argument \"%s\" is known; see --help", argv[optind]);
        return CONFIG_WRONG;
    }
    return outcome;
}

/* ---- all together ---- */

static bool apply(struct config *config, const struct setting *setting, const struct given *given)
{
    char source[512];
    const char *value = setting->preset;
    if (given->argument) {
        snprintf(source, sizeof source, "--%s", setting->name);
        value = given->argument;
    } else if (given->variable) {
        snprintf(source, sizeof source, "%s", setting->variable);
        value = given->variable;
    } else if (given->line) {
        snprintf(source, sizeof source, "%.400s:%zu: %s", config->config_path, given->line_number, setting->name);
        value = given->line;
    } else {
        snprintf(source, sizeof source, "%s", setting->name);
    }
    return !value || set(config, setting, source, value);
}

static void print_settings(const struct config *config, const struct given *given)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        const void *member = (const char *)config + settings[i].offset;
        char value[4096];
        if (settings[i].is_text) {
            const char *text;
            memcpy(&text, member, sizeof text);
            snprintf(value, sizeof value, "%s", text);
        } else {
            size_t number;
            memcpy(&number, member, sizeof number);
            snprintf(value, sizeof value, "%zu", number);
        }
        printf("%s%s = %s  # ", settings[i].offset == MEMBER(config_path) ? "# " : "", settings[i].name, value);
        if (given[i].argument)
            printf("--%s\n", settings[i].name);
        else if (given[i].variable)
            printf("%s\n", settings[i].variable);
        else if (given[i].line)
            printf("%s:%zu\n", config->config_path, given[i].line_number);
        else
            puts("default");
    }
}

/* Texts that stand for something else. */
static bool read_texts(struct config *config)
{
    char *end;
    const unsigned long mode = strtoul(config->socket_mode_text, &end, 8);
    config->socket_mode = (mode_t)mode;
    if (*end || mode > 0777 || !isdigit((unsigned char)*config->socket_mode_text))
        log_message(LOG_ERROR, "socket-mode is an octal number up to 0777, not \"%s\"", config->socket_mode_text);
    else if (!*config->tls_certificate != !*config->tls_key)
        log_message(LOG_ERROR, "tls-cert and tls-key are given together or not at all");
    else if (!log_format_from_name(config->log_format_name, &config->log_format))
        log_message(LOG_ERROR, "log-format is logfmt or json, not \"%s\"", config->log_format_name);
    else
        return true;
    return false;
}

enum config_outcome config_read(int argc, char **argv, struct config *config)
{
    struct given given[SETTINGS] = {{0}};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *config = (struct config){.model_path = duider_model_default_path(), .workers = processors > 0 && processors < 256 ? (size_t)processors : 1};
    enum config_outcome outcome = read_arguments(argc, argv, config, given);
    if (outcome == CONFIG_DONE || outcome == CONFIG_WRONG)
        return outcome;
    bool fine = true;
    for (size_t i = 0; i < SETTINGS; i++) {
        const char *variable = getenv(settings[i].variable);
        given[i].variable = variable && *variable ? variable : NULL;
        if (settings[i].offset != MEMBER(config_path) || !apply(config, &settings[i], &given[i]) || !*config->config_path)
            continue;
        config->file_text = config_read_file(config->config_path);
        fine = config->file_text && read_lines(config->file_text, config->config_path, given);
    }
    for (size_t i = 0; i < SETTINGS; i++)
        fine &= apply(config, &settings[i], &given[i]);
    if (!fine || !read_texts(config))
        return CONFIG_WRONG;
    if (outcome != CONFIG_PRINT)
        return outcome;
    print_settings(config, given);
    return CONFIG_DONE;
}

/* ---- SIGHUP ---- */

static void keep(const struct setting *setting, const struct config *running, struct config *config)
{
    const void *was = (const char *)running + setting->offset;
    void *is = (char *)config + setting->offset;
    if (setting->is_text) {
        const char *const *running_text = was, **text = is;
        if (strcmp(*running_text, *text) != 0)
            log_message(LOG_WARNING, "%s stays \"%s\" until the next start", setting->name, *running_text);
        *text = *running_text;
    } else {
        const size_t *running_number = was;
        size_t *number = is;
        if (*number != *running_number)
            log_message(LOG_WARNING, "%s stays %zu until the next start", setting->name, *running_number);
        *number = *running_number;
    }
}

void config_keep_fixed(const struct config *running, struct config *config)
{
    static const size_t fixed[] = {MEMBER(host), MEMBER(port), MEMBER(socket_path), MEMBER(socket_mode_text), MEMBER(max_header_bytes), MEMBER(max_connections), MEMBER(max_connections_per_address),
                                   MEMBER(header_timeout_ms), MEMBER(idle_timeout_s)};
    for (size_t i = 0; i < SETTINGS; i++)
        for (size_t k = 0; k < sizeof fixed / sizeof *fixed; k++)
            if (settings[i].offset == fixed[k])
                keep(&settings[i], running, config);
}

void config_free(struct config *config)
{
    free(config->file_text);
    config->file_text = NULL;
}
