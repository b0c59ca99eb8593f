/*
 * Which blocks of a page are its article. Paragraphs have a weight, their length outside links; the article is the <article>, <main> or else the deepest
 * element that has nearly all of it. What stands there and is a link, a label, a teaser or in an element that its class calls something else is left out.
 */
#include "html.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    NONE = -1,
    PARAGRAPH_BYTES = 40, /* from here on a <p> is prose without the end of a sentence, */
    LOOSE_BYTES = 80,     /* and text elsewhere; half of it with one */
    LABEL_BYTES = 40,
    TITLE_BYTES = 10, /* a shorter heading may be in the page's name by chance, */
    TITLE_BYTES_MAX = 500, /* a longer one is none */
    REPEATED_MAX = 16
};

struct place { /* in page->text */
    size_t start, end;
};

struct finder {
    const struct page *page;
    struct element *elements;
    size_t root;
    ptrdiff_t title_block; /* a heading, or NONE */
    const char *title;
    size_t title_bytes;
    size_t first, end; /* blocks of the article */
};

static size_t length_of(const struct block *block)
{
    return block->end - block->start;
}

static const char *text_of(const struct page *page, const struct block *block)
{
    return page->text + block->start;
}

static bool is_link(const struct block *block)
{
    return block->link_bytes * 2 > length_of(block);
}

/* Do the bytes end with the end of a sentence, marks and brackets behind it left aside? */
static bool ends_sentence(const char *text, size_t bytes)
{
    static const char *const behind[] = {"\"", "'", ")", "]", "\xE2\x80\x9D", "\xE2\x80\x9C", "\xE2\x80\x99", "\xC2\xBB", "\xC2\xAB"};
    static const char *const ends[] = {".", "!", "?", ":", "\xE2\x80\xA6"};
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        size_t length = strlen(behind[i]);
        if (bytes > length && memcmp(text + bytes - length, behind[i], length) == 0) {
            bytes -= length;
            i = SIZE_MAX; /* and again from the first */
        }
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t length = strlen(ends[i]);
        if (bytes > length && memcmp(text + bytes - length, ends[i], length) == 0)
            return true;
    }
    return false;
}

static bool is_prose(const struct page *page, const struct block *block)
{
    if (block->kind == BLOCK_HEADING || is_link(block))
        return false;
    size_t bytes = length_of(block);
    bool sentence = ends_sentence(text_of(page, block), bytes);
    return block->kind == BLOCK_PARAGRAPH ? sentence || bytes >= PARAGRAPH_BYTES : bytes >= LOOSE_BYTES || (sentence && bytes >= LOOSE_BYTES / 2);
}

static bool is_label(const struct page *page, const struct block *block)
{
    static const char *const labels[] = {"advertentie", "advertisement", "anzeige", "werbung", "lees ook", "lees meer", "lees verder", "lees hier meer", "read more", "read also",
                                         "mehr zum thema", "lesen sie auch", "delen", "deel dit artikel", "share", "share this", "teilen", "artikel delen",
                                         "reageer", "reacties", "comments", "kommentare", "gerelateerd", "related", "meer nieuws", "more news", NULL};
    const char *text = text_of(page, block);
    size_t bytes = length_of(block);
    if (bytes > LABEL_BYTES)
        return false;
    bytes -= bytes > 0 && text[bytes - 1] == ':';
    for (size_t i = 0; labels[i]; i++)
        if (strlen(labels[i]) == bytes && strncasecmp(labels[i], text, bytes) == 0)
            return true;
    return false;
}

static unsigned flags_of(const struct finder *finder, const struct block *block)
{
    return finder->elements[block->element].flags;
}

static bool is_caption(const struct finder *finder, const struct block *block)
{
    return (flags_of(finder, block) & (ELEMENT_FIGURE | ELEMENT_CAPTION)) != 0;
}

static bool is_name(const struct finder *finder, const struct block *block)
{
    return (flags_of(finder, block) & (ELEMENT_TITLE | ELEMENT_SHARED_TITLE)) != 0;
}

/* ---- weight ---- */

