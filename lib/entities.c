/*
 * Named mentions -> entities.
 * Names that stand for the same thing become one entity: equal names; a person's surname or first name after (or before) the full name; an
 * abbreviation and what it stands for. The type of an entity is what its mentions together say.
 */
#include "lexicon.h"

#include <ctype.h>
#include <stdlib.h>
#include <utf8proc.h>
#include <xxhash.h>

enum {
    NAME_TOKENS_MAX = 16,
    RECENT_MAX = 256 /* earlier mentions that a mention is compared with one by one */
};

/* A name as it is compared: words in lower case without accents. */
struct name {
    struct view tokens[NAME_TOKENS_MAX];
    size_t count;
    bool hyphen;      /* before the last token */
    struct view text; /* tokens, one space between */
};

/* ---- names to compare ---- */

static bool fold(struct arena *arena, struct view word, struct view *folded)
{
    utf8proc_uint8_t *plain = NULL;
    utf8proc_ssize_t count = utf8proc_map((const utf8proc_uint8_t *)word.bytes, (utf8proc_ssize_t)word.count, &plain,
                                          (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE));
    if (count < 0 && count != UTF8PROC_ERROR_NOMEM) {
        *folded = word;
        return true;
    }
    char *copy = count < 0 ? NULL : arena_copy(arena, (const char *)plain, (size_t)count);
    free(plain);
    *folded = (struct view){copy, copy ? (size_t)count : 0};
    return copy != NULL;
}

/* The words of the mention that count: letters; the last one without the s of a genitive ("Poetin's"). */
static bool read_name(struct arena *arena, const struct document *document, struct span span, struct name *name)
{
    name->count = 0;
    name->hyphen = false;
    size_t bytes = 0;
    for (size_t word = span.first; word < span.end && name->count < NAME_TOKENS_MAX; word++) {
        if (document->words.items[word].class != WORD_LETTERS)
            continue;
        struct view view = word_view(document, word);
        bool genitive = word + 1 == span.end && word > span.first && view.count == 1 && view.bytes[0] == 's' &&
                        document->words.items[word - 1].class == WORD_SYMBOL;
        if (genitive)
            continue;
        if (!fold(arena, view, &name->tokens[name->count]))
            return false;
        name->hyphen = word > span.first && word_view(document, word - 1).bytes[0] == '-';
        bytes += name->tokens[name->count++].count + 1;
    }
    if (name->count == 0) { /* "©" and the like: the text as it stands */
        name->tokens[name->count++] = word_view(document, span.first);
        bytes = name->tokens[0].count + 1;
    }
    char *text = arena_alloc(arena, bytes, 1);
    if (!text)
        return false;
    name->text = (struct view){text, bytes - 1};
    for (size_t i = 0; i < name->count; i++) {
        memcpy(text, name->tokens[i].bytes, name->tokens[i].count);
        text += name->tokens[i].count;
        if (i + 1 < name->count)
            *text++ = ' ';
    }
    return true;
}

/* Equal, or equal but for the s of a genitive or the e of an inflection at the end of one of them. */
static bool same_word(struct view a, struct view b, char suffix)
{
    if (view_equal(a, b))
        return true;
    struct view longer = a.count > b.count ? a : b, shorter = a.count > b.count ? b : a;
    return shorter.count > 3 && longer.count == shorter.count + 1 && longer.bytes[longer.count - 1] == suffix &&
           memcmp(longer.bytes, shorter.bytes, shorter.count) == 0;
}

static bool is_ending(struct view rest)
{
    static const char *const endings[] = {"", "s", "e", "n", "i", "is", "se", "sen", "es", "en", "er", "ers", "erin", "innen", "erinnen", "an", "ans", "anse",
                                          "anen", "nen", "ten", "aan", "aans", "aanse", "ees", "ese", "ezen", "isch", "ische", "ischen", "ischer", "isches",
                                          "sisch", "sische", "man", "mannen", "ish", "on", "ons", NULL};
    return view_in(rest, endings);
}

/* One people in two forms: "Belg", "Belgen", "Belgische"; what follows their common letters are endings of adjectives and inhabitants. */
static bool same_people(struct view a, struct view b)
{
    size_t common = 0;
    while (common < a.count && common < b.count && a.bytes[common] == b.bytes[common])
        common++;
    size_t shorter = a.count < b.count ? a.count : b.count;
    return common >= 3 && common * 4 + 3 >= shorter * 3 && is_ending((struct view){a.bytes + common, a.count - common}) &&
           is_ending((struct view){b.bytes + common, b.count - common});
}

