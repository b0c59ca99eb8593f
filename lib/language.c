/*
 * Which of nl, en, de a text is in: what the network says of its words on average, and the words themselves that only one of the three has and has often.
 * The network saw few short texts in German or English, and takes short ones for Dutch; long ones hold enough of such words.
 */
#include "document.h"

#include <math.h>

enum { LANGUAGES = 3 };

#define WORD_EVIDENCE 2.0 /* that a word adds to the logit of its language */

static const char *const common_words[LANGUAGES][48] = {
    {"de", "het", "een", "en", "van", "dat", "op", "te", "zijn", "voor", "niet", "aan", "ook", "maar", "bij", "uit", "nog", "naar", "heeft", "hij", "zij", "wordt", "werd",
     "deze", "dit", "geen", "om", "zei", "hun", "haar", "meer", "veel", "tegen", NULL},
    {"the", "and", "to", "that", "for", "with", "on", "from", "his", "by", "at", "have", "has", "be", "are", "were", "this", "which", "not", "it", "they", "but", "who", "said",
     "their", "been", "would", "its", "after", "she", "he", NULL},
    {"der", "das", "und", "den", "von", "zu", "mit", "sich", "des", "auf", "für", "ist", "im", "dem", "nicht", "ein", "eine", "auch", "es", "werden", "aus", "hat", "nach",
     "wird", "einer", "um", "am", "sind", "wie", "einem", "über", "einen", "zum", "haben", "oder", "aber", "zur", "sei", "ich", "habe", "hatte", "gegen",
     "vor", "bis", "wurde", "seine", "dass", NULL},
};

/* The language that alone has the word, its first letter a capital or not; LANGUAGES: none. */
static size_t language_of(struct view word)
{
    char folded[8];
    if (word.count == 0 || word.count >= sizeof folded)
        return LANGUAGES;
    memcpy(folded, word.bytes, word.count);
    if (folded[0] >= 'A' && folded[0] <= 'Z')
        folded[0] = (char)(folded[0] - 'A' + 'a');
    for (size_t i = 0; i < LANGUAGES; i++)
        if (view_in((struct view){folded, word.count}, common_words[i]))
            return i;
    return LANGUAGES;
}

void choose_language(struct document *document, double other)
{
    double evidence[LANGUAGES] = {0.0}, total = 0.0;
    for (size_t word = 0; word < document->words.count; word++) {
        const float *logits = word_logits(document, word) + document->model->head_first[HEAD_LANGUAGE];
        for (size_t i = 0; i < LANGUAGES; i++)
            evidence[i] += (double)logits[i] / (double)document->words.count;
        size_t language = language_of(word_view(document, word));
        if (language < LANGUAGES)
            evidence[language] += WORD_EVIDENCE;
    }
    size_t best = 0;
    for (size_t i = 1; i < LANGUAGES; i++)
        best = evidence[i] > evidence[best] ? i : best;
    const double most = evidence[best];
    for (size_t i = 0; i < LANGUAGES; i++)
        total += exp(evidence[i] - most);
    if ((1.0 - other) / total <= 0.5)
        best = 0; /* uncertain: Dutch */
    document->language = (duider_language)(DUIDER_LANGUAGE_NL + best);
    document->language_detected = true;
    document->language_confidence = (1.0 - other) * exp(evidence[best] - most) / total;
}
