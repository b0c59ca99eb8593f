/* Closed word classes of Dutch, English and German that the document model reads: pronouns, words that tell a gender, words between others. */
#ifndef DUIDER_LEXICON_H
#define DUIDER_LEXICON_H

#include "document.h"

/* Is the word a pronoun of the third person (or "ik") that can be a speaker? *gender gets what it tells. */
bool lexicon_pronoun(struct view word, enum gender *gender);

/* The gender that a title, a role or a first name before a name tells: "mevrouw", "woordvoerster". */
enum gender lexicon_gender(struct view word);

/* A noun for somebody who speaks for an organisation, alone or at the end of a compound: "woordvoerder", "Gerichtssprecherin". */
bool lexicon_spokesperson(struct view word);

/* What stands behind the last hyphen of an age: "46-jarige", "24-year-old". */
bool lexicon_age(struct view word);

/* A noun for an organisation, alone or at the end of a compound: "bond", "elektronicaconcern". */
bool lexicon_organisation(struct view word);

/* A preposition or article that joins a role to what it is of: "van", "het", "at". */
bool lexicon_joins(struct view word);

/* "de", "een", "das". */
bool lexicon_article(struct view word);

/* "de", "een", "haar": begins a noun phrase. */
bool lexicon_determiner(struct view word);

/* "zijn", "her", "ihre". */
bool lexicon_possessive(struct view word);

/* A word that begins a surname: "van", "de", "el". */
bool lexicon_particle(struct view word);

/* An adverb, conjunction or the like that often begins a sentence and is no name there: "toen", "vroeger", "but". Not of German. */
bool lexicon_adverb(struct view word);

/* first_names.c: the gender of those who bear the first name, given in lower case without accents. */
enum gender first_name_gender(struct view folded);

/* Is the word, in small letters, one of the NULL-terminated list; does it end with one? */
bool lexicon_holds(const char *const *list, struct view word);
bool lexicon_ends_with(const char *const *list, struct view word);

/* Equal but for ASCII case. */
bool lexicon_equal_folded(struct view a, struct view b);

#endif