static bool same_name(const struct name *a, const struct name *b, duider_entity_type type)
{
    return same_word(a->text, b->text, 's') || (type == DUIDER_NORP && same_people(a->text, b->text));
}

/* Do the words of the part stand in the longer name, behind `skip` others? */
static bool stands_in(const struct name *part, const struct name *whole, size_t skip)
{
    for (size_t i = 0; i < part->count; i++)
        if (!(i + 1 == part->count ? same_word(part->tokens[i], whole->tokens[skip + i], 's') : view_equal(part->tokens[i], whole->tokens[skip + i])))
            return false;
    return true;
}

static bool is_prefix(const struct name *part, const struct name *whole)
{
    return part->count < whole->count && !view_equal(whole->tokens[part->count], (struct view){"s", 1}) && stands_in(part, whole, 0); /* "Lloyd's Register" is not Lloyd */
}

static bool is_suffix(const struct name *part, const struct name *whole)
{
    return part->count < whole->count && stands_in(part, whole, whole->count - part->count);
}

/* "J. Balkema" and "Jan Balkema": equal surnames, first names that one initial could stand for. */
static bool same_with_initials(const struct name *a, const struct name *b)
{
    if (a->count < 2 || b->count < 2 || !same_word(a->tokens[a->count - 1], b->tokens[b->count - 1], 's'))
        return false;
    struct view x = a->tokens[0], y = b->tokens[0];
    return (x.count == 1 || y.count == 1) && x.bytes[0] == y.bytes[0] && !lexicon_particle(x) && !lexicon_particle(y);
}

/* A surname (with or without its particles), the first half of a double one, or a first name of a longer name. */
static bool is_short_person(const struct name *part, const struct name *whole)
{
    if (part->count == 1 && whole->hyphen && whole->count > 2 && view_equal(part->tokens[0], whole->tokens[whole->count - 2]))
        return true; /* "Huizinga" of "Geertje Huizinga-Bolt" */
    if (is_suffix(part, whole))
        return !lexicon_particle(part->tokens[0]) || part->count > 1;
    return part->count == 1 && whole->count > 1 && part->tokens[0].count > 2 && same_word(part->tokens[0], whole->tokens[0], 's');
}

/* ---- abbreviations ---- */

static bool is_abbreviation(const struct document *document, struct span span)
{
    struct view view = word_view(document, span.first);
    size_t upper = 0;
    for (size_t i = 0; i < view.count; i++)
        upper += isupper((unsigned char)view.bytes[i]) != 0;
    return span.end == span.first + 1 && view.count >= 2 && view.count <= 8 && upper >= 2 && upper * 2 > view.count;
}

/* Do the letters of the abbreviation occur as first letters (of words, or inside compounds) in order? */
static bool stands_for(struct view abbreviation, const struct name *name)
{
    size_t token = 0, matched = 0;
    if (name->count < 2)
        return false;
    for (size_t i = 0; i < abbreviation.count; i++) {
        char letter = (char)tolower((unsigned char)abbreviation.bytes[i]);
        while (token < name->count && name->tokens[token].bytes[0] != letter)
            token++;
        if (token == name->count)
            break;
        matched++, token++;
    }
    return matched == abbreviation.count;
}

/* "Bundesgerichtshof": do the letters occur inside the one word in order, the first at its start? */
static bool stands_for_compound(struct view abbreviation, const struct name *name)
{
    struct view word = name->tokens[0];
    if (name->count != 1 || (char)tolower((unsigned char)abbreviation.bytes[0]) != word.bytes[0])
        return false;
    size_t matched = 0;
    for (size_t i = 0; i < word.count && matched < abbreviation.count; i++)
        matched += word.bytes[i] == (char)tolower((unsigned char)abbreviation.bytes[matched]);
    return matched == abbreviation.count;
}

/* "Organisatie voor Veiligheid (OVSE)": does `b` stand in brackets right behind `a`? */
static bool in_brackets_behind(const struct document *document, struct span a, struct span b)
{
    return b.first == a.end + 1 && word_view(document, a.end).bytes[0] == '(' && b.end < document->words.count &&
           word_view(document, b.end).bytes[0] == ')';
}

/* ---- grouping ---- */

static bool may_share(duider_entity_type a, duider_entity_type b)
{
    return a == b || (a != DUIDER_PER && b != DUIDER_PER);
}

/* "Spelen" of "Olympische Spelen", "Larkfield" of "Larkfield Capital". */
static bool is_short_name(const struct name *part, const struct name *whole)
{
    return is_suffix(part, whole) || is_prefix(part, whole);
}

