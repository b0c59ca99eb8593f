/*
 * What the two halves of the HTML reader share: html.c turns a page into elements and blocks, main_text.c finds the article among them.
 * All offsets are bytes in the page's text, which is UTF-8.
 */
#ifndef DUIDER_HTML_H
#define DUIDER_HTML_H

#include "duider.h"

/* What an element is or says about itself; flags marked (i) hold for all that stands in it. */
enum {
    ELEMENT_ARTICLE = 1,      /* <article> */
    ELEMENT_MAIN = 2,         /* <main>, role=main */
    ELEMENT_BODY = 4,         /* itemprop=articleBody */
    ELEMENT_FIGURE = 8,       /* (i) */
    ELEMENT_CAPTION = 16,     /* (i) */
    ELEMENT_BESIDE = 32,      /* its name or class says that it is beside the article: teasers, forms, cookie notices */
    ELEMENT_COMMENTS = 2048,  /* ... of readers, which may be longer than the article */
    ELEMENT_ITEM = 64,        /* <li>: of a list */
    ELEMENT_TITLE = 128,      /* <title> */
    ELEMENT_SHARED_TITLE = 256, /* og:title: the page's name where it is shared */
    /* what main_text.c found: */
    ELEMENT_KEPT = 512,       /* the article stands in it, whatever its class says */
    ELEMENT_DROPPED = 1024    /* (i) it is beside the article */
};

struct element {
    size_t parent; /* the root, 0, is its own */
    unsigned flags;
    size_t weight; /* of the paragraphs in it, in bytes */
    size_t first_block, end_block;
};

enum block_kind { BLOCK_PARAGRAPH, BLOCK_HEADING, BLOCK_LOOSE /* in no paragraph of its own: <div>, <li>, <td> */ };

/* A run of text between the borders of elements or two <br>; blanks are single, and none stands at its ends. */
struct block {
    size_t start, end, link_bytes;
    size_t element;
    enum block_kind kind;
    unsigned level; /* of a heading */
};

struct page {
    char *text;
    size_t text_bytes, text_capacity;
    struct element *elements;
    size_t element_count, element_capacity;
    struct block *blocks;
    size_t block_count, block_capacity;
};

struct html_span {
    size_t start, end;
};

struct html_text {
    char *text; /* for free() */
    size_t bytes;
    struct html_span *captions; /* for free() */
    size_t caption_count;
};

/*
 * Finds the article in `page`: its title (`title`, where that is not NULL, in the place of the page's), its paragraphs with a blank line between them,
 * then its captions. False: no memory.
 */
bool main_text(struct page *page, const char *title, struct html_text *text);

#endif
