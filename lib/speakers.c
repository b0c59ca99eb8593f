/*
 * Who says each quote: cue and speaker mention, then the entity behind a name, a pronoun or a noun phrase.
 *
 * The network points from a quote to its cue, to its speaker mention and to a name of its speaker. Where a pointer leads to nothing that the tagging
 * heads confirm, the nearest candidate in the sentence counts. Rules then read the mention: a name in it is the speaker; a
 * pronoun or a role goes to the person last named whom it fits.
 */
#include "decode.h"
#include "lexicon.h"

enum {
    REACH = 30,          /* words between a quote and a cue or speaker that no pointer names */
    POINTER_REACH = 3,   /* words by which a pointer may miss */
    CUE_REACH = 400,     /* words between a quote and its cue: a window */
    PRONOUN_REACH = 2,   /* words between a cue and a pronoun beside it */
    LINKED_REACH = 8,    /* speaker mentions that may be linked to two quotes */
    FOLLOW_ON_WORDS = 12 /* words of narration that may stand before a quote that follows on another */
};

#define REPORTED_CONFIDENCE 0.7 /* that a reported quote needs */
#define UNCUED_CONFIDENCE 0.8   /* that it needs without a cue */
#define PLAIN_CONFIDENCE 0.8    /* of a speaker that rules found and the network did not */
#define SURE 0.5 /* a pointer that is this sure overrules the rules */

struct attribution { /* the candidates of the whole text */
    struct tagged_spans cues, speakers;
    size_t *cue_owner, *cue_distance; /* [cues]: the quote that a cue belongs to */
};

/* ---- small geometry ---- */

static size_t distance(struct span a, struct span b)
{
    return a.end <= b.first ? b.first - a.end : b.end <= a.first ? a.first - b.end : 0;
}

static size_t quote_distance(const struct quote *quote, struct span span)
{
    size_t best = NONE;
    for (size_t i = 0; i < quote->part_count; i++) {
        size_t d = distance(quote->parts[i], span);
        best = d < best ? d : best;
    }
    return best;
}

static bool in_quote(const struct quote *quote, struct span span)
{
    for (size_t i = 0; i < quote->part_count; i++)
        if (span.first >= quote->parts[i].first && span.end <= quote->parts[i].end)
            return true;
    return false;
}

/* The first span whose end lies behind `word`. */
static size_t first_behind(const struct tagged_spans *spans, size_t word)
{
    size_t low = 0, high = spans->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (spans->items[middle].span.end <= word)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The span that holds the word, or one at most POINTER_REACH words away. */
static size_t span_at(const struct tagged_spans *spans, size_t word)
{
    size_t i = first_behind(spans, word > POINTER_REACH ? word - POINTER_REACH : 0), best = NONE, least = POINTER_REACH + 1;
    for (; i < spans->count && spans->items[i].span.first <= word + POINTER_REACH; i++) {
        size_t d = distance(spans->items[i].span, (struct span){word, word + 1});
        if (d < least) {
            least = d;
            best = i;
        }
    }
    return best;
}

static const struct pointer_answer *pointer_of(const struct document *document, const struct quote *quote)
{
    size_t low = 0, high = document->pointers.count, word = quote->parts[0].first;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (document->pointers.items[middle].first + POINTER_REACH < word)
            low = middle + 1;
        else
            high = middle;
    }
    const struct pointer_answer *found = low < document->pointers.count ? &document->pointers.items[low] : NULL;
    return found && found->first < quote->parts[quote->part_count - 1].end ? found : NULL;
}

/* ---- cues ---- */

/* Every cue belongs to the quote whose pointer leads to it, or else to the nearest one of its sentence. */
static void give_cue(struct attribution *attribution, size_t cue, size_t quote, size_t rank)
{
    if (rank < attribution->cue_distance[cue]) {
        attribution->cue_distance[cue] = rank;
        attribution->cue_owner[cue] = quote;
    }
}

