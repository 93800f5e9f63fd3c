/* Fourier transforms by KissFFT (BSD licence, Debian's libkissfft-float131), loaded on first use.
 *
 * Its plans are made once per length and kept. Lines that are not contiguous go through a buffer.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ckernels.h"

typedef struct {
  float r, i;
} complex_pair;
typedef struct kiss_fft_state *plan;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static plan (*make_plan)(int n, int inverse, void *memory, size_t *bytes) = NULL;
static void (*transform)(plan plan, const complex_pair *x, complex_pair *y) = NULL;

static void load(void) {
  static const char *const libraries[] = {
#if defined(__APPLE__)
      "libkissfft-float.dylib", "/opt/homebrew/lib/libkissfft-float.dylib",
      "/usr/local/lib/libkissfft-float.dylib",
#else
      "libkissfft-float.so.131", "libkissfft-float.so",
#endif
  };
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries && transform == NULL; i++) {
    void *library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) continue;
    make_plan = (plan(*)(int, int, void *, size_t *))dlsym(library, "kiss_fft_alloc");
    if (make_plan != NULL)
      transform =
          (void (*)(plan, const complex_pair *, complex_pair *))dlsym(library, "kiss_fft");
  }
}

int lab_fft_load(void) {
  pthread_once(&once, load);
  return transform != NULL ? 0 : -1;
}

/* Plans are read only once they are made: one for all threads. */
typedef struct known {
  size_t n;
  int inverse;
  plan plan;
  struct known *next;
} known;
static known *plans = NULL;
static pthread_mutex_t plans_lock = PTHREAD_MUTEX_INITIALIZER;

static plan plan_for(size_t n, int inverse) {
  pthread_mutex_lock(&plans_lock);
  known *k = plans;
  while (k != NULL && (k->n != n || k->inverse != inverse)) k = k->next;
  if (k == NULL && n <= 0x7fffffff && (k = malloc(sizeof *k)) != NULL) {
    k->n = n;
    k->inverse = inverse;
    k->plan = make_plan((int)n, inverse, NULL, NULL);
    if (k->plan == NULL) {
      free(k);
      k = NULL;
    } else {
      k->next = plans;
      plans = k;
    }
  }
  pthread_mutex_unlock(&plans_lock);
  return k == NULL ? NULL : k->plan;
}

enum { SIDE = 8 }; /* neighbouring lines that are gathered together */

size_t lab_fft_scratch(size_t n) { return (size_t)4 * SIDE * n + 16; }

typedef struct {
  plan plan;
  size_t n, inner;
  int real_operand, real_result;
  float scale;
  const float *x;
  float *scratch, *y;
} job;

static void lines(void *context, size_t index, int worker) {
  const job *j = context;
  size_t n = j->n, groups = (j->inner + SIDE - 1) / SIDE;
  size_t outer = index / groups, first = index % groups * SIDE;
  size_t width = j->inner - first < SIDE ? j->inner - first : SIDE;
  size_t base = outer * n * j->inner + first;
  complex_pair *in = (complex_pair *)(void *)(j->scratch + (size_t)worker * lab_fft_scratch(n));
  complex_pair *out = in + SIDE * n;
  if (j->inner == 1 && !j->real_operand) {
    in = (complex_pair *)(void *)(uintptr_t)((const complex_pair *)(const void *)j->x + base);
  } else {
    for (size_t i = 0; i < n; i++) {
      size_t at = base + i * j->inner;
      for (size_t l = 0; l < width; l++)
        in[l * n + i] = j->real_operand ? (complex_pair){j->x[at + l], 0}
                                        : ((const complex_pair *)(const void *)j->x)[at + l];
    }
  }
  for (size_t l = 0; l < width; l++) transform(j->plan, in + l * n, out + l * n);
  for (size_t i = 0; i < n; i++) {
    size_t at = base + i * j->inner;
    for (size_t l = 0; l < width; l++) {
      complex_pair v = out[l * n + i];
      if (j->real_result) j->y[at + l] = v.r * j->scale;
      else ((complex_pair *)(void *)j->y)[at + l] = (complex_pair){v.r * j->scale, v.i * j->scale};
    }
  }
}

int lab_fft(lab_pool *pool, size_t outer, size_t n, size_t inner, int inverse, int real_operand,
            int real_result, float scale, const float *x, float *scratch, float *y) {
  if (outer * n * inner == 0) return 0;
  if (lab_fft_load() != 0) return -1;
  job j = {plan_for(n, inverse), n, inner, real_operand, real_result, scale, x, scratch, y};
  if (j.plan == NULL) return -1;
  lab_parallel(pool, outer * ((inner + SIDE - 1) / SIDE), lines, &j);
  return 0;
}
