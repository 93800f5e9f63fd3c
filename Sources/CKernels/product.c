/* A matrix product of our own: for processors whose vectors the installed BLAS leaves half empty
 * (OpenBLAS 0.3.21 runs AVX2 on AMD's AVX-512), for few rows, and for machines without a BLAS.
 *
 * After Goto & van de Geijn 2008: panels of B of three vectors' width are packed, a block of A is
 * copied to lie close together, and tiles of C are made in registers. With few rows packing would
 * cost more than the product: B is read once, where it lies.
 */
#ifndef LAB_LEVEL
#define LAB_FILE "product.c"

#include <pthread.h>

#include "ckernels.h"
#include "product.h"

enum { DEPTH = 256, ROWS = 128, COLUMNS = 528 };

/* Packed B and A of a thread; kept for its life. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void make_key(void) { pthread_key_create(&key, lab_release); }

static float *workspace(void) {
  pthread_once(&once, make_key);
  float *memory = pthread_getspecific(key);
  if (memory == NULL) {
    size_t floats = (size_t)DEPTH * (COLUMNS + 48) + (size_t)ROWS * (DEPTH + 16) + 64;
    memory = lab_allocate(floats * sizeof *memory);
    if (memory != NULL) pthread_setspecific(key, memory);
  }
  return memory;
}

#include "levels.h"

/* Without memory for packing. */
static void plain(const lab_product *s, const float *a, const float *b, float *c) {
  for (size_t i = 0; i < s->m; i++)
    for (size_t j = 0; j < s->n; j++) {
      float sum = s->accumulate ? c[i * s->ldc + j] : 0;
      for (size_t k = 0; k < s->k; k++)
        sum += (s->transpose_a ? a[k * s->lda + i] : a[i * s->lda + k]) *
               (s->transpose_b ? b[j * s->ldb + k] : b[k * s->ldb + j]);
      c[i * s->ldc + j] = sum;
    }
}

void lab_own_product(const lab_product *shape, const float *a, const float *b, float *c) {
  if (shape->m <= LAB_FEW_ROWS && !shape->transpose_a) {
    LAB_BEST(few_rows)(shape, a, b, c);
    return;
  }
  float *memory = workspace();
  if (memory != NULL) LAB_BEST(product)(shape, a, b, c, memory);
  else plain(shape, a, b, c);
}

#else /* ---- once for each level --------------------------------------------------------------- */

#include "tile.h"
#include "turn.h"

/* Columns n0 … n0 + n of B, k0 … k0 + k, as panels [k][3·LANES]; the last is filled with zeros. */
static void FN(pack)(const lab_product *s, const float *b, size_t k0, size_t k, size_t n0, size_t n,
                     float *to) {
  enum { W = 3 * LANES };
  for (size_t p = 0; p < n; p += W, to += k * W) {
    size_t width = LAB_MIN((size_t)W, n - p);
    if (!s->transpose_b) {
      const float *from = b + k0 * s->ldb + n0 + p;
      for (size_t i = 0; i < k; i++, from += s->ldb) {
        memcpy(to + i * W, from, width * sizeof *to);
        for (size_t j = width; j < W; j++) to[i * W + j] = 0;
      }
      continue;
    }
    const float *from = b + (n0 + p) * s->ldb + k0;
    size_t whole = width / LANES * LANES, deep = k / LANES * LANES;
    for (size_t j = 0; j < whole; j += LANES) {
      for (size_t i = 0; i < deep; i += LANES)
        v_turn(from + j * s->ldb + i, s->ldb, to + i * W + j, W);
      for (size_t i = deep; i < k; i++)
        for (size_t l = j; l < j + LANES; l++) to[i * W + l] = from[l * s->ldb + i];
    }
    for (size_t j = whole; j < W; j++)
      for (size_t i = 0; i < k; i++) to[i * W + j] = j < width ? from[j * s->ldb + i] : 0;
  }
}

