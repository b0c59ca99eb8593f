/*
 * Roles ("minister van Financiën") -> the entity that holds them, and what they tell of its gender.
 * A role belongs to the name that follows it at once, or that it follows behind a comma or bracket; a role alone ("de minister") to whom the
 * text gave it before, else to the person named last in its sentence or the one before. A role may hold a name ("lid van de VVD").
 */
#include "decode.h"
#include "lexicon.h"

enum {
    NAME_GAP = 2,      /* words between a role and its name: "(ABN) Jansen", ", Jansen" */
    BACK_SENTENCES = 1 /* how far back a role alone looks */
};

static bool holds_roles(duider_entity_type type)
{
    return type == DUIDER_PER || type == DUIDER_ORG;
}

static bool stops(const struct document *document, size_t first, size_t end)
{
    for (size_t word = first; word < end; word++) {
        char c = word_view(document, word).bytes[0];
        if (c == '.' || c == '!' || c == '?' || c == ':' || document->words.items[word].paragraph_before)
            return true;
    }
    return false;
}

static size_t name_behind(const struct document *document, struct span role)
{
    for (size_t i = names_before(document, role.end); i < document->mentions.count; i++) {
        const struct mention *mention = &document->mentions.items[i];
        if (mention->span.first > role.end + NAME_GAP || stops(document, role.end, mention->span.first))
            return NONE;
        if (mention->type == DUIDER_PER)
            return mention->entity;
    }
    return NONE;
}

static size_t name_before(const struct document *document, struct span role)
{
    size_t i = names_before(document, role.first);
    for (size_t back = 0; i-- > 0 && back < 4; back++) {
        const struct mention *mention = &document->mentions.items[i];
        size_t gap = role.first - (mention->span.end < role.first ? mention->span.end : role.first);
        if (gap > 6 || stops(document, mention->span.end, role.first))
            return NONE;
        if (!holds_roles(mention->type) || gap == 0)
            continue;
        char c = word_view(document, mention->span.end).bytes[0];
        if (c == ',' || c == '(' || (mention->type == DUIDER_PER && gap <= 4))
            return mention->entity;
    }
    return NONE;
}

static size_t given_before(const struct document *document, struct span role, size_t index)
{
    struct view head = word_view(document, role.first);
    for (size_t i = index; i-- > 0;) {
        const struct role *earlier = &document->roles.items[i];
        for (size_t word = earlier->span.first; earlier->entity != NONE && word < earlier->span.end; word++)
            if (lexicon_equal_folded(word_view(document, word), head))
                return earlier->entity;
    }
    return NONE;
}

static size_t person_near(const struct document *document, struct span role)
{
    size_t sentence = 0;
    while (sentence + 1 < document->sentences.count && document->sentences.items[sentence + 1].first <= role.first)
        sentence++;
    size_t from = document->sentences.items[sentence > BACK_SENTENCES ? sentence - BACK_SENTENCES : 0].first;
    for (size_t i = names_before(document, role.first); i-- > 0 && document->mentions.items[i].span.first >= from;)
        if (document->mentions.items[i].type == DUIDER_PER)
            return document->mentions.items[i].entity;
    return NONE;
}

static void note_gender(struct document *document, const struct role *role)
{
    struct entity *entity = &document->entities.items[role->entity];
    for (size_t word = role->span.first; word < role->span.end && entity->gender == GENDER_UNKNOWN; word++)
        entity->gender = lexicon_gender(word_view(document, word));
}

/* Titles before names tell a gender too: "mevrouw Jansen". */
static void read_titles(struct document *document)
{
    for (size_t i = 0; i < document->mentions.count; i++) {
        const struct mention *mention = &document->mentions.items[i];
        if (mention->type != DUIDER_PER || mention->span.first == 0)
            continue;
        size_t word = mention->span.first - 1;
        if (word > 0 && word_view(document, word).bytes[0] == '.')
            word--;
        enum gender gender = lexicon_gender(word_view(document, word));
        if (gender != GENDER_UNKNOWN)
            document->entities.items[mention->entity].gender = gender;
    }
}

/* "zijn advocaat", "haar nieuwe trainer": whoever that is, it is not the one named before. */
static bool is_somebody_elses(const struct document *document, struct span role)
{
    return (role.first > 0 && lexicon_possessive(word_view(document, role.first - 1))) || (role.first > 1 && lexicon_possessive(word_view(document, role.first - 2)));
}

/* "lid van het" [US National Bureau of Economic Research]: the name that a role ends before belongs to it, and so does the rest of one that it ends in. */
static struct span with_name(const struct document *document, struct span role)
{
    size_t next = names_before(document, role.end);
    if (next < document->mentions.count && document->mentions.items[next].span.first == role.end && lexicon_joins(word_view(document, role.end - 1)))
        role.end = document->mentions.items[next].span.end;
    else if (next > 0 && document->mentions.items[next - 1].span.first > role.first && document->mentions.items[next - 1].span.end > role.end)
        role.end = document->mentions.items[next - 1].span.end;
    return role;
}

duider_status link_roles(struct document *document, duider_error *error)
{
    struct arena scratch;
    struct tagged_spans found = {0};
    arena_init(&scratch);
    bool done = decode_spans(document->model, HEAD_ROLES, document->logits, 0, document->words.count, &scratch, &found);
    for (size_t i = 0; done && i < found.count; i++) {
        struct role role = {with_name(document, found.items[i].span), NONE};
        role.entity = name_behind(document, role.span);
        const bool of_another = is_somebody_elses(document, role.span);
        if (role.entity == NONE && !of_another)
            role.entity = name_before(document, role.span);
        if (role.entity == NONE)
            role.entity = given_before(document, role.span, document->roles.count);
        if (role.entity == NONE && !of_another)
            role.entity = person_near(document, role.span);
        if (role.entity == NONE)
            continue;
        done = LIST_RESERVE(document->arena, &document->roles);
        if (done) {
            document->roles.items[document->roles.count++] = role;
            note_gender(document, &role);
        }
    }
    arena_release(&scratch);
    if (done)
        read_titles(document);
    return done ? DUIDER_OK : fail_memory(error);
}
