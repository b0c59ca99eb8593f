/*
 * HTML -> the text of its article. libxml2's parser calls back for tags and text (SAX: no tree is built, nothing is loaded, entities are HTML's own);
 * here they become elements and blocks, of which main_text.c makes the text. What is never text (scripts, navigation, controls) is left out here.
 */
#include "html.h"
#include "server.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    DEPTH_MAX = 256,
    ELEMENTS_MAX = 200 * 1000,
    ELEMENTS_A_CHECK = 256, /* of the deadline */
    NAMES_BYTES = 32 * 1024 /* all names of tags and attributes; libxml2 compares each attribute of a tag with every other: with more, it would take minutes */
};

enum stop { NOT_STOPPED, TOO_DEEP, TOO_MANY, CANCELLED, NO_MEMORY };

/* An element that is open. */
struct level {
    size_t element; /* of the page, that it is or stands in */
    bool is_block, is_link, is_quote;
    enum block_kind kind;
    unsigned heading;
};

struct reader {
    const duider_options *options;
    htmlParserCtxtPtr parser;
    struct page page;
    struct level levels[DEPTH_MAX + 1]; /* the first stands for the page */
    size_t depth;
    size_t skipping; /* open elements from the outermost that is left out on; 0: none */
    size_t links;    /* open */
    bool blank;      /* one is to come before the next word */
    bool after_span; /* nothing but its end tag came since */
    size_t breaks;   /* <br> since the last word */
    size_t elements; /* of all kinds */
    struct block block; /* being read; empty where start == end */
    enum stop stopped;
};

/* ---- names ---- */

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcasecmp(name, *list) == 0)
            return true;
    return false;
}

static const char *const left_out[] = {"script", "style", "template", "iframe", "object", "embed", "applet", "svg", "math", "canvas", "audio",
                                       "video", "map", "nav", "menu", "dialog", "button", "select", "option", "textarea", "label", "datalist", "input",
                                       "noframes", "frameset", NULL};
static const char *const left_out_roles[] = {"navigation", "search", "menu", "menubar", "toolbar", "dialog", "alertdialog", "tablist", "button", "tooltip", NULL};
static const char *const beside[] = {"aside", "footer", "form", "noscript", NULL};
static const char *const beside_roles[] = {"banner", "contentinfo", "complementary", NULL};
static const char *const inlines[] = {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img", "ins",
                                      "kbd", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u",
                                      "var", "wbr", "picture", "source", "time", "link", "base", NULL};

/* Beginnings of words in class and id that say what an element is; "$": the whole word. */
static const char *const beside_words[] = {
    "ad$", "ads$", "advert", "anzeige", "werbung", "reclame", "sponsor", "promo", "cookie", "consent", "gdpr", "onetrust", "didomi", "usercentrics", "cmp$", "newsletter",
    "nieuwsbrief", "subscri", "abonne", "paywall", "signup", "login", "register$",
    "share", "sharing", "social", "teaser", "related", "gerelateerd", "recommend", "outbrain", "taboola", "trending", "popular", "mostread", "meestgelezen",
    "readmore", "leesook", "sidebar", "breadcrumb", "nav$", "navigation", "navbar", "menu", "footer", "masthead", "toolbar", "widget", "popup", "modal", "banner",
    "byline", "author", "tags", "taglist", "timestamp", "date$", "meta$", "skip$", "pagination", "pager", "poll$", "rating", "ticker",
    "screenreader", "visuallyhidden", "copyright", "disclaimer", NULL};
static const char *const comment_words[] = {"comment$", "comments", "commentlist", "reactie", "kommentar", "disqus", NULL};
static const char *const caption_words[] = {"caption", "figcaption", "bijschrift", "fotobijschrift", "bildunterschrift", "photocredit", "credit$", "credits$", NULL};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool begins_with(const char *text, const char *word)
{
    size_t length = strcspn(word, "$");
    return strncasecmp(text, word, length) == 0 && (!word[length] || !is_letter(text[length]) || text[length] <= 'Z');
}

/* Does a word of "article-comments relatedItems" begin as one of the list? */
static bool has_word(const char *classes, const char *const *list)
{
    for (const char *at = classes; *at; at++) {
        if (!is_letter(*at) || (at > classes && is_letter(at[-1]) && (*at > 'Z' || at[-1] <= 'Z')))
            continue; /* in the middle of one */
        for (size_t i = 0; list[i]; i++)
            if (begins_with(at, list[i]))
                return true;
    }
    return false;
}

static const char *attribute(const xmlChar **attributes, const char *name)
{
    for (size_t i = 0; attributes && attributes[i]; i += 2)
        if (strcasecmp((const char *)attributes[i], name) == 0)
            return attributes[i + 1] ? (const char *)attributes[i + 1] : "";
    return NULL;
}

