/* The loops behind Archlab's CPU runtime, in C11.
 *
 * One file per family of operations, named as in Sources/Graph/Ops. Every file holds its loop once;
 * "levels.h" compiles it for each instruction-set level and the call picks the best at run time.
 * All sizes and strides are in elements, float32 unless said otherwise, row-major where no stride
 * is given. Results never depend on the number of threads: work is cut into tasks by size alone.
 */
#ifndef LAB_CKERNELS_H
#define LAB_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/* ---- machine ------------------------------------------------------------------------------- */

/* The instruction-set level in use: 4 AVX-512, 3 AVX2 and FMA, 1 anything else. */
int lab_level(void);
/* Uses at most this level from now on (tests compare levels); 0 restores the best one. */
void lab_limit_level(int level);
/* The number of processors that are online, at least 1. */
int lab_processors(void);

/* Memory aligned to a page, in huge pages where the system has them; NULL when there is none. */
void *_Nullable lab_allocate(size_t bytes);
void lab_release(void *_Nullable memory);
/* Gives memory that is free but kept for later back to the system, where it can be asked for that. */
void lab_trim(void);

/* ---- threads (pool.c) ---------------------------------------------------------------------- */

typedef struct lab_pool lab_pool;
/* Called once for every index below the count; `worker` is below lab_pool_threads. */
typedef void (*lab_task)(void *_Nullable context, size_t index, int worker);

/* A pool that works on `threads` threads, the caller's included; NULL when out of memory. */
lab_pool *_Nullable lab_pool_create(int threads);
void lab_pool_destroy(lab_pool *pool);
int lab_pool_threads(const lab_pool *pool);
/* Runs all tasks and waits. A call from inside a task runs on the calling thread alone. */
void lab_parallel(lab_pool *pool, size_t count, lab_task task, void *_Nullable context);

/* ---- matrix products (gemm.c) -------------------------------------------------------------- */

/* Who makes the products: the faster of OpenBLAS (Accelerate on macOS; loaded on first use) and our
 * own; or one of them always. Without a library our own is used. */
enum { LAB_BLAS_BEST = 0, LAB_BLAS_LIBRARY = 1, LAB_BLAS_OWN = 2 };
void lab_blas_choose(int which);
/* What the library in use calls itself, or "own". */
const char *lab_blas_name(void);

/* C = A·B (+ C when `accumulate`) (+ bias). Row-major; with transpose_b B is stored [n][k]. */
typedef struct {
  size_t m, n, k;
  size_t lda, ldb, ldc;
  int transpose_a, transpose_b, accumulate;
} lab_product;

enum { LAB_BIAS_NONE = 0, LAB_BIAS_COLUMNS = 1, LAB_BIAS_ROWS = 2 };

/* `count` products of one shape; the offsets of each product's matrices stand in a_at, b_at, c_at.
 * The bias has n (columns) or m (rows) elements and moves by bias_at where that is given. */
void lab_gemm(lab_pool *pool, const lab_product *shape, size_t count, const float *a,
              const size_t *a_at, const float *b, const size_t *b_at, float *c, const size_t *c_at,
              int bias_kind, const float *_Nullable bias, const size_t *_Nullable bias_at);

/* Rows sorted by expert: y[r] = W[expert of r]·x[r]. first has experts + 1 entries into order,
 * which lists the rows by expert. x_sorted and y_sorted hold rows·in and rows·out floats. */
void lab_expert_linear(lab_pool *pool, size_t rows, size_t experts, size_t in, size_t out,
                       const float *x, const float *weight, const size_t *first,
                       const size_t *order, float *x_sorted, float *y_sorted, float *y);

/* ---- convolution (convolution.c) ----------------------------------------------------------- */

/* Up to three spatial axes, outermost first; unused ones are 1 with kernel 1. */
typedef struct {
  size_t in[3], out[3], kernel[3], stride[3], before[3], dilation[3];
} lab_window;

/* Columns first ..< first + count of the patch matrix [channels·taps][positions]. */
void lab_im2col(lab_pool *pool, const lab_window *window, size_t channels, const float *x,
                size_t first, size_t count, float *columns);
