#include "cimages.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *library(const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    void *found = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (found != NULL) return found;
  }
  return NULL;
}

#define LIBRARY(NAMES) library(NAMES, sizeof(NAMES) / sizeof *(NAMES))
#define LOAD(LIBRARY, NAME, ...) \
  __typeof__(__VA_ARGS__) NAME = (__typeof__(__VA_ARGS__))dlsym(LIBRARY, #NAME)

/* Room for the pixels; NULL with a reason when they are none or too many. */
static unsigned char *room_for(size_t width, size_t height, size_t most, char *reason,
                               size_t room) {
  if (width == 0 || height == 0 || width > most / height) {
    snprintf(reason, room, "it has %zu × %zu pixels", width, height);
    return NULL;
  }
  unsigned char *rgb = malloc(width * height * 3);
  if (rgb == NULL) snprintf(reason, room, "there is no memory for %zu × %zu pixels", width, height);
  return rgb;
}

/* ---- PNG (libspng) ----------------------------------------------------------------------------- */

typedef struct {
  uint32_t width, height;
  uint8_t bit_depth, color_type, compression_method, filter_method, interlace_method;
} png_header;

enum { PNG_RGB8 = 4 };

static int decode_png(const unsigned char *bytes, size_t count, size_t most,
                      cimages_picture *picture, char *reason, size_t room) {
  static const char *const names[] = {"libspng.so.0", "libspng.so", "libspng.dylib",
                                      "/opt/homebrew/lib/libspng.dylib",
                                      "/usr/local/lib/libspng.dylib"};
  void *spng = LIBRARY(names);
  if (spng == NULL) {
    snprintf(reason, room, "libspng, which decodes PNG, was not found");
    return -1;
  }
  LOAD(spng, spng_ctx_new, void *(*)(int));
  LOAD(spng, spng_ctx_free, void (*)(void *));
  LOAD(spng, spng_set_png_buffer, int (*)(void *, const void *, size_t));
  LOAD(spng, spng_get_ihdr, int (*)(void *, png_header *));
  LOAD(spng, spng_decode_image, int (*)(void *, void *, size_t, int, int));
  LOAD(spng, spng_strerror, const char *(*)(int));
  if (!spng_ctx_new || !spng_ctx_free || !spng_set_png_buffer || !spng_get_ihdr ||
      !spng_decode_image || !spng_strerror) {
    snprintf(reason, room, "this libspng lacks a function");
    return -1;
  }
  void *context = spng_ctx_new(0);
  if (context == NULL) return -1;
  png_header header = {0};
  int fault = spng_set_png_buffer(context, bytes, count);
  if (fault == 0) fault = spng_get_ihdr(context, &header);
  if (fault == 0) {
    picture->rgb = room_for(header.width, header.height, most, reason, room);
    if (picture->rgb != NULL) {
      picture->width = header.width;
      picture->height = header.height;
      size_t size = picture->width * picture->height * 3;
      fault = spng_decode_image(context, picture->rgb, size, PNG_RGB8, 0);
    }
  }
  if (fault != 0) snprintf(reason, room, "%s", spng_strerror(fault));
  spng_ctx_free(context);
  return fault == 0 && picture->rgb != NULL ? 0 : -1;
}

/* ---- JPEG (libjpeg-turbo) ---------------------------------------------------------------------- */

enum { JPEG_RGB = 0 };

static int decode_jpeg(const unsigned char *bytes, size_t count, size_t most,
                       cimages_picture *picture, char *reason, size_t room) {
  static const char *const names[] = {"libturbojpeg.so.0", "libturbojpeg.so",
                                      "libturbojpeg.dylib",
                                      "/opt/homebrew/lib/libturbojpeg.dylib",
                                      "/usr/local/lib/libturbojpeg.dylib"};
  void *turbo = LIBRARY(names);
  if (turbo == NULL) {
    snprintf(reason, room, "libturbojpeg, which decodes JPEG, was not found");
    return -1;
  }
  LOAD(turbo, tjInitDecompress, void *(*)(void));
  LOAD(turbo, tjDestroy, int (*)(void *));
  LOAD(turbo, tjDecompressHeader3,
       int (*)(void *, const unsigned char *, unsigned long, int *, int *, int *, int *));
  LOAD(turbo, tjDecompress2, int (*)(void *, const unsigned char *, unsigned long, unsigned char *,
                                     int, int, int, int, int));
  LOAD(turbo, tjGetErrorStr2, char *(*)(void *));
  if (!tjInitDecompress || !tjDestroy || !tjDecompressHeader3 || !tjDecompress2 ||
      !tjGetErrorStr2) {
    snprintf(reason, room, "this libturbojpeg lacks a function");
    return -1;
  }
  void *handle = tjInitDecompress();
  if (handle == NULL) return -1;
  int width = 0, height = 0, sampling = 0, colours = 0;
  int fault = tjDecompressHeader3(handle, bytes, (unsigned long)count, &width, &height, &sampling,
                                  &colours);
  if (fault == 0) {
    size_t w = width > 0 ? (size_t)width : 0, h = height > 0 ? (size_t)height : 0;
    picture->rgb = room_for(w, h, most, reason, room);
    if (picture->rgb != NULL) {
      picture->width = w;
      picture->height = h;
      fault = tjDecompress2(handle, bytes, (unsigned long)count, picture->rgb, width, width * 3,
                            height, JPEG_RGB, 0);
    }
  }
  if (fault != 0) snprintf(reason, room, "%s", tjGetErrorStr2(handle));
  tjDestroy(handle);
  return fault == 0 && picture->rgb != NULL ? 0 : -1;
}

/* ---- either ------------------------------------------------------------------------------------ */

int cimages_decode(const unsigned char *bytes, size_t count, size_t most, cimages_picture *picture,
                   char *reason, size_t room) {
  static const unsigned char png[] = {0x89, 'P', 'N', 'G'}, jpeg[] = {0xff, 0xd8, 0xff};
  *picture = (cimages_picture){0, 0, NULL};
  snprintf(reason, room, "it is neither PNG nor JPEG");
  int fault = -1;
  if (count > sizeof png && memcmp(bytes, png, sizeof png) == 0)
    fault = decode_png(bytes, count, most, picture, reason, room);
  else if (count > sizeof jpeg && memcmp(bytes, jpeg, sizeof jpeg) == 0)
    fault = decode_jpeg(bytes, count, most, picture, reason, room);
  if (fault != 0) cimages_free(picture);
  return fault;
}

void cimages_free(cimages_picture *picture) {
  free(picture->rgb);
  *picture = (cimages_picture){0, 0, NULL};
}
