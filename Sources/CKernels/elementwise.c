/* Functions of single elements, and arithmetic of two values with repeated axes. */
#ifndef LAB_LEVEL
#define LAB_FILE "elementwise.c"

#include <stdatomic.h>
#include <stddef.h>

enum { LAB_RUN = 16384 }; /* elements of a task */

#include "ckernels.h"

static inline float apply(lab_binary_function f, float a, float b) {
  switch (f) {
    case LAB_ADD: return a + b;
    case LAB_SUBTRACT: return a - b;
    case LAB_MULTIPLY: return a * b;
    case LAB_DIVIDE: return a / b;
    case LAB_MAXIMUM: return a < b || b != b ? b : a;
    case LAB_MINIMUM: return a > b || b != b ? b : a;
  }
  return 0;
}

#include "levels.h"

typedef void (*unary_loop)(const float *, float *, size_t);

typedef struct {
  unary_loop loop;
  const float *x;
  float *y;
  size_t count;
} unary_job;

static void unary_task(void *context, size_t index, int worker) {
  (void)worker;
  const unary_job *j = context;
  size_t at = index * LAB_RUN;
  j->loop(j->x + at, j->y + at, LAB_MIN((size_t)LAB_RUN, j->count - at));
}

static size_t runs(size_t count) { return (count + LAB_RUN - 1) / LAB_RUN; }

void lab_unary(lab_pool *pool, lab_unary_function function, size_t count, const float *x,
               float *y) {
  unary_job j = {LAB_BEST(unary_loops)[function], x, y, count};
  lab_parallel(pool, runs(count), unary_task, &j);
}

typedef struct {
  float factor, offset;
  const float *x;
  float *y;
  size_t count;
} affine_job;

static void affine_task(void *context, size_t index, int worker) {
  (void)worker;
  const affine_job *j = context;
  size_t at = index * LAB_RUN;
  LAB_BEST(affine_loop)
  (j->factor, j->offset, j->x + at, j->y + at, LAB_MIN((size_t)LAB_RUN, j->count - at));
}

void lab_affine(lab_pool *pool, size_t count, float factor, float offset, const float *x,
                float *y) {
  affine_job j = {factor, offset, x, y, count};
  lab_parallel(pool, runs(count), affine_task, &j);
}

typedef struct {
  lab_binary_function function;
  int rank, a_complex, b_complex, complex;
  const size_t *sizes;
  const ptrdiff_t *a_strides, *b_strides;
  const float *a, *b;
  float *y;
  size_t rows, inner, rows_per_task, parts; /* a long row is cut into parts */
} binary_job;

static void complex_row(const binary_job *j, const float *a, ptrdiff_t sa, const float *b,
                        ptrdiff_t sb, float *y, size_t n) {
  ptrdiff_t wa = j->a_complex ? 2 * sa : sa, wb = j->b_complex ? 2 * sb : sb;
  for (size_t i = 0; i < n; i++, a += wa, b += wb, y += 2) {
    float ar = a[0], ai = j->a_complex ? a[1] : 0, br = b[0], bi = j->b_complex ? b[1] : 0;
    switch (j->function) {
      case LAB_ADD: y[0] = ar + br, y[1] = ai + bi; break;
      case LAB_SUBTRACT: y[0] = ar - br, y[1] = ai - bi; break;
      case LAB_MULTIPLY: y[0] = ar * br - ai * bi, y[1] = ar * bi + ai * br; break;
      case LAB_DIVIDE: {
        float d = br * br + bi * bi;
        y[0] = (ar * br + ai * bi) / d, y[1] = (ai * br - ar * bi) / d;
        break;
      }
      case LAB_MAXIMUM: y[0] = LAB_MAX(ar, br), y[1] = 0; break;
      case LAB_MINIMUM: y[0] = LAB_MIN(ar, br), y[1] = 0; break;
    }
  }
}