/* Adds the columns [channels·taps][inputs] of a transposed convolution into y [channels][outputs],
 * which holds the bias before. */
void lab_col2im(lab_pool *pool, const lab_window *window, size_t channels, const float *columns,
                float *y);
/* One filter per channel: x [outer][channels][in], weight [channels·multiplier][taps]. scratch
 * holds lab_depthwise_scratch floats for every thread. */
size_t lab_depthwise_scratch(const lab_window *window);
void lab_depthwise(lab_pool *pool, const lab_window *window, size_t outer, size_t channels,
                   size_t multiplier, const float *x, const float *weight,
                   const float *_Nullable bias, float *scratch, float *y);
/* The same with channels last, x [outer][in][channels], and weight [taps][channels]. */
void lab_depthwise_last(lab_pool *pool, const lab_window *window, size_t outer, size_t channels,
                        const float *x, const float *weight, const float *_Nullable bias, float *y);

/* ---- attention (attention.c) --------------------------------------------------------------- */

/* Query i sees the keys j with low <= j - i - offset <= high, and those with j < prefix;
 * offset = keys - queries if causal. Limits stay within 2^40. */
typedef struct {
  size_t outer, queries, keys, heads, kv_heads, qk_dim, v_dim;
  ptrdiff_t low, high, offset;
  size_t prefix;
  float scale;
  size_t bias_outer, bias_heads; /* how many biases [queries][keys] there are; 0 without a bias */
} lab_attention_shape;

/* Bytes of scratch for each thread. */
size_t lab_attention_scratch(const lab_attention_shape *shape);
/* q [outer][queries][heads][qk], k [outer][keys][kv_heads][qk], v alike with v_dim. */
void lab_attention(lab_pool *pool, const lab_attention_shape *shape, const float *q,
                   const float *k, const float *v, const float *_Nullable bias, void *scratch,
                   float *y);
/* The same by its definition, in double precision. */
void lab_attention_reference(const lab_attention_shape *shape, const float *q, const float *k,
                             const float *v, const float *_Nullable bias, float *y);

/* ---- scans (selective_scan.c, ssd.c) ------------------------------------------------------- */

typedef struct {
  size_t outer, length, channels, state, groups;
} lab_scan_shape;

/* u, delta, y [outer][length][channels], a [channels][state],
 * b and c [outer][length][groups][state], d [channels] or NULL. */
void lab_selective_scan(lab_pool *pool, const lab_scan_shape *shape, const float *u,
                        const float *delta, const float *a, const float *b, const float *c,
                        const float *_Nullable d, float *y);
void lab_selective_scan_reference(const lab_scan_shape *shape, const float *u, const float *delta,
                                  const float *a, const float *b, const float *c,
                                  const float *_Nullable d, float *y);

typedef struct {
  size_t outer, length, heads, channels, state, groups, chunk;
} lab_ssd_shape;

/* Floats of scratch, all threads together. */
size_t lab_ssd_scratch(const lab_ssd_shape *shape, int threads);
/* x, y [outer][length][heads][channels], delta [outer][length][heads], a [heads],
 * b and c [outer][length][groups][state], d [heads] or NULL. */
void lab_ssd(lab_pool *pool, const lab_ssd_shape *shape, const float *x, const float *delta,
             const float *a, const float *b, const float *c, const float *_Nullable d,
             float *scratch, float *y);
void lab_ssd_reference(const lab_ssd_shape *shape, const float *x, const float *delta,
                       const float *a, const float *b, const float *c, const float *_Nullable d,
                       float *y);

typedef struct {
  size_t outer, lines, positions, channels, state;
  size_t line_step, position_step; /* rows between neighbouring lines, and positions of a line */
} lab_grid_shape;

/* Along every line, then from line to line, with the same decay. u, delta, y have channels, b and c
 * states in every row; d is NULL without a skip. scratch: lab_grid_scan_scratch for each thread. */
