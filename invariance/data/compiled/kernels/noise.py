"""Coloured noise that wraps, and the square that is erased."""

from __future__ import annotations

import numpy as np

from invariance.data.compiled.kernels.compiling import kernel, part
from invariance.data.compiled.kernels.growth import box_muller, unit_blocks
from invariance.data.compiled.kernels.lines import clear, keep

_F, _U = np.float32, np.uint64
_NONE, _ONE, _TINY = _F(0.0), _F(1.0), _F(1e-30)
_LEVELS = _F(256.0 / 255.0)


@kernel
def add_noise(source, starts, side, windows, keys, amounts, target, size, reached):
    """Adds noise of standard deviation ``amounts`` (B,), where that is above 0, grown from ``keys`` (B,) int64.

    Of the field (3, S, S) only the rows of the window are grown.
    """
    half = (3 * size * size + 1) // 2
    uniform = np.empty(2 * (size * size // 2 + 8), np.float32)
    normal = np.empty((3, size * size + 2), np.float32)
    for i in range(starts.shape[0]):
        top, bottom, left, num = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3] - windows[i, 2]
        begin = np.zeros(3, np.int64)
        if amounts[i] != _NONE and bottom > top:
            for c in range(3):
                first = (c * size + top) * size  # of the field, and two numbers come from a radius and an angle
                pair, num_pairs = first // 2, (first + (bottom - top) * size + 1) // 2 - first // 2
                middle = uniform.shape[0] // 2
                radii = _grow(keys[i], pair, num_pairs, uniform, 0)
                angles = _grow(keys[i], half + pair, num_pairs, uniform, middle)
                box_muller(uniform[radii : radii + num_pairs], uniform[angles : angles + num_pairs], normal[c])
                begin[c] = first - 2 * pair
        for row in range(top, bottom):
            at, to = starts[i] + 4 * (row * side + left), 4 * ((i * size + row) * size + left)
            if amounts[i] == _NONE:
                keep(source, at, target, to, 4 * num)
            else:
                _add_row(source, at, target, to, num, normal, begin, (row - top) * size + left, amounts[i])


@part
def _grow(key, first, num, values, to):
    """Grows numbers of a field from the first on; returns where in ``values`` they begin, at ``to`` or soon after."""
    block = first // 4
    stop = (first + num + 3) // 4
    unit_blocks(key, block, values[to : to + 4 * (stop - block)])
    return to + first - 4 * block


@part
def _add_row(source, at, target, to, num, normal, begin, first, amount):
    b0, b1, b2 = begin[0] + first, begin[1] + first, begin[2] + first
    reds, greens, blues = normal[0], normal[1], normal[2]
    for x in range(num):
        here, there = at + 4 * x, to + 4 * x
        alpha = source[_U(here + 3)]
        one = _ONE / max(alpha, _TINY)
        target[_U(there)] = _wrapped(reds[_U(b0 + x)] * amount, source[_U(here)] * one) * alpha
        target[_U(there + 1)] = _wrapped(greens[_U(b1 + x)] * amount, source[_U(here + 1)] * one) * alpha
        target[_U(there + 2)] = _wrapped(blues[_U(b2 + x)] * amount, source[_U(here + 2)] * one) * alpha
        target[_U(there + 3)] = alpha


@part
def _wrapped(noise, colour):
    """Noise cut to [0, 1] and a colour: their sum as a byte holds it."""
    total = max(_NONE, min(_ONE, noise)) + colour
    total = total - _LEVELS if total >= _LEVELS else total
    return max(_NONE, min(_ONE, total))


@kernel
def erase(source, starts, side, windows, squares, target, size, reached):
    """What is in squares (B, 4) int64, windows like the others, becomes clear."""
    for i in range(starts.shape[0]):
        left, right = windows[i, 2], windows[i, 3]
        first, last = max(left, min(right, squares[i, 2])), max(left, min(right, squares[i, 3]))
        for row in range(windows[i, 0], windows[i, 1]):
            at, to = starts[i] + 4 * (row * side + left), 4 * ((i * size + row) * size + left)
            keep(source, at, target, to, 4 * (right - left))
            if squares[i, 0] <= row < squares[i, 1]:
                clear(target, to + 4 * (first - left), 4 * (last - first))
