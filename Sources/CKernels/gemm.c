/* Matrix products by a BLAS that is loaded on first use (linking it would cost every start 3.5 ms),
 * or by our own product where that is faster or no BLAS is installed.
 *
 * Either works on one thread; the products are cut into tiles for the pool. Tiles depend on the
 * sizes alone, so that the result does not depend on the number of threads.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "ckernels.h"
#include "product.h"

typedef void (*sgemm)(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                      const float *a, int lda, const float *b, int ldb, float beta, float *c,
                      int ldc);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sgemm cblas = NULL;
static const char *name = "none";

static void load(void) {
  static const char *const libraries[] = {
#if defined(__APPLE__)
      "/System/Library/Frameworks/Accelerate.framework/Accelerate",
#else
      "libopenblas.so.0", "libopenblas.so",
#endif
  };
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries && cblas == NULL; i++) {
    void *library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) continue;
    void (*threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
    if (threads != NULL) threads(1);
    const char *(*core)(void) = (const char *(*)(void))dlsym(library, "openblas_get_corename");
    name = core != NULL ? core() : "Accelerate";
    cblas = (sgemm)dlsym(library, "cblas_sgemm");
  }
}

static _Atomic int choice = LAB_BLAS_BEST;

void lab_blas_choose(int which) { choice = which; }

/* Debian's OpenBLAS runs AVX2 on AMD's AVX-512: then our own is nearly twice as fast. */
static int is_own_faster(void) {
#if defined(__x86_64__)
  return lab_level() >= 4 && __builtin_cpu_is("amd");
#else
  return 0;
#endif
}

/* Whether the library is to be used; loads it if so. */
static int uses_library(void) {
  int which = choice;
  if (which == LAB_BLAS_OWN || (which == LAB_BLAS_BEST && is_own_faster())) return 0;
  pthread_once(&once, load);
  return cblas != NULL;
}

const char *lab_blas_name(void) { return uses_library() ? name : "own"; }

/* C = A·B for one tile, which must not be empty. */
static void multiply(const lab_product *s, const float *a, const float *b, float *c) {
  int few = s->m <= LAB_FEW_ROWS && !s->transpose_a;
  if (few || !uses_library()) {
    lab_own_product(s, a, b, c);
    return;
  }
  cblas(101, s->transpose_a ? 112 : 111, s->transpose_b ? 112 : 111, (int)s->m, (int)s->n,
        (int)s->k, 1.0f, a, (int)s->lda, b, (int)s->ldb, s->accumulate ? 1.0f : 0.0f, c,
        (int)s->ldc);
}

typedef struct {
  const lab_product *shape;
  const float *a, *b, *bias;
  float *c;
  const size_t *a_at, *b_at, *c_at, *bias_at;
  int bias_kind;
  size_t row_parts, column_parts;
} job;

static void add_bias(const job *j, const float *bias, float *c, size_t m0, size_t m, size_t n0,
                     size_t n) {
  const lab_product *s = j->shape;
  for (size_t i = 0; i < m; i++) {
    float *row = c + (m0 + i) * s->ldc + n0;
    if (j->bias_kind == LAB_BIAS_COLUMNS) {
      const float *b = bias + n0;
      for (size_t l = 0; l < n; l++) row[l] += b[l];
    } else {
      float b = bias[m0 + i];
      for (size_t l = 0; l < n; l++) row[l] += b;
    }
  }
}

static void tile(void *context, size_t index, int worker) {
  (void)worker;
  const job *j = context;
  const lab_product *s = j->shape;
  size_t parts = j->row_parts * j->column_parts;
  size_t item = index / parts, part = index % parts;
  size_t row = part / j->column_parts, column = part % j->column_parts;
  size_t m0 = s->m * row / j->row_parts, m1 = s->m * (row + 1) / j->row_parts;
  size_t n0 = s->n * column / j->column_parts, n1 = s->n * (column + 1) / j->column_parts;
  size_t m = m1 - m0, n = n1 - n0;
  if (m == 0 || n == 0) return;
  const float *a = j->a + j->a_at[item] + (s->transpose_a ? m0 : m0 * s->lda);
  const float *b = j->b + j->b_at[item] + (s->transpose_b ? n0 * s->ldb : n0);
  float *c = j->c + j->c_at[item];
  if (s->k == 0) {
    if (!s->accumulate)
      for (size_t i = m0; i < m1; i++) memset(c + i * s->ldc + n0, 0, n * sizeof *c);
  } else {
    lab_product part = *s;
    part.m = m;
    part.n = n;
    multiply(&part, a, b, c + m0 * s->ldc + n0);
  }
  if (j->bias_kind != LAB_BIAS_NONE && j->bias != NULL)
    add_bias(j, j->bias + (j->bias_at ? j->bias_at[item] : 0), c, m0, m, n0, n);
}

