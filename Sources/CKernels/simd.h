/* Vectors of LANES floats and elementary functions on them, for the level that is being compiled.
 *
 * No include guard: levels.h includes it once per level. Errors against double precision are below
 * 3e-7 relative (erf, tanh: of the result); NaN goes through every function.
 */
#ifndef LAB_SIMD_NAMES
#define LAB_SIMD_NAMES
#define VF FN(lab_vf)
#define VU FN(lab_vu)
#define VI FN(lab_vi)
#define v_set FN(lab_set)
#define v_load FN(lab_load)
#define v_store FN(lab_store)
#define v_load_part FN(lab_load_part)
#define v_store_part FN(lab_store_part)
#define v_sum FN(lab_sum)
#define v_top FN(lab_top)
#define v_max FN(lab_vmax)
#define v_min FN(lab_vmin)
#define v_abs FN(lab_vabs)
#define v_sqrt FN(lab_vsqrt)
#define v_exp FN(lab_exp)
#define v_exp2_scan FN(lab_exp2_scan)
#define v_log FN(lab_log)
#define v_log1p FN(lab_log1p)
#define v_tanh FN(lab_tanh)
#define v_erf FN(lab_erf)
#define v_sigmoid FN(lab_sigmoid)
#define v_softplus FN(lab_softplus)
#define LAB_INLINE static inline __attribute__((always_inline, unused))
#endif

typedef float VF __attribute__((ext_vector_type(LANES)));
typedef float VU __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int32_t VI __attribute__((ext_vector_type(LANES)));

LAB_INLINE VF v_set(float x) { return (VF)x; }
LAB_INLINE VF v_load(const float *p) { return *(const VU *)p; }
LAB_INLINE void v_store(float *p, VF x) { *(VU *)p = x; }

LAB_INLINE VF v_load_part(const float *p, size_t n) {
  float part[LANES] = {0};
  for (size_t i = 0; i < n; i++) part[i] = p[i];
  return v_load(part);
}

LAB_INLINE void v_store_part(float *p, VF x, size_t n) {
  float part[LANES];
  v_store(part, x);
  for (size_t i = 0; i < n; i++) p[i] = part[i];
}

/* A comparison keeps NaN of the first operand where it is not smaller. */
LAB_INLINE VF v_max(VF x, VF low) { return x < low ? low : x; }
LAB_INLINE VF v_min(VF x, VF high) { return x > high ? high : x; }
LAB_INLINE VF v_abs(VF x) { return (VF)((VI)x & (VI)0x7fffffff); }
LAB_INLINE VF v_sqrt(VF x) { return __builtin_elementwise_sqrt(x); }

LAB_INLINE float v_sum(VF x) {
  float s[LANES];
  v_store(s, x);
  for (int n = LANES / 2; n > 0; n /= 2)
    for (int i = 0; i < n; i++) s[i] += s[i + n];
  return s[0];
}

LAB_INLINE float v_top(VF x) {
  float s[LANES];
  v_store(s, x);
  for (int n = LANES / 2; n > 0; n /= 2)
    for (int i = 0; i < n; i++) s[i] = s[i + n] > s[i] ? s[i + n] : s[i];
  return s[0];
}

/* exp: x = n·ln 2 + r, a polynomial in r, and the exponent in two steps so that the result may be
 * denormal or overflow to infinity. */
LAB_INLINE VF v_exp(VF x) {
  VF c = v_min(v_max(x, v_set(-104.0f)), v_set(89.0f));
  VF n = (c * v_set(1.44269504f) + v_set(12582912.0f)) - v_set(12582912.0f);
  VF r = c - n * v_set(0.693145752f);
  r = r - n * v_set(1.42860677e-6f);
  VF p = v_set(1.0f / 5040);
  p = p * r + v_set(1.0f / 720);
  p = p * r + v_set(1.0f / 120);
  p = p * r + v_set(1.0f / 24);
  p = p * r + v_set(1.0f / 6);
  p = p * r + v_set(0.5f);
  p = p * r + v_set(1.0f);
  p = p * r + v_set(1.0f);
  VI e = __builtin_convertvector(v_max(n, v_set(-160.0f)), VI);
  VI half = e >> 1;
  VF a = (VF)((half + 127) << 23), b = (VF)((e - half + 127) << 23);
  return p * a * b;
}

