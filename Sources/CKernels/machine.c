/* What the processor and the system offer. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "ckernels.h"

static _Atomic int limit = 0;
static _Atomic int best = 0;

int lab_level(void) {
  int level = atomic_load_explicit(&best, memory_order_relaxed);
  if (level == 0) {
    level = 1;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) level = 4;
    else if (__builtin_cpu_supports("x86-64-v3")) level = 3;
#endif
    atomic_store_explicit(&best, level, memory_order_relaxed);
  }
  int most = atomic_load_explicit(&limit, memory_order_relaxed);
  return most != 0 && most < level ? most : level;
}

void lab_limit_level(int level) { atomic_store_explicit(&limit, level, memory_order_relaxed); }

int lab_processors(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count > 1024 ? 1024 : (int)count;
}

void *lab_allocate(size_t bytes) {
  const size_t huge = (size_t)2 << 20;
  void *memory = NULL;
  size_t alignment = bytes >= huge ? huge : 64;
  if (posix_memalign(&memory, alignment, bytes < 64 ? 64 : bytes) != 0) return NULL;
#if defined(MADV_HUGEPAGE)
  if (bytes >= huge) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

void lab_release(void *memory) { free(memory); }

void lab_trim(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
