/* Copies between strided places: rearrangements, slices, flips, repetitions. */
#ifndef LAB_LEVEL
#define LAB_FILE "movement.c"

#include <stdatomic.h>
#include <string.h>

#include "ckernels.h"

enum { MOST = 16, SIDE = 32 };

#include "levels.h"

typedef struct {
  size_t bytes, rows, inner, per_task, parts;
  int rank;
  size_t sizes[MOST];
  ptrdiff_t x_strides[MOST], y_strides[MOST];
  const char *x;
  char *y;
} copy_job;

static void row32(const uint32_t *x, ptrdiff_t sx, uint32_t *y, ptrdiff_t sy, size_t n) {
  if (sx == 1 && sy == 1) memcpy(y, x, n * 4);
  else if (sx == 0 && sy == 1)
    for (size_t i = 0; i < n; i++) y[i] = *x;
  else
    for (ptrdiff_t i = 0; i < (ptrdiff_t)n; i++) y[i * sy] = x[i * sx];
}

static void row64(const uint64_t *x, ptrdiff_t sx, uint64_t *y, ptrdiff_t sy, size_t n) {
  if (sx == 1 && sy == 1) memcpy(y, x, n * 8);
  else
    for (ptrdiff_t i = 0; i < (ptrdiff_t)n; i++) y[i * sy] = x[i * sx];
}

static void copy_row(const copy_job *j, const char *x, char *y, size_t n) {
  ptrdiff_t sx = j->x_strides[j->rank - 1], sy = j->y_strides[j->rank - 1];
  if (j->bytes == 4) row32((const uint32_t *)(const void *)x, sx, (uint32_t *)(void *)y, sy, n);
  else row64((const uint64_t *)(const void *)x, sx, (uint64_t *)(void *)y, sy, n);
}

/* The last axis is one row; long rows are cut into parts. */
static void copy_task(void *context, size_t index, int worker) {
  (void)worker;
  const copy_job *j = context;
  size_t first = index / j->parts * j->per_task, from = index % j->parts * 16384;
  size_t n = j->parts > 1 ? (j->inner - from < 16384 ? j->inner - from : 16384) : j->inner;
  ptrdiff_t sx = j->x_strides[j->rank - 1], sy = j->y_strides[j->rank - 1];
  for (size_t row = first; row < first + j->per_task && row < j->rows; row++) {
    size_t rest = row;
    ptrdiff_t at_x = (ptrdiff_t)from * sx, at_y = (ptrdiff_t)from * sy;
    for (int d = j->rank - 2; d >= 0; d--) {
      ptrdiff_t i = (ptrdiff_t)(rest % j->sizes[d]);
      rest /= j->sizes[d];
      at_x += i * j->x_strides[d];
      at_y += i * j->y_strides[d];
    }
    copy_row(j, j->x + at_x * (ptrdiff_t)j->bytes, j->y + at_y * (ptrdiff_t)j->bytes, n);
  }
}

/* The last two axes are a transposed matrix: squares that fit in the cache. */
static void transpose_task(void *context, size_t index, int worker) {
  (void)worker;
  const copy_job *j = context;
  int r = j->rank - 2;
  size_t tall = (j->sizes[r] + SIDE - 1) / SIDE, rest = index / tall;
  size_t i0 = index % tall * SIDE, i1 = i0 + SIDE < j->sizes[r] ? i0 + SIDE : j->sizes[r];
  ptrdiff_t at_x = 0, at_y = 0;
  for (int d = r - 1; d >= 0; d--) {
    ptrdiff_t i = (ptrdiff_t)(rest % j->sizes[d]);
    rest /= j->sizes[d];
    at_x += i * j->x_strides[d];
    at_y += i * j->y_strides[d];
  }
  ptrdiff_t xr = j->x_strides[r], yr = j->y_strides[r];
  ptrdiff_t xc = j->x_strides[r + 1], yc = j->y_strides[r + 1];
  if (j->bytes == 4 && xr == 1 && yc == 1 && xc > 0 && yr > 0) {
    const float *x = (const float *)(const void *)j->x + at_x + i0;
    float *y = (float *)(void *)j->y + at_y + (ptrdiff_t)i0 * yr;
    LAB_BEST(transpose)(x, (size_t)xc, y, (size_t)yr, i1 - i0, j->sizes[r + 1]);
    return;
  }
  for (size_t c0 = 0; c0 < j->sizes[r + 1]; c0 += SIDE) {
    size_t c1 = c0 + SIDE < j->sizes[r + 1] ? c0 + SIDE : j->sizes[r + 1];
    for (size_t i = i0; i < i1; i++) {
      ptrdiff_t ax = at_x + (ptrdiff_t)i * xr, ay = at_y + (ptrdiff_t)i * yr;
      if (j->bytes == 4) {
        const uint32_t *x = (const uint32_t *)(const void *)j->x + ax;
        uint32_t *y = (uint32_t *)(void *)j->y + ay;
        for (ptrdiff_t c = (ptrdiff_t)c0; c < (ptrdiff_t)c1; c++) y[c * yc] = x[c * xc];
      } else {
        const uint64_t *x = (const uint64_t *)(const void *)j->x + ax;
        uint64_t *y = (uint64_t *)(void *)j->y + ay;
        for (ptrdiff_t c = (ptrdiff_t)c0; c < (ptrdiff_t)c1; c++) y[c * yc] = x[c * xc];
      }
    }
  }
}

