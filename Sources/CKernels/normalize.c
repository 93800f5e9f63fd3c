/* Norms along the channels, group norm over positions, and softmax. */
#ifndef LAB_LEVEL
#define LAB_FILE "normalize.c"

#include "ckernels.h"

typedef struct {
  lab_norm kind;
  size_t rows, channels, inner, groups, per_task;
  float epsilon;
  const float *x, *weight, *bias;
  float *y;
} norm_job;

#include "levels.h"



static void norm_task(void *context, size_t index, int worker) {
  (void)worker;
  const norm_job *j = context;
  if (j->inner == 1) {
    size_t last = LAB_MIN((index + 1) * j->per_task, j->rows), n = j->channels / j->groups;
    for (size_t row = index * j->per_task; row < last; row++) {
      for (size_t g = 0; g < j->groups; g++) {
        size_t at = row * j->channels + g * n;
        LAB_BEST(norm_row)
        (j->kind, n, j->epsilon, j->x + at, j->weight ? j->weight + g * n : NULL,
         j->bias ? j->bias + g * n : NULL, j->y + at);
      }
    }
  } else {
    LAB_BEST(norm_columns)(j, index);
  }
}

void lab_normalize(lab_pool *pool, lab_norm kind, size_t outer, size_t channels, size_t inner,
                   size_t groups, float epsilon, const float *x, const float *weight,
                   const float *bias, float *y) {
  if (channels == 0) return;
  norm_job j = {kind, outer, channels, inner, groups, LAB_MAX((size_t)1, 16384 / channels),
                epsilon, x, weight, bias, y};
  size_t tasks = inner == 1 ? (outer + j.per_task - 1) / j.per_task
                            : outer * groups * ((inner + 63) / 64);
  lab_parallel(pool, tasks, norm_task, &j);
}

typedef struct {
  size_t channels, positions, groups;
  int last;
  float epsilon;
  const float *x, *weight, *bias;
  float *y;
} group_job;

static void group_task(void *context, size_t index, int worker) {
  (void)worker;
  const group_job *j = context;
  size_t batch = index / j->groups, group = index % j->groups, n = j->channels / j->groups;
  size_t base = batch * j->channels * j->positions;
  /* Rows that are contiguous, and the step between them. */
  size_t rows = j->last ? j->positions : n, length = j->last ? n : j->positions;
  size_t step = j->last ? j->channels : j->positions;
  size_t start = base + group * n * (j->last ? 1 : j->positions);
  double total = 0, squares = 0, count = (double)rows * (double)length;
  for (size_t r = 0; r < rows; r++) total += LAB_BEST(sum_row)(length, j->x + start + r * step);
  float mean = (float)(total / count);
  for (size_t r = 0; r < rows; r++)
    squares += LAB_BEST(square_row)(length, mean, j->x + start + r * step);
  float scale = (float)(1 / sqrt(squares / count + j->epsilon));
  for (size_t r = 0; r < rows; r++) {
    size_t at = start + r * step;
    if (j->last) {
      const float *w = j->weight ? j->weight + group * n : NULL;
      const float *b = j->bias ? j->bias + group * n : NULL;
      for (size_t i = 0; i < length; i++)
        j->y[at + i] = (j->x[at + i] - mean) * scale * (w ? w[i] : 1) + (b ? b[i] : 0);
    } else {
      float w = scale * (j->weight ? j->weight[group * n + r] : 1);
      float b = (j->bias ? j->bias[group * n + r] : 0) - mean * w;
      LAB_BEST(scale_row)(length, w, b, j->x + at, j->y + at);
    }
  }
}

void lab_group_norm(lab_pool *pool, size_t batch, size_t channels, size_t positions,
                    int channels_last, size_t groups, float epsilon, const float *x,
                    const float *weight, const float *bias, float *y) {
  group_job j = {channels, positions, groups, channels_last, epsilon, x, weight, bias, y};
  if (channels * positions > 0) lab_parallel(pool, batch * groups, group_task, &j);
}

typedef struct {
  size_t outer, channels, inner, per_task;
  const float *scale, *shift, *x;
  float *y;
} affine_job;

