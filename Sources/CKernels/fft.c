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

enum { SIDE = 16 }; /* neighbouring lines that are gathered together; even */

size_t lab_fft_scratch(size_t n) { return (size_t)4 * SIDE * n + 16; }

typedef struct {
  plan plan;
  size_t n, inner;
  int inverse, real_operand, real_result;
  float scale;
  const float *x;
  float *scratch, *y;
} job;

/* Two real lines are one complex line; two lines of which only the real parts of the results are
 * wanted are made one whose results are those: the transform of (v_k + conj v_{n−k}) / 2 is real. */

#define INLINE __attribute__((always_inline)) static inline

INLINE void gather(const job *j, int real_operand, int real_result, size_t base, size_t lines,
                   complex_pair *in) {
  size_t n = j->n;
  const complex_pair *x = (const complex_pair *)(const void *)j->x;
  for (size_t i = 0; i < n; i++) {
    size_t at = base + i * j->inner, mirror = base + (i == 0 ? 0 : n - i) * j->inner;
    if (real_operand) {
      const float *r = j->x + at;
      for (size_t l = 0; l + 1 < lines; l += 2) in[l / 2 * n + i] = (complex_pair){r[l], r[l + 1]};
      if (lines % 2 == 1) in[lines / 2 * n + i] = (complex_pair){r[lines - 1], 0};
    } else if (real_result) {
      const complex_pair *a = x + at, *b = x + mirror;
      for (size_t l = 0; l + 1 < lines; l += 2) {
        float r = a[l].r + b[l].r - (a[l + 1].i - b[l + 1].i);
        float m = a[l].i - b[l].i + (a[l + 1].r + b[l + 1].r);
        in[l / 2 * n + i] = (complex_pair){0.5f * r, 0.5f * m};
      }
      if (lines % 2 == 1) {
        size_t l = lines - 1;
        in[l / 2 * n + i] = (complex_pair){0.5f * (a[l].r + b[l].r), 0.5f * (a[l].i - b[l].i)};
      }
    } else {
      for (size_t l = 0; l < lines; l++) in[l * n + i] = x[at + l];
    }
  }
}

INLINE void spread(const job *j, int real_operand, int real_result, const complex_pair *out,
                   size_t base, size_t lines) {
  size_t n = j->n;
  float scale = j->scale, half = 0.5f * j->scale;
  complex_pair *y = (complex_pair *)(void *)j->y;
  for (size_t i = 0; i < n; i++) {
    size_t at = base + i * j->inner, mirror = i == 0 ? 0 : n - i;
    for (size_t l = 0; l < lines; l += 2) {
      int both = l + 1 < lines;
      if (real_operand) {
        complex_pair a = out[l / 2 * n + i], b = out[l / 2 * n + mirror];
        complex_pair first = {half * (a.r + b.r), half * (a.i - b.i)};
        complex_pair second = {half * (a.i + b.i), half * (b.r - a.r)};
        if (real_result) {
          j->y[at + l] = first.r;
          if (both) j->y[at + l + 1] = second.r;
        } else {
          y[at + l] = first;
          if (both) y[at + l + 1] = second;
        }
      } else if (real_result) {
        complex_pair v = out[l / 2 * n + i];
        j->y[at + l] = scale * v.r;
        if (both) j->y[at + l + 1] = scale * v.i;
      } else {
        complex_pair v = out[l * n + i];
        y[at + l] = (complex_pair){v.r * scale, v.i * scale};
        if (both) {
          v = out[(l + 1) * n + i];
          y[at + l + 1] = (complex_pair){v.r * scale, v.i * scale};
        }
      }
    }
  }
}

