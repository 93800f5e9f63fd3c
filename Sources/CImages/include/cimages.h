/* Decoding of PNG and JPEG files by libspng and libjpeg-turbo, which are loaded when first needed. */
#ifndef CIMAGES_H
#define CIMAGES_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/* A decoded picture: rows of 3 bytes per pixel, red first. */
typedef struct {
  size_t width, height;
  unsigned char *_Nullable rgb;
} cimages_picture;

/* Decodes the bytes of a file with at most `most` pixels: 0, or -1 and a reason of at most `room`
 * bytes. */
int cimages_decode(const unsigned char *bytes, size_t count, size_t most, cimages_picture *picture,
                   char *reason, size_t room);

void cimages_free(cimages_picture *picture);

#pragma clang assume_nonnull end

#endif