/* Is mention `b` the same thing as the earlier mention `a`?  0: no; higher: surer. */
static int match(const struct document *document, const struct mention *a, const struct name *name_a, const struct mention *b,
                 const struct name *name_b)
{
    bool same_type = a->type == b->type;
    if (same_name(name_a, name_b, b->type) && (same_type || (a->type != DUIDER_NORP && b->type != DUIDER_NORP)))
        return same_type ? 5 : 4;
    if (a->type == DUIDER_PER && b->type == DUIDER_PER) {
        if (is_short_person(name_b, name_a) || is_short_person(name_a, name_b))
            return is_suffix(name_b, name_a) || is_suffix(name_a, name_b) ? 3 : 1;
        return same_with_initials(name_a, name_b) ? 2 : 0;
    }
    if (b->span.end == b->span.first + 1 && in_brackets_behind(document, a->span, b->span) &&
        (stands_for(word_view(document, b->span.first), name_a) || stands_for_compound(word_view(document, b->span.first), name_a)))
        return 3; /* whatever the network takes it for */
    if (!may_share(a->type, b->type) || a->type == DUIDER_NORP || b->type == DUIDER_NORP)
        return 0;
    if (same_type && a->type != DUIDER_LOC && (is_short_name(name_b, name_a) || is_short_name(name_a, name_b)))
        return 2;
    if (is_abbreviation(document, b->span) && name_a->count > 1 &&
        (in_brackets_behind(document, a->span, b->span) || (same_type && stands_for(word_view(document, b->span.first), name_a))))
        return 3;
    if (is_abbreviation(document, a->span) && name_b->count > 1 &&
        (in_brackets_behind(document, a->span, b->span) || (same_type && stands_for(word_view(document, a->span.first), name_b))))
        return 2;
    return 0;
}

/* Two persons who differ in first name are not one because a surname in between is short for both; nor two clubs of one town. */
static bool contradicts(const struct document *document, const struct name *names, size_t entity, size_t mention)
{
    const struct name *name = &names[mention];
    const duider_entity_type type = document->mentions.items[mention].type;
    if (name->count < 2)
        return false;
    for (size_t i = mention > RECENT_MAX ? mention - RECENT_MAX : 0; i < mention; i++) {
        const struct mention *other = &document->mentions.items[i];
        if (other->entity != entity || other->type != type || names[i].count < 2)
            continue;
        const bool shorter = type == DUIDER_PER ? is_suffix(name, &names[i]) || is_suffix(&names[i], name) : is_short_name(name, &names[i]) || is_short_name(&names[i], name);
        if (!same_name(&names[i], name, type) && !shorter && !same_with_initials(&names[i], name))
            return true;
    }
    return false;
}

/*
 * The last mention of every name, by its text, and of every person also by the last word of the name: what stands farther back than
 * RECENT_MAX mentions is found through it. Open addressing.
 */
struct name_entry {
    struct view key; /* bytes NULL: free */
    size_t mention;
};

struct name_table {
    struct name_entry *entries;
    size_t size; /* a power of two, at least twice the number of keys */
};

static bool table_init(struct name_table *table, struct arena *arena, size_t mentions)
{
    size_t keys;
    if (!size_multiply(mentions, 4, &keys)) /* two keys a mention, half of the table free */
        return false;
    table->size = 16;
    while (table->size < keys)
        table->size *= 2;
    table->entries = arena_alloc(arena, table->size, sizeof *table->entries);
    return table->entries != NULL;
}

static struct view last_token(const struct name *name)
{
    return name->tokens[name->count - 1];
}

/* Where the key stands, or could. */
static struct name_entry *table_place(const struct name_table *table, struct view key)
{
    size_t at = XXH3_64bits(key.bytes, key.count) & (table->size - 1);
    while (table->entries[at].key.bytes && !view_equal(table->entries[at].key, key))
        at = (at + 1) & (table->size - 1);
    return &table->entries[at];
}

static void table_put(struct name_table *table, struct view key, size_t mention)
{
    *table_place(table, key) = (struct name_entry){key, mention};
}

static void table_add(struct name_table *table, const struct document *document, const struct name *names, size_t mention)
{
    table_put(table, names[mention].text, mention);
    if (document->mentions.items[mention].type == DUIDER_PER && names[mention].count > 1)
        table_put(table, last_token(&names[mention]), mention);
}

struct candidate {
    size_t entity; /* NONE: none */
    int score;
};

