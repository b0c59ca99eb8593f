/* Word lists: see lexicon.h. */
#include "lexicon.h"

#include <ctype.h>

enum { WORD_BYTES_MAX = 48 };

static const struct {
    const char *word;
    enum gender gender;
} pronouns[] = {
    {"hij", GENDER_MALE},      {"ie", GENDER_MALE},      {"hem", GENDER_MALE},    {"he", GENDER_MALE},     {"him", GENDER_MALE},
    {"er", GENDER_MALE},       {"ihm", GENDER_MALE},     {"zij", GENDER_UNKNOWN}, {"ze", GENDER_UNKNOWN},  {"haar", GENDER_FEMALE},
    {"she", GENDER_FEMALE},    {"her", GENDER_FEMALE},   {"sie", GENDER_UNKNOWN}, {"ihr", GENDER_FEMALE},  {"deze", GENDER_UNKNOWN},
    {"die", GENDER_UNKNOWN},   {"dieser", GENDER_MALE},  {"diese", GENDER_FEMALE}, {"they", GENDER_UNKNOWN}, {"laatstgenoemde", GENDER_UNKNOWN},
};

static const char *const male[] = {"meneer", "dhr", "heer", "mr", "mister", "herr", "sir", "lord", "vader", "zoon", "broer", "echtgenoot", "weduwnaar", "koning", "prins",
                                   "father", "son", "brother", "husband", "king", "prince", "vater", "sohn", "bruder", "könig", "prinz", "pater", "sultan", NULL};
static const char *const female[] = {"mevrouw", "mevr", "mw", "mejuffrouw", "mrs", "ms", "miss", "lady", "frau", "moeder", "dochter", "zus", "zuster", "weduwe", "koningin", "prinses",
                                     "mother", "daughter", "sister", "wife", "queen", "princess", "mutter", "tochter", "schwester", "königin", "prinzessin",
                                     "woordvoerster", "lerares", "directrice", "presidente", "actrice", "zangeres", "schrijfster", "voorzitster", "burgemeesteres",
                                     "wethoudster", "sprecherin", "ministerin", "kanzlerin", "präsidentin", "actress", "spokeswoman", "chairwoman", NULL};

static const char *const joining[] = {"van", "bij", "in", "uit", "voor", "aan", "op", "de", "het", "den", "der", "'t", "of", "at", "for", "from", "the",
                                      "von", "vom", "bei", "beim", "im", "für", "aus", "am", "an", "des", "dem", "die", "das", NULL};
static const char *const spokespersons[] = {"woordvoerder", "woordvoerster", "zegsman", "zegsvrouw", "voorlichter", "voorlichtster", "persvoorlichter", "spokesman", "spokeswoman",
                                            "spokesperson", "sprecher", "sprecherin", "pressesprecher", "pressesprecherin", NULL};
static const char *const organisations[] = {"bedrijf", "bond", "organisatie", "directie", "museum", "club", "ministerie", "concern", "fonds", "bank", "verzekeraar", "inspectie",
                                            "partij", "vereniging", "rederij", "maatschappij", "omroep", "zender", "instituut", "bureau", "fabrikant", "uitgeverij", "federatie",
                                            "krant", "school", "kliniek", "ziekenhuis", "academie", "commissie", "raad", "dagblad", "weekblad", "stichting", "toezichthouder", "waakhond", "koepel", "centrale", "universiteit", "unternehmen", "konzern",
                                            "partei", "verband", "verein", "gewerkschaft", "behörde", "ministerium", "company", "firm", "union", "party", "agency", "ministry",
                                            "newspaper", "organisation", "organization", "council", "library", "university", "committee", "department", "watchdog",
                                            "regulator", "airline", "charity", "hospital", "college", "authority", "commission", "institut", "hochschule", "universität", "verlag",
                                            "stiftung", "kommission", "sender", "klinik", "fraktion", "stadtrat", "landesamt", "bundesamt", NULL};

static const char *const particles[] = {"van", "de", "der", "den", "ter", "ten", "te", "het", "t", "von", "zu", "la", "le", "el", "al", "di", "da", "del", "du", NULL};
static const char *const articles[] = {"de", "het", "een", "the", "a", "an", "der", "die", "das", "ein", "eine", NULL};
static const char *const determiners[] = {"de", "het", "een", "haar", "hun", "deze", "dezelfde", "the", "a", "an", "his", "her", "their", "der", "die", "das", "dem", "den", "des",
                                          "ein", "eine", "einer", "eines", "einem", "einen", NULL};
