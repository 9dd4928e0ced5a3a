"""Fields of noise, number by number those of :mod:`invariance.data.random`."""

from __future__ import annotations

import math

import numpy as np

from invariance.data.compiled.kernels.compiling import part

_F = np.float32
_MASK = np.uint64(0xFFFFFFFF)
_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_HALF_WORD, _BYTE, _ZERO = np.uint64(32), np.uint64(8), np.uint64(0)
_HALF_ROOT, _MANTISSA = np.int32(0x3F3504F3), np.int32(0x7FFFFF)
_FULL, _TURN = _F(2.0**-24), _F(2.0 * math.pi)


@part
def unit_blocks(key, first, values):
    """Fills values (4 N,) float32 on [0, 1) with blocks ``first`` to ``first + N`` of the field of a key."""
    low, high = np.uint64(key) & _MASK, np.uint64(key) >> _HALF_WORD
    for block in range(values.shape[0] // 4):
        c0, c1, c2, c3 = np.uint64(first + block), _ZERO, _ZERO, _ZERO
        k0, k1 = low, high
        for _ in range(10):
            product_0, product_1 = c0 * _MULTIPLIER_0, c2 * _MULTIPLIER_1
            c0 = ((product_1 >> _HALF_WORD) ^ c1 ^ k0) & _MASK
            c2 = ((product_0 >> _HALF_WORD) ^ c3 ^ k1) & _MASK
            c1, c3 = product_1 & _MASK, product_0 & _MASK
            k0, k1 = (k0 + _WEYL_0) & _MASK, (k1 + _WEYL_1) & _MASK
        values[4 * block] = _F(np.int32(c0 >> _BYTE)) * _FULL
        values[4 * block + 1] = _F(np.int32(c1 >> _BYTE)) * _FULL
        values[4 * block + 2] = _F(np.int32(c2 >> _BYTE)) * _FULL
        values[4 * block + 3] = _F(np.int32(c3 >> _BYTE)) * _FULL


@part
def box_muller(radii, angles, normal):
    """Uniform radii and angles (N,) on [0, 1) to normal numbers (2 N,), all float32 (Box and Muller 1958).

    Logarithm, sine and cosine are written out, since only then many of them are taken at once: polynomials of
    Cephes (Moshier, ``logf``, ``sinf``, ``cosf``), exact to 2^-22 here.
    """
    for at in range(radii.shape[0]):
        rest = _F(1.0) - radii[at]
        bits = np.int32(_F(rest).view(np.int32) - _HALF_ROOT)  # so that the mantissa is from sqrt(1/2) to sqrt(2)
        power = np.int32(bits >> 23)
        x = np.int32((bits & _MANTISSA) + _HALF_ROOT).view(np.float32) - _F(1.0)
        y = _F(7.0376836292e-2)
        y = y * x - _F(1.1514610310e-1)
        y = y * x + _F(1.1676998740e-1)
        y = y * x - _F(1.2420140846e-1)
        y = y * x + _F(1.4249322787e-1)
        y = y * x - _F(1.6668057665e-1)
        y = y * x + _F(2.0000714765e-1)
        y = y * x - _F(2.4999993993e-1)
        y = y * x + _F(3.3333331174e-1)
        square = x * x
        logarithm = (y * x * square - _F(0.5) * square + x) + _F(power) * _F(0.693147180559945)
        radius = np.sqrt(_F(-2.0) * logarithm)

        quarter = np.int32(angles[at] * _F(4.0) + _F(0.5))
        z = (angles[at] - _F(quarter) * _F(0.25)) * _TURN  # from -pi/4 to pi/4
        square = z * z
        sine = ((_F(-1.9515295891e-4) * square + _F(8.3321608736e-3)) * square - _F(1.6666654611e-1)) * square * z + z
        cosine = (_F(2.443315711809948e-5) * square - _F(1.388731625493765e-3)) * square + _F(4.166664568298827e-2)
        cosine = cosine * square * square - _F(0.5) * square + _F(1.0)
        odd = np.int32(quarter & 1) == np.int32(1)
        turned, raised = (-sine if odd else cosine), (cosine if odd else sine)
        sign = _F(1.0) - _F(np.int32(quarter & 2))
        normal[2 * at] = turned * sign * radius
        normal[2 * at + 1] = raised * sign * radius
