/* Result -> the article in the terminal with names, cues and quotes in colour, then lists of entities and quotes. */
#include "cli.h"
#include "spans.h"

#include <stdlib.h>
#include <string.h>

#define RESET "\033[0m"

static const char *const type_colors[] = {
    [DUIDER_PER] = "\033[1;36m", [DUIDER_ORG] = "\033[1;33m",  [DUIDER_LOC] = "\033[1;32m",  [DUIDER_EVENT] = "\033[1;35m",
    [DUIDER_WORK] = "\033[1;34m", [DUIDER_NORP] = "\033[32m", [DUIDER_MISC] = "\033[1;37m",
};

static void set_color(const struct stretch *stretch, FILE *output)
{
    if (stretch->quote)
        fputs(stretch->quote->kind == DUIDER_DIRECT ? "\033[48;5;236m" : "\033[48;5;234m", output);
    if (stretch->entity)
        fputs(type_colors[stretch->entity->type], output);
    else if (stretch->marks[MARK_ROLE])
        fputs("\033[3m", output);
    if (stretch->marks[MARK_CUE])
        fputs("\033[4m", output);
    if (stretch->marks[MARK_SPEAKER])
        fputs("\033[4;1m", output);
}

/* Control characters of the text must not reach the terminal. */
static void print_plain(const char *text, size_t bytes, FILE *output)
{
    for (size_t i = 0, length; i < bytes; i += length ? length : 1) {
        unsigned char c = (unsigned char)text[i];
        length = character_bytes(text + i, bytes - i);
        bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F || (c == 0xC2 && length && (unsigned char)text[i + 1] < 0xA0);
        if (control)
            fputc('?', output);
        else if (length)
            fwrite(text + i, 1, length, output);
        else
            fputs(REPLACEMENT_CHARACTER, output);
    }
}

/* One line of a list: line ends become blanks, long texts are cut between characters. */
static void print_line(const char *text, size_t most, FILE *output)
{
    size_t bytes = strlen(text), shown = bytes;
    if (bytes > most)
        for (shown = most; shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80;)
            shown--;
    for (size_t i = 0; i < shown;) {
        size_t plain = strcspn(text + i, "\n\r\t");
        plain = plain < shown - i ? plain : shown - i;
        print_plain(text + i, plain, output);
        i += plain;
        if (i < shown) {
            fputc(' ', output);
            i++;
        }
    }
    if (shown < bytes)
        fputs("…", output);
}

static void print_sentiment(duider_sentiment sentiment, FILE *output)
{
    fprintf(output, "%s %+.2f", duider_polarity_name(sentiment.label), sentiment.score);
}

static void print_entities(const duider_result *result, FILE *output)
{
    size_t count = duider_result_entity_count(result);
    fprintf(output, "\n\n%zu entit%s\n", count, count == 1 ? "y" : "ies");
    for (size_t i = 0; i < count; i++) {
        const duider_entity *entity = duider_result_entity_at(result, i);
        fprintf(output, "  %-4s %-5s ", entity->id, duider_entity_type_name(entity->type));
        print_line(entity->name, 80, output);
        fprintf(output, "  x%zu  salience %.2f  ", entity->mention_count, entity->salience);
        print_sentiment(entity->sentiment, output);
        for (size_t k = 0; k < entity->role_count; k++) {
            if (!is_new(entity->roles, k))
                continue;
            fputs(k ? ", " : "  (", output);
            print_line(entity->roles[k].text, 80, output);
        }
        fputs(entity->role_count ? ")\n" : "\n", output);
    }
}

static void print_speaker(const duider_result *result, const duider_quote *quote, FILE *output)
{
    const duider_entity *entity = duider_result_entity_at(result, quote->speaker_entity);
    if (entity)
        print_line(entity->name, 80, output);
    else
        fputs("?", output);
    if (quote->speaker_mention && !(entity && strcmp(entity->name, quote->speaker_mention->text) == 0)) {
        fputs(" (", output);
        print_line(quote->speaker_mention->text, 80, output);
        fputs(")", output);
    }
}

static void print_quotes(const duider_result *result, FILE *output)
{
    size_t count = duider_result_quote_count(result);
    fprintf(output, "\n%zu quote%s\n", count, count == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++) {
        const duider_quote *quote = duider_result_quote_at(result, i);
        fprintf(output, "  %-4s %-8s ", quote->id, duider_quote_kind_name(quote->kind));
        print_speaker(result, quote, output);
        for (size_t k = 0; k < quote->cue_count; k++) {
            fputs(k ? " … " : " [", output);
            print_line(quote->cue[k].text, 40, output);
        }
        fputs(quote->cue_count ? "]: " : ": ", output);
        for (size_t k = 0; k < quote->span_count; k++) {
            fputs(k ? " / " : "", output);
            print_line(quote->spans[k].text, 160, output);
        }
        fputs("  ", output);
        print_sentiment(quote->sentiment, output);
        fputc('\n', output);
    }
}

bool render_text(const duider_result *result, const char *text, size_t text_bytes, bool color, FILE *output)
{
    struct stretches stretches;
    if (!cut_stretches(result, text_bytes, &stretches))
        return false;
    for (size_t i = 0; i < stretches.count; i++) {
        const struct stretch *stretch = &stretches.items[i];
        if (color)
            set_color(stretch, output);
        print_plain(text + stretch->start, stretch->end - stretch->start, output);
        if (color)
            fputs(RESET, output);
    }
    free(stretches.items);
    print_entities(result, output);
    print_quotes(result, output);
    fprintf(output, "\nlanguage %s (%.2f), article ", duider_language_name(duider_result_language(result)), duider_result_language_confidence(result));
    print_sentiment(duider_result_sentiment(result), output);
    fputc('\n', output);
    return !ferror(output);
}
