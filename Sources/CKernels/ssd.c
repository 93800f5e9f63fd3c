/* The scan of Mamba-2 (state-space duality) in chunks of matrix products.
 *
 * With cum_i = Σ_{j ≤ i} Δ_j·A inside a chunk and S the state before it:
 *   y_i = exp(cum_i)·C_i·S + Σ_{j ≤ i} (C_i·B_j)·exp(cum_i − cum_j)·Δ_j·x_j
 *   S  := exp(cum_last)·S + Σ_j exp(cum_last − cum_j)·B_j ⊗ Δ_j·x_j
 * (Dao & Gu 2024, section 6.) C·Bᵀ is made once for all heads of a group. A chunk is at most 64
 * positions, whatever is asked for: longer ones cost more arithmetic and give the same result.
 */
#ifndef LAB_LEVEL
#define LAB_FILE "ssd.c"

#include "ckernels.h"

enum { CHUNK = 64 };

typedef struct {
  const lab_ssd_shape *shape;
  const float *x, *delta, *a, *b, *c, *d;
  float *y, *products, *own; /* C·Bᵀ of all chunks; scratch of every thread */
  size_t chunk, chunks, own_floats;
} ssd_job;

#include "levels.h"

static size_t chunk_of(const lab_ssd_shape *s) {
  size_t chunk = s->chunk < CHUNK ? s->chunk : CHUNK;
  return chunk == 0 ? 1 : chunk;
}

static size_t up(size_t n, size_t to) { return (n + to - 1) / to * to; }

static size_t own_floats(const lab_ssd_shape *s) {
  size_t columns = up(s->channels, 16), rows = up(chunk_of(s), 16);
  /* state, Δ·x, faded Δ·x, decays × C·Bᵀ, result */
  return up(up(s->state, 8) * columns + 3 * rows * columns + rows * rows, 16);
}

static size_t product_floats(const lab_ssd_shape *s) {
  size_t chunk = chunk_of(s), chunks = (s->length + chunk - 1) / chunk;
  return s->outer * s->groups * chunks * up(chunk, 16) * up(chunk, 16);
}

size_t lab_ssd_scratch(const lab_ssd_shape *s, int threads) {
  return product_floats(s) + (size_t)threads * own_floats(s);
}

static void product_task(void *context, size_t index, int worker) {
  (void)worker;
  LAB_BEST(chunk_product)(context, index);
}

static void head_task(void *context, size_t index, int worker) {
  LAB_BEST(head)(context, index, worker);
}

void lab_ssd(lab_pool *pool, const lab_ssd_shape *s, const float *x, const float *delta,
             const float *a, const float *b, const float *c, const float *d, float *scratch,
             float *y) {
  if (s->length == 0 || s->channels == 0) return;
  ssd_job j = {s, x, delta, a, b, c, d, y, scratch, scratch + product_floats(s), chunk_of(s), 0,
               own_floats(s)};
  j.chunks = (s->length + j.chunk - 1) / j.chunk;
  lab_parallel(pool, s->outer * s->groups * j.chunks, product_task, &j);
  lab_parallel(pool, s->outer * s->heads, head_task, &j);
}

void lab_ssd_reference(const lab_ssd_shape *s, const float *x, const float *delta, const float *a,
                       const float *b, const float *c, const float *d, float *y) {
  double *h = malloc((s->state + 1) * sizeof *h);
  if (h == NULL) return;
  for (size_t o = 0; o < s->outer; o++)
    for (size_t head = 0; head < s->heads; head++)
      for (size_t p = 0; p < s->channels; p++) {
        size_t group = head * s->groups / s->heads;
        for (size_t n = 0; n < s->state; n++) h[n] = 0;
        for (size_t t = 0; t < s->length; t++) {
          size_t at = ((o * s->length + t) * s->heads + head) * s->channels + p;
          size_t row = ((o * s->length + t) * s->groups + group) * s->state;
          double step = delta[(o * s->length + t) * s->heads + head];
          double decay = exp(step * a[head]), sum = d ? (double)d[head] * x[at] : 0;
          for (size_t n = 0; n < s->state; n++) {
            h[n] = decay * h[n] + step * x[at] * b[row + n];
            sum += h[n] * c[row + n];
          }
          y[at] = (float)sum;
        }
      }
  free(h);
}

#else /* ---- once for each level --------------------------------------------------------------- */

#include "tile.h"

/* C·Bᵀ of one chunk: C and B are read where they lie, B transposed into columns. */
static void FN(chunk_product)(const ssd_job *j, size_t index) {
  const lab_ssd_shape *s = j->shape;
  size_t chunk = index % j->chunks, group = index / j->chunks % s->groups;
  size_t outer = index / j->chunks / s->groups, side = (j->chunk + 15) / 16 * 16;
  size_t first = chunk * j->chunk, steps = LAB_MIN(j->chunk, s->length - first);
  size_t row = s->groups * s->state;
  size_t at = ((outer * s->length + first) * s->groups + group) * s->state;
  float *out = j->products + index * side * side;
  float columns[64 * CHUNK];
  const float *rows[TILE_MOST];
  for (size_t n0 = 0; n0 < s->state || n0 == 0; n0 += 64) {
    size_t n = s->state > n0 ? LAB_MIN((size_t)64, s->state - n0) : 0;
    for (size_t i = 0; i < side; i++)
      for (size_t k = 0; k < n; k++)
        columns[k * side + i] = i < steps ? j->b[at + i * row + n0 + k] : 0;
    for (size_t i = 0; i < steps; i += TILE_ROWS) {
      tile_row_pointers(j->c + at + n0, row, i, steps, rows);
      tile_product(n, rows, 1, columns, side, side / LANES, out + i * side, side, n0 > 0);
    }
  }
}