static bool attribute_is(const xmlChar **attributes, const char *name, const char *value)
{
    const char *found = attribute(attributes, name);
    return found && strcasecmp(found, value) == 0;
}

static bool is_left_out(const char *name, const xmlChar **attributes)
{
    const char *role = attribute(attributes, "role");
    return is_one_of(name, left_out) || (role && is_one_of(role, left_out_roles));
}

static bool is_beside(const char *name, const xmlChar **attributes)
{
    const char *class = attribute(attributes, "class"), *id = attribute(attributes, "id"), *role = attribute(attributes, "role"), *style = attribute(attributes, "style");
    return is_one_of(name, beside) || (class && has_word(class, beside_words)) || (id && has_word(id, beside_words)) || (role && is_one_of(role, beside_roles)) ||
           attribute(attributes, "hidden") || attribute_is(attributes, "aria-hidden", "true") ||
           (style && (strcasestr(style, "display:none") || strcasestr(style, "display: none")));
}

static unsigned flags_of(const char *name, const xmlChar **attributes)
{
    const char *class = attribute(attributes, "class"), *id = attribute(attributes, "id"), *item = attribute(attributes, "itemprop");
    unsigned flags = strcasecmp(name, "article") == 0 ? ELEMENT_ARTICLE : strcasecmp(name, "title") == 0 ? ELEMENT_TITLE : 0;
    if (strcasecmp(name, "main") == 0 || attribute_is(attributes, "role", "main"))
        flags |= ELEMENT_MAIN;
    if (item && strcasecmp(item, "articleBody") == 0)
        flags |= ELEMENT_BODY;
    if (strcasecmp(name, "figure") == 0)
        flags |= ELEMENT_FIGURE;
    if (strcasecmp(name, "li") == 0)
        flags |= ELEMENT_ITEM;
    if (strcasecmp(name, "figcaption") == 0 || strcasecmp(name, "caption") == 0 || (class && has_word(class, caption_words)))
        flags |= ELEMENT_CAPTION;
    else if ((class && has_word(class, comment_words)) || (id && has_word(id, comment_words)))
        flags |= ELEMENT_COMMENTS;
    else if (is_beside(name, attributes))
        flags |= ELEMENT_BESIDE;
    return flags;
}

/* ---- arrays ---- */

static void stop(struct reader *reader, enum stop why)
{
    if (!reader->stopped)
        reader->stopped = why;
    xmlStopParser(reader->parser);
}

/* Makes room for one more item of `item_bytes`; false: no memory. */
static bool grow(void **items, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity)
        return true;
    size_t larger = *capacity ? *capacity * 2 : 64;
    void *moved = reallocarray(*items, larger, item_bytes);
    if (!moved)
        return false;
    *items = moved;
    *capacity = larger;
    return true;
}

static size_t add_element(struct reader *reader, size_t parent, unsigned flags)
{
    struct page *page = &reader->page;
    void *items = page->elements;
    if (!grow(&items, page->element_count, &page->element_capacity, sizeof *page->elements)) {
        stop(reader, NO_MEMORY);
        return parent;
    }
    page->elements = items;
    page->elements[page->element_count] = (struct element){.parent = parent, .flags = flags, .first_block = page->block_count, .end_block = SIZE_MAX};
    return page->element_count++;
}

static void add_bytes(struct reader *reader, const char *bytes, size_t count)
{
    struct page *page = &reader->page;
    while (page->text_capacity - page->text_bytes < count) {
        void *items = page->text;
        if (!grow(&items, page->text_capacity, &page->text_capacity, 1)) {
            stop(reader, NO_MEMORY);
            return;
        }
        page->text = items;
    }
    memcpy(page->text + page->text_bytes, bytes, count);
    page->text_bytes += count;
}

/* ---- blocks ---- */

static void end_block(struct reader *reader)
{
    struct page *page = &reader->page;
    void *items = page->blocks;
    reader->block.end = page->text_bytes;
    reader->blank = false;
    reader->breaks = 0;
    if (reader->block.end > reader->block.start) {
        if (!grow(&items, page->block_count, &page->block_capacity, sizeof *page->blocks)) {
            stop(reader, NO_MEMORY);
            return;
        }
        page->blocks = items;
        page->blocks[page->block_count++] = reader->block;
    }
    reader->block = (struct block){.start = page->text_bytes, .end = page->text_bytes};
}

