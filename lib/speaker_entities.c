/*
 * A quote's speaker mention -> the entity that it means: a name in it is the speaker; a pronoun or a role goes to the person last named whom it fits, or to
 * whom the network points at; a quote without a mention to the speaker of the one that it follows on.
 */
#include "decode.h"
#include "lexicon.h"
#include "speakers.h"

enum { FOLLOW_ON_WORDS = 12 /* words of narration that may stand before a quote that follows on another */ };

static bool can_speak(duider_entity_type type)
{
    return type == DUIDER_PER || type == DUIDER_ORG;
}

/* The named entity inside the speaker mention: a person before an organisation before any other. */
static size_t entity_in(const struct document *document, struct span span)
{
    size_t best = NONE;
    int best_rank = 0;
    for (size_t i = names_before(document, span.first); i < document->name_count && document->mentions.items[i].span.first < span.end; i++) {
        const struct mention *mention = &document->mentions.items[i];
        int rank = mention->type == DUIDER_PER ? 3 : mention->type == DUIDER_ORG ? 2 : 0;
        if (mention->type == DUIDER_LOC && span.end - span.first <= mention->span.end - mention->span.first + 1)
            rank = 1; /* "Moskou" speaks; "een bewoner van Moskou" is not Moscow */
        if (rank > best_rank) {
            best_rank = rank;
            best = mention->entity;
        }
    }
    return best;
}

static size_t entity_at(const struct document *document, size_t word)
{
    const struct mention *name = name_at(document, word);
    return name ? name->entity : NONE;
}

static bool fits(const struct entity *entity, enum gender gender)
{
    return entity->type == DUIDER_PER && (gender == GENDER_UNKNOWN || entity->gender == GENDER_UNKNOWN || entity->gender == gender);
}

/* The person last named before `word` whom the gender fits; whom the speaker names in the quote itself is another. */
static size_t last_person(const struct document *document, const struct quote *quote, enum gender gender)
{
    for (size_t i = names_before(document, quote->speaker.first); i-- > 0;) {
        const struct mention *mention = &document->mentions.items[i];
        if (!in_quote(quote, mention->span) && fits(&document->entities.items[mention->entity], gender))
            return mention->entity;
    }
    return NONE;
}

/* Does a word of the name end with this noun? "Scheepvaartinspectie" is "de inspectie". */
static bool name_ends_with(const struct document *document, struct span name, struct view noun)
{
    for (size_t word = name.first; word < name.end; word++) {
        struct view view = word_view(document, word);
        if (view.count >= noun.count && lexicon_equal_folded((struct view){view.bytes + view.count - noun.count, noun.count}, noun))
            return true;
    }
    return false;
}

/* "een woordvoerder", "de bond": the organisation with that noun in its name, else the one that was named last. */
static size_t behind_organisation(const struct document *document, const struct quote *quote)
{
    struct view noun = word_view(document, quote->speaker.end - 1);
    bool meant = lexicon_organisation(noun);
    if (lexicon_possessive(word_view(document, quote->speaker.first)))
        return NONE; /* "zijn woordvoerder": of a person */
    for (size_t word = quote->speaker.first; word < quote->speaker.end; word++)
        meant |= lexicon_spokesperson(word_view(document, word));
    size_t last = NONE;
    for (size_t i = meant ? names_before(document, quote->speaker.first) : 0; i-- > 0;) {
        const struct mention *mention = &document->mentions.items[i];
        if (mention->type != DUIDER_ORG || in_quote(quote, mention->span))
            continue;
        if (name_ends_with(document, mention->span, noun))
            return mention->entity;
        last = last == NONE ? mention->entity : last;
    }
    return last;
}

/* Does the last mention of entity `a` before `word` stand behind that of `b`? `b` NONE: is there one? */
static bool named_later(const struct document *document, size_t a, size_t b, size_t word)
{
    for (size_t i = names_before(document, word); a != NONE && i-- > 0;)
        if (document->mentions.items[i].entity == a || document->mentions.items[i].entity == b)
            return document->mentions.items[i].entity == a;
    return false;
}

/* Is the speaker mentioned in the sentence in which the quote before ends, in an earlier one or in the next? */
static bool speaks_on(const struct document *document, const struct quote *quote, const struct quote *before)
{
    return sentence_of(document, quote->speaker.first) <= sentence_of(document, before->parts[before->part_count - 1].end - 1) + 1;
}