static void weigh(struct finder *finder)
{
    const struct page *page = finder->page;
    for (size_t i = 0; i < page->element_count; i++)
        finder->elements[i].weight = 0;
    for (size_t i = 0; i < page->block_count; i++) {
        const struct block *block = &page->blocks[i];
        if (!(flags_of(finder, block) & ELEMENT_DROPPED) && !is_caption(finder, block) && !is_name(finder, block) && is_prose(page, block))
            finder->elements[block->element].weight += length_of(block) - block->link_bytes;
    }
    for (size_t i = page->element_count - 1; i > 0; i--) /* what stands in an element comes after it */
        finder->elements[finder->elements[i].parent].weight += finder->elements[i].weight;
}

/* ---- the title ---- */

static bool contains(const char *text, size_t bytes, const char *part, size_t part_bytes)
{
    for (size_t i = 0; i + part_bytes <= bytes; i++)
        if (strncasecmp(text + i, part, part_bytes) == 0)
            return true;
    return false;
}

static const struct block *find_name(const struct finder *finder, unsigned flag)
{
    for (size_t i = 0; i < finder->page->block_count; i++)
        if (flags_of(finder, &finder->page->blocks[i]) & flag)
            return &finder->page->blocks[i];
    return NULL;
}

/* "De brug is dicht | De Krant": bytes without the site's name. */
static size_t without_site(const char *text, size_t bytes)
{
    static const char *const separators[] = {" | ", " - ", " \xE2\x80\x93 ", " \xE2\x80\x94 ", " :: ", " \xC2\xBB "};
    for (size_t at = bytes; at > TITLE_BYTES; at--)
        for (size_t i = 0; i < sizeof separators / sizeof *separators; i++)
            if (at + strlen(separators[i]) < bytes && memcmp(text + at, separators[i], strlen(separators[i])) == 0)
                return at;
    return bytes;
}

/* The heading that the page's name holds; the longest, if there are more. */
static void find_title(struct finder *finder)
{
    const struct page *page = finder->page;
    const struct block *shared = find_name(finder, ELEMENT_SHARED_TITLE), *name = shared ? shared : find_name(finder, ELEMENT_TITLE);
    finder->title_block = NONE;
    if (!name || length_of(name) > TITLE_BYTES_MAX)
        return;
    finder->title = text_of(page, name);
    finder->title_bytes = shared ? length_of(name) : without_site(finder->title, length_of(name));
    for (size_t i = 0, best = TITLE_BYTES - 1; i < page->block_count; i++) {
        const struct block *block = &page->blocks[i];
        size_t bytes = length_of(block);
        if (block->kind == BLOCK_HEADING && block->level <= 2 && bytes > best && bytes <= TITLE_BYTES_MAX && contains(text_of(page, name), length_of(name), text_of(page, block), bytes)) {
            best = bytes;
            finder->title_block = (ptrdiff_t)i;
        }
    }
}

/* Where no heading is in the page's name: the last <h1> before the article's end, else the name. */
static void choose_title(struct finder *finder)
{
    const struct page *page = finder->page;
    for (size_t i = 0; i < page->block_count && finder->title_block == NONE && i < finder->elements[finder->root].end_block; i++)
        if (page->blocks[i].kind == BLOCK_HEADING && page->blocks[i].level == 1 && !(flags_of(finder, &page->blocks[i]) & ELEMENT_DROPPED) &&
            (i >= finder->elements[finder->root].first_block || !finder->title))
            finder->title_block = (ptrdiff_t)i;
    if (finder->title_block == NONE)
        return;
    finder->title = text_of(page, &page->blocks[finder->title_block]);
    finder->title_bytes = length_of(&page->blocks[finder->title_block]);
}

/* ---- what is beside the article ---- */

static void keep_around(struct finder *finder, size_t element)
{
    for (; !(finder->elements[element].flags & ELEMENT_KEPT); element = finder->elements[element].parent)
        finder->elements[element].flags |= ELEMENT_KEPT;
}

