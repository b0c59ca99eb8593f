/*
 * The shelf that every stage uses: arena, growing array, string view, checked sizes, error setter.
 * Nothing here knows what an article is.
 */
#ifndef DUIDER_BASE_H
#define DUIDER_BASE_H

#include "duider.h"

#include <stdarg.h>
#include <string.h>

/* ---- sizes: true and *out written when the result fits ---- */

static inline bool size_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool size_multiply(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

/* ---- errors ---- */

/* Fills `error` (may be NULL) and returns `status`, so that a function can `return fail(...)`. */
duider_status fail(duider_error *error, duider_status status, size_t byte_offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

duider_status fail_memory(duider_error *error);

/* ---- vectors ---- */

/* `count` zeroed items of `item_bytes`, aligned to 64 bytes, for free(); NULL when memory is short. */
void *aligned_new(size_t count, size_t item_bytes);

/* ---- arena: everything allocated from it is released at once ---- */

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t next_block_bytes;
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);

/* `count` zeroed items of `item_bytes`, aligned for any type; NULL when memory is short. A count of 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t count, size_t item_bytes);

/* A NUL-terminated copy of `bytes` bytes. */
char *arena_copy(struct arena *arena, const char *bytes, size_t count);

/* ---- growing array in an arena ---- */

/*
 * `items` of `item_bytes` each, of which `*count` are used and `*capacity` have room: makes room for one more and returns
 * the array, moved or not; NULL when memory is short (the old one stays valid).
 */
void *array_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t item_bytes);

/* Makes room in the struct member array `list` {items, count, capacity}; false when memory is short. */
#define LIST_RESERVE(arena, list)                                                                                  \
    ((list)->count < (list)->capacity || list_store((void **)&(list)->items,                                       \
        array_grow((arena), (list)->items, (list)->count, &(list)->capacity, sizeof *(list)->items)))

static inline bool list_store(void **place, void *items)
{
    if (!items)
        return false;
    memcpy(place, &items, sizeof items);
    return true;
}

/* ---- string view ---- */

struct view {
    const char *bytes;
    size_t count;
};

static inline bool view_equal(struct view a, struct view b)
{
    return a.count == b.count && memcmp(a.bytes, b.bytes, a.count) == 0;
}

/* Does `word` stand in the NULL-terminated list? */
bool view_in(struct view word, const char *const *list);

#endif