static void binary_task(void *context, size_t index, int worker) {
  (void)worker;
  const binary_job *j = context;
  size_t first = index / j->parts * j->rows_per_task;
  size_t last = LAB_MIN(first + j->rows_per_task, j->rows);
  size_t from = index % j->parts * LAB_RUN;
  size_t n = j->parts > 1 ? LAB_MIN((size_t)LAB_RUN, j->inner - from) : j->inner;
  ptrdiff_t sa = j->rank ? j->a_strides[j->rank - 1] : 0;
  ptrdiff_t sb = j->rank ? j->b_strides[j->rank - 1] : 0;
  for (size_t row = first; row < last; row++) {
    size_t rest = row, at = row * j->inner + from;
    ptrdiff_t at_a = (ptrdiff_t)from * sa, at_b = (ptrdiff_t)from * sb;
    for (int d = j->rank - 2; d >= 0; d--) {
      ptrdiff_t i = (ptrdiff_t)(rest % j->sizes[d]);
      rest /= j->sizes[d];
      at_a += i * j->a_strides[d];
      at_b += i * j->b_strides[d];
    }
    if (j->complex) {
      complex_row(j, j->a + (j->a_complex ? 2 : 1) * at_a, sa,
                  j->b + (j->b_complex ? 2 : 1) * at_b, sb, j->y + 2 * at, n);
    } else {
      LAB_BEST(binary_row)(j->function, j->a + at_a, sa, j->b + at_b, sb, j->y + at, n);
    }
  }
}

static void binary(lab_pool *pool, binary_job *j) {
  size_t count = 1;
  for (int d = 0; d < j->rank; d++) count *= j->sizes[d];
  if (count == 0) return;
  j->inner = j->rank ? j->sizes[j->rank - 1] : 1;
  j->rows = count / j->inner;
  j->rows_per_task = LAB_MAX((size_t)1, LAB_RUN / j->inner);
  j->parts = runs(j->inner);
  size_t groups = (j->rows + j->rows_per_task - 1) / j->rows_per_task;
  lab_parallel(pool, groups * j->parts, binary_task, j);
}

void lab_binary(lab_pool *pool, lab_binary_function function, int rank, const size_t *sizes,
                const float *a, const ptrdiff_t *a_strides, const float *b,
                const ptrdiff_t *b_strides, float *y) {
  binary_job j = {function, rank, 0, 0, 0, sizes, a_strides, b_strides, a, b, y, 0, 0, 0, 0};
  binary(pool, &j);
}

void lab_binary_complex(lab_pool *pool, lab_binary_function function, int rank, const size_t *sizes,
                        int a_complex, const float *a, const ptrdiff_t *a_strides, int b_complex,
                        const float *b, const ptrdiff_t *b_strides, float *y) {
  binary_job j = {function, rank, a_complex, b_complex, 1, sizes, a_strides, b_strides,
                  a, b, y, 0, 0, 0, 0};
  binary(pool, &j);
}

typedef struct {
  size_t rows, channels, rotated, step, length, per_task;
  int interleaved;
  const float *cosine, *sine, *x;
  float *y;
} rotary_job;

static void rotary_task(void *context, size_t index, int worker) {
  (void)worker;
  const rotary_job *j = context;
  size_t half = j->rotated / 2, last = LAB_MIN((index + 1) * j->per_task, j->rows);
  for (size_t row = index * j->per_task; row < last; row++) {
    size_t position = row / j->step % j->length;
    const float *c = j->cosine + position * half, *s = j->sine + position * half;
    const float *x = j->x + row * j->channels;
    float *y = j->y + row * j->channels;
    if (j->interleaved) {
      for (size_t i = 0; i < half; i++) {
        float a = x[2 * i], b = x[2 * i + 1];
        y[2 * i] = a * c[i] - b * s[i];
        y[2 * i + 1] = a * s[i] + b * c[i];
      }
    } else {
      for (size_t i = 0; i < half; i++) {
        float a = x[i], b = x[i + half];
        y[i] = a * c[i] - b * s[i];
        y[i + half] = a * s[i] + b * c[i];
      }
    }
    if (y != x)
      memcpy(y + j->rotated, x + j->rotated, (j->channels - j->rotated) * sizeof(float));
  }
}