/* One head over all chunks, one after another. */
static void FN(head)(const ssd_job *j, size_t index, int worker) {
  const lab_ssd_shape *s = j->shape;
  size_t head = index % s->heads, outer = index / s->heads;
  size_t group = head * s->groups / s->heads, side = (j->chunk + 15) / 16 * 16;
  size_t width = (s->channels + 15) / 16 * 16, vectors = width / LANES;
  size_t states = (s->state + 7) / 8 * 8, row = s->groups * s->state;
  float *state = j->own + (size_t)worker * j->own_floats;
  float *input = state + states * width, *faded = input + side * width;
  float *result = faded + side * width, *mixed = result + side * width;
  float high[CHUNK], low[CHUNK], grown[CHUNK], rest[CHUNK];
  const float *rows[TILE_MOST];
  memset(state, 0, states * width * sizeof(float));
  for (size_t chunk = 0; chunk < j->chunks; chunk++) {
    size_t first = chunk * j->chunk, steps = LAB_MIN(j->chunk, s->length - first);
    const float *delta = j->delta + (outer * s->length + first) * s->heads + head;
    const float *x = j->x + ((outer * s->length + first) * s->heads + head) * s->channels;
    float *y = j->y + ((outer * s->length + first) * s->heads + head) * s->channels;
    size_t at = ((outer * s->length + first) * s->groups + group) * s->state;
    /* The sums in two parts, so that differences of neighbours keep their digits. */
    double sum = 0;
    for (size_t i = 0; i < steps; i++) {
      sum += (double)delta[i * s->heads] * j->a[head];
      high[i] = (float)sum;
      low[i] = (float)(sum - high[i]);
    }
    for (size_t i = 0; i < steps; i++) {
      grown[i] = high[i];
      rest[i] = (high[steps - 1] - high[i]) + (low[steps - 1] - low[i]);
    }
    for (size_t i = steps; i < CHUNK; i++) grown[i] = rest[i] = high[i] = low[i] = 0;
    for (size_t i = 0; i < side; i += LANES) {
      v_store(grown + i, v_exp(v_load(grown + i)));
      v_store(rest + i, v_exp(v_load(rest + i)));
    }
    for (size_t i = 0; i < steps; i++) {
      float step = delta[i * s->heads];
      float *in = input + i * width, *fade = faded + i * width;
      for (size_t p = 0; p < s->channels; p++) {
        in[p] = step * x[i * s->heads * s->channels + p];
        fade[p] = in[p] * rest[i];
      }
      for (size_t p = s->channels; p < width; p++) in[p] = fade[p] = 0;
    }
    /* What the state before gives. */
    for (size_t i = 0; i < steps; i += TILE_ROWS) {
      tile_row_pointers(j->c + at, row, i, steps, rows);
      tile_product(s->state, rows, 1, state, width, vectors, result + i * width, width, 0);
      for (size_t r = i; r < i + TILE_ROWS && r < steps; r++)
        for (size_t p = 0; p < width; p++) result[r * width + p] *= grown[r];
    }
    /* What the positions of this chunk give one another. */
    const float *product =
        j->products + ((outer * s->groups + group) * j->chunks + chunk) * side * side;
    for (size_t i = 0; i < steps; i++) {
      VF hi = v_set(high[i]), lo = v_set(low[i]);
      for (size_t k = 0; k <= i; k += LANES) {
        VF d = (hi - v_load(high + k)) + (lo - v_load(low + k));
        VF m = v_exp(v_min(d, v_set(80.0f))) * v_load(product + i * side + k);
        v_store(mixed + i * side + k, m);
      }
      for (size_t k = i + 1; k < side; k++) mixed[i * side + k] = 0;
    }
    for (size_t i = 0; i < steps; i += TILE_ROWS) {
      size_t most = LAB_MIN(i + TILE_ROWS, steps);
      tile_row_pointers(mixed, side, i, steps, rows);
      tile_product(most, rows, 1, input, width, vectors, result + i * width, width, 1);
    }
    for (size_t i = 0; i < steps; i++)
      for (size_t p = 0; p < s->channels; p++) {
        size_t to = i * s->heads * s->channels + p;
        y[to] = result[i * width + p] + (j->d ? j->d[head] * x[to] : 0);
      }
    /* The state after. */
    float kept = grown[steps - 1];
    for (size_t n = 0; n < states * width; n++) state[n] *= kept;
    if (s->state > 0)
      for (size_t n = 0; n < s->state; n += TILE_ROWS) {
        tile_row_pointers(j->b + at, 1, n, s->state, rows);
        tile_product(steps, rows, (ptrdiff_t)row, faded, width, vectors, state + n * width, width,
                     1);
      }
  }
}

#endif
