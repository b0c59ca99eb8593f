/* Is a text in a language that the library does not read? The command line and the server ask this before they annotate; the library knows nothing of it. */
#ifndef DUIDER_DETECT_H
#define DUIDER_DETECT_H

#include "duider.h"

/* Serves one thread at a time. */
struct detector;

/* Can the fingerprints of languages be read? Else IO. */
duider_status detector_check(duider_error *error);

/* NULL: no memory, or the fingerprints can't be read. */
struct detector *detector_new(void);

/* NULL is allowed. */
void detector_free(struct detector *detector);

/*
 * Where the language is AUTO: how likely it is that the text, which may be any bytes, is in none of nl, en, de -> options->other_language. BAD_ARGUMENT where that
 * is as good as certain. The same bytes give the same answer.
 */
duider_status detector_run(struct detector *detector, const char *text, size_t bytes, duider_options *options, duider_error *error);

#endif
