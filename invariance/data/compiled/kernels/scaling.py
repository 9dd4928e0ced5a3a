"""Resampling by matrices that keep rows rows, as weighted sums along each axis."""

from __future__ import annotations

import numpy as np

from invariance.data.compiled.kernels.compiling import kernel, part
from invariance.data.compiled.kernels.geometry import reach

_F, _U = np.float32, np.uint64
_NONE, _HALF, _ONE = _F(0.0), _F(0.5), _F(1.0)


@kernel
def resample_axes(source, starts, side, windows, inverses, spread, target, size, reached):
    """Each output pixel is the mean of two readings along each axis, ``spread`` (B,) pixels from its centre."""
    most = 4  # pixels that one sum can be of, for which there is room; grown where a picture shrinks by more
    weights = np.empty(size * most, np.float32)
    firsts, nums = np.empty(size, np.int64), np.empty(size, np.int64)
    lines = np.empty(4 * size * size, np.float32)
    for i in range(starts.shape[0]):
        reach(inverses, windows, i, spread[i], size, reached)
        top, bottom, left, right = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3]
        length = 4 * (right - left)
        needed = int(_F(2.0) * spread[i] * max(abs(inverses[i, 0, 0]), abs(inverses[i, 1, 1]))) + 4
        if needed > most:
            most, weights = needed, np.empty(size * needed, np.float32)
        start, stop = reached[i, 0], reached[i, 1]
        _weigh(inverses[i, 1, 1], inverses[i, 1, 2], spread[i], start, stop, top, bottom, most, weights, firsts, nums)
        for row in range(stop - start):
            at = starts[i] + 4 * (firsts[row] * side + left)
            _sum_rows(source, at, 4 * side, weights, row * most, nums[row], lines, row * length, length)
        num_rows = stop - start
        start, stop = reached[i, 2], reached[i, 3]
        _weigh(inverses[i, 0, 0], inverses[i, 0, 2], spread[i], start, stop, left, right, most, weights, firsts, nums)
        for row in range(num_rows):
            to = 4 * ((i * size + reached[i, 0] + row) * size + start)
            for column in range(stop - start):
                at = row * length + 4 * (firsts[column] - left)
                _sum_pixels(lines, at, weights, column * most, nums[column], target, to + 4 * column)


@part
def _weigh(scale, shift, spread, start, stop, low, high, most, weights, firsts, nums):
    """For output pixels start to stop along one axis: the first input pixel of their sum, how many, and the weights.

    Input pixels are those from low to high; the weights of the k-th output pixel begin at ``most`` k.
    """
    for k in range(stop - start):
        centre = _F(start + k) + _HALF
        before = scale * (centre - spread) + shift - _HALF
        after = scale * (centre + spread) + shift - _HALF
        first = max(low, min(high, int(np.floor(min(before, after)))))
        last = max(first, min(high, int(np.floor(max(before, after))) + 2))
        firsts[k], nums[k] = first, last - first
        for pixel in range(first, last):
            near = max(_ONE - abs(_F(pixel) - before), _NONE) + max(_ONE - abs(_F(pixel) - after), _NONE)
            weights[k * most + pixel - first] = near * _HALF


@part
def _sum_rows(source, at, step, weights, first, num, target, to, length):
    """A weighted sum of rows that lie ``step`` apart."""
    for k in range(length):
        target[_U(to + k)] = _NONE
    for row in range(num):
        weight = weights[first + row]
        for k in range(length):
            target[_U(to + k)] += source[_U(at + row * step + k)] * weight


@part
def _sum_pixels(source, at, weights, first, num, target, to):
    """A weighted sum of pixels that lie side by side."""
    red = green = blue = alpha = _NONE
    for k in range(num):
        weight, there = weights[_U(first + k)], at + 4 * k
        red += source[_U(there)] * weight
        green += source[_U(there + 1)] * weight
        blue += source[_U(there + 2)] * weight
        alpha += source[_U(there + 3)] * weight
    target[_U(to)], target[_U(to + 1)], target[_U(to + 2)], target[_U(to + 3)] = red, green, blue, alpha