size_t lab_grid_scan_scratch(const lab_grid_shape *shape);
void lab_grid_scan(lab_pool *pool, const lab_grid_shape *shape, const float *u, const float *delta,
                   const float *a, const float *b, const float *c, const float *_Nullable d,
                   float *scratch, float *y);

typedef enum { LAB_DECAY_NONE, LAB_DECAY_HEAD, LAB_DECAY_CHANNEL, LAB_DECAY_RETENTION } lab_decay;
typedef struct {
  size_t outer, length, heads, value_heads, key_dim, value_dim;
  lab_decay decay;
  float scale;
} lab_linear_attention_shape;

/* q and k [outer][length][heads][key_dim], v and y [outer][length][value_heads][value_dim],
 * g [outer][length][value_heads] or [outer][length][heads][key_dim] (logarithms of the decay),
 * beta [outer][length][value_heads] or NULL without the delta rule. */
size_t lab_linear_attention_scratch(const lab_linear_attention_shape *shape);
void lab_linear_attention(lab_pool *pool, const lab_linear_attention_shape *shape, const float *q,
                          const float *k, const float *v, const float *_Nullable g,
                          const float *_Nullable beta, float *scratch, float *y);

/* ---- Fourier transform (fft.c) ------------------------------------------------------------- */

/* Loads KissFFT; 0, or -1 when there is none. */
int lab_fft_load(void);
/* Floats of scratch for each thread. */
size_t lab_fft_scratch(size_t n);
/* Transforms the lines of length n of x [outer][n][inner], complex as interleaved pairs (a real x
 * is given as such). Results are multiplied by `scale`. With real_result only real parts are
 * written. -1 when a plan cannot be made. */
int lab_fft(lab_pool *pool, size_t outer, size_t n, size_t inner, int inverse, int real_operand,
            int real_result, float scale, const float *x, float *scratch, float *y);

/* ---- element by element (elementwise.c) ---------------------------------------------------- */

typedef enum {
  LAB_RELU, LAB_ABS, LAB_NEGATE, LAB_EXP, LAB_LOG, LAB_SQRT, LAB_SQUARE, LAB_TANH, LAB_SIN, LAB_COS,
  LAB_ERF, LAB_RECIPROCAL, LAB_SIGMOID, LAB_SOFTPLUS, LAB_SILU, LAB_GELU, LAB_GELU_TANH,
  LAB_QUICK_GELU, LAB_SQUARED_RELU, LAB_LEAKY_RELU, LAB_HARD_SIGMOID, LAB_HARD_SWISH, LAB_MISH,
  LAB_ELU, LAB_RELU6, LAB_UNARY_COUNT
} lab_unary_function;

typedef enum { LAB_ADD, LAB_SUBTRACT, LAB_MULTIPLY, LAB_DIVIDE, LAB_MAXIMUM, LAB_MINIMUM }
    lab_binary_function;

void lab_unary(lab_pool *pool, lab_unary_function function, size_t count, const float *x, float *y);
/* factor · x + offset */
void lab_affine(lab_pool *pool, size_t count, float factor, float offset, const float *x, float *y);
/* y is contiguous over `sizes`; a stride of 0 repeats. */
void lab_binary(lab_pool *pool, lab_binary_function function, int rank, const size_t *sizes,
                const float *a, const ptrdiff_t *a_strides, const float *b,
                const ptrdiff_t *b_strides, float *y);
/* The same over complex results; strides count elements of their own kind. */
void lab_binary_complex(lab_pool *pool, lab_binary_function function, int rank, const size_t *sizes,
                        int a_complex, const float *a, const ptrdiff_t *a_strides, int b_complex,
                        const float *b, const ptrdiff_t *b_strides, float *y);
/* Rows of `channels`; row r stands at position r / step mod length. cosine and sine are
 * [length][rotated / 2]. */
void lab_rotary(lab_pool *pool, size_t rows, size_t channels, size_t rotated, size_t step,
                size_t length, int interleaved, const float *cosine, const float *sine,
                const float *x, float *y);
/* Σ over k of weights[r][k] · x[r][k][channels]. */
void lab_combine(lab_pool *pool, size_t rows, size_t k, size_t channels, const float *x,
                 const float *weights, float *y);
