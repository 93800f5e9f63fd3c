/* The selective scan of S6: h = exp(Δ·A)·h + Δ·u·B, y = C·h (+ D·u).
 *
 * The ladder: the reference below; then channels side by side in vectors, the states of 2·LANES
 * channels in the first-level cache for the whole sequence, and exp as a polynomial of 2^x, so that
 * nothing of size length × channels × state is ever stored.
 */
#ifndef LAB_LEVEL
#define LAB_FILE "selective_scan.c"

#include "ckernels.h"

typedef struct {
  const lab_scan_shape *shape;
  const float *u, *delta, *a, *b, *c, *d;
  float *y;
  size_t width, parts; /* channels of a task, tasks of a group */
} scan_job;

enum { STEPS = 32, STATES = 128 };

#include "levels.h"

static void scan_task(void *context, size_t index, int worker) {
  (void)worker;
  LAB_BEST(scan)(context, index);
}

void lab_selective_scan(lab_pool *pool, const lab_scan_shape *shape, const float *u,
                        const float *delta, const float *a, const float *b, const float *c,
                        const float *d, float *y) {
  scan_job j = {shape, u, delta, a, b, c, d, y, 0, 0};
  j.width = lab_level() >= 4 ? 32 : lab_level() == 3 ? 16 : 8;
  j.parts = (shape->channels / shape->groups + j.width - 1) / j.width;
  lab_parallel(pool, shape->outer * shape->groups * j.parts, scan_task, &j);
}

void lab_selective_scan_reference(const lab_scan_shape *s, const float *u, const float *delta,
                                  const float *a, const float *b, const float *c, const float *d,
                                  float *y) {
  double *h = malloc((s->state + 1) * sizeof *h);
  if (h == NULL) return;
  size_t width = s->channels / s->groups;
  for (size_t o = 0; o < s->outer; o++)
    for (size_t i = 0; i < s->channels; i++) {
      for (size_t n = 0; n < s->state; n++) h[n] = 0;
      for (size_t t = 0; t < s->length; t++) {
        size_t at = (o * s->length + t) * s->channels + i;
        size_t row = ((o * s->length + t) * s->groups + i / width) * s->state;
        double step = delta[at], input = u[at], sum = d ? d[i] * input : 0;
        for (size_t n = 0; n < s->state; n++) {
          h[n] = exp(step * a[i * s->state + n]) * h[n] + step * input * b[row + n];
          sum += h[n] * c[row + n];
        }
        y[at] = (float)sum;
      }
    }
  free(h);
}

#else /* ---- once for each level --------------------------------------------------------------- */

/* `steps` positions of 2·LANES channels and `states` states. A positive exponent needs a limit. */
LAB_INLINE void FN(recur)(size_t steps, size_t states, size_t row, const float *b, const float *c,
                          const float *a, float *h, const float *s, const float *x, float *y,
                          int grows) {
  for (size_t t = 0; t < steps; t++, b += row, c += row) {
    VF s0 = v_load(s + t * 2 * LANES), s1 = v_load(s + t * 2 * LANES + LANES);
    VF x0 = v_load(x + t * 2 * LANES), x1 = v_load(x + t * 2 * LANES + LANES);
    VF y0 = v_load(y + t * 2 * LANES), y1 = v_load(y + t * 2 * LANES + LANES);
    _Pragma("clang loop unroll_count(4)") for (size_t n = 0; n < states; n++) {
      const float *an = a + n * 2 * LANES;
      float *hn = h + n * 2 * LANES;
      VF e0 = v_max(s0 * v_load(an), v_set(-126.0f));
      VF e1 = v_max(s1 * v_load(an + LANES), v_set(-126.0f));
      if (grows) {
        e0 = v_min(e0, v_set(126.0f));
        e1 = v_min(e1, v_set(126.0f));
      }
      VF bn = v_set(b[n]), cn = v_set(c[n]);
      VF h0 = v_exp2_scan(e0) * v_load(hn) + x0 * bn;
      VF h1 = v_exp2_scan(e1) * v_load(hn + LANES) + x1 * bn;
      v_store(hn, h0);
      v_store(hn + LANES, h1);
      y0 += h0 * cn;
      y1 += h1 * cn;
    }
    v_store(y + t * 2 * LANES, y0);
    v_store(y + t * 2 * LANES + LANES, y1);
  }
}

/* All positions of one task's channels with the states n0 … n0 + states; `first`: y is set, not
 * added to. */
static void FN(pass)(const scan_job *j, size_t outer, size_t group, size_t channel, size_t width,
                     size_t n0, size_t states, int first) {
  enum { W = 2 * LANES };
  const lab_scan_shape *p = j->shape;
  float a[STATES * W], h[STATES * W];
  float s[STEPS * W], x[STEPS * W], y[STEPS * W];
  int rising = 0, falling = 0;
  for (size_t n = 0; n < states; n++)
    for (size_t i = 0; i < W; i++) {
      float value = i < width ? j->a[(channel + i) * p->state + n0 + n] : 0;
      rising |= value > 0;
      a[n * W + i] = value * 1.44269504f;
      h[n * W + i] = 0;
    }
  memset(s, 0, sizeof s);
  memset(x, 0, sizeof x);
  memset(y, 0, sizeof y);
  for (size_t t0 = 0; t0 < p->length; t0 += STEPS) {
    size_t steps = LAB_MIN((size_t)STEPS, p->length - t0);
    for (size_t t = 0; t < steps; t++) {
      size_t at = (outer * p->length + t0 + t) * p->channels + channel;
      for (size_t i = 0; i < width; i++) {
        float step = j->delta[at + i], input = j->u[at + i];
        falling |= step < 0;
        s[t * W + i] = step;
        x[t * W + i] = step * input;
        y[t * W + i] = !first ? j->y[at + i] : j->d ? j->d[channel + i] * input : 0;
      }
    }
    size_t row = p->groups * p->state;
    size_t at = ((outer * p->length + t0) * p->groups + group) * p->state + n0;
    if (rising || falling) FN(recur)(steps, states, row, j->b + at, j->c + at, a, h, s, x, y, 1);
    else FN(recur)(steps, states, row, j->b + at, j->c + at, a, h, s, x, y, 0);
    for (size_t t = 0; t < steps; t++) {
      size_t to = (outer * p->length + t0 + t) * p->channels + channel;
      for (size_t i = 0; i < width; i++) j->y[to + i] = y[t * W + i];
    }
  }
}

static void FN(scan)(const scan_job *j, size_t index) {
  const lab_scan_shape *p = j->shape;
  size_t part = index % j->parts, group = index / j->parts % p->groups;
  size_t outer = index / j->parts / p->groups, size = p->channels / p->groups;
  size_t width = LAB_MIN(j->width, size - part * j->width);
  size_t channel = group * size + part * j->width;
  for (size_t n = 0; n < p->state || n == 0; n += STATES) {
    size_t states = p->state > n ? LAB_MIN((size_t)STATES, p->state - n) : 0;
    FN(pass)(j, outer, group, channel, width, n, states, n == 0);
  }
}

#endif
