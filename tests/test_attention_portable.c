/* test_attention.c with the attention of processors that are not x86-64: compiled here, it takes the library's place. */
#include "base.h"
#include "kernels.h"
#include "support.h"

#include <math.h>

#undef __x86_64__
#include "../lib/attention.c"
#include "test_attention.c"