/* Whether all of them are finite. */
int lab_all_finite(lab_pool *pool, size_t count, const float *x);

/* ---- normalisation (normalize.c) ----------------------------------------------------------- */

typedef enum { LAB_LAYER_NORM, LAB_RMS_NORM, LAB_L2_NORM } lab_norm;

/* Along the middle axis of x [outer][channels][inner], in `groups` equal parts. */
void lab_normalize(lab_pool *pool, lab_norm kind, size_t outer, size_t channels, size_t inner,
                   size_t groups, float epsilon, const float *x, const float *_Nullable weight,
                   const float *_Nullable bias, float *y);
/* Over groups of channels and all positions of x [batch][channels][positions], or with
 * channels_last [batch][positions][channels]. */
void lab_group_norm(lab_pool *pool, size_t batch, size_t channels, size_t positions,
                    int channels_last, size_t groups, float epsilon, const float *x,
                    const float *_Nullable weight, const float *_Nullable bias, float *y);
/* x · scale[c] + shift[c] over x [outer][channels][inner]. */
void lab_channel_affine(lab_pool *pool, size_t outer, size_t channels, size_t inner,
                        const float *scale, const float *shift, const float *x, float *y);
/* Along the middle axis of x [outer][n][inner]. */
void lab_softmax(lab_pool *pool, size_t outer, size_t n, size_t inner, const float *x, float *y);

/* ---- reductions and choices (reduction.c) -------------------------------------------------- */

typedef enum { LAB_REDUCE_SUM, LAB_REDUCE_MEAN, LAB_REDUCE_MAX } lab_reduction;

/* y_i = x_0 + … + x_i along the middle axis of [outer][n][inner]; y may be x. */
void lab_cumulative_sum(lab_pool *pool, size_t outer, size_t n, size_t inner, const float *x,
                        float *y);
/* y is contiguous over the kept axes. */
void lab_reduce(lab_pool *pool, lab_reduction function, int kept, const size_t *kept_sizes,
                const ptrdiff_t *kept_strides, int lost, const size_t *lost_sizes,
                const ptrdiff_t *lost_strides, const float *x, float *y);
/* Windows over x [outer][in][inner]; an average divides by the whole window. */
void lab_pool_windows(lab_pool *pool, int average, const lab_window *window, size_t outer,
                      size_t inner, const float *x, float *y);
/* The same with windows that adapt: window i of m over n elements is ⌊i·n/m⌋ ..< ⌈(i + 1)·n/m⌉.
 * Only the sizes in and out of the window matter. */
void lab_pool_adaptive(lab_pool *pool, int average, const lab_window *window, size_t outer,
                       size_t inner, const float *x, float *y);
/* The k largest along the middle axis of x [outer][n][inner], largest first; of equal ones the
 * first. */
void lab_top_k(lab_pool *pool, size_t outer, size_t n, size_t inner, size_t k, size_t groups,
               size_t kept, const float *x, float *values, int64_t *indices);
void lab_arg_max(lab_pool *pool, size_t outer, size_t n, size_t inner, const float *x, int64_t *y);
void lab_arg_max_index(lab_pool *pool, size_t outer, size_t n, size_t inner, const int64_t *x,
                       int64_t *y);

/* ---- movement (movement.c) ----------------------------------------------------------------- */

/* Elements of 4 or 8 bytes from one strided place to another. */
void lab_copy(lab_pool *pool, size_t bytes, int rank, const size_t *sizes, const void *x,
              const ptrdiff_t *x_strides, void *y, const ptrdiff_t *y_strides);
void lab_fill(lab_pool *pool, size_t count, float value, float *y);
/* Rows of `bytes` bytes: y[i] = table[base(i) + index[i]] with base(i) = i / per · rows.
 * -1 when an index is not in 0 ..< rows. */
int lab_gather(lab_pool *pool, size_t count, size_t per, size_t rows, size_t bytes,
               const int64_t *index, const void *table, void *y);

#pragma clang assume_nonnull end
#endif