/* 2^x for a recurrence of thousands of steps: exactly 1 at 0, so that no drift adds up. */
LAB_INLINE VF v_exp2_scan(VF x) {
  const VF magic = v_set(12582912.0f);
  VF t = x + magic;
  VF f = x - (t - magic);
  VF p = v_set(1.5403530e-4f);
  p = p * f + v_set(1.3333558e-3f);
  p = p * f + v_set(9.6181291e-3f);
  p = p * f + v_set(5.5504109e-2f);
  p = p * f + v_set(2.4022651e-1f);
  p = p * f + v_set(6.9314718e-1f);
  p = p * f + v_set(1.0f);
  return (VF)((VI)p + ((VI)t << 23));
}

/* log after Cephes: mantissa in √½ … √2, a polynomial of degree 8. */
LAB_INLINE VF v_log(VF x) {
  VI tiny = x < v_set(FLT_MIN);
  VF s = tiny ? x * v_set(8388608.0f) : x;
  VI bits = (VI)s;
  VI e = ((bits >> 23) & 0xff) - 126;
  VF m = (VF)((bits & (VI)0x007fffff) | (VI)0x3f000000);
  VI small = m < v_set(0.707106781f);
  VF f = (small ? m + m : m) - v_set(1.0f);
  VF n = __builtin_convertvector(e + small - (tiny & (VI)23), VF);
  VF z = f * f;
  VF p = v_set(7.0376836292e-2f);
  p = p * f + v_set(-1.1514610310e-1f);
  p = p * f + v_set(1.1676998740e-1f);
  p = p * f + v_set(-1.2420140846e-1f);
  p = p * f + v_set(1.4249322787e-1f);
  p = p * f + v_set(-1.6668057665e-1f);
  p = p * f + v_set(2.0000714765e-1f);
  p = p * f + v_set(-2.4999993993e-1f);
  p = p * f + v_set(3.3333331174e-1f);
  VF y = f * z * p + n * v_set(-2.12194440e-4f) - v_set(0.5f) * z;
  VF r = f + y + n * v_set(0.693359375f);
  r = x == v_set(0.0f) ? v_set(-INFINITY) : r;
  r = x < v_set(0.0f) ? v_set(NAN) : r;
  r = x == v_set(INFINITY) ? x : r;
  return x != x ? x : r;
}

/* log(1 + x) for x >= 0, with the rounding of 1 + x put back. */
LAB_INLINE VF v_log1p(VF x) {
  VF u = v_set(1.0f) + x;
  VF lost = x - (u - v_set(1.0f));
  VF r = v_log(u) + lost / u;
  return x == v_set(INFINITY) ? x : r;
}

LAB_INLINE VF v_sigmoid(VF x) {
  VF e = v_exp(-v_abs(x));
  VF s = v_set(1.0f) / (v_set(1.0f) + e);
  return x < v_set(0.0f) ? e * s : s;
}

LAB_INLINE VF v_tanh(VF x) {
  VF a = v_abs(x);
  VF far = v_set(1.0f) - v_set(2.0f) / (v_exp(a + a) + v_set(1.0f));
  VF z = x * x;
  VF p = v_set(-5.70498872745e-3f);
  p = p * z + v_set(2.06390887954e-2f);
  p = p * z + v_set(-5.37397155531e-2f);
  p = p * z + v_set(1.33314422036e-1f);
  p = p * z + v_set(-3.33332819422e-1f);
  VF near = p * z * x + x;
  return a < v_set(0.625f) ? near : x < v_set(0.0f) ? -far : far;
}

/* erf as a quotient of polynomials in x² on [−4, 4]; 1 beyond. */
LAB_INLINE VF v_erf(VF x) {
  VF c = v_min(v_max(x, v_set(-4.0f)), v_set(4.0f));
  VF z = c * c;
  VF p = v_set(-2.72614225801306e-10f);
  p = p * z + v_set(2.77068142495902e-08f);
  p = p * z + v_set(-2.10102402082508e-06f);
  p = p * z + v_set(-5.69250639462346e-05f);
  p = p * z + v_set(-7.34990630326855e-04f);
  p = p * z + v_set(-2.95459980854025e-03f);
  p = p * z + v_set(-1.60960333262415e-02f);
  VF q = v_set(-1.45660718464996e-05f);
  q = q * z + v_set(-2.13374055278905e-04f);
  q = q * z + v_set(-1.68282697438203e-03f);
  q = q * z + v_set(-7.37332916720468e-03f);
  q = q * z + v_set(-1.42647390514189e-02f);
  return c * p / q;
}

/* log(1 + exp(x)) without overflow. */
LAB_INLINE VF v_softplus(VF x) {
  VF positive = v_max(x, v_set(0.0f));
  return positive + v_log1p(v_exp(-v_abs(x)));
}
