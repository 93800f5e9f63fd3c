/* Sums, means and maxima over axes; windows; the largest along an axis. */
#ifndef LAB_LEVEL
#define LAB_FILE "reduction.c"

#include "ckernels.h"

enum { COLUMNS = 256 };

typedef struct {
  lab_reduction function;
  int kept, lost;
  const size_t *kept_sizes, *lost_sizes;
  const ptrdiff_t *kept_strides, *lost_strides;
  size_t rows, inner, parts, terms, run; /* run: contiguous lost elements */
  const float *x;
  float *y;
} reduce_job;

#include "levels.h"

static ptrdiff_t place(size_t index, int rank, const size_t *sizes, const ptrdiff_t *strides) {
  ptrdiff_t at = 0;
  for (int d = rank - 1; d >= 0; d--) {
    at += (ptrdiff_t)(index % sizes[d]) * strides[d];
    index /= sizes[d];
  }
  return at;
}

/* Kept columns are neighbours: sums of every column stand side by side. */
static void columns_task(void *context, size_t index, int worker) {
  (void)worker;
  const reduce_job *j = context;
  size_t row = index / j->parts, from = index % j->parts * COLUMNS;
  size_t n = LAB_MIN((size_t)COLUMNS, j->inner - from);
  const float *x = j->x + place(row, j->kept - 1, j->kept_sizes, j->kept_strides) + from;
  float *y = j->y + row * j->inner + from;
  double sums[COLUMNS];
  float top[COLUMNS];
  for (size_t i = 0; i < n; i++) sums[i] = 0, top[i] = -INFINITY;
  for (size_t t = 0; t < j->terms; t++) {
    const float *p = x + place(t, j->lost, j->lost_sizes, j->lost_strides);
    if (j->function == LAB_REDUCE_MAX)
      for (size_t i = 0; i < n; i++) top[i] = p[i] > top[i] || p[i] != p[i] ? p[i] : top[i];
    else
      for (size_t i = 0; i < n; i++) sums[i] += p[i];
  }
  for (size_t i = 0; i < n; i++)
    y[i] = j->function == LAB_REDUCE_MAX    ? top[i]
           : j->function == LAB_REDUCE_MEAN ? (float)(sums[i] / (double)j->terms)
                                            : (float)sums[i];
}

static void rows_task(void *context, size_t index, int worker) {
  (void)worker;
  const reduce_job *j = context;
  size_t per = LAB_MAX((size_t)1, 16384 / LAB_MAX(j->terms, (size_t)1));
  size_t last = LAB_MIN((index + 1) * per, j->rows);
  for (size_t row = index * per; row < last; row++) {
    const float *x = j->x + place(row, j->kept, j->kept_sizes, j->kept_strides);
    double sum = 0;
    float top = -INFINITY;
    for (size_t t = 0; t < j->terms; t += j->run) {
      const float *p = x + place(t, j->lost, j->lost_sizes, j->lost_strides);
      ptrdiff_t step = j->lost ? j->lost_strides[j->lost - 1] : 1;
      if (j->function == LAB_REDUCE_MAX)
        for (size_t i = 0; i < j->run; i++) {
          float v = p[(ptrdiff_t)i * step];
          if (v > top || v != v) top = v;
        }
      else if (step == 1) sum += LAB_BEST(sum_run)(j->run, p);
      else
        for (size_t i = 0; i < j->run; i++) sum += p[(ptrdiff_t)i * step];
    }
    j->y[row] = j->function == LAB_REDUCE_MAX    ? top
                : j->function == LAB_REDUCE_MEAN ? (float)(sum / (double)j->terms)
                                                 : (float)sum;
  }
}

void lab_reduce(lab_pool *pool, lab_reduction function, int kept, const size_t *kept_sizes,
                const ptrdiff_t *kept_strides, int lost, const size_t *lost_sizes,
                const ptrdiff_t *lost_strides, const float *x, float *y) {
  reduce_job j = {function, kept, lost, kept_sizes, lost_sizes, kept_strides, lost_strides,
                  1, 1, 1, 1, 1, x, y};
  for (int d = 0; d < kept; d++) j.rows *= kept_sizes[d];
  for (int d = 0; d < lost; d++) j.terms *= lost_sizes[d];
  if (j.rows == 0) return;
  j.run = lost ? LAB_MAX((size_t)1, lost_sizes[lost - 1]) : 1;
  if (kept > 0 && kept_strides[kept - 1] == 1 && kept_sizes[kept - 1] >= 4) {
    j.inner = kept_sizes[kept - 1];
    j.rows /= j.inner;
    j.parts = (j.inner + COLUMNS - 1) / COLUMNS;
    lab_parallel(pool, j.rows * j.parts, columns_task, &j);
  } else {
    size_t per = LAB_MAX((size_t)1, 16384 / LAB_MAX(j.terms, (size_t)1));
    lab_parallel(pool, (j.rows + per - 1) / per, rows_task, &j);
  }
}