static size_t behind_pronoun(const struct document *document, const struct quote *quote, const struct quote *before, enum gender gender)
{
    if (before && before->entity != NONE && speaks_on(document, quote, before) &&
        fits(&document->entities.items[before->entity], gender))
        return before->entity;
    return last_person(document, quote, gender);
}

/* The entity to which the text gave this role last: the mention ends with the role's last word. */
static size_t behind_role(const struct document *document, struct span mention)
{
    struct view head = word_view(document, mention.end - 1);
    for (size_t i = document->roles.count; i-- > 0;) {
        const struct role *role = &document->roles.items[i];
        if (role->span.first >= mention.first || role->entity == NONE)
            continue;
        for (size_t word = role->span.first; word < role->span.end; word++)
            if (lexicon_equal_folded(word_view(document, word), head))
                return role->entity;
    }
    return NONE;
}

/* Does it follow on the quote before, whose speaker somebody knows, without any attribution? */
static bool follows_on(const struct quote *quote, const struct quote *before)
{
    if (!before || before->kind != DUIDER_DIRECT || quote->kind != DUIDER_DIRECT || quote->cue_count || (before->speaker.first == NONE && before->entity == NONE))
        return false;
    size_t end = before->parts[before->part_count - 1].end;
    for (size_t i = 0; i < before->cue_count; i++)
        end = before->cue[i].end > end ? before->cue[i].end : end;
    if (before->speaker.first != NONE && before->speaker.end > end)
        end = before->speaker.end;
    return quote->parts[0].first <= end + FOLLOW_ON_WORDS;
}

/* "zij", "ze" and "sie" beside a verb in the singular are a woman, beside a plural several persons. */
enum number { NUMBER_UNKNOWN, NUMBER_SINGULAR, NUMBER_PLURAL };

static enum number number_of_cue(const struct document *document, const struct quote *quote)
{
    for (size_t i = 0; i < quote->cue_count; i++) {
        size_t apart = distance(quote->cue[i], quote->speaker);
        struct view verb = word_view(document, quote->cue[i].first);
        if (apart > 1 || verb.count < 3)
            continue;
        bool plural = memcmp(verb.bytes + verb.count - 2, "en", 2) == 0;
        return plural ? NUMBER_PLURAL : NUMBER_SINGULAR;
    }
    return NUMBER_UNKNOWN;
}

static bool is_plural_pronoun(struct view word)
{
    static const char *const words[] = {"zij", "ze", "sie", "Zij", "Ze", "Sie", NULL};
    return view_in(word, words);
}

/* What the speaker mention is. */
struct reference {
    bool pronoun, several;
    enum gender gender;
};

static struct reference read_reference(const struct document *document, const struct quote *quote)
{
    struct reference reference = {false, false, GENDER_UNKNOWN};
    if (quote->speaker.first == NONE || quote->speaker.end != quote->speaker.first + 1)
        return reference;
    struct view word = word_view(document, quote->speaker.first);
    reference.pronoun = lexicon_pronoun(word, &reference.gender);
    if (reference.pronoun && is_plural_pronoun(word)) {
        enum number number = number_of_cue(document, quote);
        reference.several = number == NUMBER_PLURAL;
        if (number == NUMBER_SINGULAR)
            reference.gender = GENDER_FEMALE;
    }
    return reference;
}

/* Does a role inside the mention tell that it means this person? "de NS-directeur". */
static bool role_means(const struct document *document, struct span mention, size_t entity)
{
    for (size_t i = 0; i < document->roles.count; i++) {
        const struct role *role = &document->roles.items[i];
        if (role->entity == entity && role->span.first < mention.end && mention.first < role->span.end)
            return true;
    }
    return false;
}

/* "der Anwalt": does the network read the noun as a person's role? An organisation's spokesperson has one too. */
static bool is_role_noun(const struct document *document, struct span mention)
{
    return mention.first != NONE && mention.end == mention.first + 2 && labelled(document, HEAD_ROLES, mention.end - 1) &&
           !lexicon_spokesperson(word_view(document, mention.end - 1));
}

