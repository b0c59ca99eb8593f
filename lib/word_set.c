/* Open addressing; a hash stands for its word. */
#include "word_set.h"

#include <ctype.h>
#include <xxhash.h>

enum {
    WORD_BYTES_MAX = 96,
    PROBES_MAX = 32 /* places that are looked at */
};

bool word_set_init(struct word_set *set, struct arena *arena, size_t words)
{
    size_t twice;
    if (!size_multiply(words, 2, &twice))
        return false;
    for (set->size = 16; set->size <= twice;)
        set->size *= 2;
    set->hashes = arena_alloc(arena, set->size, sizeof *set->hashes);
    return set->hashes != NULL;
}

/* Never 0; 0 for what is too long. */
static uint64_t hash_of(struct view word)
{
    char lower[WORD_BYTES_MAX];
    if (word.count > sizeof lower)
        return 0;
    for (size_t i = 0; i < word.count; i++)
        lower[i] = (char)tolower((unsigned char)word.bytes[i]);
    return XXH3_64bits(lower, word.count) | 1;
}

/* Where the hash stands, or could; NULL where too many others do. */
static uint64_t *place_of(const struct word_set *set, uint64_t hash)
{
    for (size_t probe = 0; probe < PROBES_MAX; probe++) {
        uint64_t *place = &set->hashes[(hash + probe) & (set->size - 1)];
        if (*place == 0 || *place == hash)
            return place;
    }
    return NULL;
}

void word_set_add(struct word_set *set, struct view word)
{
    uint64_t hash = hash_of(word);
    uint64_t *place = hash ? place_of(set, hash) : NULL;
    if (place)
        *place = hash;
}

bool word_set_holds(const struct word_set *set, struct view word)
{
    uint64_t hash = hash_of(word);
    const uint64_t *place = hash ? place_of(set, hash) : NULL;
    return place && *place == hash;
}