/* ---- running sums ---------------------------------------------------------------------------- */

typedef struct {
  size_t n, inner;
  const float *x;
  float *y;
} running_job;

static void running_task(void *job, size_t outer, int thread) {
  (void)thread;
  running_job *j = job;
  const float *x = j->x + outer * j->n * j->inner;
  float *y = j->y + outer * j->n * j->inner;
  for (size_t c = 0; c < j->inner; c++) {
    double sum = 0;
    for (size_t i = 0; i < j->n; i++) y[i * j->inner + c] = (float)(sum += x[i * j->inner + c]);
  }
}

void lab_cumulative_sum(lab_pool *pool, size_t outer, size_t n, size_t inner, const float *x,
                        float *y) {
  running_job j = {n, inner, x, y};
  lab_parallel(pool, outer, running_task, &j);
}

/* ---- windows --------------------------------------------------------------------------------- */

typedef struct {
  int average;
  const lab_window *window;
  size_t inner;
  const float *x;
  float *y;
} window_job;

/* One output row of one outer item. */
static void window_task(void *context, size_t index, int worker) {
  (void)worker;
  const window_job *j = context;
  const lab_window *w = j->window;
  size_t lines = w->out[0] * w->out[1], outer = index / lines, line = index % lines;
  const float *x = j->x + outer * w->in[0] * w->in[1] * w->in[2] * j->inner;
  float *y = j->y + index * w->out[2] * j->inner;
  size_t o[2] = {line / w->out[1], line % w->out[1]};
  float scale = 1.0f / (float)(w->kernel[0] * w->kernel[1] * w->kernel[2]);
  for (size_t column = 0; column < w->out[2]; column++, y += j->inner) {
    for (size_t i = 0; i < j->inner; i++) y[i] = j->average ? 0 : -INFINITY;
    for (size_t a = 0; a < w->kernel[0]; a++) {
      size_t z = o[0] * w->stride[0] + a * w->dilation[0] - w->before[0];
      for (size_t b = 0; b < w->kernel[1]; b++) {
        size_t r = o[1] * w->stride[1] + b * w->dilation[1] - w->before[1];
        for (size_t d = 0; d < w->kernel[2]; d++) {
          size_t c = column * w->stride[2] + d * w->dilation[2] - w->before[2];
          /* Below zero wraps around and is too large as well. */
          if (z >= w->in[0] || r >= w->in[1] || c >= w->in[2]) continue;
          const float *p = x + ((z * w->in[1] + r) * w->in[2] + c) * j->inner;
          if (j->average)
            for (size_t i = 0; i < j->inner; i++) y[i] += p[i];
          else
            for (size_t i = 0; i < j->inner; i++) y[i] = p[i] > y[i] || p[i] != p[i] ? p[i] : y[i];
        }
      }
    }
    if (j->average)
      for (size_t i = 0; i < j->inner; i++) y[i] *= scale;
  }
}

void lab_pool_windows(lab_pool *pool, int average, const lab_window *window, size_t outer,
                      size_t inner, const float *x, float *y) {
  window_job j = {average, window, inner, x, y};
  if (window->out[2] * inner > 0)
    lab_parallel(pool, outer * window->out[0] * window->out[1], window_task, &j);
}

static void adaptive_task(void *context, size_t index, int worker) {
  (void)worker;
  const window_job *j = context;
  const lab_window *w = j->window;
  size_t lines = w->out[0] * w->out[1], outer = index / lines, line = index % lines;
  const float *x = j->x + outer * w->in[0] * w->in[1] * w->in[2] * j->inner;
  float *y = j->y + index * w->out[2] * j->inner;
  for (size_t column = 0; column < w->out[2]; column++, y += j->inner) {
    size_t at[3] = {line / w->out[1], line % w->out[1], column}, from[3], to[3];
    for (int a = 0; a < 3; a++) {
      from[a] = at[a] * w->in[a] / w->out[a];
      to[a] = ((at[a] + 1) * w->in[a] + w->out[a] - 1) / w->out[a];
    }
    for (size_t i = 0; i < j->inner; i++) y[i] = j->average ? 0 : -INFINITY;
    for (size_t a = from[0]; a < to[0]; a++)
      for (size_t b = from[1]; b < to[1]; b++)
        for (size_t c = from[2]; c < to[2]; c++) {
          const float *p = x + ((a * w->in[1] + b) * w->in[2] + c) * j->inner;
          for (size_t i = 0; i < j->inner; i++)
            if (j->average) y[i] += p[i];
            else if (p[i] > y[i] || p[i] != p[i]) y[i] = p[i];
        }
    float count = (float)((to[0] - from[0]) * (to[1] - from[1]) * (to[2] - from[2]));
    if (j->average)
      for (size_t i = 0; i < j->inner; i++) y[i] /= count;
  }
}