static const char *const possessives[] = {"zijn", "haar", "hun", "mijn", "onze", "ons", "his", "her", "their", "my", "our", "sein", "seine", "seiner", "seinem", "seinen", "ihr", "ihre", "ihrer",
                                          "ihrem", "ihren", "mein", "meine", "meiner", "meinem", "meinen", "unser", "unsere", "unserem", "unseren", NULL};
static const char *const adverbs[] = {"toen", "thuis", "vroeger", "maar", "dan", "daar", "hier", "nu", "ook", "wie", "wat", "waar", "hoe", "waarom", "wanneer", "als", "want", "omdat", "eerst",
                                      "later", "soms", "steevast", "altijd", "nooit", "vandaag", "gisteren", "intussen", "ondertussen", "inmiddels", "misschien", "helaas", "gelukkig",
                                      "natuurlijk", "volgens", "bovendien", "daarom", "daarna", "daarbij", "daarnaast", "toch", "zo", "nog", "pas", "zelfs", "alleen", "samen", "ooit", "plots",
                                      "plotseling", "dus", "hoewel", "terwijl", "zodra", "sinds", "tijdens", "achteraf", "voorlopig", "vervolgens", "tenslotte", "uiteindelijk", "vaak",
                                      "meestal", "mogelijk", "kennelijk", "blijkbaar", "even", "zeker", "geen", "niemand", "iedereen", "niets", "alles", "buiten", "binnen", "boven", "beneden",
                                      "when", "then", "but", "yet", "still", "meanwhile", "however", "after", "before", "since", "while", "today", "yesterday", "perhaps", "maybe", "also",
                                      "even", "only", "both", "what", "who", "where", "why", "how", "there", "here", "now", "nobody", "everybody", "nothing", "everything", "outside", "inside",
                                      "instead", "although", "because", "finally", "later", "once", NULL};

/* In lower case where it is ASCII; an empty view where it is too long to stand in a list. */
static struct view lower(struct view word, char room[WORD_BYTES_MAX])
{
    if (word.count > WORD_BYTES_MAX)
        return (struct view){room, 0};
    for (size_t i = 0; i < word.count; i++)
        room[i] = (char)tolower((unsigned char)word.bytes[i]);
    return (struct view){room, word.count};
}

bool lexicon_holds(const char *const *list, struct view word)
{
    char room[WORD_BYTES_MAX];
    return view_in(lower(word, room), list);
}

bool lexicon_pronoun(struct view word, enum gender *gender)
{
    char room[WORD_BYTES_MAX];
    struct view plain = lower(word, room);
    for (size_t i = 0; i < sizeof pronouns / sizeof *pronouns; i++)
        if (view_equal(plain, (struct view){pronouns[i].word, strlen(pronouns[i].word)})) {
            *gender = pronouns[i].gender;
            return true;
        }
    return false;
}

enum gender lexicon_gender(struct view word)
{
    char room[WORD_BYTES_MAX];
    struct view plain = lower(word, room);
    return view_in(plain, male) ? GENDER_MALE : view_in(plain, female) ? GENDER_FEMALE : GENDER_UNKNOWN;
}

bool lexicon_equal_folded(struct view a, struct view b)
{
    if (a.count != b.count)
        return false;
    for (size_t i = 0; i < a.count; i++)
        if (tolower((unsigned char)a.bytes[i]) != tolower((unsigned char)b.bytes[i]))
            return false;
    return true;
}

bool lexicon_ends_with(const char *const *list, struct view word)
{
    char room[WORD_BYTES_MAX];
    struct view plain = lower(word, room);
    for (size_t i = 0; list[i]; i++) {
        size_t count = strlen(list[i]);
        if (plain.count >= count && memcmp(plain.bytes + plain.count - count, list[i], count) == 0)
            return true;
    }
    return false;
}

bool lexicon_spokesperson(struct view word)
{
    return lexicon_ends_with(spokespersons, word);
}

bool lexicon_age(struct view word)
{
    static const char *const ages[] = {"jarige", "Jährige", "jährige", "Jähriger", "jähriger", "Jährigen", "jährigen", "old", NULL};
    return view_in(word, ages);
}

bool lexicon_article(struct view word)
{
    return lexicon_holds(articles, word);
}

bool lexicon_determiner(struct view word)
{
    return lexicon_holds(determiners, word);
}

bool lexicon_possessive(struct view word)
{
    return lexicon_holds(possessives, word);
}

bool lexicon_particle(struct view word)
{
    return lexicon_holds(particles, word);
}

bool lexicon_adverb(struct view word)
{
    return lexicon_holds(adverbs, word);
}

bool lexicon_joins(struct view word)
{
    return lexicon_holds(joining, word);
}

bool lexicon_organisation(struct view word)
{
    return lexicon_ends_with(organisations, word);
}
