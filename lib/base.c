/* Arena, growing array and error setter: see base.h. */
#include "base.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ARENA_FIRST_BLOCK_BYTES = 16 * 1024,
    ARENA_LARGEST_BLOCK_BYTES = 1024 * 1024,
    ARRAY_FIRST_CAPACITY = 16
};

void *aligned_new(size_t count, size_t item_bytes)
{
    enum { ALIGNMENT = 64 };
    size_t bytes, rounded;
    if (!size_multiply(count, item_bytes, &bytes) || !size_add(bytes, ALIGNMENT, &rounded))
        return NULL;
    rounded -= rounded % ALIGNMENT;
    void *memory = aligned_alloc(ALIGNMENT, rounded);
    if (memory)
        memset(memory, 0, rounded);
    return memory;
}

struct arena_block {
    struct arena_block *older;
    size_t capacity, used;
    alignas(max_align_t) unsigned char bytes[];
};

duider_status fail(duider_error *error, duider_status status, size_t byte_offset, const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        error->byte_offset = byte_offset;
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

duider_status fail_memory(duider_error *error)
{
    return fail(error, DUIDER_NO_MEMORY, 0, "out of memory");
}

void arena_init(struct arena *arena)
{
    arena->blocks = NULL;
    arena->next_block_bytes = ARENA_FIRST_BLOCK_BYTES;
}

void arena_release(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
    arena_init(arena);
}

static struct arena_block *arena_new_block(struct arena *arena, size_t least)
{
    size_t capacity = arena->next_block_bytes, bytes;
    if (capacity < least)
        capacity = least;
    if (!size_add(sizeof(struct arena_block), capacity, &bytes))
        return NULL;
    struct arena_block *block = malloc(bytes);
    if (!block)
        return NULL;
    block->older = arena->blocks;
    block->capacity = capacity;
    block->used = 0;
    arena->blocks = block;
    if (arena->next_block_bytes < ARENA_LARGEST_BLOCK_BYTES)
        arena->next_block_bytes *= 2;
    return block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t item_bytes)
{
    size_t bytes, rounded;
    if (!size_multiply(count, item_bytes, &bytes) || !size_add(bytes, alignof(max_align_t), &rounded))
        return NULL;
    rounded -= rounded % alignof(max_align_t);
    struct arena_block *block = arena->blocks;
    if (!block || block->capacity - block->used < rounded)
        block = arena_new_block(arena, rounded);
    if (!block)
        return NULL;
    void *items = block->bytes + block->used;
    block->used += rounded;
    memset(items, 0, rounded);
    return items;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t count)
{
    size_t with_end;
    char *copy = size_add(count, 1, &with_end) ? arena_alloc(arena, with_end, 1) : NULL;
    if (copy)
        memcpy(copy, bytes, count);
    return copy;
}

void *array_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    size_t larger;
    if (!size_multiply(*capacity, 2, &larger))
        return NULL;
    if (larger < ARRAY_FIRST_CAPACITY)
        larger = ARRAY_FIRST_CAPACITY;
    void *moved = arena_alloc(arena, larger, item_bytes);
    if (!moved)
        return NULL;
    if (count)
        memcpy(moved, items, count * item_bytes);
    *capacity = larger;
    return moved;
}

bool view_in(struct view word, const char *const *list)
{
    for (; *list; list++)
        if (strlen(*list) == word.count && memcmp(*list, word.bytes, word.count) == 0)
            return true;
    return false;
}