static void channel_task(void *context, size_t index, int worker) {
  (void)worker;
  const affine_job *j = context;
  size_t rows = j->outer * (j->inner == 1 ? 1 : j->channels);
  size_t last = LAB_MIN((index + 1) * j->per_task, rows);
  for (size_t row = index * j->per_task; row < last; row++) {
    if (j->inner == 1) {
      const float *x = j->x + row * j->channels;
      float *y = j->y + row * j->channels;
      for (size_t c = 0; c < j->channels; c++) y[c] = x[c] * j->scale[c] + j->shift[c];
    } else {
      size_t c = row % j->channels;
      LAB_BEST(scale_row)
      (j->inner, j->scale[c], j->shift[c], j->x + row * j->inner, j->y + row * j->inner);
    }
  }
}

void lab_channel_affine(lab_pool *pool, size_t outer, size_t channels, size_t inner,
                        const float *scale, const float *shift, const float *x, float *y) {
  if (outer * channels * inner == 0) return;
  size_t row = inner == 1 ? channels : inner, rows = inner == 1 ? outer : outer * channels;
  affine_job j = {outer, channels, inner, LAB_MAX((size_t)1, 16384 / row), scale, shift, x, y};
  lab_parallel(pool, (rows + j.per_task - 1) / j.per_task, channel_task, &j);
}

typedef struct {
  size_t outer, n, inner, per_task;
  const float *x;
  float *y;
} softmax_job;

static void softmax_task(void *context, size_t index, int worker) {
  (void)worker;
  const softmax_job *j = context;
  if (j->inner == 1) {
    size_t last = LAB_MIN((index + 1) * j->per_task, j->outer);
    for (size_t row = index * j->per_task; row < last; row++)
      LAB_BEST(softmax_row)(j->n, j->x + row * j->n, j->y + row * j->n);
  } else {
    size_t parts = (j->inner + 63) / 64, row = index / parts, from = index % parts * 64;
    size_t at = row * j->n * j->inner + from, width = LAB_MIN((size_t)64, j->inner - from);
    LAB_BEST(softmax_columns)(j->n, j->inner, width, j->x + at, j->y + at);
  }
}

void lab_softmax(lab_pool *pool, size_t outer, size_t n, size_t inner, const float *x, float *y) {
  if (n == 0) return;
  softmax_job j = {outer, n, inner, LAB_MAX((size_t)1, 16384 / n), x, y};
  size_t tasks = inner == 1 ? (outer + j.per_task - 1) / j.per_task : outer * ((inner + 63) / 64);
  lab_parallel(pool, tasks, softmax_task, &j);
}

#else /* ---- once for each level --------------------------------------------------------------- */

/* Four accumulators, added up in double every so often: the error does not grow with the length. */
static double FN(sum_row)(size_t n, const float *x) {
  double total = 0;
  size_t i = 0;
  while (i + 4 * LANES <= n) {
    size_t end = LAB_MIN(n, i + 4096);
    VF a = v_set(0), b = a, c = a, d = a;
    for (; i + 4 * LANES <= end; i += 4 * LANES) {
      a += v_load(x + i);
      b += v_load(x + i + LANES);
      c += v_load(x + i + 2 * LANES);
      d += v_load(x + i + 3 * LANES);
    }
    total += v_sum((a + b) + (c + d));
  }
  for (; i < n; i++) total += x[i];
  return total;
}

/* Σ (x − mean)² */
static double FN(square_row)(size_t n, float mean, const float *x) {
  double total = 0;
  size_t i = 0;
  VF m = v_set(mean);
  while (i + 4 * LANES <= n) {
    size_t end = LAB_MIN(n, i + 4096);
    VF a = v_set(0), b = a, c = a, d = a;
    for (; i + 4 * LANES <= end; i += 4 * LANES) {
      VF p = v_load(x + i) - m, q = v_load(x + i + LANES) - m;
      VF r = v_load(x + i + 2 * LANES) - m, s = v_load(x + i + 3 * LANES) - m;
      a += p * p;
      b += q * q;
      c += r * r;
      d += s * s;
    }
    total += v_sum((a + b) + (c + d));
  }
  for (; i < n; i++) total += (double)(x[i] - mean) * (x[i] - mean);
  return total;
}

static void FN(scale_row)(size_t n, float scale, float shift, const float *x, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = x[i] * scale + shift;
}

static float FN(norm_scale)(lab_norm kind, double squares, size_t n, float epsilon) {
  if (kind == LAB_L2_NORM) return (float)(1 / LAB_MAX(sqrt(squares), (double)epsilon));
  return (float)(1 / sqrt(squares / (double)n + epsilon));
}

