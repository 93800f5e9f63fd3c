/* Transposition of small squares in registers, for the level that is being compiled. */
#ifndef LAB_TURN_NAMES
#define LAB_TURN_NAMES
#define v_turn FN(lab_turn)
#endif

/* A square of LANES × LANES turned around its diagonal. */
static inline void v_turn(const float *x, size_t ldx, float *y, size_t ldy) {
#if LANES == 16
  VF r[16], t[16];
  for (int i = 0; i < 16; i++) r[i] = v_load(x + (size_t)i * ldx);
#define PAIR(A, B, ...) __builtin_shufflevector(A, B, __VA_ARGS__)
  for (int i = 0; i < 16; i += 2) {
    t[i] = PAIR(r[i], r[i + 1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
    t[i + 1] = PAIR(r[i], r[i + 1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
  }
  for (int i = 0; i < 16; i++) {
    int j = i ^ 2;
    r[i] = i & 2 ? PAIR(t[j], t[i], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
                 : PAIR(t[i], t[j], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
  }
  for (int i = 0; i < 16; i++) {
    int j = i ^ 4;
    t[i] = i & 4 ? PAIR(r[j], r[i], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
                 : PAIR(r[i], r[j], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
  }
  for (int i = 0; i < 16; i++) {
    int j = i ^ 8;
    VF out = i & 8 ? PAIR(t[j], t[i], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
                   : PAIR(t[i], t[j], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    v_store(y + (size_t)i * ldy, out);
  }
#undef PAIR
#else
  for (size_t i = 0; i < LANES; i++)
    for (size_t j = 0; j < LANES; j++) y[j * ldy + i] = x[i * ldx + j];
#endif
}