static void add_word(struct reader *reader, const char *bytes, size_t count)
{
    size_t before = reader->page.text_bytes;
    if (reader->breaks > 1)
        end_block(reader);
    if (reader->page.text_bytes == reader->block.start) {
        const struct level *level = &reader->levels[reader->depth];
        size_t depth = reader->depth;
        while (!reader->levels[depth].is_block)
            depth--; /* the page itself is one */
        level = &reader->levels[depth];
        reader->block.element = level->element;
        reader->block.kind = level->kind;
        reader->block.level = level->heading;
    } else if (reader->breaks) {
        add_bytes(reader, "\n", 1);
    } else if (reader->blank) {
        add_bytes(reader, " ", 1);
    }
    add_bytes(reader, bytes, count);
    reader->blank = reader->after_span = false;
    reader->breaks = 0;
    if (reader->links)
        reader->block.link_bytes += reader->page.text_bytes - before;
}

/* Bytes of the blank at `at`: 1 to 3; 0: none stands there. *drawn: false where it takes no room (soft hyphens, zero width). */
static size_t blank_bytes(const char *at, size_t left, bool *drawn)
{
    *drawn = true;
    if (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r' || *at == '\f')
        return 1;
    if (left >= 2 && memcmp(at, "\xC2\xA0", 2) == 0)
        return 2;
    if (left >= 3 && (memcmp(at, "\xE2\x80\xA8", 3) == 0 || memcmp(at, "\xE2\x80\xA9", 3) == 0)) /* U+2028, U+2029: ends of line and paragraph */
        return 3;
    *drawn = false;
    if (left >= 2 && memcmp(at, "\xC2\xAD", 2) == 0)
        return 2;
    return left >= 3 && (memcmp(at, "\xE2\x80\x8B", 3) == 0 || memcmp(at, "\xEF\xBB\xBF", 3) == 0) ? 3 : 0;
}

static void on_text(void *payload, const xmlChar *characters, int length)
{
    struct reader *reader = payload;
    const char *text = (const char *)characters;
    size_t count = length > 0 ? (size_t)length : 0, from = 0;
    if (reader->skipping)
        return;
    for (size_t at = 0; at < count;) {
        bool drawn;
        size_t blank = blank_bytes(text + at, count - at, &drawn);
        if (!blank && ++at < count)
            continue;
        if (at > from)
            add_word(reader, text + from, at - from);
        reader->blank |= blank && drawn;
        at += blank;
        from = at;
    }
}

/* ---- tags ---- */

static void open_block(struct reader *reader, struct level *level, const char *name, unsigned flags)
{
    end_block(reader);
    unsigned inherited = reader->page.elements[level->element].flags & (ELEMENT_FIGURE | ELEMENT_CAPTION);
    if (strcasecmp(name, "blockquote") == 0)
        inherited = 0; /* quotes are often set as figures */
    level->element = add_element(reader, level->element, flags | inherited);
    level->is_block = true;
    bool heading = (name[0] == 'h' || name[0] == 'H') && name[1] >= '1' && name[1] <= '6' && !name[2];
    bool paragraph = strcasecmp(name, "p") == 0 || strcasecmp(name, "blockquote") == 0 || strcasecmp(name, "pre") == 0;
    level->heading = heading ? (unsigned)(name[1] - '0') : 0;
    level->kind = heading ? BLOCK_HEADING : paragraph ? BLOCK_PARAGRAPH : BLOCK_LOOSE;
}

/* <meta property="og:title" content="..."> becomes a block. */
static void read_meta(struct reader *reader, struct level level, const xmlChar **attributes)
{
    const char *content = attribute(attributes, "content");
    if (!content || !attribute_is(attributes, "property", "og:title") || reader->depth == DEPTH_MAX)
        return;
    open_block(reader, &level, "meta", ELEMENT_SHARED_TITLE);
    reader->levels[++reader->depth] = level;
    on_text(reader, (const xmlChar *)content, (int)strlen(content));
    end_block(reader);
    reader->depth--;
}

/* Without room for more names the parser reports faults, some of them for ever. */
static void on_error(void *payload, const char *format, ...)
{
    struct reader *reader = payload;
    (void)format;
    if (xmlDictGetUsage(reader->parser->dict) > NAMES_BYTES)
        stop(reader, TOO_MANY);
}

static bool may_go_on(struct reader *reader)
{
    const duider_options *options = reader->options;
    on_error(reader, NULL);
    if (reader->depth == DEPTH_MAX)
        stop(reader, TOO_DEEP);
    else if (++reader->elements > ELEMENTS_MAX)
        stop(reader, TOO_MANY);
    else if (reader->elements % ELEMENTS_A_CHECK == 0 && options->cancelled && options->cancelled(options->payload))
        stop(reader, CANCELLED);
    return !reader->stopped;
}

static void on_start(void *payload, const xmlChar *tag, const xmlChar **attributes)
{
    struct reader *reader = payload;
    const char *name = (const char *)tag;
    if (!may_go_on(reader))
        return;
    struct level level = {.element = reader->levels[reader->depth].element};
    if (reader->skipping || is_left_out(name, attributes)) {
        reader->skipping++;
    } else if (strcasecmp(name, "meta") == 0) {
        read_meta(reader, level, attributes);
    } else if (strcasecmp(name, "br") == 0) {
        reader->breaks++;
    } else if (strcasecmp(name, "q") == 0) {
        level.is_quote = true;
        on_text(reader, (const xmlChar *)"\xE2\x80\x9C", 3); /* browsers draw the marks */
    } else if (strcasecmp(name, "span") == 0 && reader->after_span && reader->block.level) {
        reader->blank = true; /* the parts of a headline stand in lines of their own */
    } else if (strcasecmp(name, "a") == 0) {
        level.is_link = attribute(attributes, "href") != NULL;
        reader->links += level.is_link;
    } else {
        unsigned flags = flags_of(name, attributes);
        if (!is_one_of(name, inlines) || flags & ELEMENT_CAPTION)
            open_block(reader, &level, name, flags);
    }
    reader->levels[++reader->depth] = level;
}

static void on_end(void *payload, const xmlChar *tag)
{
    struct reader *reader = payload;
    if (reader->depth == 0)
        return;
    struct level level = reader->levels[reader->depth--]; /* the parser closes what it opened, in order */
    reader->after_span = strcasecmp((const char *)tag, "span") == 0;
    if (reader->skipping) {
        reader->skipping--;
        return;
    }
    reader->links -= level.is_link;
    if (level.is_quote)
        on_text(reader, (const xmlChar *)"\xE2\x80\x9D", 3);
    if (!level.is_block)
        return;
    end_block(reader);
    reader->page.elements[level.element].end_block = reader->page.block_count;
}

/* ---- the whole ---- */

static duider_status wrong(duider_error *error, duider_status status, const char *message)
{
    error->status = status;
    snprintf(error->message, sizeof error->message, "%s", message);
    return status;
}

/* SAX alone: what the parser finds goes to `reader`, and no tree is built. NULL: no memory. */
static htmlParserCtxtPtr parser_new(struct reader *reader, const char *html, size_t bytes)
{
    htmlParserCtxtPtr parser = htmlCreateMemoryParserCtxt(html, (int)bytes);
    if (!parser)
        return NULL;
    htmlCtxtUseOptions(parser, HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_RECOVER | HTML_PARSE_IGNORE_ENC);
    xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
    xmlDictSetLimit(parser->dict, NAMES_BYTES);
    *parser->sax = (xmlSAXHandler){.startElement = on_start, .endElement = on_end, .characters = on_text, .error = on_error};
    parser->userData = reader;
    reader->parser = parser;
    return parser;
}

static duider_status parse(struct reader *reader, const char *html, size_t bytes, duider_error *error)
{
    htmlParserCtxtPtr parser = bytes ? parser_new(reader, html, bytes) : NULL;
    if (bytes && !parser)
        return wrong(error, DUIDER_NO_MEMORY, "memory is short");
    reader->levels[0] = (struct level){.element = add_element(reader, 0, 0), .is_block = true, .kind = BLOCK_LOOSE};
    if (parser)
        htmlParseDocument(parser);
    htmlFreeParserCtxt(parser);
    end_block(reader);
    switch (reader->stopped) {
    case NOT_STOPPED: return DUIDER_OK;
    case TOO_DEEP: return wrong(error, DUIDER_BAD_ARGUMENT, "the HTML is nested too deep");
    case TOO_MANY: return wrong(error, DUIDER_TOO_LONG, "the HTML has too many elements");
    case CANCELLED: return wrong(error, DUIDER_CANCELLED, "cancelled");
    default: return wrong(error, DUIDER_NO_MEMORY, "memory is short");
    }
}

static void page_free(struct page *page)
{
    free(page->text);
    free(page->elements);
    free(page->blocks);
}

duider_status html_read(const char *html, size_t bytes, const char *title, const duider_options *options, struct html_text *text, duider_error *error)
{
    struct reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return wrong(error, DUIDER_NO_MEMORY, "memory is short");
    reader->options = options;
    duider_status status = parse(reader, html, bytes, error);
    if (status == DUIDER_OK && !main_text(&reader->page, title, text))
        status = wrong(error, DUIDER_NO_MEMORY, "memory is short");
    else if (status == DUIDER_OK && text->bytes == 0)
        status = wrong(error, DUIDER_EMPTY_TEXT, "no article was found in the HTML");
    page_free(&reader->page);
    free(reader);
    return status;
}
