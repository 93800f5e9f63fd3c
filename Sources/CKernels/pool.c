/* A small thread pool: one job at a time, its tasks handed out by an atomic counter.
 *
 * A worker spins for some microseconds before it sleeps, since the steps of a network follow one
 * another closely.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "ckernels.h"

typedef struct {
  lab_pool *pool;
  int worker;
} seat;

struct lab_pool {
  int threads;
  pthread_t *handles;
  seat *seats;
  pthread_mutex_t lock, turn;
  pthread_cond_t wake, done;
  _Atomic uint64_t generation;
  _Atomic size_t next;
  _Atomic int busy;
  _Atomic int stopping;
  size_t count;
  lab_task task;
  void *context;
};

/* Whether this thread runs a task right now: a nested call must not wait for the pool. */
static _Thread_local int inside = 0;

static void work(lab_pool *pool, int worker) {
  inside = 1;
  for (;;) {
    size_t index = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
    if (index >= pool->count) break;
    pool->task(pool->context, index, worker);
  }
  inside = 0;
}

static inline void rest(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void *serve(void *argument) {
  seat *place = argument;
  lab_pool *pool = place->pool;
  uint64_t seen = 0;
  for (;;) {
    for (int i = 0; i < 2000; i++) {
      if (atomic_load_explicit(&pool->generation, memory_order_acquire) != seen) break;
      rest();
    }
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->generation) == seen) pthread_cond_wait(&pool->wake, &pool->lock);
    seen = atomic_load(&pool->generation);
    pthread_mutex_unlock(&pool->lock);
    if (atomic_load(&pool->stopping)) return NULL;
    work(pool, place->worker);
    if (atomic_fetch_sub(&pool->busy, 1) == 1) {
      pthread_mutex_lock(&pool->lock);
      pthread_cond_signal(&pool->done);
      pthread_mutex_unlock(&pool->lock);
    }
  }
}

lab_pool *lab_pool_create(int threads) {
  if (threads < 1) threads = 1;
  lab_pool *pool = calloc(1, sizeof *pool);
  if (pool == NULL) return NULL;
  pool->handles = calloc((size_t)threads, sizeof *pool->handles);
  pool->seats = calloc((size_t)threads, sizeof *pool->seats);
  if (pool->handles == NULL || pool->seats == NULL) {
    free(pool->handles);
    free(pool->seats);
    free(pool);
    return NULL;
  }
  pthread_mutex_init(&pool->lock, NULL);
  pthread_mutex_init(&pool->turn, NULL);
  pthread_cond_init(&pool->wake, NULL);
  pthread_cond_init(&pool->done, NULL);
  pool->threads = 1;
  for (int i = 1; i < threads; i++) {
    pool->seats[i] = (seat){pool, i};
    /* A thread that the system refuses is done without. */
    if (pthread_create(&pool->handles[i], NULL, serve, &pool->seats[i]) != 0) break;
    pool->threads = i + 1;
  }
  return pool;
}

static void announce(lab_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  atomic_fetch_add(&pool->generation, 1);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
}

void lab_pool_destroy(lab_pool *pool) {
  atomic_store(&pool->stopping, 1);
  announce(pool);
  for (int i = 1; i < pool->threads; i++) pthread_join(pool->handles[i], NULL);
  pthread_mutex_destroy(&pool->lock);
  pthread_mutex_destroy(&pool->turn);
  pthread_cond_destroy(&pool->wake);
  pthread_cond_destroy(&pool->done);
  free(pool->handles);
  free(pool->seats);
  free(pool);
}

int lab_pool_threads(const lab_pool *pool) { return pool->threads; }

void lab_parallel(lab_pool *pool, size_t count, lab_task task, void *context) {
  if (count == 0) return;
  if (count == 1 || pool->threads == 1 || inside) {
    for (size_t i = 0; i < count; i++) task(context, i, 0);
    return;
  }
  pthread_mutex_lock(&pool->turn);
  pool->count = count;
  pool->task = task;
  pool->context = context;
  atomic_store(&pool->next, 0);
  atomic_store(&pool->busy, pool->threads - 1);
  announce(pool);
  work(pool, 0);
  for (int i = 0; i < 2000 && atomic_load(&pool->busy) > 0; i++) rest();
  pthread_mutex_lock(&pool->lock);
  while (atomic_load(&pool->busy) > 0) pthread_cond_wait(&pool->done, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
  pthread_mutex_unlock(&pool->turn);
}
