/* Result -> one HTML page without scripts or outside resources: the article with its marks, then tables of entities and quotes. */
#include "cli.h"
#include "spans.h"

#include <stdlib.h>
#include <string.h>

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"%s\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>duider</title>\n<style>\n"
    "body{font:17px/1.6 Georgia,serif;max-width:46em;margin:2em auto;padding:0 1em;color:#1a1a1a;background:#fff}\n"
    "article{white-space:pre-wrap}\n.quote{background:#fdf3cf}\n.quote.indirect{background:#eef3e2}\n.quote.mixed{background:#f3ecd9}\n"
    ".name{font-weight:bold}\n.PER{color:#0b5394}\n.ORG{color:#8a4b00}\n.LOC{color:#38761d}\n.EVENT{color:#7b1fa2}\n.WORK{color:#ad1457}\n"
    ".NORP{color:#00695c}\n.MISC{color:#555}\n.role{font-style:italic}\n.cue{text-decoration:underline}\n"
    ".speaker{border-bottom:2px solid #b45f06}\ntable{border-collapse:collapse;font:14px/1.4 system-ui,sans-serif;margin-top:2em;width:100%%}\n"
    "td,th{border-top:1px solid #ddd;padding:.3em .5em;text-align:left;vertical-align:top}\n</style>\n";

/* Text of the article, safe between tags and inside quoted attributes. */
static void escape(const char *text, size_t bytes, FILE *output)
{
    for (size_t i = 0, length; i < bytes; i += length ? length : 1) {
        length = character_bytes(text + i, bytes - i);
        switch (length ? text[i] : 0) {
        case '&': fputs("&amp;", output); break;
        case '<': fputs("&lt;", output); break;
        case '>': fputs("&gt;", output); break;
        case '"': fputs("&quot;", output); break;
        case 0: fputs(REPLACEMENT_CHARACTER, output); break;
        default: fwrite(text + i, 1, length, output);
        }
    }
}

static void cell(const char *text, FILE *output)
{
    fputs("<td>", output);
    escape(text, strlen(text), output);
    fputs("</td>", output);
}

static void print_stretch(const struct stretch *stretch, const char *text, FILE *output)
{
    bool marked = false;
    for (size_t i = 0; i < MARK_COUNT; i++)
        marked |= stretch->marks[i];
    if (marked) {
        fputs("<span class=\"", output);
        if (stretch->quote)
            fprintf(output, "quote %s ", duider_quote_kind_name(stretch->quote->kind));
        if (stretch->entity)
            fprintf(output, "name %s ", duider_entity_type_name(stretch->entity->type));
        fputs(stretch->marks[MARK_ROLE] ? "role " : "", output);
        fputs(stretch->marks[MARK_CUE] ? "cue " : "", output);
        fputs(stretch->marks[MARK_SPEAKER] ? "speaker" : "", output);
        fputs("\"", output);
        if (stretch->entity) {
            fprintf(output, " title=\"%s: ", stretch->entity->id);
            escape(stretch->entity->name, strlen(stretch->entity->name), output);
            fputs("\"", output);
        }
        fputs(">", output);
    }
    escape(text + stretch->start, stretch->end - stretch->start, output);
    if (marked)
        fputs("</span>", output);
}

static void print_entities(const duider_result *result, FILE *output)
{
    fputs("<table>\n<tr><th>entity<th>type<th>name<th>roles<th>mentions<th>salience<th>sentiment</tr>\n", output);
    for (size_t i = 0; i < duider_result_entity_count(result); i++) {
        const duider_entity *entity = duider_result_entity_at(result, i);
        fprintf(output, "<tr><td>%s</td><td class=\"%s\">%s</td>", entity->id, duider_entity_type_name(entity->type), duider_entity_type_name(entity->type));
        cell(entity->name, output);
        fputs("<td>", output);
        for (size_t k = 0; k < entity->role_count; k++) {
            if (!is_new(entity->roles, k))
                continue;
            fputs(k ? ", " : "", output);
            escape(entity->roles[k].text, strlen(entity->roles[k].text), output);
        }
        fprintf(output, "</td><td>%zu</td><td>%.2f</td><td>%s</td></tr>\n", entity->mention_count, entity->salience,
                duider_polarity_name(entity->sentiment.label));
    }
    fputs("</table>\n", output);
}

static void print_quotes(const duider_result *result, FILE *output)
{
    fputs("<table>\n<tr><th>quote<th>kind<th>speaker<th>cue<th>content<th>sentiment</tr>\n", output);
    for (size_t i = 0; i < duider_result_quote_count(result); i++) {
        const duider_quote *quote = duider_result_quote_at(result, i);
        const duider_entity *entity = duider_result_entity_at(result, quote->speaker_entity);
        fprintf(output, "<tr><td>%s</td><td>%s</td>", quote->id, duider_quote_kind_name(quote->kind));
        cell(entity ? entity->name : quote->speaker_mention ? quote->speaker_mention->text : "", output);
        fputs("<td>", output);
        for (size_t k = 0; k < quote->cue_count; k++) {
            fputs(k ? " … " : "", output);
            escape(quote->cue[k].text, strlen(quote->cue[k].text), output);
        }
        fputs("</td><td>", output);
        for (size_t k = 0; k < quote->span_count; k++) {
            fputs(k ? " … " : "", output);
            escape(quote->spans[k].text, strlen(quote->spans[k].text), output);
        }
        fprintf(output, "</td><td>%s</td></tr>\n", duider_polarity_name(quote->sentiment.label));
    }
    fputs("</table>\n", output);
}

bool render_html(const duider_result *result, const char *text, size_t text_bytes, FILE *output)
{
    struct stretches stretches;
    if (!cut_stretches(result, text_bytes, &stretches))
        return false;
    fprintf(output, head, duider_language_name(duider_result_language(result)));
    fputs("<article>", output);
    for (size_t i = 0; i < stretches.count; i++)
        print_stretch(&stretches.items[i], text, output);
    fputs("</article>\n", output);
    free(stretches.items);
    print_entities(result, output);
    print_quotes(result, output);
    fputs("</html>\n", output);
    return !ferror(output);
}
