/* Result -> stretches: every border of a mention, role, cue, speaker or quote cuts the text once. */
#include "spans.h"

#include <stdlib.h>
#include <strings.h>

static int by_offset(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

typedef void visitor(void *payload, duider_span span, enum mark mark, const duider_entity *entity, const duider_quote *quote);

static void visit_all(const duider_result *result, visitor *visit, void *payload)
{
    for (size_t i = 0; i < duider_result_quote_count(result); i++) {
        const duider_quote *quote = duider_result_quote_at(result, i);
        for (size_t k = 0; k < quote->span_count; k++)
            visit(payload, quote->spans[k].span, MARK_QUOTE, NULL, quote);
        for (size_t k = 0; k < quote->cue_count; k++)
            visit(payload, quote->cue[k].span, MARK_CUE, NULL, NULL);
        if (quote->speaker_mention)
            visit(payload, quote->speaker_mention->span, MARK_SPEAKER, NULL, NULL);
    }
    for (size_t i = 0; i < duider_result_entity_count(result); i++) {
        const duider_entity *entity = duider_result_entity_at(result, i);
        for (size_t k = 0; k < entity->mention_count; k++)
            if (entity->mentions[k].kind == DUIDER_MENTION_NAME)
                visit(payload, entity->mentions[k].extract.span, MARK_NAME, entity, NULL);
        for (size_t k = 0; k < entity->role_count; k++)
            visit(payload, entity->roles[k].span, MARK_ROLE, NULL, NULL);
    }
}

struct edges {
    size_t *items;
    size_t count;
};

static void count_edges(void *payload, duider_span span, enum mark mark, const duider_entity *entity, const duider_quote *quote)
{
    (void)span, (void)mark, (void)entity, (void)quote;
    ((struct edges *)payload)->count += 2;
}

static void add_edges(void *payload, duider_span span, enum mark mark, const duider_entity *entity, const duider_quote *quote)
{
    (void)mark, (void)entity, (void)quote;
    struct edges *edges = payload;
    edges->items[edges->count++] = span.start;
    edges->items[edges->count++] = span.end;
}

static void paint(void *payload, duider_span span, enum mark mark, const duider_entity *entity, const duider_quote *quote)
{
    struct stretches *stretches = payload;
    size_t low = 0, high = stretches->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stretches->items[middle].start < span.start)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < stretches->count && stretches->items[low].end <= span.end; low++) {
        stretches->items[low].marks[mark] = true;
        if (entity)
            stretches->items[low].entity = entity;
        if (quote)
            stretches->items[low].quote = quote;
    }
}

size_t character_bytes(const char *text, size_t left)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t count = c[0] < 0x80 ? 1 : c[0] >= 0xC2 && c[0] < 0xE0 ? 2 : c[0] >= 0xE0 && c[0] < 0xF0 ? 3 : c[0] >= 0xF0 && c[0] < 0xF5 ? 4 : 0;
    if (count > left)
        return 0;
    for (size_t i = 1; i < count; i++)
        if ((c[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (c[0] == 0xE0 && c[1] < 0xA0) || (c[0] == 0xF0 && c[1] < 0x90);
    bool no_scalar = (c[0] == 0xED && c[1] > 0x9F) || (c[0] == 0xF4 && c[1] > 0x8F); /* a surrogate; above U+10FFFF */
    return overlong || no_scalar ? 0 : count;
}

bool is_new(const duider_extract *items, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcasecmp(items[i].text, items[index].text) == 0)
            return false;
    return true;
}

bool cut_stretches(const duider_result *result, size_t text_bytes, struct stretches *stretches)
{
    struct edges edges = {NULL, 2};
    visit_all(result, count_edges, &edges);
    edges.items = calloc(edges.count, sizeof *edges.items);
    stretches->items = calloc(edges.count, sizeof *stretches->items);
    stretches->count = 0;
    if (!edges.items || !stretches->items) {
        free(edges.items);
        free(stretches->items);
        return false;
    }
    edges.count = 0;
    edges.items[edges.count++] = 0;
    edges.items[edges.count++] = text_bytes;
    visit_all(result, add_edges, &edges);
    qsort(edges.items, edges.count, sizeof *edges.items, by_offset);
    for (size_t i = 0; i + 1 < edges.count; i++)
        if (edges.items[i] < edges.items[i + 1] && edges.items[i + 1] <= text_bytes)
            stretches->items[stretches->count++] = (struct stretch){.start = edges.items[i], .end = edges.items[i + 1]};
    visit_all(result, paint, stretches);
    free(edges.items);
    return true;
}
