/*
 * Rate limits: a token bucket for each client, in a table of fixed size. A bucket is one number, the time at which it will be full again: what it lacks is the
 * time until then. Where clients are too many, the bucket that is fullest gives way: its client gains the little that it lacked.
 * The listener's thread alone comes here.
 */
#include "server.h"

#include <gnutls/crypto.h>
#include <stdlib.h>
#include <xxhash.h>

enum { SETS = 4096, WAYS = 8 };

#define MINUTE_NS 60000000000
#define SECOND_NS 1000000000

struct bucket {
    uint64_t client; /* hash of its name */
    int64_t full_at; /* monotonic, nanoseconds */
};

struct rates {
    uint64_t seed; /* nobody outside knows which clients share a set */
    struct bucket buckets[SETS][WAYS];
};

struct rates *rates_new(void)
{
    struct rates *rates = calloc(1, sizeof *rates);
    if (rates && gnutls_rnd(GNUTLS_RND_NONCE, &rates->seed, sizeof rates->seed) == 0)
        return rates;
    free(rates);
    return NULL;
}

void rates_free(struct rates *rates)
{
    free(rates);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static struct bucket *find(struct rates *rates, const void *client, size_t bytes, int64_t now)
{
    const uint64_t hash = XXH3_64bits_withSeed(client, bytes, rates->seed);
    struct bucket *set = rates->buckets[hash % SETS], *fullest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].client == hash)
            return &set[i];
        if (set[i].full_at < fullest->full_at)
            fullest = &set[i];
    }
    *fullest = (struct bucket){hash, now};
    return fullest;
}

static size_t seconds(int64_t ns)
{
    return ns > 0 ? (size_t)((ns + SECOND_NS - 1) / SECOND_NS) : 0;
}

static struct rate take(struct rates *rates, const void *client, size_t bytes, size_t per_minute, size_t burst, size_t tokens, bool in_debt)
{
    const int64_t now = now_ns(), token = MINUTE_NS / (int64_t)per_minute, whole = token * (int64_t)burst;
    struct bucket *bucket = find(rates, client, bytes, now);
    if (bucket->full_at < now)
        bucket->full_at = now;
    const int64_t early = bucket->full_at - now + token - whole; /* so long until there is a token */
    const bool taken = in_debt || early <= 0;
    if (taken)
        bucket->full_at += token * (int64_t)tokens;
    const int64_t left = whole - (bucket->full_at - now);
    return (struct rate){taken, burst, left > 0 ? (size_t)(left / token) : 0, seconds(bucket->full_at - now), taken ? 0 : seconds(early)};
}

struct rate rates_take(struct rates *rates, const void *client, size_t bytes, size_t per_minute, size_t burst)
{
    return take(rates, client, bytes, per_minute, burst, 1, false);
}

struct rate rates_charge(struct rates *rates, const void *client, size_t bytes, size_t per_minute, size_t burst, size_t tokens)
{
    return take(rates, client, bytes, per_minute, burst, tokens, true);
}