/* A heading in a list's item, or in an <article> or element of its own, that is a link to somewhere else. */
static void mark_teasers(struct finder *finder)
{
    for (size_t i = 0; i < finder->page->block_count; i++) {
        const struct block *block = &finder->page->blocks[i];
        if (block->kind != BLOCK_HEADING || !is_link(block))
            continue;
        size_t element = finder->elements[block->element].parent; /* what holds the heading */
        for (size_t above = element; above > 0; above = finder->elements[above].parent)
            if (finder->elements[above].flags & (ELEMENT_ARTICLE | ELEMENT_ITEM)) {
                element = above;
                break;
            }
        finder->elements[element].flags |= ELEMENT_BESIDE;
    }
}

/* Takes out the elements with that flag, and weighs again. */
static void drop(struct finder *finder, unsigned flag)
{
    struct element *elements = finder->elements;
    for (size_t i = 1; i < finder->page->element_count; i++)
        if (elements[elements[i].parent].flags & ELEMENT_DROPPED || (elements[i].flags & flag && !(elements[i].flags & ELEMENT_KEPT)))
            elements[i].flags |= ELEMENT_DROPPED;
    weigh(finder);
}

static void drop_what_is_beside(struct finder *finder)
{
    const struct element *elements = finder->elements;
    keep_around(finder, 0);
    if (finder->title_block != NONE)
        keep_around(finder, finder->page->blocks[finder->title_block].element);
    for (size_t i = 1; i < finder->page->element_count; i++)
        if (elements[i].flags & (ELEMENT_MAIN | ELEMENT_BODY))
            keep_around(finder, i);
    drop(finder, ELEMENT_COMMENTS);
    mark_teasers(finder);
    for (size_t i = 1; i < finder->page->element_count; i++)
        if (elements[i].weight > elements[0].weight / 2)
            keep_around(finder, i);
    drop(finder, ELEMENT_BESIDE);
}

/* ---- the article ---- */

/* The heaviest element with that flag, if it has at least a third of the weight; else 0. */
static size_t heaviest(const struct finder *finder, unsigned flag)
{
    size_t best = 0;
    for (size_t i = 1; i < finder->page->element_count; i++)
        if (finder->elements[i].flags & flag && (!best || finder->elements[i].weight > finder->elements[best].weight))
            best = i;
    return best && finder->elements[best].weight >= finder->elements[0].weight / 3 ? best : 0;
}

static void find_root(struct finder *finder)
{
    const struct element *elements = finder->elements;
    finder->root = heaviest(finder, ELEMENT_ARTICLE);
    if (!finder->root)
        finder->root = heaviest(finder, ELEMENT_BODY);
    if (finder->root)
        return;
    finder->root = heaviest(finder, ELEMENT_MAIN);
    for (size_t i = finder->root + 1; i < finder->page->element_count; i++)
        if (elements[i].parent == finder->root && elements[i].weight && elements[i].weight / 4 >= elements[finder->root].weight / 5)
            finder->root = i;
}

/* From the title on, where it stands before the article's weight. */
static void find_range(struct finder *finder)
{
    const struct element *root = &finder->elements[finder->root];
    finder->first = root->first_block;
    finder->end = root->end_block < finder->page->block_count ? root->end_block : finder->page->block_count;
    if (finder->title_block == NONE || (size_t)finder->title_block >= finder->end)
        return;
    size_t before = 0, title = (size_t)finder->title_block;
    for (size_t i = finder->first; i < title; i++)
        if (!(flags_of(finder, &finder->page->blocks[i]) & ELEMENT_DROPPED) && is_prose(finder->page, &finder->page->blocks[i]))
            before += length_of(&finder->page->blocks[i]);
    if (before <= root->weight / 5)
        finder->first = title;
}

static bool is_title(const struct finder *finder, const struct block *block)
{
    return length_of(block) == finder->title_bytes && strncasecmp(text_of(finder->page, block), finder->title, finder->title_bytes) == 0;
}

enum strictness { ALL, ALL_BUT_WHAT_IS_BESIDE, ARTICLE };

