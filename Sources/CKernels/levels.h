/* Compiles LAB_FILE, the file that includes this one, once for each instruction-set level.
 *
 * A family's file reads
 *
 *     #ifndef LAB_LEVEL
 *     #define LAB_FILE "family.c"
 *     #include "levels.h"
 *     … public functions, which call LAB_BEST(loop)(…) …
 *     #else
 *     static void FN(loop)(…) { … VF, LANES, v_exp() … }
 *     #endif
 *
 * `target_clones` is no choice: vectors as arguments of inlined helpers need one target throughout.
 */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ckernels.h"

#define LAB_MIN(a, b) ((a) < (b) ? (a) : (b))
#define LAB_MAX(a, b) ((a) > (b) ? (a) : (b))

#define LAB_JOIN_(a, b) a##_##b
#define LAB_JOIN(a, b) LAB_JOIN_(a, b)
/* The name of a function at the level that is being compiled. */
#define FN(name) LAB_JOIN(name, LAB_SUFFIX)

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#pragma clang attribute push(__attribute__((min_vector_width(512))), apply_to = function)
#define LAB_LEVEL 4
#define LAB_SUFFIX v4
#define LANES 16
#include "simd.h"
#include LAB_FILE
#undef LAB_LEVEL
#undef LAB_SUFFIX
#undef LANES
#pragma clang attribute pop
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define LAB_LEVEL 3
#define LAB_SUFFIX v3
#define LANES 8
#include "simd.h"
#include LAB_FILE
#undef LAB_LEVEL
#undef LAB_SUFFIX
#undef LANES
#pragma clang attribute pop
#define LAB_BEST(name) \
  (lab_level() >= 4 ? name##_v4 : lab_level() == 3 ? name##_v3 : name##_v1)
#else
#define LAB_BEST(name) name##_v1
#endif

#define LAB_LEVEL 1
#define LAB_SUFFIX v1
#define LANES 4
#include "simd.h"
#include LAB_FILE
#undef LAB_LEVEL
#undef LAB_SUFFIX
#undef LANES