static void give_cues(const struct document *document, struct attribution *attribution)
{
    for (size_t i = 0; i < attribution->cues.count; i++)
        attribution->cue_owner[i] = attribution->cue_distance[i] = NONE;
    for (size_t q = 0; q < document->quotes.count; q++) {
        const struct quote *quote = &document->quotes.items[q];
        const struct pointer_answer *pointer = pointer_of(document, quote);
        if (pointer && pointer->to[POINTER_CUE] != NONE) {
            size_t cue = span_at(&attribution->cues, pointer->to[POINTER_CUE]);
            if (cue != NONE)
                give_cue(attribution, cue, q, 0);
        }
        size_t from = quote->parts[0].first > REACH ? quote->parts[0].first - REACH : 0;
        size_t to = quote->parts[quote->part_count - 1].end + REACH;
        for (size_t c = first_behind(&attribution->cues, from); c < attribution->cues.count && attribution->cues.items[c].span.first < to; c++) {
            struct span span = attribution->cues.items[c].span;
            size_t sentence = sentence_of(document, span.first);
            bool same = sentence == sentence_of(document, quote->parts[0].first) ||
                        sentence == sentence_of(document, quote->parts[quote->part_count - 1].end - 1);
            if (same && !in_quote(quote, span))
                give_cue(attribution, c, q, 1 + quote_distance(quote, span));
        }
    }
}

static bool in_sentence_of(const struct document *document, const struct quote *quote, size_t word)
{
    size_t sentence = sentence_of(document, word);
    for (size_t i = 0; i < quote->part_count; i++)
        if (sentence >= sentence_of(document, quote->parts[i].first) && sentence <= sentence_of(document, quote->parts[i].end - 1))
            return true;
    return false;
}

/* Cues of another sentence ("Dat zegt X. “…”, waarschuwde zij.") count only where the quote's own has none. */
static void collect_cues(const struct document *document, struct quote *quote, const struct attribution *attribution, size_t index)
{
    bool own = false;
    size_t from = first_behind(&attribution->cues, quote->parts[0].first > CUE_REACH ? quote->parts[0].first - CUE_REACH : 0);
    size_t to = quote->parts[quote->part_count - 1].end + CUE_REACH;
    for (size_t c = from; c < attribution->cues.count && attribution->cues.items[c].span.first < to; c++)
        own |= attribution->cue_owner[c] == index && in_sentence_of(document, quote, attribution->cues.items[c].span.first);
    for (size_t c = from; c < attribution->cues.count && attribution->cues.items[c].span.first < to; c++) {
        struct span span = attribution->cues.items[c].span;
        if (attribution->cue_owner[c] == index && quote->cue_count < QUOTE_PARTS_MAX && (!own || in_sentence_of(document, quote, span.first)))
            quote->cue[quote->cue_count++] = span;
    }
}

/* ---- the speaker mention ---- */

/* The name that holds the word, or NULL. */
static const struct mention *name_at(const struct document *document, size_t word)
{
    size_t i = names_before(document, word + 1);
    return i > 0 && word < document->mentions.items[i - 1].span.end ? &document->mentions.items[i - 1] : NULL;
}

/* A speaker mention does not cut a name in two. */
static struct span with_whole_names(const struct document *document, struct span span)
{
    const struct mention *first = name_at(document, span.first), *last = name_at(document, span.end - 1);
    return (struct span){first ? first->span.first : span.first, last ? last->span.end : span.end};
}

/* The pronoun right beside the cue of the quote's own sentence: "“…”, waarschuwde zij". */
static size_t pronoun_beside_cue(const struct document *document, const struct quote *quote)
{
    enum gender gender;
    for (size_t i = 0; i < quote->cue_count; i++) {
        struct span cue = quote->cue[i];
        if (!in_sentence_of(document, quote, cue.first))
            continue;
        for (size_t word = cue.end; word < cue.end + PRONOUN_REACH && word < document->words.count; word++)
            if (lexicon_pronoun(word_view(document, word), &gender) && !in_quote(quote, (struct span){word, word + 1}))
                return word;
    }
    return NONE;
}

/* The nearest speaker span of the sentence in which the quote or its cue stands. */
static size_t nearest_speaker(const struct document *document, const struct attribution *attribution, const struct quote *quote)
{
    struct span around = {quote->parts[0].first, quote->parts[quote->part_count - 1].end};
    if (quote->cue_count)
        around = quote->cue[0];
    size_t best = NONE, least = REACH, from = around.first > REACH ? around.first - REACH : 0;
    for (size_t i = first_behind(&attribution->speakers, from);
         i < attribution->speakers.count && attribution->speakers.items[i].span.first < around.end + REACH; i++) {
        struct span span = attribution->speakers.items[i].span;
        size_t sentence = sentence_of(document, span.first), d = distance(around, span);
        if (in_quote(quote, span) || (sentence != sentence_of(document, around.first) && sentence != sentence_of(document, around.end - 1)))
            continue;
        if (d < least) {
            least = d;
            best = i;
        }
    }
    return best;
}