void lab_pool_adaptive(lab_pool *pool, int average, const lab_window *window, size_t outer,
                       size_t inner, const float *x, float *y) {
  window_job j = {average, window, inner, x, y};
  if (window->out[2] * inner > 0)
    lab_parallel(pool, outer * window->out[0] * window->out[1], adaptive_task, &j);
}

/* ---- choices --------------------------------------------------------------------------------- */

typedef struct {
  size_t n, inner, k, groups, kept;
  const float *x;
  const int64_t *index;
  float *values;
  int64_t *y;
} choice_job;

/* Whether `group` is among the `kept` groups with the largest elements; ties go to the earlier. */
static int is_kept(const choice_job *j, const float *x, size_t group) {
  size_t size = j->n / j->groups, better = 0;
  float own = -INFINITY;
  for (size_t p = group * size; p < (group + 1) * size; p++) own = LAB_MAX(own, x[p * j->inner]);
  for (size_t g = 0; g < j->groups; g++) {
    float best = -INFINITY;
    for (size_t p = g * size; p < (g + 1) * size; p++) best = LAB_MAX(best, x[p * j->inner]);
    better += best > own || (best == own && g < group);
  }
  return better < j->kept;
}

static void top_task(void *context, size_t outer, int worker) {
  (void)worker;
  const choice_job *j = context;
  for (size_t i = 0; i < j->inner; i++) {
    const float *x = j->x + outer * j->n * j->inner + i;
    float *values = j->values + outer * j->k * j->inner + i;
    int64_t *places = j->y + outer * j->k * j->inner + i;
    size_t found = 0, size = j->n / j->groups;
    for (size_t p = 0; p < j->n; p++) {
      if (j->groups > 1 && p % size == 0 && !is_kept(j, x, p / size)) {
        p += size - 1;
        continue;
      }
      float v = x[p * j->inner];
      if (found == j->k && !(v > values[(found - 1) * j->inner])) continue;
      size_t at = found < j->k ? found++ : found - 1;
      for (; at > 0 && v > values[(at - 1) * j->inner]; at--) {
        values[at * j->inner] = values[(at - 1) * j->inner];
        places[at * j->inner] = places[(at - 1) * j->inner];
      }
      values[at * j->inner] = v;
      places[at * j->inner] = (int64_t)p;
    }
  }
}

void lab_top_k(lab_pool *pool, size_t outer, size_t n, size_t inner, size_t k, size_t groups,
               size_t kept, const float *x, float *values, int64_t *indices) {
  choice_job j = {n, inner, k, groups, kept, x, NULL, values, indices};
  if (k > 0) lab_parallel(pool, outer, top_task, &j);
}

static void arg_task(void *context, size_t outer, int worker) {
  (void)worker;
  const choice_job *j = context;
  for (size_t i = 0; i < j->inner; i++) {
    size_t base = outer * j->n * j->inner + i, best = 0;
    for (size_t p = 1; p < j->n; p++) {
      size_t a = base + p * j->inner, b = base + best * j->inner;
      if (j->x ? j->x[a] > j->x[b] : j->index[a] > j->index[b]) best = p;
    }
    j->y[outer * j->inner + i] = (int64_t)best;
  }
}

void lab_arg_max(lab_pool *pool, size_t outer, size_t n, size_t inner, const float *x, int64_t *y) {
  choice_job j = {n, inner, 0, 1, 1, x, NULL, NULL, y};
  lab_parallel(pool, outer, arg_task, &j);
}

void lab_arg_max_index(lab_pool *pool, size_t outer, size_t n, size_t inner, const int64_t *x,
                       int64_t *y) {
  choice_job j = {n, inner, 0, 1, 1, NULL, x, NULL, y};
  lab_parallel(pool, outer, arg_task, &j);
}

#else /* ---- once for each level --------------------------------------------------------------- */

static double FN(sum_run)(size_t n, const float *x) {
  double total = 0;
  size_t i = 0;
  while (i + 2 * LANES <= n) {
    size_t end = LAB_MIN(n, i + 2048);
    VF a = v_set(0), b = a;
    for (; i + 2 * LANES <= end; i += 2 * LANES) {
      a += v_load(x + i);
      b += v_load(x + i + LANES);
    }
    total += v_sum(a + b);
  }
  for (; i < n; i++) total += x[i];
  return total;
}

#endif