void lab_rotary(lab_pool *pool, size_t rows, size_t channels, size_t rotated, size_t step,
                size_t length, int interleaved, const float *cosine, const float *sine,
                const float *x, float *y) {
  rotary_job j = {rows, channels, rotated, step, length, LAB_MAX((size_t)1, LAB_RUN / channels),
                  interleaved, cosine, sine, x, y};
  lab_parallel(pool, (rows + j.per_task - 1) / j.per_task, rotary_task, &j);
}

typedef struct {
  size_t k, channels;
  const float *x, *weights;
  float *y;
} combine_job;

static void combine_task(void *context, size_t row, int worker) {
  (void)worker;
  const combine_job *j = context;
  LAB_BEST(combine_row)
  (j->k, j->channels, j->x + row * j->k * j->channels, j->weights + row * j->k,
   j->y + row * j->channels);
}

void lab_combine(lab_pool *pool, size_t rows, size_t k, size_t channels, const float *x,
                 const float *weights, float *y) {
  combine_job j = {k, channels, x, weights, y};
  lab_parallel(pool, rows, combine_task, &j);
}

typedef struct {
  const float *x;
  size_t count;
  _Atomic int bad;
} finite_job;

static void finite_task(void *context, size_t index, int worker) {
  (void)worker;
  finite_job *j = context;
  size_t at = index * LAB_RUN;
  if (!LAB_BEST(finite_run)(j->x + at, LAB_MIN((size_t)LAB_RUN, j->count - at)))
    atomic_store_explicit(&j->bad, 1, memory_order_relaxed);
}

int lab_all_finite(lab_pool *pool, size_t count, const float *x) {
  finite_job j = {x, count, 0};
  lab_parallel(pool, runs(count), finite_task, &j);
  return !j.bad;
}

#else /* ---- once for each level --------------------------------------------------------------- */

#define UNARY(NAME, VALUE)                                                        \
  static void FN(u_##NAME)(const float *p, float *y, size_t n) {                  \
    size_t i = 0;                                                                 \
    for (; i + LANES <= n; i += LANES) {                                          \
      VF x = v_load(p + i);                                                       \
      v_store(y + i, VALUE);                                                      \
    }                                                                             \
    if (i < n) {                                                                  \
      VF x = v_load_part(p + i, n - i);                                           \
      v_store_part(y + i, VALUE, n - i);                                          \
    }                                                                             \
  }

#define ZERO v_set(0.0f)
#define ONE v_set(1.0f)
UNARY(relu, v_max(x, ZERO))
UNARY(abs, v_abs(x))
UNARY(negate, -x)
UNARY(exp, v_exp(x))
UNARY(log, v_log(x))
UNARY(sqrt, v_sqrt(x))
UNARY(square, x *x)
UNARY(tanh, v_tanh(x))
UNARY(erf, v_erf(x))
UNARY(reciprocal, ONE / x)
UNARY(sigmoid, v_sigmoid(x))
UNARY(softplus, v_softplus(x))
UNARY(silu, x *v_sigmoid(x))
UNARY(gelu, v_set(0.5f) * x * (ONE + v_erf(x * v_set(0.70710678f))))
UNARY(gelu_tanh, v_set(0.5f) * x *
                     (ONE + v_tanh(v_set(0.79788456f) * (x + v_set(0.044715f) * x * x * x))))
UNARY(quick_gelu, x *v_sigmoid(v_set(1.702f) * x))
UNARY(squared_relu, v_max(x, ZERO) * v_max(x, ZERO))
UNARY(relu6, v_min(v_max(x, ZERO), v_set(6.0f)))
UNARY(leaky_relu, x < ZERO ? x * v_set(0.01f) : x)
UNARY(hard_sigmoid, v_min(v_max(x + v_set(3.0f), ZERO), v_set(6.0f)) * v_set(1.0f / 6))
UNARY(hard_swish, x *v_min(v_max(x + v_set(3.0f), ZERO), v_set(6.0f)) * v_set(1.0f / 6))
UNARY(mish, x *v_tanh(v_softplus(x)))
/* exp(x) − 1 near 0 as 2·tanh(x/2) / (1 − tanh(x/2)), which loses nothing. */
UNARY(elu, x > ZERO ? x
                    : (x > v_set(-0.5f) ? v_set(2.0f) * v_tanh(v_set(0.5f) * x) /
                                              (ONE - v_tanh(v_set(0.5f) * x))
                                        : v_exp(x) - ONE))