static void find_speaker_mention(const struct document *document, const struct attribution *attribution, struct quote *quote,
                                 const struct pointer_answer *pointer)
{
    size_t found = NONE;
    if (pointer && pointer->to[POINTER_SPEAKER] != NONE) {
        size_t word = pointer->to[POINTER_SPEAKER];
        quote->speaker_confidence = (double)pointer->probability[POINTER_SPEAKER];
        found = span_at(&attribution->speakers, word);
        if (found == NONE && pointer->probability[POINTER_SPEAKER] > SURE && !in_quote(quote, (struct span){word, word + 1})) {
            struct span phrase = noun_phrase(document, word);
            quote->speaker = with_whole_names(document, phrase.end > word ? phrase : (struct span){word, word + 1});
            return;
        }
    }
    bool none = pointer && pointer->to[POINTER_SPEAKER] == NONE && pointer->probability[POINTER_SPEAKER] > SURE;
    if (found == NONE && !none) {
        found = nearest_speaker(document, attribution, quote);
        if (found != NONE && quote->speaker_confidence == 0.0)
            quote->speaker_confidence = 0.5 * attribution->speakers.items[found].confidence;
    }
    if (found == NONE) {
        quote->speaker = plain_speaker(document, quote);
        if (quote->speaker.first != NONE)
            quote->speaker_confidence = PLAIN_CONFIDENCE;
        return;
    }
    quote->speaker = with_whole_names(document, attribution->speakers.items[found].span);
    size_t pronoun = in_sentence_of(document, quote, quote->speaker.first) ? NONE : pronoun_beside_cue(document, quote);
    if (pronoun != NONE)
        quote->speaker = (struct span){pronoun, pronoun + 1};
}

/* ---- the speaker entity ---- */

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

/* Does the last mention of entity `a` before `word` stand behind that of `b`? */
static bool named_later(const struct document *document, size_t a, size_t b, size_t word)
{
    for (size_t i = names_before(document, word); a != NONE && i-- > 0;)
        if (document->mentions.items[i].entity == a || document->mentions.items[i].entity == b)
            return document->mentions.items[i].entity == a;
    return false;
}

