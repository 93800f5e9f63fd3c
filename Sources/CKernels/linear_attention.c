/* Linear attention as a recurrence over a matrix state: gated, retention, or with the delta rule.
 *
 * The state of a value head [key][value] stays in the first- or second-level cache; value channels
 * stand side by side in vectors.
 */
#ifndef LAB_LEVEL
#define LAB_FILE "linear_attention.c"

#include "ckernels.h"

typedef struct {
  const lab_linear_attention_shape *shape;
  const float *q, *k, *v, *g, *beta;
  float *scratch, *y;
} linear_job;

#include "levels.h"

/* State, decays of the key channels, what is added, and the result of a position. */
size_t lab_linear_attention_scratch(const lab_linear_attention_shape *s) {
  size_t width = (s->value_dim + 15) / 16 * 16;
  return s->key_dim * width + (s->key_dim + 15) / 16 * 16 + 2 * width;
}

static void linear_task(void *context, size_t index, int worker) {
  LAB_BEST(linear_head)(context, index, worker);
}

void lab_linear_attention(lab_pool *pool, const lab_linear_attention_shape *shape, const float *q,
                          const float *k, const float *v, const float *g, const float *beta,
                          float *scratch, float *y) {
  linear_job j = {shape, q, k, v, g, beta, scratch, y};
  lab_parallel(pool, shape->outer * shape->value_heads, linear_task, &j);
}

#else /* ---- once for each level --------------------------------------------------------------- */

static void FN(linear_head)(const linear_job *j, size_t index, int worker) {
  const lab_linear_attention_shape *s = j->shape;
  size_t head = index % s->value_heads, outer = index / s->value_heads;
  size_t group = head * s->heads / s->value_heads, width = (s->value_dim + 15) / 16 * 16;
  size_t keys = (s->key_dim + 15) / 16 * 16;
  float *state = j->scratch + (size_t)worker * lab_linear_attention_scratch(s);
  float *fade = state + s->key_dim * width, *added = fade + keys, *result = added + width;
  memset(state, 0, s->key_dim * width * sizeof *state);
  memset(added, 0, width * sizeof *added);
  /* 1 − 2^(−5 − h) */
  float kept = s->decay == LAB_DECAY_RETENTION ? (float)(1 - exp2(-5.0 - (double)head)) : 1;
  for (size_t n = 0; n < keys; n++) fade[n] = kept;
  for (size_t t = 0; t < s->length; t++) {
    size_t row = outer * s->length + t;
    const float *q = j->q + (row * s->heads + group) * s->key_dim;
    const float *k = j->k + (row * s->heads + group) * s->key_dim;
    const float *v = j->v + (row * s->value_heads + head) * s->value_dim;
    if (s->decay == LAB_DECAY_HEAD) {
      float f = expf(j->g[row * s->value_heads + head]);
      for (size_t n = 0; n < s->key_dim; n++) fade[n] = f;
    } else if (s->decay == LAB_DECAY_CHANNEL) {
      const float *g = j->g + (row * s->heads + group) * s->key_dim;
      size_t n = 0;
      for (; n + LANES <= s->key_dim; n += LANES) v_store(fade + n, v_exp(v_load(g + n)));
      if (n < s->key_dim)
        v_store_part(fade + n, v_exp(v_load_part(g + n, s->key_dim - n)), s->key_dim - n);
    }
    memcpy(added, v, s->value_dim * sizeof *added);
    if (j->beta) {
      /* β·(v − (fade·S)ᵀ·k) */
      VF beta = v_set(j->beta[row * s->value_heads + head]);
      for (size_t i = 0; i < width; i += LANES) {
        VF known = v_set(0);
        for (size_t n = 0; n < s->key_dim; n++)
          known += v_load(state + n * width + i) * v_set(fade[n] * k[n]);
        v_store(added + i, (v_load(added + i) - known) * beta);
      }
    }
    for (size_t i = 0; i < width; i += LANES) {
      VF value = v_load(added + i), even = v_set(0), odd = v_set(0);
      size_t n = 0;
      for (; n + 2 <= s->key_dim; n += 2) {
        float *a = state + n * width + i, *b = a + width;
        VF x = v_load(a) * v_set(fade[n]) + value * v_set(k[n]);
        VF y = v_load(b) * v_set(fade[n + 1]) + value * v_set(k[n + 1]);
        v_store(a, x);
        v_store(b, y);
        even += x * v_set(q[n]);
        odd += y * v_set(q[n + 1]);
      }
      for (; n < s->key_dim; n++) {
        float *a = state + n * width + i;
        VF x = v_load(a) * v_set(fade[n]) + value * v_set(k[n]);
        v_store(a, x);
        even += x * v_set(q[n]);
      }
      v_store(result + i, (even + odd) * v_set(s->scale));
    }
    memcpy(j->y + (row * s->value_heads + head) * s->value_dim, result,
           s->value_dim * sizeof *result);
  }
}

#endif
