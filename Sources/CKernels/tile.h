/* The inner loop of small matrix products: C[r][c] (+)= Σ_k A[r][k] · B[k][c] for TILE_ROWS rows
 * and one to three vectors of columns, all in registers. */
#ifndef LAB_TILE_NAMES
#define LAB_TILE_NAMES
#define tile_row_pointers FN(lab_tile_row_pointers)
#define tile_product FN(lab_tile_product)
#define TILE_ROWS (LANES == 16 ? 8 : 4)
#define TILE_MOST 8
#endif

#define TILE(NV)                                                                            \
  static inline void FN(lab_tile_##NV)(size_t k, const float *const *rows, ptrdiff_t step,  \
                                       const float *b, size_t ldb, float *c, size_t ldc,    \
                                       int accumulate) {                                    \
    enum { R = TILE_ROWS };                                                                 \
    VF acc[R][NV];                                                                          \
    const float *a[R];                                                                      \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++) {                        \
      a[r] = rows[r];                                                                       \
      _Pragma("clang loop unroll(full)") for (int v = 0; v < NV; v++) acc[r][v] =           \
          accumulate ? v_load(c + (size_t)r * ldc + (size_t)v * LANES) : v_set(0);          \
    }                                                                                       \
    ptrdiff_t at = 0;                                                                       \
    for (size_t i = 0; i < k; i++, at += step, b += ldb) {                                  \
      VF x[NV];                                                                             \
      _Pragma("clang loop unroll(full)") for (int v = 0; v < NV; v++) x[v] =                \
          v_load(b + v * LANES);                                                            \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++) {                      \
        VF s = v_set(a[r][at]);                                                             \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < NV; v++) acc[r][v] += s * x[v]; \
      }                                                                                     \
    }                                                                                       \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++)                          \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < NV; v++)                     \
            v_store(c + (size_t)r * ldc + (size_t)v * LANES, acc[r][v]);                    \
  }
TILE(1)
TILE(2)
TILE(3)
#undef TILE

/* Pointers to rows first … of A; those beyond the last repeat it, so that they may be read. */
LAB_INLINE void tile_row_pointers(const float *a, size_t stride, size_t first, size_t count,
                                  const float **rows) {
  for (size_t r = 0; r < TILE_ROWS; r++) {
    size_t row = first + r < count ? first + r : count - 1;
    rows[r] = a + row * stride;
  }
}

/* TILE_ROWS rows times `vectors` vectors of columns. */
static inline void tile_product(size_t k, const float *const *rows, ptrdiff_t step,
                                const float *b, size_t ldb, size_t vectors, float *c, size_t ldc,
                                int accumulate) {
  while (vectors > 0) {
    size_t now = vectors == 4 ? 2 : LAB_MIN(vectors, (size_t)3);
    switch (now) {
      case 1: FN(lab_tile_1)(k, rows, step, b, ldb, c, ldc, accumulate); break;
      case 2: FN(lab_tile_2)(k, rows, step, b, ldb, c, ldc, accumulate); break;
      default: FN(lab_tile_3)(k, rows, step, b, ldb, c, ldc, accumulate); break;
    }
    vectors -= now;
    b += now * LANES;
    c += now * LANES;
  }
}
