/* Scaled dot-product attention without a matrix of queries × keys.
 *
 * A task takes a block of queries of one head and goes over the keys block by block, with the
 * maximum and the sum of every query kept up to date ("online softmax", Milakov & Gimelshein 2018;
 * Dao and others 2022). Queries stand side by side in vectors: keys and values are read where they
 * lie, and the softmax needs no sums across a vector. Blocks that the mask hides are skipped, so a
 * window costs what it shows.
 */
#ifndef LAB_LEVEL
#define LAB_FILE "attention.c"

#include "ckernels.h"

enum { KEYS = 96, STRIPES = 4 };

typedef struct {
  const lab_attention_shape *shape;
  const float *q, *k, *v, *bias;
  char *scratch;
  size_t scratch_bytes, blocks, block;
  float *y;
} attention_job;

#include "levels.h"

/* Columns of a stripe: three vectors, fewer where there are few queries. */
static size_t stripe(size_t queries) {
  size_t lanes = lab_level() >= 4 ? 16 : lab_level() == 3 ? 8 : 4;
  size_t vectors = (queries + lanes - 1) / lanes;
  return lanes * (vectors < 3 ? vectors : 3);
}

static size_t padded(size_t n) { return (n + 7) / 8 * 8; }

size_t lab_attention_scratch(const lab_attention_shape *s) {
  size_t width = 48, queries = width * STRIPES;
  size_t floats = s->qk_dim * queries + padded(s->v_dim) * queries + 2 * queries +
                  2 * padded(KEYS) * width;
  return (floats * sizeof(float) + 127) / 64 * 64;
}

static void attention_task(void *context, size_t index, int worker) {
  LAB_BEST(attend)(context, index, worker);
}

void lab_attention(lab_pool *pool, const lab_attention_shape *shape, const float *q,
                   const float *k, const float *v, const float *bias, void *scratch, float *y) {
  if (shape->queries == 0 || shape->v_dim == 0) return;
  attention_job j = {shape, q, k, v, bias, scratch, lab_attention_scratch(shape), 1, 0, y};
  size_t width = stripe(shape->queries);
  size_t stripes = (shape->queries + width - 1) / width;
  j.blocks = (stripes + STRIPES - 1) / STRIPES;
  j.block = (stripes + j.blocks - 1) / j.blocks * width;
  lab_parallel(pool, shape->outer * shape->heads * j.blocks, attention_task, &j);
}

static size_t bias_index(const lab_attention_shape *s, size_t outer, size_t head) {
  return outer % s->bias_outer * s->bias_heads + (s->bias_heads == 1 ? 0 : head);
}

void lab_attention_reference(const lab_attention_shape *s, const float *q, const float *k,
                             const float *v, const float *bias, float *y) {
  double *weights = malloc((s->keys + 1) * sizeof *weights);
  if (weights == NULL) return;
  for (size_t o = 0; o < s->outer; o++)
    for (size_t h = 0; h < s->heads; h++)
      for (size_t i = 0; i < s->queries; i++) {
        size_t g = h * s->kv_heads / s->heads;
        const float *qi = q + ((o * s->queries + i) * s->heads + h) * s->qk_dim;
        double top = -INFINITY, total = 0;
        for (size_t n = 0; n < s->keys; n++) {
          ptrdiff_t distance = (ptrdiff_t)n - (ptrdiff_t)i - s->offset;
          const float *kn = k + ((o * s->keys + n) * s->kv_heads + g) * s->qk_dim;
          double dot = 0;
          for (size_t c = 0; c < s->qk_dim; c++) dot += (double)qi[c] * kn[c];
          dot *= s->scale;
          if (bias) dot += bias[(bias_index(s, o, h) * s->queries + i) * s->keys + n];
          if ((distance < s->low || distance > s->high) && n >= s->prefix) dot = -INFINITY;
          weights[n] = dot;
          if (dot > top) top = dot;
        }
        for (size_t n = 0; n < s->keys; n++)
          total += weights[n] = top == -INFINITY ? 0 : exp(weights[n] - top);
        float *out = y + ((o * s->queries + i) * s->heads + h) * s->v_dim;
        for (size_t c = 0; c < s->v_dim; c++) {
          double sum = 0;
          for (size_t n = 0; n < s->keys; n++)
            sum += weights[n] * v[((o * s->keys + n) * s->kv_heads + g) * s->v_dim + c];
          out[c] = (float)(total > 0 ? sum / total : 0);
        }
      }
  free(weights);
}