/* One block of rows against the packed panels. */
static void FN(block)(const lab_product *s, const float *a, size_t a_row, ptrdiff_t a_step,
                      size_t m, size_t n, size_t k, const float *panels, float *c, int accumulate) {
  enum { W = 3 * LANES };
  const float *rows[TILE_MOST];
  float edge[TILE_MOST * W];
  for (size_t p = 0; p < n; p += W, panels += k * W) {
    size_t width = LAB_MIN((size_t)W, n - p), vectors = (width + LANES - 1) / LANES;
    for (size_t i = 0; i < m; i += TILE_ROWS) {
      size_t height = LAB_MIN((size_t)TILE_ROWS, m - i);
      float *to = c + i * s->ldc + p;
      tile_row_pointers(a, a_row, i, m, rows);
      if (height == TILE_ROWS && width % LANES == 0) {
        tile_product(k, rows, a_step, panels, W, vectors, to, s->ldc, accumulate);
        continue;
      }
      tile_product(k, rows, a_step, panels, W, vectors, edge, W, 0);
      for (size_t r = 0; r < height; r++)
        for (size_t j = 0; j < width; j++)
          to[r * s->ldc + j] = edge[r * W + j] + (accumulate ? to[r * s->ldc + j] : 0);
    }
  }
}

/* Up to LAB_FEW_ROWS rows of A. */
static void FN(few_rows)(const lab_product *s, const float *a, const float *b, float *c) {
  size_t m = s->m;
  if (!s->transpose_b) {
    if (!s->accumulate)
      for (size_t r = 0; r < m; r++) memset(c + r * s->ldc, 0, s->n * sizeof *c);
    /* Some columns at a time, so that they stay in the cache while the rows of B pass. */
    for (size_t n0 = 0; n0 < s->n; n0 += 2048) {
      size_t n = LAB_MIN((size_t)2048, s->n - n0);
      for (size_t k = 0; k < s->k; k++) {
        const float *row = b + k * s->ldb + n0;
        for (size_t r = 0; r < m; r++) {
          VF x = v_set(a[r * s->lda + k]);
          float *to = c + r * s->ldc + n0;
          size_t j = 0;
          for (; j + LANES <= n; j += LANES)
            v_store(to + j, v_load(to + j) + x * v_load(row + j));
          for (; j < n; j++) to[j] += x[0] * row[j];
        }
      }
    }
    return;
  }
  for (size_t j = 0; j < s->n; j++) {
    const float *row = b + j * s->ldb;
    for (size_t r = 0; r < m; r++) {
      const float *x = a + r * s->lda;
      VF p = v_set(0), q = p, u = p, v = p;
      size_t k = 0;
      for (; k + 4 * LANES <= s->k; k += 4 * LANES) {
        p += v_load(x + k) * v_load(row + k);
        q += v_load(x + k + LANES) * v_load(row + k + LANES);
        u += v_load(x + k + 2 * LANES) * v_load(row + k + 2 * LANES);
        v += v_load(x + k + 3 * LANES) * v_load(row + k + 3 * LANES);
      }
      float sum = v_sum((p + q) + (u + v));
      for (; k < s->k; k++) sum += x[k] * row[k];
      c[r * s->ldc + j] = sum + (s->accumulate ? c[r * s->ldc + j] : 0);
    }
  }
}

static void FN(product)(const lab_product *s, const float *a, const float *b, float *c,
                        float *memory) {
  float *panels = memory, *block = memory + (size_t)DEPTH * (COLUMNS + 48);
  for (size_t n0 = 0; n0 < s->n; n0 += COLUMNS) {
    size_t n = LAB_MIN((size_t)COLUMNS, s->n - n0);
    for (size_t k0 = 0; k0 < s->k; k0 += DEPTH) {
      size_t k = LAB_MIN((size_t)DEPTH, s->k - k0);
      FN(pack)(s, b, k0, k, n0, n, panels);
      for (size_t m0 = 0; m0 < s->m; m0 += ROWS) {
        size_t m = LAB_MIN((size_t)ROWS, s->m - m0), row = DEPTH + 16;
        ptrdiff_t step = 1;
        if (s->transpose_a) {
          /* [k][m]: rows are neighbours. */
          for (size_t i = 0; i < k; i++)
            memcpy(block + i * m, a + (k0 + i) * s->lda + m0, m * sizeof *block);
          row = 1;
          step = (ptrdiff_t)m;
        } else {
          for (size_t i = 0; i < m; i++)
            memcpy(block + i * row, a + (m0 + i) * s->lda + k0, k * sizeof *block);
        }
        FN(block)(s, block, row, step, m, n, k, panels, c + m0 * s->ldc + n0,
                  s->accumulate || k0 > 0);
      }
    }
  }
}

#endif