/* The entity that the network points at, unless the mention speaks against it. */
static size_t pointed_entity(const struct document *document, const struct quote *quote, const struct pointer_answer *pointer, struct reference reference)
{
    if (!pointer || pointer->to[POINTER_ENTITY] == NONE)
        return NONE;
    size_t hint = entity_at(document, pointer->to[POINTER_ENTITY]);
    if (hint == NONE)
        return NONE;
    const struct entity *entity = &document->entities.items[hint];
    if (!can_speak(entity->type) && (double)pointer->probability[POINTER_ENTITY] < SURE)
        return NONE;
    if (!reference.pronoun)
        return hint;
    if (entity->type == DUIDER_PER) { /* whom the text names later is meant only where nobody was named before */
        const bool known = named_later(document, hint, NONE, quote->speaker.first) || last_person(document, quote, reference.gender) == NONE;
        return fits(entity, reference.gender) && known ? hint : NONE;
    }
    /* "hij" and "she" are persons; "zij" is where a person was named last */
    return reference.gender != GENDER_UNKNOWN || named_later(document, last_person(document, quote, reference.gender), hint, quote->speaker.first) ? NONE : hint;
}

/* "Volgens hem" behind what "een ingewijde" said: the same person, whose name nobody knows. */
static bool goes_on_with_unnamed(const struct document *document, const struct quote *quote, const struct quote *before)
{
    static const char *const articles[] = {"een", "Een", "a", "A", "an", "An", "ein", "Ein", "eine", "Eine", NULL};
    if (!before || before->entity != NONE || before->speaker.first == NONE || before->speaker.end > quote->speaker.first ||
        !view_in(word_view(document, before->speaker.first), articles) ||
        !speaks_on(document, quote, before))
        return false;
    if (paragraph_between(document, before->speaker.end, quote->speaker.first + 1))
        return false;
    for (size_t i = names_before(document, before->speaker.end); i < document->name_count && document->mentions.items[i].span.first < quote->speaker.first; i++)
        if (document->mentions.items[i].type == DUIDER_PER)
            return false;
    return true;
}

/* "de 46-jarige", "der 61-jährige Fischer": the person named last. */
static bool is_aged(const struct document *document, struct span mention)
{
    for (size_t word = mention.first + 1; word < mention.end; word++)
        if (lexicon_age(word_view(document, word)) && word_view(document, word - 1).bytes[0] == '-')
            return true;
    return false;
}

void find_speaker_entity(const struct document *document, struct quote *quote, const struct quote *before, const struct pointer_answer *pointer)
{
    struct reference reference = read_reference(document, quote);
    size_t hint = pointed_entity(document, quote, pointer, reference);
    double sure = pointer ? (double)pointer->probability[POINTER_ENTITY] : 0.0;
    if (hint != NONE && document->entities.items[hint].type == DUIDER_ORG && is_role_noun(document, quote->speaker)) {
        size_t role = behind_role(document, quote->speaker); /* the role is a person's */
        hint = role != NONE ? role : last_person(document, quote, GENDER_UNKNOWN);
    }
    bool no_one = pointer && pointer->to[POINTER_ENTITY] == NONE && sure > SURE;
    if (quote->speaker.first == NONE) {
        quote->entity = follows_on(quote, before) ? before->entity : hint;
        quote->speaker_confidence = quote->entity == NONE ? 0.0 : hint == quote->entity ? sure : 0.5;
        return;
    }
    size_t named = entity_in(document, quote->speaker);
    if (named != NONE && (hint == NONE || hint == named || !role_means(document, quote->speaker, hint))) {
        quote->entity = named;
        return;
    }
    if (reference.pronoun) {
        if (reference.several || goes_on_with_unnamed(document, quote, before))
            return;
        quote->entity = hint != NONE && sure > SURE ? hint : behind_pronoun(document, quote, before, reference.gender);
        quote->speaker_confidence *= hint != NONE && sure > SURE ? sure : 0.8;
        return;
    }
    if (named == NONE && is_unnamed_speaker(document, quote->speaker))
        return;
    if (named == NONE && is_aged(document, quote->speaker)) {
        quote->entity = last_person(document, quote, GENDER_UNKNOWN);
        quote->speaker_confidence *= 0.8;
        return;
    }
    size_t organisation = named == NONE ? behind_organisation(document, quote) : NONE;
    if (organisation != NONE && (hint == NONE || document->entities.items[hint].type != DUIDER_ORG)) {
        quote->entity = organisation;
        quote->speaker_confidence *= 0.8;
    } else if (hint != NONE && sure > SURE) {
        quote->entity = hint;
        quote->speaker_confidence *= sure;
    } else if (named != NONE) {
        quote->entity = named;
    } else if (!no_one) {
        size_t role = behind_role(document, quote->speaker);
        quote->entity = role != NONE ? role : hint;
        quote->speaker_confidence *= 0.8;
    }
}