#else /* ---- once for each level --------------------------------------------------------------- */

#include "tile.h"

/* What a task knows of its stripe of queries. */
#ifndef LAB_STRIPE
#define LAB_STRIPE
typedef struct {
  size_t first, width, vectors; /* first query, columns, vectors of columns */
  float *q, *o, *top, *sum;     /* [qk][width], [v][width], [width], [width] */
} query_stripe;
#endif

/* One block of keys for one stripe: scores, softmax, weighted values. */
static void FN(meet)(const attention_job *j, const query_stripe *t, size_t outer, size_t head,
                     size_t k0, size_t k1, float *scores, float *biases) {
  const lab_attention_shape *s = j->shape;
  const float log2e = 1.44269504f;
  size_t group = head * s->kv_heads / s->heads, keys = k1 - k0, width = t->width;
  size_t k_row = s->kv_heads * s->qk_dim, v_row = s->kv_heads * s->v_dim;
  const float *k = j->k + ((outer * s->keys + k0) * s->kv_heads + group) * s->qk_dim;
  const float *v = j->v + ((outer * s->keys + k0) * s->kv_heads + group) * s->v_dim;
  const float *rows[TILE_MOST];
  for (size_t n = 0; n < keys; n += TILE_ROWS) {
    tile_row_pointers(k, k_row, n, keys, rows);
    tile_product(s->qk_dim, rows, 1, t->q, width, t->vectors, scores + n * width, width, 0);
  }
  if (j->bias) {
    size_t which = outer % s->bias_outer * s->bias_heads + (s->bias_heads == 1 ? 0 : head);
    const float *bias = j->bias + which * s->queries * s->keys;
    for (size_t i = 0; i < width; i++) {
      size_t query = t->first + i < s->queries ? t->first + i : s->queries - 1;
      const float *row = bias + query * s->keys + k0;
      for (size_t n = 0; n < keys; n++) biases[n * width + i] = row[n];
    }
    for (size_t i = 0; i < keys * width; i += LANES)
      v_store(scores + i, v_load(scores + i) + v_load(biases + i) * v_set(log2e));
  }
  /* The distance key − query − offset of the corners tells whether the mask cuts this block. */
  ptrdiff_t base = (ptrdiff_t)k0 - (ptrdiff_t)t->first - s->offset;
  if (base - (ptrdiff_t)width + 1 < s->low || base + (ptrdiff_t)keys - 1 > s->high) {
    int32_t lane[LANES];
    for (int i = 0; i < LANES; i++) lane[i] = i;
    VI lanes;
    memcpy(&lanes, lane, sizeof lanes);
    int32_t low = (int32_t)LAB_MAX(s->low, (ptrdiff_t)-1000000000);
    int32_t high = (int32_t)LAB_MIN(s->high, (ptrdiff_t)1000000000);
    for (size_t n = 0; n < keys; n++)
      for (size_t i = 0; i < t->vectors; i++) {
        VI distance = (VI)(int32_t)(base + (ptrdiff_t)n - (ptrdiff_t)(i * LANES)) - lanes;
        float *p = scores + n * width + i * LANES;
        VI shown = ((distance >= low) & (distance <= high)) | (VI)(k0 + n < s->prefix ? -1 : 0);
        v_store(p, shown ? v_load(p) : v_set(-INFINITY));
      }
  }
  for (size_t i = 0; i < t->vectors; i++) {
    float *column = scores + i * LANES;
    VF before = v_load(t->top + i * LANES), a = before, b = before;
    for (size_t n = 0; n + 1 < keys; n += 2) {
      a = v_max(a, v_load(column + n * width));
      b = v_max(b, v_load(column + (n + 1) * width));
    }
    if (keys % 2) a = v_max(a, v_load(column + (keys - 1) * width));
    VF top = v_max(a, b);
    v_store(t->top + i * LANES, top);
    VF finite = top == v_set(-INFINITY) ? v_set(0) : top;
    VF total = v_set(0);
    for (size_t n = 0; n < keys; n++) {
      VF x = v_max(v_load(column + n * width) - finite, v_set(-126.0f));
      VF e = v_exp2_scan(x);
      v_store(column + n * width, e);
      total += e;
    }
    VF fade = before == top ? v_set(1) : v_exp2_scan(v_max(before - finite, v_set(-126.0f)));
    v_store(t->sum + i * LANES, v_load(t->sum + i * LANES) * fade + total);
    VI changed = fade != v_set(1);
    if (__builtin_reduce_or(changed) != 0)
      for (size_t c = 0; c < s->v_dim; c++) {
        float *o = t->o + c * width + i * LANES;
        v_store(o, v_load(o) * fade);
      }
  }
  for (size_t c = 0; c < s->v_dim; c += TILE_ROWS) {
    tile_row_pointers(v, 1, c, s->v_dim, rows);
    tile_product(keys, rows, (ptrdiff_t)v_row, scores, width, t->vectors, t->o + c * width, width,
                 1);
  }
}

