"""Moves and resampling: what :mod:`invariance.data.transforms.resample` does, one pixel after the other."""

from __future__ import annotations

import numpy as np

from invariance.data.compiled.kernels.compiling import inlined, kernel, part
from invariance.data.compiled.kernels.lines import clear, keep

_F, _U = np.float32, np.uint64
_NONE, _HALF, _ONE = _F(0.0), _F(0.5), _F(1.0)
_FAR, _SHIFT = _F(64.0), 65
"""Further out no position is that is read, so that cutting off what is behind the point rounds down."""


@kernel
def move(source, starts, side, windows, matrices, target, size, reached):
    """Mirrors and moves by whole pixels: (B, 3, 3) float32 matrices with 1 or -1 on the diagonal."""
    for i in range(starts.shape[0]):
        from_y, step_y, top, bottom = _places(matrices[i, 1, 1], matrices[i, 1, 2], windows[i, 0], windows[i, 1], size)
        from_x, step_x, left, right = _places(matrices[i, 0, 0], matrices[i, 0, 2], windows[i, 2], windows[i, 3], size)
        reached[i, 0], reached[i, 1], reached[i, 2], reached[i, 3] = top, bottom, left, right
        for k in range(bottom - top):
            at = starts[i] + 4 * ((from_y + step_y * k) * side + from_x)
            _copy_pixels(source, at, step_x, target, 4 * ((i * size + top + k) * size + left), right - left)


@part
def _copy_pixels(source, at, step, target, to, num):
    """A row of pixels, forwards or backwards."""
    if step > 0:
        keep(source, at, target, to, 4 * num)
        return
    for k in range(num):
        for c in range(4):
            target[_U(to + 4 * k + c)] = source[_U(at - 4 * k + c)]


@part
def _places(sign, shift, start, stop, size):
    """Of one axis: where in the input reading starts and by what steps, and the range of the output, cut off."""
    shift = int(shift)
    step = 1 if sign > _NONE else -1
    first = start + shift if step > 0 else shift - stop
    last = first + stop - start
    first, last = max(0, first), min(size, last)
    return (first - shift if step > 0 else shift - 1 - first), step, first, max(first, last)


@kernel
def resample(source, starts, side, windows, inverses, spread, nearest, target, size, reached):
    """Reads each output pixel where the inverse of its matrix, (B, 3, 3) float32, says: between four, or the nearest.

    ``spread`` (B,) is how far from its centre, in pixels, it takes 2 x 2 readings between four; at 0 it takes one.
    """
    for i in range(starts.shape[0]):
        far = spread[i]
        reach(inverses, windows, i, far, size, reached)
        top, bottom, left, right = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3]
        a, b, x_shift = inverses[i, 0, 0], inverses[i, 0, 1], inverses[i, 0, 2] + _HALF
        c, d, y_shift = inverses[i, 1, 0], inverses[i, 1, 1], inverses[i, 1, 2] + _HALF
        wide, high = far * (abs(a) + abs(b)), far * (abs(c) + abs(d))
        for row in range(reached[i, 0], reached[i, 1]):
            y = _F(row) + _HALF
            x_row, y_row = b * y + x_shift, d * y + y_shift
            first, last = _inside(a, x_row, left, right, wide, reached[i, 2], reached[i, 3])
            first, last = _inside(c, y_row, top, bottom, high, first, last)
            to = 4 * (i * size + row) * size
            clear(target, to + 4 * reached[i, 2], 4 * (first - reached[i, 2]))
            clear(target, to + 4 * last, 4 * (reached[i, 3] - last))
            if nearest or far != _NONE:
                _read_row(source, starts[i], side, windows, inverses, i, x_row, y_row, far, first, last, target, to)
                continue
            start, stop = _deep_inside(a, x_row, left, right, first, last)
            start, stop = _deep_inside(c, y_row, top, bottom, start, stop)
            for column in range(first, last):
                x = _F(column) + _HALF
                x_in, y_in, there = a * x + x_row, c * x + y_row, to + 4 * column
                if start <= column < stop:
                    between_all(source, starts[i], side, x_in, y_in, target, there)
                else:
                    between(source, starts[i], side, top, bottom, left, right, x_in, y_in, target, there)


