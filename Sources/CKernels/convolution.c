/* What convolutions need besides matrix products: patch matrices, filters of single channels. */
#ifndef LAB_LEVEL
#define LAB_FILE "convolution.c"

#include "ckernels.h"

static inline size_t volume(const size_t *sizes) { return sizes[0] * sizes[1] * sizes[2]; }

typedef struct {
  const lab_window *window;
  size_t channels, first, count, multiplier, slice, padded[3];
  int last;
  const float *x, *weight, *bias;
  float *scratch, *y;
} window_job;

#include "levels.h"

/* One row of the patch matrix: one tap of one channel at all positions asked for. */
static void im2col_task(void *context, size_t row, int worker) {
  (void)worker;
  const window_job *j = context;
  const lab_window *w = j->window;
  size_t taps = volume(w->kernel), tap = row % taps, channel = row / taps;
  ptrdiff_t d[3];
  for (int a = 2; a >= 0; a--) {
    d[a] = (ptrdiff_t)(tap % w->kernel[a] * w->dilation[a]) - (ptrdiff_t)w->before[a];
    tap /= w->kernel[a];
  }
  const float *x = j->x + channel * volume(w->in);
  float *to = j->y + row * j->count;
  size_t p = j->first, end = j->first + j->count;
  while (p < end) {
    /* The rest of one output row. */
    size_t column = p % w->out[2], line = p / w->out[2];
    size_t n = LAB_MIN(w->out[2] - column, end - p);
    ptrdiff_t z = (ptrdiff_t)(line / w->out[1] * w->stride[0]) + d[0];
    ptrdiff_t r = (ptrdiff_t)(line % w->out[1] * w->stride[1]) + d[1];
    if (z < 0 || z >= (ptrdiff_t)w->in[0] || r < 0 || r >= (ptrdiff_t)w->in[1]) {
      memset(to, 0, n * sizeof *to);
    } else {
      const float *from = x + ((size_t)z * w->in[1] + (size_t)r) * w->in[2];
      ptrdiff_t at = (ptrdiff_t)(column * w->stride[2]) + d[2], step = (ptrdiff_t)w->stride[2];
      ptrdiff_t length = (ptrdiff_t)w->in[2];
      /* Positions below `skip` and from `stop` on fall on padding. */
      ptrdiff_t skip = at < 0 ? (-at + step - 1) / step : 0;
      ptrdiff_t stop = length > at ? (length - at + step - 1) / step : 0;
      skip = LAB_MIN(skip, (ptrdiff_t)n);
      stop = LAB_MAX(LAB_MIN(stop, (ptrdiff_t)n), skip);
      for (ptrdiff_t i = 0; i < skip; i++) to[i] = 0;
      if (step == 1) memcpy(to + skip, from + at + skip, (size_t)(stop - skip) * sizeof *to);
      else
        for (ptrdiff_t i = skip; i < stop; i++) to[i] = from[at + i * step];
      for (ptrdiff_t i = stop; i < (ptrdiff_t)n; i++) to[i] = 0;
    }
    to += n;
    p += n;
  }
}

void lab_im2col(lab_pool *pool, const lab_window *window, size_t channels, const float *x,
                size_t first, size_t count, float *columns) {
  window_job j = {.window = window, .channels = channels, .first = first, .count = count, .x = x,
                  .y = columns};
  lab_parallel(pool, channels * volume(window->kernel), im2col_task, &j);
}