/* Marks what is of the article; true if there is any. */
static bool choose(const struct finder *finder, enum strictness strictness, bool *chosen)
{
    const struct page *page = finder->page;
    const struct block *next = NULL; /* of those chosen, the one behind */
    const bool strict = strictness == ARTICLE;
    for (size_t i = page->block_count; i-- > 0;) {
        const struct block *block = &page->blocks[i];
        chosen[i] = false;
        if (is_name(finder, block) || is_caption(finder, block) || is_title(finder, block) || (ptrdiff_t)i == finder->title_block)
            continue;
        if (strictness >= ALL_BUT_WHAT_IS_BESIDE && (flags_of(finder, block) & ELEMENT_DROPPED || is_link(block) || is_label(page, block)))
            continue;
        if (strict && (i < finder->first || i >= finder->end))
            continue;
        bool heading = block->kind == BLOCK_HEADING, lead = i < finder->elements[finder->root].first_block;
        if (strict && heading && (!next || lead || (next->kind == BLOCK_HEADING && next->level <= block->level)))
            continue; /* nothing stands under it */
        if (strict && !heading && !is_prose(page, block) && (block->kind == BLOCK_LOOSE || lead || !next || next->kind == BLOCK_HEADING))
            continue; /* <p><b>Geen geld</b></p> is a heading too */
        chosen[i] = true;
        next = block;
    }
    return next != NULL;
}

/* ---- out ---- */

/* A line of `block` where there is one; a break in a heading is a blank. */
static void append(struct html_text *text, const char *bytes, size_t count, bool one_line)
{
    if (text->bytes) {
        memcpy(text->text + text->bytes, "\n\n", 2);
        text->bytes += 2;
    }
    for (size_t i = 0; i < count; i++)
        text->text[text->bytes++] = one_line && bytes[i] == '\n' ? ' ' : bytes[i];
}

static bool is_repeated(const struct html_text *text, const char *bytes, size_t count)
{
    for (size_t i = text->caption_count > REPEATED_MAX ? text->caption_count - REPEATED_MAX : 0; i < text->caption_count; i++)
        if (text->captions[i].end - text->captions[i].start == count && memcmp(text->text + text->captions[i].start, bytes, count) == 0)
            return true;
    return false;
}

static void append_captions(const struct finder *finder, struct html_text *text)
{
    const struct page *page = finder->page;
    for (size_t i = finder->first; i < finder->end; i++) {
        const struct block *block = &page->blocks[i];
        if (!is_caption(finder, block) || flags_of(finder, block) & ELEMENT_DROPPED || is_link(block) || is_repeated(text, text_of(page, block), length_of(block)))
            continue;
        append(text, text_of(page, block), length_of(block), false);
        text->captions[text->caption_count++] = (struct html_span){text->bytes - length_of(block), text->bytes};
    }
}

static bool write_text(struct finder *finder, const bool *chosen, struct html_text *text)
{
    const struct page *page = finder->page;
    text->text = malloc(finder->title_bytes + page->text_bytes + 2 * page->block_count + 3);
    text->captions = calloc(page->block_count + 1, sizeof *text->captions);
    if (!text->text || !text->captions)
        return false;
    if (finder->title_bytes)
        append(text, finder->title, finder->title_bytes, true);
    for (size_t i = 0; i < page->block_count; i++)
        if (chosen[i])
            append(text, text_of(page, &page->blocks[i]), length_of(&page->blocks[i]), page->blocks[i].kind == BLOCK_HEADING);
    append_captions(finder, text);
    text->text[text->bytes] = 0;
    return true;
}

bool main_text(struct page *page, const char *title, struct html_text *text)
{
    struct finder finder = {.page = page, .elements = page->elements};
    bool *chosen = calloc(page->block_count + 1, sizeof *chosen);
    if (!chosen)
        return false;
    weigh(&finder);
    find_title(&finder);
    drop_what_is_beside(&finder);
    find_root(&finder);
    choose_title(&finder);
    find_range(&finder);
    if (title) {
        finder.title = title;
        finder.title_bytes = strlen(title);
    }
    for (enum strictness strictness = ARTICLE; !choose(&finder, strictness, chosen) && strictness > ALL; strictness--) {
    }
    bool done = write_text(&finder, chosen, text);
    free(chosen);
    return done;
}