@part
def _read_row(source, start, side, windows, inverses, i, x_row, y_row, far, first, last, target, to):
    """Columns first to last of a row: the nearest pixels, or where ``far`` is above 0 means of four readings."""
    top, bottom, left, right = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3]
    a, b, c, d = inverses[i, 0, 0], inverses[i, 0, 1], inverses[i, 1, 0], inverses[i, 1, 1]
    for column in range(first, last):
        x, there = _F(column) + _HALF, to + 4 * column
        x_in, y_in = a * x + x_row, c * x + y_row
        if far == _NONE:
            _nearest(source, start, side, top, bottom, left, right, x_in, y_in, target, there)
            continue
        x_in, y_in = x_in - far * (a + b), y_in - far * (c + d)
        for corner in range(4):
            right_step, low_step = (far + far) * _F(corner & 1), (far + far) * _F(corner >> 1)
            x_there = x_in + a * right_step + b * low_step
            y_there = y_in + c * right_step + d * low_step
            add_quarter(source, start, side, windows, i, x_there, y_there, target, there, corner)


@inlined
def between_all(source, start, side, x, y, target, to):
    """The same as :func:`between` where all four pixels are known to be inside."""
    column, row = np.int32(x), np.int32(y)
    right_part, low_part = x - _F(column), y - _F(row)
    high_part, left_part = _ONE - low_part, _ONE - right_part
    upper = start + 4 * ((int(row) - 1) * side + int(column) - 1)
    lower = upper + 4 * side
    w0, w1, w2, w3 = high_part * left_part, high_part * right_part, low_part * left_part, low_part * right_part
    for c in range(4):
        high = source[_U(upper + c)] * w0 + source[_U(upper + 4 + c)] * w1
        low = source[_U(lower + c)] * w2 + source[_U(lower + 4 + c)] * w3
        target[_U(to + c)] = high + low


@part
def add_quarter(source, start, side, windows, i, x, y, target, to, corner):
    """A quarter of what is at (x, y), as :func:`between` reads it, is added to a pixel; for corner 0 to nothing."""
    red, green, blue, alpha = target[_U(to)], target[_U(to + 1)], target[_U(to + 2)], target[_U(to + 3)]
    top, bottom, left, right = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3]
    if x > _F(left) and y > _F(top) and x < _F(right + 1) and y < _F(bottom + 1):
        between(source, start, side, top, bottom, left, right, x, y, target, to)
        for c in range(4):
            target[_U(to + c)] *= _F(0.25)
    else:
        clear(target, to, 4)
    if corner > 0:
        target[_U(to)] += red
        target[_U(to + 1)] += green
        target[_U(to + 2)] += blue
        target[_U(to + 3)] += alpha


@inlined
def between(source, start, side, top, bottom, left, right, x, y, target, to):
    """One pixel becomes what is between four others; clear is outside.

    x and y are positions in pixels of the canvas, plus one half: the centre of pixel 0 is at 1.
    """
    column, row = np.int32(x + _FAR) - _SHIFT, np.int32(y + _FAR) - _SHIFT
    right_part, low_part = x - _F(np.int32(column)) - _ONE, y - _F(np.int32(row)) - _ONE
    high_part, left_part = _ONE - low_part, _ONE - right_part
    upper, step, below = start + 4 * (row * side + column), 4, 4 * side
    if not (row >= top and row + 1 < bottom and column >= left and column + 1 < right):
        # What is outside weighs nothing, and something inside is read in its place.
        if row < top or row >= bottom:
            high_part = _NONE
        if row + 1 < top or row + 1 >= bottom:
            low_part = _NONE
        if column < left or column >= right:
            left_part = _NONE
        if column + 1 < left or column + 1 >= right:
            right_part = _NONE
        row, row_below = max(top, min(bottom - 1, row)), max(top, min(bottom - 1, row + 1))
        column, next_column = max(left, min(right - 1, column)), max(left, min(right - 1, column + 1))
        upper = start + 4 * (row * side + column)
        step, below = 4 * (next_column - column), 4 * side * (row_below - row)
    w0, w1, w2, w3 = high_part * left_part, high_part * right_part, low_part * left_part, low_part * right_part
    for c in range(4):
        high = source[_U(upper + c)] * w0 + source[_U(upper + step + c)] * w1
        low = source[_U(upper + below + c)] * w2 + source[_U(upper + below + step + c)] * w3
        target[_U(to + c)] = high + low


