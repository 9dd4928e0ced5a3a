"""Resampling through a displacement field, with matrices before and after it."""

from __future__ import annotations

import numpy as np

from invariance.data.compiled.kernels.compiling import inlined, kernel, part
from invariance.data.compiled.kernels.geometry import add_quarter, between, box_after, box_of, cut
from invariance.data.compiled.kernels.growth import unit_blocks
from invariance.data.compiled.kernels.lines import clear
from invariance.data.compiled.kernels.neighbours import keep_sample

_F, _U = np.float32, np.uint64
_NONE, _HALF, _ONE, _TWO = _F(0.0), _F(0.5), _F(1.0), _F(2.0)


@kernel
def warp(
    source, starts, side, windows, before, keys, amounts, after, spread, smoothing, grid, alone, target, size, reached
):
    """Reads each output pixel through the inverse of ``after``, the field, and the inverse of ``before``.

    Args as elsewhere, and ``before``, ``after`` (B, 3, 3) float32 inverses; ``keys`` (B,) int64 from which fields grow;
    ``amounts`` (B,) pixels by which a smoothed noise of 1 displaces, 0 where there is no field; ``smoothing`` (G * G,)
    float32 the transposed filter of noise on a grid of G, a multiple of 4; ``alone``: whether both matrices are the
    identity.
    """
    noise, half_smooth = np.empty(2 * grid * grid, np.float32), np.empty(2 * grid * grid, np.float32)
    coarse, field = np.empty(2 * grid * grid, np.float32), np.empty(2 * size * size, np.float32)
    for i in range(starts.shape[0]):
        if amounts[i] == _NONE and alone:
            for k in range(4):
                reached[i, k] = windows[i, k]
            keep_sample(source, starts[i], side, windows, i, target, size)
            continue
        furthest = _NONE
        if amounts[i] == _NONE:
            clear(field, 0, 2 * size * size)
        else:
            unit_blocks(keys[i], 0, noise)
            _smooth(noise, half_smooth, coarse, smoothing, grid, amounts[i])
            _enlarge(coarse, grid, field, size)
            furthest = _largest(field)
        y, x, high, wide = box_of(windows, i, _HALF)
        y, x, high, wide = box_after(before, i, y, x, high, wide)
        y, x, high, wide = box_after(after, i, y, x, high + furthest, wide + furthest)
        cut(reached, i, y, x, high + spread[i], wide + spread[i], size)
        for row in range(reached[i, 0], reached[i, 1]):
            to = 4 * (i * size + row) * size
            if alone and spread[i] == _NONE:
                _read_row(source, starts[i], side, windows, i, row, field, size, target, to, reached)
            else:
                _read_row_through(
                    source, starts[i], side, windows, i, row, before, field, after, spread[i], size, target, to, reached
                )


@part
def _largest(field):
    """The largest displacement along an axis."""
    largest = _NONE
    for k in range(field.shape[0]):
        largest = max(largest, abs(field[k]))
    return largest


@part
def _read_row(source, start, side, windows, i, row, field, size, target, to, reached):
    """A row of pixels, displaced."""
    top, bottom, left, right = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3]
    for column in range(reached[i, 2], reached[i, 3]):
        k = row * size + column
        x, y = _F(column) + _ONE + field[_U(k)], _F(row) + _ONE + field[_U(size * size + k)]
        between(source, start, side, top, bottom, left, right, x, y, target, to + 4 * column)


@part
def _read_row_through(source, start, side, windows, i, row, before, field, after, far, size, target, to, reached):
    """A row of pixels, each read once, or where ``far`` is above 0 four times, through matrix, field and matrix."""
    for column in range(reached[i, 2], reached[i, 3]):
        for corner in range(4):
            x = _F(column) + _HALF + (far if corner & 1 else -far)
            y = _F(row) + _HALF + (far if corner >> 1 else -far)
            x, y = _mapped(after, i, x, y)
            shift_x, shift_y = _field_at(field, size, x, y)
            x, y = _mapped(before, i, x + shift_x, y + shift_y)
            if far == _NONE:
                _read(source, start, side, windows, i, x + _HALF, y + _HALF, target, to + 4 * column)
                break
            add_quarter(source, start, side, windows, i, x + _HALF, y + _HALF, target, to + 4 * column, corner)