static void swap_axes(copy_job *j, int a, int b) {
  size_t size = j->sizes[a];
  ptrdiff_t x = j->x_strides[a], y = j->y_strides[a];
  j->sizes[a] = j->sizes[b], j->x_strides[a] = j->x_strides[b], j->y_strides[a] = j->y_strides[b];
  j->sizes[b] = size, j->x_strides[b] = x, j->y_strides[b] = y;
}

void lab_copy(lab_pool *pool, size_t bytes, int rank, const size_t *sizes, const void *x,
              const ptrdiff_t *x_strides, void *y, const ptrdiff_t *y_strides) {
  copy_job j = {.bytes = bytes, .x = x, .y = y, .rank = 0};
  size_t count = 1;
  for (int d = 0; d < rank; d++) {
    count *= sizes[d];
    if (sizes[d] == 1) continue;
    /* Neighbouring axes that are one on both sides. */
    int last = j.rank - 1;
    if (last >= 0 && j.x_strides[last] == x_strides[d] * (ptrdiff_t)sizes[d] &&
        j.y_strides[last] == y_strides[d] * (ptrdiff_t)sizes[d]) {
      j.sizes[last] *= sizes[d];
      j.x_strides[last] = x_strides[d];
      j.y_strides[last] = y_strides[d];
      continue;
    }
    j.sizes[j.rank] = sizes[d];
    j.x_strides[j.rank] = x_strides[d];
    j.y_strides[j.rank] = y_strides[d];
    j.rank++;
  }
  if (count == 0) return;
  if (j.rank == 0) {
    j.rank = 1, j.sizes[0] = 1, j.x_strides[0] = j.y_strides[0] = 1;
  }
  int read = -1, written = -1;
  for (int d = 0; d < j.rank; d++) {
    if (j.x_strides[d] == 1) read = d;
    if (j.y_strides[d] == 1) written = d;
  }
  if (read >= 0 && written >= 0 && read != written && j.sizes[read] > 4 && j.sizes[written] > 4) {
    /* Rows are read along x, columns written along y. */
    swap_axes(&j, written, j.rank - 1);
    if (read == j.rank - 1) read = written;
    swap_axes(&j, read, j.rank - 2);
    size_t tall = (j.sizes[j.rank - 2] + SIDE - 1) / SIDE;
    lab_parallel(pool, count / j.sizes[j.rank - 2] / j.sizes[j.rank - 1] * tall, transpose_task,
                 &j);
    return;
  }
  /* The longest axis of an access without rows is made the row. */
  if (written < 0 || j.y_strides[j.rank - 1] != 1) {
    int longest = j.rank - 1;
    for (int d = 0; d < j.rank; d++)
      if (d == written || (written < 0 && j.sizes[d] > j.sizes[longest])) longest = d;
    swap_axes(&j, longest, j.rank - 1);
  }
  j.inner = j.sizes[j.rank - 1];
  j.rows = count / j.inner;
  j.per_task = j.inner >= 16384 ? 1 : 16384 / j.inner;
  j.parts = (j.inner + 16383) / 16384;
  lab_parallel(pool, (j.rows + j.per_task - 1) / j.per_task * j.parts, copy_task, &j);
}

typedef struct {
  float value, *y;
  size_t count;
} fill_job;

static void fill_task(void *context, size_t index, int worker) {
  (void)worker;
  const fill_job *j = context;
  size_t from = index * 65536, end = from + 65536 < j->count ? from + 65536 : j->count;
  for (size_t i = from; i < end; i++) j->y[i] = j->value;
}

void lab_fill(lab_pool *pool, size_t count, float value, float *y) {
  fill_job j = {value, y, count};
  lab_parallel(pool, (count + 65535) / 65536, fill_task, &j);
}

typedef struct {
  size_t count, per, rows, bytes, per_task;
  const int64_t *index;
  const char *table;
  char *y;
  _Atomic int bad;
} gather_job;

static void gather_task(void *context, size_t index, int worker) {
  (void)worker;
  gather_job *j = context;
  size_t from = index * j->per_task, end = LAB_MIN(from + j->per_task, j->count);
  for (size_t i = from; i < end; i++) {
    int64_t row = j->index[i];
    if (row < 0 || (uint64_t)row >= j->rows) {
      atomic_store_explicit(&j->bad, 1, memory_order_relaxed);
      return;
    }
    size_t at = i / j->per * j->rows + (size_t)row;
    memcpy(j->y + i * j->bytes, j->table + at * j->bytes, j->bytes);
  }
}

int lab_gather(lab_pool *pool, size_t count, size_t per, size_t rows, size_t bytes,
               const int64_t *index, const void *table, void *y) {
  gather_job j = {count, per == 0 ? 1 : per, rows, bytes, 65536 / (bytes + 1) + 1,
                  index, table, y, 0};
  lab_parallel(pool, (count + j.per_task - 1) / j.per_task, gather_task, &j);
  return j.bad ? -1 : 0;
}

#else /* ---- once for each level --------------------------------------------------------------- */

#include "turn.h"

/* y[i][c] = x[c][i] for `height` i and `width` c. */
static void FN(transpose)(const float *x, size_t ldx, float *y, size_t ldy, size_t height,
                          size_t width) {
  size_t tall = height / LANES * LANES, wide = width / LANES * LANES;
  for (size_t c = 0; c < wide; c += LANES)
    for (size_t i = 0; i < tall; i += LANES) v_turn(x + c * ldx + i, ldx, y + i * ldy + c, ldy);
  for (size_t i = 0; i < height; i++)
    for (size_t c = i < tall ? wide : 0; c < width; c++) y[i * ldy + c] = x[c * ldx + i];
}

#endif