/* All taps of one output channel of a transposed convolution; `in` are its inputs. */
static void col2im_task(void *context, size_t channel, int worker) {
  (void)worker;
  const window_job *j = context;
  const lab_window *w = j->window;
  size_t taps = volume(w->kernel), inputs = volume(w->in);
  float *y = j->y + channel * volume(w->out);
  for (size_t tap = 0; tap < taps; tap++) {
    const float *from = j->x + (channel * taps + tap) * inputs;
    ptrdiff_t d[3];
    size_t rest = tap;
    for (int a = 2; a >= 0; a--) {
      d[a] = (ptrdiff_t)(rest % w->kernel[a] * w->dilation[a]) - (ptrdiff_t)w->before[a];
      rest /= w->kernel[a];
    }
    for (size_t a = 0; a < w->in[0]; a++)
      for (size_t b = 0; b < w->in[1]; b++) {
        ptrdiff_t z = (ptrdiff_t)(a * w->stride[0]) + d[0];
        ptrdiff_t r = (ptrdiff_t)(b * w->stride[1]) + d[1];
        const float *line = from + (a * w->in[1] + b) * w->in[2];
        if (z < 0 || z >= (ptrdiff_t)w->out[0] || r < 0 || r >= (ptrdiff_t)w->out[1]) continue;
        float *row = y + ((size_t)z * w->out[1] + (size_t)r) * w->out[2];
        for (size_t c = 0; c < w->in[2]; c++) {
          ptrdiff_t at = (ptrdiff_t)(c * w->stride[2]) + d[2];
          if (at >= 0 && at < (ptrdiff_t)w->out[2]) row[at] += line[c];
        }
      }
  }
}

void lab_col2im(lab_pool *pool, const lab_window *window, size_t channels, const float *columns,
                float *y) {
  window_job j = {.window = window, .channels = channels, .x = columns, .y = y};
  lab_parallel(pool, channels, col2im_task, &j);
}

/* ---- one filter per channel ------------------------------------------------------------------ */

/* A plane with its padding, and room for reading past the end of a row. */
static void padded_sizes(const lab_window *w, size_t *padded) {
  for (int a = 0; a < 3; a++) {
    size_t reach = (w->kernel[a] - 1) * w->dilation[a] + 1;
    padded[a] = (w->out[a] - 1) * w->stride[a] + reach;
  }
}

size_t lab_depthwise_scratch(const lab_window *window) {
  if (volume(window->out) == 0) return 0;
  size_t padded[3];
  padded_sizes(window, padded);
  return (volume(padded) + 32 + 15) / 16 * 16;
}

static void depthwise_task(void *context, size_t index, int worker) {
  LAB_BEST(depthwise)(context, index, worker);
}

void lab_depthwise(lab_pool *pool, const lab_window *window, size_t outer, size_t channels,
                   size_t multiplier, const float *x, const float *weight, const float *bias,
                   float *scratch, float *y) {
  if (volume(window->out) == 0) return;
  window_job j = {.window = window, .channels = channels, .multiplier = multiplier, .x = x,
                  .weight = weight, .bias = bias, .scratch = scratch, .y = y};
  j.slice = lab_depthwise_scratch(window);
  padded_sizes(window, j.padded);
  lab_parallel(pool, outer * channels, depthwise_task, &j);
}

static void depthwise_last_task(void *context, size_t index, int worker) {
  (void)worker;
  LAB_BEST(depthwise_last)(context, index);
}

void lab_depthwise_last(lab_pool *pool, const lab_window *window, size_t outer, size_t channels,
                        const float *x, const float *weight, const float *bias, float *y) {
  size_t positions = volume(window->out);
  if (positions * channels == 0) return;
  window_job j = {.window = window, .channels = channels, .x = x, .weight = weight, .bias = bias,
                  .y = y};
  j.slice = LAB_MAX((size_t)1, 16384 / channels);
  j.count = (positions + j.slice - 1) / j.slice;
  lab_parallel(pool, outer * j.count, depthwise_last_task, &j);
}

#else /* ---- once for each level --------------------------------------------------------------- */