static size_t behind_pronoun(const struct document *document, const struct quote *quote, const struct quote *before, enum gender gender)
{
    if (before && before->entity != NONE && sentence_of(document, quote->speaker.first) <= sentence_of(document, before->parts[before->part_count - 1].end - 1) + 1 &&
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

/* The speaker of the quote before, where this one follows on it without any attribution. */
static size_t followed(const struct quote *quote, const struct quote *before)
{
    if (!before || before->kind != DUIDER_DIRECT || quote->kind != DUIDER_DIRECT || quote->cue_count)
        return NONE;
    size_t end = before->parts[before->part_count - 1].end;
    for (size_t i = 0; i < before->cue_count; i++)
        end = before->cue[i].end > end ? before->cue[i].end : end;
    if (before->speaker.first != NONE && before->speaker.end > end)
        end = before->speaker.end;
    return quote->parts[0].first <= end + FOLLOW_ON_WORDS ? before->entity : NONE;
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
    if (entity->type == DUIDER_PER)
        return fits(entity, reference.gender) ? hint : NONE;
    /* "hij" and "she" are persons; "zij" is where a person was named last */
    return reference.gender != GENDER_UNKNOWN || named_later(document, last_person(document, quote, reference.gender), hint, quote->speaker.first) ? NONE : hint;
}

static void find_speaker_entity(const struct document *document, struct quote *quote, const struct quote *before, const struct pointer_answer *pointer)
{
    struct reference reference = read_reference(document, quote);
    size_t hint = pointed_entity(document, quote, pointer, reference);
    double sure = pointer ? (double)pointer->probability[POINTER_ENTITY] : 0.0;
    bool no_one = pointer && pointer->to[POINTER_ENTITY] == NONE && sure > SURE;
    if (quote->speaker.first == NONE) {
        size_t same = followed(quote, before);
        quote->entity = same != NONE ? same : hint;
        quote->speaker_confidence = quote->entity == NONE ? 0.0 : hint == quote->entity ? sure : 0.5;
        return;
    }
    size_t named = entity_in(document, quote->speaker);
    if (named != NONE && (hint == NONE || hint == named || !role_means(document, quote->speaker, hint))) {
        quote->entity = named;
        return;
    }
    if (reference.pronoun) {
        if (reference.several)
            return;
        quote->entity = hint != NONE && sure > SURE ? hint : behind_pronoun(document, quote, before, reference.gender);
        quote->speaker_confidence *= hint != NONE && sure > SURE ? sure : 0.8;
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

/* ---- the stage ---- */

static bool overlap(struct span a, struct span b)
{
    return a.first < b.end && b.first < a.end;
}

/* Is something in the speaker mention linked already? */
static bool is_linked(const struct document *document, struct span speaker)
{
    for (size_t i = document->mentions.count; i-- > document->name_count && i + LINKED_REACH >= document->mentions.count;)
        if (overlap(document->mentions.items[i].span, speaker))
            return true;
    return false;
}

static bool link_mention(struct document *document, const struct quote *quote)
{
    if (quote->entity == NONE || quote->speaker.first == NONE)
        return true;
    enum gender gender;
    bool pronoun = quote->speaker.end == quote->speaker.first + 1 && lexicon_pronoun(word_view(document, quote->speaker.first), &gender);
    if (is_linked(document, quote->speaker))
        return true;
    if (!LIST_RESERVE(document->arena, &document->mentions))
        return false;
    document->mentions.items[document->mentions.count++] = (struct mention){
        .span = quote->speaker,
        .type = document->entities.items[quote->entity].type,
        .kind = pronoun ? DUIDER_MENTION_PRONOUN : DUIDER_MENTION_NOMINAL,
        .confidence = quote->speaker_confidence,
        .entity = quote->entity,
    };
    if (pronoun && document->entities.items[quote->entity].gender == GENDER_UNKNOWN)
        document->entities.items[quote->entity].gender = gender;
    return true;
}

/* Few reported clauses without a cue, or of which the network is not sure, are what somebody said. */
static bool is_doubtful(const struct quote *quote)
{
    return quote->kind != DUIDER_DIRECT && quote->confidence < (quote->cue_count ? REPORTED_CONFIDENCE : UNCUED_CONFIDENCE);
}

static bool attribute(struct document *document, const struct attribution *attribution, size_t index, const struct quote *before)
{
    struct quote *quote = &document->quotes.items[index];
    const struct pointer_answer *pointer = pointer_of(document, quote);
    collect_cues(document, quote, attribution, index);
    find_speaker_mention(document, attribution, quote, pointer);
    find_speaker_entity(document, quote, before, pointer);
    bool named = names_before(document, quote->speaker.end) > names_before(document, quote->speaker.first) ||
                 (quote->speaker.first != NONE && name_at(document, quote->speaker.first));
    quote->doubtful = is_doubtful(quote);
    return named || quote->doubtful || link_mention(document, quote);
}

duider_status attribute_quotes(struct document *document, duider_error *error)
{
    struct arena scratch;
    struct attribution attribution = {0};
    arena_init(&scratch);
    size_t words = document->words.count;
    bool done = decode_spans(document->model, HEAD_CUES, document->logits, 0, words, &scratch, &attribution.cues) &&
                decode_spans(document->model, HEAD_SPEAKERS, document->logits, 0, words, &scratch, &attribution.speakers);
    attribution.cue_owner = arena_alloc(&scratch, attribution.cues.count, sizeof(size_t));
    attribution.cue_distance = arena_alloc(&scratch, attribution.cues.count, sizeof(size_t));
    done = done && attribution.cue_owner && attribution.cue_distance;
    if (done)
        give_cues(document, &attribution);
    const struct quote *before = NULL;
    for (size_t q = 0; done && q < document->quotes.count; q++) {
        struct quote *quote = &document->quotes.items[q];
        done = attribute(document, &attribution, q, before);
        if (!quote->doubtful)
            before = quote;
    }
    arena_release(&scratch);
    return done ? DUIDER_OK : fail_memory(error);
}

duider_status drop_doubtful_quotes(struct document *document, duider_error *error)
{
    (void)error;
    size_t kept = 0;
    for (size_t i = 0; i < document->quotes.count; i++)
        if (!document->quotes.items[i].doubtful)
            document->quotes.items[kept++] = document->quotes.items[i];
    document->quotes.count = kept;
    return DUIDER_OK;
}