static void FN(norm_row)(lab_norm kind, size_t n, float epsilon, const float *x, const float *w,
                         const float *b, float *y) {
  float mean = kind == LAB_LAYER_NORM ? (float)(FN(sum_row)(n, x) / (double)n) : 0;
  float scale = FN(norm_scale)(kind, FN(square_row)(n, mean, x), n, epsilon);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    VF v = (v_load(x + i) - v_set(mean)) * v_set(scale);
    if (w) v *= v_load(w + i);
    if (b) v += v_load(b + i);
    v_store(y + i, v);
  }
  for (; i < n; i++) y[i] = (x[i] - mean) * scale * (w ? w[i] : 1) + (b ? b[i] : 0);
}

/* 64 neighbouring columns at once: sums of every column stand side by side. */
static void FN(norm_columns)(const norm_job *j, size_t index) {
  size_t parts = (j->inner + 63) / 64, from = index % parts * 64, rest = index / parts;
  size_t group = rest % j->groups, n = j->channels / j->groups, first = group * n;
  size_t width = LAB_MIN((size_t)64, j->inner - from);
  size_t at = (rest / j->groups * j->channels + first) * j->inner + from;
  const float *x = j->x + at;
  double sums[64] = {0};
  float mean[64] = {0}, scale[64];
  if (j->kind == LAB_LAYER_NORM) {
    for (size_t c = 0; c < n; c++)
      for (size_t i = 0; i < width; i++) sums[i] += x[c * j->inner + i];
    for (size_t i = 0; i < width; i++) mean[i] = (float)(sums[i] / (double)n), sums[i] = 0;
  }
  for (size_t c = 0; c < n; c++)
    for (size_t i = 0; i < width; i++) {
      float d = x[c * j->inner + i] - mean[i];
      sums[i] += d * d;
    }
  for (size_t i = 0; i < width; i++) scale[i] = FN(norm_scale)(j->kind, sums[i], n, j->epsilon);
  for (size_t c = 0; c < n; c++) {
    float w = j->weight ? j->weight[first + c] : 1, b = j->bias ? j->bias[first + c] : 0;
    float *y = j->y + at + c * j->inner;
    for (size_t i = 0; i < width; i++) y[i] = (x[c * j->inner + i] - mean[i]) * scale[i] * w + b;
  }
}

static void FN(softmax_row)(size_t n, const float *x, float *y) {
  VF top = v_set(-INFINITY);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) top = v_max(v_load(x + i), top);
  float m = v_top(top);
  for (; i < n; i++) m = x[i] > m ? x[i] : m;
  double total = 0;
  VF sum = v_set(0);
  for (i = 0; i + LANES <= n; i += LANES) {
    VF e = v_exp(v_load(x + i) - v_set(m));
    v_store(y + i, e);
    sum += e;
  }
  total = v_sum(sum);
  if (i < n) {
    VF e = v_exp(v_load_part(x + i, n - i) - v_set(m));
    v_store_part(y + i, e, n - i);
    for (; i < n; i++) total += y[i];
  }
  float scale = (float)(1 / total);
  for (i = 0; i < n; i++) y[i] *= scale;
}

static void FN(softmax_columns)(size_t n, size_t inner, size_t width, const float *x, float *y) {
  for (size_t from = 0; from < width; from += LANES) {
    size_t part = LAB_MIN((size_t)LANES, width - from);
    int whole = part == LANES;
    const float *p = x + from;
    float *q = y + from;
    VF top = v_set(-INFINITY), sum = v_set(0);
    for (size_t i = 0; i < n; i++)
      top = v_max(whole ? v_load(p + i * inner) : v_load_part(p + i * inner, part), top);
    for (size_t i = 0; i < n; i++) {
      VF e = v_exp((whole ? v_load(p + i * inner) : v_load_part(p + i * inner, part)) - top);
      sum += e;
      whole ? v_store(q + i * inner, e) : v_store_part(q + i * inner, e, part);
    }
    VF scale = v_set(1) / sum;
    for (size_t i = 0; i < n; i++) {
      if (whole) v_store(q + i * inner, v_load(q + i * inner) * scale);
      else v_store_part(q + i * inner, v_load_part(q + i * inner, part) * scale, part);
    }
  }
}

#endif