static void consider(const struct document *document, const struct name *names, size_t earlier, size_t mention, struct candidate *best)
{
    const struct mention *other = &document->mentions.items[earlier];
    int score = match(document, other, &names[earlier], &document->mentions.items[mention], &names[mention]);
    if (score > best->score && (score >= 4 || !contradicts(document, names, other->entity, mention)))
        *best = (struct candidate){other->entity, score};
}

static size_t best_entity(const struct document *document, const struct name *names, const struct name_table *table, size_t mention)
{
    struct candidate best = {NONE, 0};
    for (size_t i = mention, from = mention > RECENT_MAX ? mention - RECENT_MAX : 0; i-- > from;)
        consider(document, names, i, mention, &best);
    struct view keys[] = {names[mention].text, last_token(&names[mention])};
    for (size_t k = 0; k < 2; k++) {
        const struct name_entry *entry = table_place(table, keys[k]);
        if (entry->key.bytes)
            consider(document, names, entry->mention, mention, &best);
    }
    return best.entity;
}

static size_t letters_of(const struct document *document, struct span span)
{
    return document->words.items[span.end - 1].end - document->words.items[span.first].start;
}

/* The canonical name: most words for a person, else the longest form that is no genitive; the first of equals. */
static bool is_fuller(const struct document *document, const struct name *names, size_t candidate, size_t current)
{
    const struct mention *a = &document->mentions.items[candidate], *b = &document->mentions.items[current];
    if (same_name(&names[candidate], &names[current], a->type))
        return names[candidate].text.count < names[current].text.count; /* without the genitive */
    if (a->type == DUIDER_PER && names[candidate].count != names[current].count)
        return names[candidate].count > names[current].count;
    return letters_of(document, a->span) > letters_of(document, b->span);
}

static duider_entity_type vote(const double votes[], duider_entity_type first)
{
    duider_entity_type best = first;
    for (int t = DUIDER_PER; t <= DUIDER_MISC; t++)
        if (votes[t] > votes[best])
            best = (duider_entity_type)t;
    return best;
}

static bool settle_types(struct document *document, struct arena *scratch)
{
    enum { TYPES = DUIDER_MISC + 1 };
    double(*votes)[TYPES] = arena_alloc(scratch, document->entities.count, sizeof *votes);
    if (!votes)
        return false;
    for (size_t i = 0; i < document->mentions.count; i++) {
        const struct mention *mention = &document->mentions.items[i];
        votes[mention->entity][mention->type] += mention->confidence;
    }
    for (size_t e = 0; e < document->entities.count; e++)
        document->entities.items[e].type = vote(votes[e], document->entities.items[e].type);
    for (size_t i = 0; i < document->mentions.count; i++)
        document->mentions.items[i].type = document->entities.items[document->mentions.items[i].entity].type;
    return true;
}

/* A person's first name tells a gender; a title before the name (roles.c) knows better, a role does not. */
static void read_first_names(struct document *document, const struct name *names)
{
    for (size_t e = 0; e < document->entities.count; e++) {
        struct entity *entity = &document->entities.items[e];
        if (entity->type == DUIDER_PER)
            entity->gender = first_name_gender(names[entity->name_mention].tokens[0]);
    }
}

duider_status group_entities(struct document *document, duider_error *error)
{
    struct arena scratch;
    arena_init(&scratch);
    size_t count = document->mentions.count;
    struct name *names = arena_alloc(&scratch, count, sizeof *names);
    struct name_table table;
    bool done = names != NULL && table_init(&table, &scratch, count);
    for (size_t i = 0; done && i < count; i++) {
        struct mention *mention = &document->mentions.items[i];
        done = read_name(&scratch, document, mention->span, &names[i]);
        if (!done)
            break;
        mention->entity = best_entity(document, names, &table, i);
        if (mention->entity == NONE) {
            done = LIST_RESERVE(document->arena, &document->entities);
            if (!done)
                break;
            mention->entity = document->entities.count++;
            document->entities.items[mention->entity] = (struct entity){.type = mention->type, .name_mention = i};
        }
        if (i > 0 && document->mentions.items[i - 1].entity == mention->entity && in_brackets_behind(document, document->mentions.items[i - 1].span, mention->span))
            mention->type = document->mentions.items[i - 1].type;
        struct entity *entity = &document->entities.items[mention->entity];
        entity->mention_count++;
        table_add(&table, document, names, i);
        if (is_fuller(document, names, i, entity->name_mention))
            entity->name_mention = i;
    }
    done = done && settle_types(document, &scratch);
    if (done)
        read_first_names(document, names);
    arena_release(&scratch);
    return done ? DUIDER_OK : fail_memory(error);
}