static void FN(depthwise)(const window_job *j, size_t index, int worker) {
  const lab_window *w = j->window;
  size_t channel = index % j->channels, outer = index / j->channels;
  size_t inputs = volume(w->in), outputs = volume(w->out), taps = volume(w->kernel);
  const size_t *p = j->padded;
  float *plane = j->scratch + (size_t)worker * j->slice;
  const float *x = j->x + index * inputs;
  memset(plane, 0, j->slice * sizeof *plane);
  for (size_t z = 0; z < w->in[0]; z++)
    for (size_t r = 0; r < w->in[1]; r++) {
      size_t tz = z + w->before[0], tr = r + w->before[1], tc = w->before[2];
      if (tz >= p[0] || tr >= p[1] || tc >= p[2]) continue;
      memcpy(plane + (tz * p[1] + tr) * p[2] + tc, x + (z * w->in[1] + r) * w->in[2],
             LAB_MIN(w->in[2], p[2] - tc) * sizeof *plane);
    }
  for (size_t m = 0; m < j->multiplier; m++) {
    size_t to = channel * j->multiplier + m;
    const float *weight = j->weight + to * taps;
    float bias = j->bias ? j->bias[to] : 0;
    float *y = j->y + (outer * j->channels * j->multiplier + to) * outputs;
    for (size_t z = 0; z < w->out[0]; z++)
      for (size_t r = 0; r < w->out[1]; r++, y += w->out[2]) {
        const float *line = plane + (z * w->stride[0] * p[1] + r * w->stride[1]) * p[2];
        size_t c = 0;
        if (w->stride[2] == 1)
          for (; c < w->out[2]; c += 2 * LANES) {
            /* Reading past the row is harmless: the plane has room, and only whole results are
             * kept. */
            VF s0 = v_set(bias), s1 = s0;
            const float *t = weight;
            for (size_t a = 0; a < w->kernel[0]; a++)
              for (size_t b = 0; b < w->kernel[1]; b++) {
                const float *from =
                    line + (a * w->dilation[0] * p[1] + b * w->dilation[1]) * p[2] + c;
                for (size_t d = 0; d < w->kernel[2]; d++, t++, from += w->dilation[2]) {
                  s0 += v_set(*t) * v_load(from);
                  s1 += v_set(*t) * v_load(from + LANES);
                }
              }
            size_t n = w->out[2] - c;
            if (n >= LANES) v_store(y + c, s0);
            else v_store_part(y + c, s0, n);
            if (n >= 2 * LANES) v_store(y + c + LANES, s1);
            else if (n > LANES) v_store_part(y + c + LANES, s1, n - LANES);
          }
        for (; c < w->out[2]; c++) {
          float sum = bias;
          const float *t = weight;
          for (size_t a = 0; a < w->kernel[0]; a++)
            for (size_t b = 0; b < w->kernel[1]; b++)
              for (size_t d = 0; d < w->kernel[2]; d++, t++)
                sum += *t * line[(a * w->dilation[0] * p[1] + b * w->dilation[1]) * p[2] +
                                 c * w->stride[2] + d * w->dilation[2]];
          y[c] = sum;
        }
      }
  }
}

/* Channels side by side in vectors; taps on padding are left out. */
static void FN(depthwise_last)(const window_job *j, size_t index) {
  const lab_window *w = j->window;
  size_t outer = index / j->count, first = index % j->count * j->slice, n = j->channels;
  size_t positions = volume(w->out), last = LAB_MIN(first + j->slice, positions);
  const float *x = j->x + outer * volume(w->in) * n;
  for (size_t position = first; position < last; position++) {
    float *y = j->y + (outer * positions + position) * n;
    if (j->bias) memcpy(y, j->bias, n * sizeof *y);
    else memset(y, 0, n * sizeof *y);
    size_t o[3] = {position / w->out[2] / w->out[1], position / w->out[2] % w->out[1],
                   position % w->out[2]};
    const float *t = j->weight;
    for (size_t a = 0; a < w->kernel[0]; a++) {
      size_t z = o[0] * w->stride[0] + a * w->dilation[0] - w->before[0];
      for (size_t b = 0; b < w->kernel[1]; b++) {
        size_t r = o[1] * w->stride[1] + b * w->dilation[1] - w->before[1];
        for (size_t d = 0; d < w->kernel[2]; d++, t += n) {
          size_t c = o[2] * w->stride[2] + d * w->dilation[2] - w->before[2];
          /* Below zero wraps around and is too large as well. */
          if (z >= w->in[0] || r >= w->in[1] || c >= w->in[2]) continue;
          const float *from = x + ((z * w->in[1] + r) * w->in[2] + c) * n;
          size_t i = 0;
          for (; i + LANES <= n; i += LANES)
            v_store(y + i, v_load(y + i) + v_load(t + i) * v_load(from + i));
          for (; i < n; i++) y[i] += t[i] * from[i];
        }
      }
    }
  }
}

#endif
