/* The selective scan over a grid: along the lines, then from line to line, with the same decay.
 *
 *   h_{i,j} = Ā·h_{i,j−1} + Δ·B·u,  s_{i,j} = Ā·s_{i−1,j} + h_{i,j},  y = C·s (+ D·u)
 * Channels stand side by side in one vector; h is a line's, s is kept for every position of a line.
 */
#ifndef LAB_LEVEL
#define LAB_FILE "grid_scan.c"

#include "ckernels.h"

typedef struct {
  const lab_grid_shape *shape;
  const float *u, *delta, *a, *b, *c, *d;
  float *scratch, *y;
  size_t width, parts;
} grid_job;

#include "levels.h"

/* State of a line, A and h, for 16 channels. */
size_t lab_grid_scan_scratch(const lab_grid_shape *s) {
  return (s->positions + 2) * s->state * 16 + 16;
}

static void grid_task(void *context, size_t index, int worker) {
  LAB_BEST(grid_scan)(context, index, worker);
}

void lab_grid_scan(lab_pool *pool, const lab_grid_shape *shape, const float *u, const float *delta,
                   const float *a, const float *b, const float *c, const float *d, float *scratch,
                   float *y) {
  grid_job j = {shape, u, delta, a, b, c, d, scratch, y, 0, 0};
  j.width = lab_level() >= 4 ? 16 : lab_level() == 3 ? 8 : 4;
  j.parts = (shape->channels + j.width - 1) / j.width;
  lab_parallel(pool, shape->outer * j.parts, grid_task, &j);
}

#else /* ---- once for each level --------------------------------------------------------------- */

static void FN(grid_scan)(const grid_job *j, size_t index, int worker) {
  const lab_grid_shape *p = j->shape;
  size_t channel = index % j->parts * LANES, outer = index / j->parts;
  size_t width = LAB_MIN((size_t)LANES, p->channels - channel);
  float *a = j->scratch + (size_t)worker * lab_grid_scan_scratch(p);
  float *h = a + p->state * LANES, *line = h + p->state * LANES;
  for (size_t n = 0; n < p->state; n++)
    for (size_t i = 0; i < LANES; i++)
      a[n * LANES + i] =
          i < width ? j->a[(channel + i) * p->state + n] * 1.44269504f : 0;
  memset(line, 0, p->positions * p->state * LANES * sizeof *line);
  VF skip = j->d ? v_load_part(j->d + channel, width) : v_set(0);
  for (size_t r = 0; r < p->lines; r++) {
    memset(h, 0, p->state * LANES * sizeof *h);
    for (size_t q = 0; q < p->positions; q++) {
      size_t row = outer * p->lines * p->positions + r * p->line_step + q * p->position_step;
      size_t at = row * p->channels + channel;
      VF step = v_load_part(j->delta + at, width), u = v_load_part(j->u + at, width);
      VF x = step * u, y = skip * u;
      const float *b = j->b + row * p->state, *c = j->c + row * p->state;
      float *s = line + q * p->state * LANES;
      for (size_t n = 0; n < p->state; n++) {
        VF e = v_min(v_max(step * v_load(a + n * LANES), v_set(-126.0f)), v_set(126.0f));
        e = v_exp2_scan(e);
        VF along = e * v_load(h + n * LANES) + x * v_set(b[n]);
        VF down = e * v_load(s + n * LANES) + along;
        v_store(h + n * LANES, along);
        v_store(s + n * LANES, down);
        y += down * v_set(c[n]);
      }
      v_store_part(j->y + at, y, width);
    }
  }
}

#endif