@inlined
def _read(source, start, side, windows, i, x, y, target, to):
    """One pixel becomes what is at (x, y) as :func:`between` reads it, or clear far outside."""
    top, bottom, left, right = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3]
    if x > _F(left) and y > _F(top) and x < _F(right + 1) and y < _F(bottom + 1):
        between(source, start, side, top, bottom, left, right, x, y, target, to)
    else:
        clear(target, to, 4)


@inlined
def _mapped(matrices, i, x, y):
    return (
        matrices[i, 0, 0] * x + matrices[i, 0, 1] * y + matrices[i, 0, 2],
        matrices[i, 1, 0] * x + matrices[i, 1, 1] * y + matrices[i, 1, 2],
    )


@part
def _smooth(noise, half, field, smoothing, grid, amount):
    """Noise on [0, 1), two planes, brought to [-1, 1), filtered along rows and columns, times an amount."""
    for row in range(2 * grid):
        clear(half, row * grid, grid)
        for k in range(0, grid, 4):
            at = row * grid + k
            w0, w1 = noise[_U(at)] * _TWO - _ONE, noise[_U(at + 1)] * _TWO - _ONE
            w2, w3 = noise[_U(at + 2)] * _TWO - _ONE, noise[_U(at + 3)] * _TWO - _ONE
            _add_four(smoothing, k * grid, w0, w1, w2, w3, half, row * grid, grid)
    for row in range(2 * grid):
        plane, to = row // grid * grid, row * grid
        clear(field, to, grid)
        for k in range(0, grid, 4):
            at = k * grid + row - plane
            w0, w1 = smoothing[_U(at)] * amount, smoothing[_U(at + grid)] * amount
            w2, w3 = smoothing[_U(at + 2 * grid)] * amount, smoothing[_U(at + 3 * grid)] * amount
            _add_four(half, (plane + k) * grid, w0, w1, w2, w3, field, to, grid)


@inlined
def _add_four(source, at, w0, w1, w2, w3, target, to, num):
    """Adds a weighted sum of four lines that follow each other."""
    a1, a2, a3 = at + num, at + 2 * num, at + 3 * num
    for k in range(num):
        total = source[_U(at + k)] * w0 + source[_U(a1 + k)] * w1
        target[_U(to + k)] += total + source[_U(a2 + k)] * w2 + source[_U(a3 + k)] * w3


@part
def _enlarge(coarse, grid, field, size):
    """Two planes on a grid, read between its points for each of S x S pixels."""
    if size == grid:
        for k in range(field.shape[0]):
            field[k] = coarse[k]
        return
    scale = _F(grid) / _F(size)
    for row in range(size):
        y = max(_NONE, (_F(row) + _HALF) * scale - _HALF)
        upper = int(y)
        low_part, below = y - _F(upper), grid * min(1, grid - 1 - upper)
        for column in range(size):
            x = max(_NONE, (_F(column) + _HALF) * scale - _HALF)
            left = int(x)
            right_part, step = x - _F(left), min(1, grid - 1 - left)
            for plane in range(2):
                at = (plane * grid + upper) * grid + left
                high = coarse[_U(at)] * (_ONE - right_part) + coarse[_U(at + step)] * right_part
                low = coarse[_U(at + below)] * (_ONE - right_part) + coarse[_U(at + below + step)] * right_part
                field[_U((plane * size + row) * size + column)] = high * (_ONE - low_part) + low * low_part


@inlined
def _field_at(field, size, x, y):
    """Both displacements at (x, y) in pixels, read between pixels, beyond the border those of the border."""
    x, y = max(_NONE, min(_F(size - 1), x - _HALF)), max(_NONE, min(_F(size - 1), y - _HALF))
    column, row = int(x), int(y)
    right_part, low_part = x - _F(column), y - _F(row)
    step, below = min(1, size - 1 - column), size * min(1, size - 1 - row)
    at, plane = row * size + column, size * size
    return (
        _mix_four(field, at, step, below, right_part, low_part),
        _mix_four(field, plane + at, step, below, right_part, low_part),
    )


@inlined
def _mix_four(field, at, step, below, right_part, low_part):
    high = field[_U(at)] * (_ONE - right_part) + field[_U(at + step)] * right_part
    low = field[_U(at + below)] * (_ONE - right_part) + field[_U(at + below + step)] * right_part
    return high * (_ONE - low_part) + low * low_part