static void FN(u_sin)(const float *p, float *y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = sinf(p[i]);
}

static void FN(u_cos)(const float *p, float *y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = cosf(p[i]);
}

static void (*const FN(unary_loops)[LAB_UNARY_COUNT])(const float *, float *, size_t) = {
    [LAB_RELU] = FN(u_relu),
    [LAB_ABS] = FN(u_abs),
    [LAB_NEGATE] = FN(u_negate),
    [LAB_EXP] = FN(u_exp),
    [LAB_LOG] = FN(u_log),
    [LAB_SQRT] = FN(u_sqrt),
    [LAB_SQUARE] = FN(u_square),
    [LAB_TANH] = FN(u_tanh),
    [LAB_SIN] = FN(u_sin),
    [LAB_COS] = FN(u_cos),
    [LAB_ERF] = FN(u_erf),
    [LAB_RECIPROCAL] = FN(u_reciprocal),
    [LAB_SIGMOID] = FN(u_sigmoid),
    [LAB_SOFTPLUS] = FN(u_softplus),
    [LAB_SILU] = FN(u_silu),
    [LAB_GELU] = FN(u_gelu),
    [LAB_GELU_TANH] = FN(u_gelu_tanh),
    [LAB_QUICK_GELU] = FN(u_quick_gelu),
    [LAB_SQUARED_RELU] = FN(u_squared_relu),
    [LAB_LEAKY_RELU] = FN(u_leaky_relu),
    [LAB_HARD_SIGMOID] = FN(u_hard_sigmoid),
    [LAB_HARD_SWISH] = FN(u_hard_swish),
    [LAB_MISH] = FN(u_mish),
    [LAB_ELU] = FN(u_elu),
    [LAB_RELU6] = FN(u_relu6),
};

static void FN(affine_loop)(float factor, float offset, const float *x, float *y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = factor * x[i] + offset;
}

LAB_INLINE VF FN(apply)(lab_binary_function f, VF a, VF b) {
  switch (f) {
    case LAB_ADD: return a + b;
    case LAB_SUBTRACT: return a - b;
    case LAB_MULTIPLY: return a * b;
    case LAB_DIVIDE: return a / b;
    case LAB_MAXIMUM: return b != b ? b : v_max(a, b);
    case LAB_MINIMUM: return b != b ? b : v_min(a, b);
  }
  return a;
}

static void FN(binary_row)(lab_binary_function f, const float *a, ptrdiff_t sa, const float *b,
                           ptrdiff_t sb, float *y, size_t n) {
  size_t i = 0;
#define RUN(F, A, B) \
  for (; i + LANES <= n; i += LANES) v_store(y + i, FN(apply)(F, A, B))
#define CASE(F)                                                   \
  case F:                                                         \
    if (sa == 1 && sb == 1) RUN(F, v_load(a + i), v_load(b + i)); \
    if (sa == 1 && sb == 0) RUN(F, v_load(a + i), v_set(b[0]));   \
    if (sa == 0 && sb == 1) RUN(F, v_set(a[0]), v_load(b + i));   \
    break;
  switch (f) {
    CASE(LAB_ADD)
    CASE(LAB_SUBTRACT)
    CASE(LAB_MULTIPLY)
    CASE(LAB_DIVIDE)
    CASE(LAB_MAXIMUM)
    CASE(LAB_MINIMUM)
  }
#undef CASE
#undef RUN
  for (; i < n; i++) y[i] = apply(f, a[(ptrdiff_t)i * sa], b[(ptrdiff_t)i * sb]);
}

static void FN(combine_row)(size_t k, size_t channels, const float *x, const float *weights,
                            float *y) {
  for (size_t c = 0; c < channels; c++) y[c] = weights[0] * x[c];
  for (size_t i = 1; i < k; i++)
    for (size_t c = 0; c < channels; c++) y[c] += weights[i] * x[i * channels + c];
}

static int FN(finite_run)(const float *x, size_t n) {
  uint32_t bad = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, 4);
    bad |= (bits & 0x7f800000u) == 0x7f800000u;
  }
  return !bad;
}

#endif