static void lines(void *context, size_t index, int worker) {
  const job *j = context;
  size_t n = j->n, groups = (j->inner + SIDE - 1) / SIDE;
  size_t outer = index / groups, first = index % groups * SIDE;
  size_t width = j->inner - first < SIDE ? j->inner - first : SIDE;
  size_t base = outer * n * j->inner + first;
  const complex_pair *x = (const complex_pair *)(const void *)j->x;
  complex_pair *in = (complex_pair *)(void *)(j->scratch + (size_t)worker * lab_fft_scratch(n));
  complex_pair *out = in + SIDE * n;
  int paired = j->real_operand || j->real_result;
  size_t count = paired ? (width + 1) / 2 : width;
  if (j->inner == 1 && !paired) {
    in = (complex_pair *)(void *)(uintptr_t)(x + base);
  } else {
    if (j->real_operand) gather(j, 1, 0, base, width, in);
    else if (j->real_result) gather(j, 0, 1, base, width, in);
    else gather(j, 0, 0, base, width, in);
  }
  for (size_t l = 0; l < count; l++) transform(j->plan, in + l * n, out + l * n);
  if (j->real_operand && j->real_result) spread(j, 1, 1, out, base, width);
  else if (j->real_operand) spread(j, 1, 0, out, base, width);
  else if (j->real_result) spread(j, 0, 1, out, base, width);
  else spread(j, 0, 0, out, base, width);
}

/* ---- lines of four ----------------------------------------------------------------------------- */

/* Sums and differences alone: y_k = Σ v_i · (±i)^(ik), the rows of a block of four at once. */
INLINE void fours(size_t inner, int real_operand, int real_result, float scale, float turn,
                  const float *restrict x, float *restrict y) {
  size_t in = real_operand ? inner : 2 * inner, out = real_result ? inner : 2 * inner;
  size_t step = real_operand ? 1 : 2;
  for (size_t l = 0; l < inner; l++) {
    const float *v = x + l * step;
    float ar = (v[0] + v[2 * in]) * scale, br = (v[0] - v[2 * in]) * scale;
    float dr = (v[in] + v[3 * in]) * scale, ei = (v[in] - v[3 * in]) * turn;
    float ai = 0, bi = 0, di = 0, er = 0;
    if (!real_operand) {
      ai = (v[1] + v[2 * in + 1]) * scale, bi = (v[1] - v[2 * in + 1]) * scale;
      di = (v[in + 1] + v[3 * in + 1]) * scale, er = (v[3 * in + 1] - v[in + 1]) * turn;
    }
    float *w = y + l * (real_result ? 1 : 2);
    w[0] = ar + dr, w[out] = br + er, w[2 * out] = ar - dr, w[3 * out] = br - er;
    if (!real_result) {
      w[1] = ai + di, w[out + 1] = bi + ei;
      w[2 * out + 1] = ai - di, w[3 * out + 1] = bi - ei;
    }
  }
}

static void fours_task(void *context, size_t outer, int worker) {
  const job *j = context;
  (void)worker;
  const float *x = j->x + outer * 4 * j->inner * (j->real_operand ? 1 : 2);
  float *y = j->y + outer * 4 * j->inner * (j->real_result ? 1 : 2);
  float turn = j->inverse ? j->scale : -j->scale;
  if (j->real_operand && j->real_result) fours(j->inner, 1, 1, j->scale, turn, x, y);
  else if (j->real_operand) fours(j->inner, 1, 0, j->scale, turn, x, y);
  else if (j->real_result) fours(j->inner, 0, 1, j->scale, turn, x, y);
  else fours(j->inner, 0, 0, j->scale, turn, x, y);
}

int lab_fft(lab_pool *pool, size_t outer, size_t n, size_t inner, int inverse, int real_operand,
            int real_result, float scale, const float *x, float *scratch, float *y) {
  if (outer * n * inner == 0) return 0;
  job j = {NULL, n, inner, inverse, real_operand, real_result, scale, x, scratch, y};
  if (n == 4) {
    lab_parallel(pool, outer, fours_task, &j);
    return 0;
  }
  if (lab_fft_load() != 0) return -1;
  j.plan = plan_for(n, inverse);
  if (j.plan == NULL) return -1;
  lab_parallel(pool, outer * ((inner + SIDE - 1) / SIDE), lines, &j);
  return 0;
}