@inlined
def _nearest(source, start, side, top, bottom, left, right, x, y, target, to):
    """One pixel becomes the nearest one; positions as in :func:`between`."""
    row, column = int(np.rint(y - _ONE)), int(np.rint(x - _ONE))
    inside = top <= row < bottom and left <= column < right
    at = start + 4 * (row * side + column)
    for c in range(4):
        target[_U(to + c)] = source[_U(at + c)] if inside else _NONE


@part
def reach(inverses, windows, i, far, size, reached):
    """Which output pixels can read something: the box of the window, half a pixel wider, after the matrix."""
    y, x, high, wide = box_of(windows, i, _HALF)
    y, x, high, wide = box_after(inverses, i, y, x, high, wide)
    cut(reached, i, y, x, high + far, wide + far, size)


@part
def box_of(windows, i, margin):
    """A window as y and x of its middle, half its height and its width, with a margin; below 0 where it is empty."""
    y, x = _F(windows[i, 0] + windows[i, 1]) * _HALF, _F(windows[i, 2] + windows[i, 3]) * _HALF
    if windows[i, 0] >= windows[i, 1] or windows[i, 2] >= windows[i, 3]:
        return y, x, -_ONE, -_ONE
    return y, x, _F(windows[i, 1] - windows[i, 0]) * _HALF + margin, _F(windows[i, 3] - windows[i, 2]) * _HALF + margin


@part
def box_after(inverses, i, y, x, high, wide):
    """The box around a box after the matrix that has this inverse."""
    a, b, c, d = inverses[i, 0, 0], inverses[i, 0, 1], inverses[i, 1, 0], inverses[i, 1, 1]
    one = _ONE / (a * d - b * c)
    x, y = x - inverses[i, 0, 2], y - inverses[i, 1, 2]
    x, y = (d * x - b * y) * one, (a * y - c * x) * one
    if high < _NONE:
        return y, x, high, wide
    one = abs(one)
    return y, x, (abs(a) * high + abs(c) * wide) * one, (abs(d) * wide + abs(b) * high) * one


@part
def cut(reached, i, y, x, high, wide, size):
    """The pixels of the canvas whose centres are in a box."""
    if high < _NONE:
        reached[i, 0], reached[i, 1], reached[i, 2], reached[i, 3] = 0, 0, 0, 0
        return
    reached[i, 0], reached[i, 1] = _cut(y - high, y + high, size)
    reached[i, 2], reached[i, 3] = _cut(x - wide, x + wide, size)


@part
def _cut(start, stop, size):
    """Along one axis, and at most one more at each end."""
    first = int(max(_NONE, min(_F(size), start - _F(0.501))))
    return first, max(first, min(size, int(max(_NONE, min(_F(size), stop + _F(0.501)))) + 1))


@part
def _inside(slope, shift, start, stop, far, first, last):
    """Of columns from first to last, those that read pixels from start to stop, and few more at each end.

    They read at slope p + shift, for the centre p of a column, and as ``far`` as that on both sides.
    """
    low, high = _F(start) - far - _F(0.01) - shift, _F(stop + 1) + far + _F(0.01) - shift
    if abs(slope) < _F(1e-5):
        middle = slope * _F(first)
        return (first, last) if low - _F(0.01) <= middle <= high + _F(0.01) else (first, first)
    one = _ONE / slope
    low, high = low * one - _HALF, high * one - _HALF
    if slope < _NONE:
        low, high = high, low
    first = int(max(_F(first), min(_F(last), low)))
    return first, max(first, min(last, int(max(_F(first), min(_F(last), high))) + 2))


@part
def _deep_inside(slope, shift, start, stop, first, last):
    """Of columns from first to last, those that read between two pixels from start to stop, but few at each end."""
    low, high = _F(start + 1) + _F(0.01) - shift, _F(stop) - _F(0.01) - shift
    if abs(slope) < _F(1e-5):
        middle = slope * _F(first)
        return (first, last) if low + _F(0.01) <= middle <= high - _F(0.01) else (last, last)
    one = _ONE / slope
    low, high = low * one - _HALF, high * one - _HALF
    if slope < _NONE:
        low, high = high, low
    start = min(last, int(max(_F(first), min(_F(last), low))) + 1)
    return start, max(start, int(max(_F(first), min(_F(last), high))))