/* Tiles of about 512 × 512; smaller ones, at least 16 million multiply-adds each, until there are
 * eight. */
static void cut(const lab_product *s, size_t count, size_t *rows, size_t *columns) {
  *rows = (s->m + 511) / 512;
  *columns = (s->n + 511) / 512;
  for (;;) {
    size_t parts = *rows * *columns;
    size_t m = s->m / *rows, n = s->n / *columns;
    if (parts * count >= 8 || m * n * s->k < (size_t)1 << 24) return;
    if (m >= n && m > 64) *rows *= 2;
    else if (n > 64) *columns *= 2;
    else return;
  }
}

void lab_gemm(lab_pool *pool, const lab_product *shape, size_t count, const float *a,
              const size_t *a_at, const float *b, const size_t *b_at, float *c, const size_t *c_at,
              int bias_kind, const float *bias, const size_t *bias_at) {
  if (shape->m == 0 || shape->n == 0 || count == 0) return;
  job j = {shape, a, b, bias, c, a_at, b_at, c_at, bias_at, bias_kind, 1, 1};
  cut(shape, count, &j.row_parts, &j.column_parts);
  size_t tasks = count * j.row_parts * j.column_parts;
  /* Below some ten thousand multiply-adds waking a thread costs more than the work. */
  if (shape->m * shape->n * (shape->k + 1) * count < 65536) {
    for (size_t i = 0; i < tasks; i++) tile(&j, i, 0);
  } else {
    lab_parallel(pool, tasks, tile, &j);
  }
}

typedef struct {
  size_t in, out, experts, parts;
  const float *x, *weight;
  const size_t *first, *order;
  float *x_sorted, *y_sorted, *y;
} expert_job;

static void gather_rows(void *context, size_t i, int worker) {
  (void)worker;
  const expert_job *j = context;
  memcpy(j->x_sorted + i * j->in, j->x + j->order[i] * j->in, j->in * sizeof(float));
}

static void scatter_rows(void *context, size_t i, int worker) {
  (void)worker;
  const expert_job *j = context;
  memcpy(j->y + j->order[i] * j->out, j->y_sorted + i * j->out, j->out * sizeof(float));
}

static void expert_tile(void *context, size_t index, int worker) {
  (void)worker;
  const expert_job *j = context;
  size_t expert = index / j->parts, part = index % j->parts;
  size_t m0 = j->first[expert], m = j->first[expert + 1] - m0;
  size_t n0 = j->out * part / j->parts, n = j->out * (part + 1) / j->parts - n0;
  if (m == 0 || n == 0) return;
  lab_product piece = {m, n, j->in, j->in, j->in, j->out, 0, 1, 0};
  multiply(&piece, j->x_sorted + m0 * j->in, j->weight + (expert * j->out + n0) * j->in,
           j->y_sorted + m0 * j->out + n0);
}

void lab_expert_linear(lab_pool *pool, size_t rows, size_t experts, size_t in, size_t out,
                       const float *x, const float *weight, const size_t *first,
                       const size_t *order, float *x_sorted, float *y_sorted, float *y) {
  expert_job j = {in, out, experts, (out + 511) / 512, x, weight, first, order,
                  x_sorted, y_sorted, y};
  if (in == 0) {
    memset(y, 0, rows * out * sizeof *y);
    return;
  }
  lab_parallel(pool, rows, gather_rows, &j);
  lab_parallel(pool, experts * j.parts, expert_tile, &j);
  lab_parallel(pool, rows, scatter_rows, &j);
}
