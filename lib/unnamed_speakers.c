/*
 * Speaker mentions of people without a name: "een oud-collega", "drie voormalige managers", "ingewijden", "de politie". The network points at whom the text
 * named last all the same. A mention that holds a name is none of these.
 */
#include "lexicon.h"

#include <ctype.h>

/* "een", "drie", "several": whom the text has not spoken of before. */
static bool is_indefinite(struct view word)
{
    static const char *const words[] = {"een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "enkele", "sommige", "meerdere", "verscheidene", "verschillende", "veel",
                                        "vele", "velen", "andere", "anderen", "sommigen", "diverse", "men", "iemand", "beide", "beiden", "a", "an", "one", "two", "three", "four", "five", "six",
                                        "seven", "eight", "nine", "ten", "several", "some", "many", "most", "other", "others", "another", "both", "somebody", "ein", "eine", "einer", "einem",
                                        "einen", "zwei", "drei", "fünf", "sechs", "mehrere", "einige", "viele", "alle", "manche", "man", "jemand", NULL};
    return isdigit((unsigned char)word.bytes[0]) || lexicon_holds(words, word);
}

/* People and offices that newspapers mention without a name. */
static bool is_collective(struct view word)
{
    static const char *const words[] = {"politie", "gemeente", "jury", "rechtbank", "hof", "leger", "brandweer", "justitie", "oppositie", "familie", "aanklacht", "rechters", "bonden",
                                        "vakbonden", "omwonenden", "bewoners", "buren", "police", "court", "army", "family", "opposition", "prosecutors", "officials", "neighbours",
                                        "residents", "polizei", "feuerwehr", "staatsanwaltschaft", NULL};
    return lexicon_holds(words, word);
}

/* German plurals that stand alone; in the other languages an ending tells. */
static bool is_german_plural(struct view word)
{
    static const char *const words[] = {"Fachleute", "Experten", "Beobachter", "Kritiker", "Anwohner", "Diplomaten", "Ermittler", "Analysten", "Forscher", "Branchenkenner", "Augenzeugen",
                                        "Insider", "Kollegen", "Nachbarn", "Freunde", "Ärzte", "Juristen", "Händler", "Wissenschaftler", "Mediziner", "Beamte", "Behörden", NULL};
    return view_in(word, words);
}

/* "onderzoekers", "hoge functionarissen", "bronnen bij het ministerie": plural, and no determiner before it. */
static bool is_bare_plural(const struct document *document, struct span mention)
{
    size_t head = mention.first;
    while (head + 1 < mention.end && document->words.items[head + 1].class == WORD_LETTERS && !lexicon_joins(word_view(document, head + 1)))
        head++;
    struct view first = word_view(document, mention.first), noun = word_view(document, head);
    enum gender gender;
    if (lexicon_determiner(first) || lexicon_possessive(first) || lexicon_pronoun(first, &gender) || noun.count < 4)
        return false;
    const char *end = noun.bytes + noun.count;
    const bool s = end[-1] == 's' && end[-2] != 's' && end[-2] != 'a'; /* not "boss", "baas" */
    switch (document->language) {
    case DUIDER_LANGUAGE_NL: return s || (end[-2] == 'e' && end[-1] == 'n');
    case DUIDER_LANGUAGE_EN: return s;
    default: return is_german_plural(first);
    }
}

bool is_unnamed_speaker(const struct document *document, struct span mention)
{
    for (size_t word = mention.first; word < mention.end; word++)
        if (lexicon_spokesperson(word_view(document, word)))
            return false; /* of an organisation */
    const size_t length = mention.end - mention.first;
    return is_indefinite(word_view(document, mention.first)) || (length == 2 && is_collective(word_view(document, mention.end - 1))) || is_bare_plural(document, mention);
}
