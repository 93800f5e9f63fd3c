/* The product of product.c, for gemm.c alone. */
#ifndef LAB_PRODUCT_H
#define LAB_PRODUCT_H

#include "ckernels.h"

/* Up to so many rows of A, B is read where it lies. */
enum { LAB_FEW_ROWS = 3 };

/* One product on the calling thread. */
void lab_own_product(const lab_product *_Nonnull shape, const float *_Nonnull a,
                    const float *_Nonnull b, float *_Nonnull c);

#endif