static void FN(attend)(const attention_job *j, size_t index, int worker) {
  const lab_attention_shape *s = j->shape;
  size_t block = index % j->blocks, head = index / j->blocks % s->heads;
  size_t outer = index / j->blocks / s->heads;
  size_t first = block * j->block, last = LAB_MIN(first + j->block, s->queries);
  if (first >= last) return;
  size_t vectors = LAB_MIN((s->queries + LANES - 1) / LANES, (size_t)3), width = vectors * LANES;
  size_t stripes = (last - first + width - 1) / width;
  float *q = (float *)(void *)(j->scratch + (size_t)worker * j->scratch_bytes);
  float *o = q + s->qk_dim * width * stripes;
  size_t rows = (s->v_dim + 7) / 8 * 8;
  float *top = o + rows * width * stripes, *sum = top + width * stripes;
  float *scores = sum + width * stripes, *biases = scores + (KEYS + 7) / 8 * 8 * width;

  float scale = s->scale * 1.44269504f;
  query_stripe t[STRIPES];
  for (size_t i = 0; i < stripes; i++) {
    t[i] = (query_stripe){first + i * width, width, vectors, q + i * s->qk_dim * width,
                          o + i * rows * width, top + i * width, sum + i * width};
    for (size_t c = 0; c < width; c++) {
      size_t query = LAB_MIN(t[i].first + c, s->queries - 1);
      const float *x = j->q + ((outer * s->queries + query) * s->heads + head) * s->qk_dim;
      for (size_t d = 0; d < s->qk_dim; d++) t[i].q[d * width + c] = x[d] * scale;
      t[i].top[c] = -INFINITY;
      t[i].sum[c] = 0;
    }
    memset(t[i].o, 0, rows * width * sizeof(float));
  }

  /* Keys that any query of this block sees. */
  ptrdiff_t from = LAB_MAX((ptrdiff_t)first + s->offset + s->low, (ptrdiff_t)0);
  ptrdiff_t end = LAB_MIN((ptrdiff_t)last - 1 + s->offset + s->high, (ptrdiff_t)s->keys - 1) + 1;
  ptrdiff_t prefix = (ptrdiff_t)LAB_MIN(s->prefix, s->keys);
  if (prefix > 0) from = 0, end = LAB_MAX(end, prefix);
  for (ptrdiff_t k0 = from; k0 < end; k0 += KEYS) {
    ptrdiff_t k1 = LAB_MIN(k0 + KEYS, end);
    for (size_t i = 0; i < stripes; i++) {
      ptrdiff_t q0 = (ptrdiff_t)t[i].first + s->offset;
      ptrdiff_t q1 = (ptrdiff_t)LAB_MIN(t[i].first + width, last) - 1 + s->offset;
      ptrdiff_t a = LAB_MAX(k0, q0 + s->low), b = LAB_MIN(k1, q1 + s->high + 1);
      if (k0 < prefix) a = k0, b = LAB_MAX(b, LAB_MIN(k1, prefix));
      if (a < b) FN(meet)(j, &t[i], outer, head, (size_t)a, (size_t)b, scores, biases);
    }
  }

  for (size_t i = 0; i < stripes; i++) {
    for (size_t c = 0; c < width && t[i].first + c < last; c++) {
      float *y = j->y + ((outer * s->queries + t[i].first + c) * s->heads + head) * s->v_dim;
      float inverse = t[i].top[c] == -INFINITY ? 0 : 1 / t[i].sum[c];
      for (size_t d = 0; d < s->v_dim; d++) y[d] = t[i].o[d * width + c] * inverse;
    }
  }
}

#endif
