"""Transformations that look at a pixel's neighbours: blur, sharpen and pixelate."""

from __future__ import annotations

import numpy as np

from invariance.data.compiled.kernels.colours import HALF_LEVEL
from invariance.data.compiled.kernels.compiling import kernel, part
from invariance.data.compiled.kernels.lines import clear, keep

_F, _U = np.float32, np.uint64
_NONE, _HALF, _ONE = _F(0.0), _F(0.5), _F(1.0)


@part
def _grow_window(windows, i, margin, size, reached):
    """A window with a margin, as far as the canvas goes; of what is empty nothing grows."""
    if windows[i, 0] >= windows[i, 1] or windows[i, 2] >= windows[i, 3]:
        reached[i, 0], reached[i, 1], reached[i, 2], reached[i, 3] = 0, 0, 0, 0
        return
    reached[i, 0], reached[i, 1] = max(0, windows[i, 0] - margin), min(size, windows[i, 1] + margin)
    reached[i, 2], reached[i, 3] = max(0, windows[i, 2] - margin), min(size, windows[i, 3] + margin)


@part
def keep_sample(source, start, side, windows, i, target, size):
    """Copies a sample to its canvas."""
    left, num = windows[i, 2], windows[i, 3] - windows[i, 2]
    for row in range(windows[i, 0], windows[i, 1]):
        keep(source, start + 4 * (row * side + left), target, 4 * ((i * size + row) * size + left), 4 * num)


@kernel
def blur(source, starts, side, windows, weights, chosen, target, size, reached):
    """Sums with weights (B, taps) along rows and columns, mirrored at the border, of the samples ``chosen`` (B,).

    Weights are the same on both sides of the middle, and three pixels on each side are added at a time.
    """
    radius = weights.shape[1] // 2
    wide = 3 * ((radius + 2) // 3)
    padded = np.empty(4 * (size + 2 * wide), np.float32)
    lines = np.empty(4 * size * (size + 1), np.float32)
    places, sides = np.empty(2 * wide + 1, np.int64), np.zeros(wide + 1, np.float32)
    for i in range(starts.shape[0]):
        _grow_window(windows, i, radius if chosen[i] else 0, size, reached)
        if not chosen[i]:
            keep_sample(source, starts[i], side, windows, i, target, size)
            continue
        for k in range(radius + 1):
            sides[k] = weights[i, radius + k]
        top, bottom, left, right = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3]
        first, length = reached[i, 2], 4 * (reached[i, 3] - reached[i, 2])
        for k in range(2 * wide + 1):
            places[k] = 4 * k
        for row in range(top, bottom):
            at = starts[i] + 4 * (row * side + left)
            _mirror_row(source, at, left, right, padded, first - wide, reached[i, 3] + wide, size)
            _sum_sides(padded, places, sides, wide, lines, (row - top) * length, length)
        nothing = (bottom - top) * length
        clear(lines, nothing, length)
        for row in range(reached[i, 0], reached[i, 1]):
            for k in range(2 * wide + 1):
                there = _mirrored(row + k - wide, size)
                places[k] = (there - top) * length if top <= there < bottom else nothing
            _sum_sides(lines, places, sides, wide, target, 4 * ((i * size + row) * size + first), length)


@part
def _sum_sides(source, places, sides, wide, target, to, length):
    """Weighted sums of lines that begin at places, (2 wide + 1,), with the weights of one side from the middle on."""
    for near in range(0, wide, 3):
        p3, p2, p1 = places[wide - near - 3], places[wide - near - 2], places[wide - near - 1]
        q1, q2, q3 = places[wide + near + 1], places[wide + near + 2], places[wide + near + 3]
        w1, w2, w3 = sides[near + 1], sides[near + 2], sides[near + 3]
        if near == 0:
            middle = places[wide]
            for k in range(length):
                target[_U(to + k)] = source[_U(middle + k)] * sides[0]
        for k in range(length):
            total = (source[_U(p1 + k)] + source[_U(q1 + k)]) * w1 + (source[_U(p2 + k)] + source[_U(q2 + k)]) * w2
            target[_U(to + k)] += total + (source[_U(p3 + k)] + source[_U(q3 + k)]) * w3


@part
def _mirrored(place, size):
    """A place beyond the border, as seen in a mirror on the last pixel."""
    place = abs(place)
    return 2 * (size - 1) - place if place >= size else place


@part
def _mirror_row(source, at, left, right, padded, first, last, size):
    """Columns first to last of a row that has pixels from left to right, from beyond the border those in its mirror."""
    clear(padded, 0, 4 * (last - first))
    keep(source, at, padded, 4 * (left - first), 4 * (right - left))
    for column in range(first, last):
        if column < 0 or column >= size:
            there = _mirrored(column, size)
            if left <= there < right:
                keep(source, at + 4 * (there - left), padded, 4 * (column - first), 4)


@part
def _add(source, at, weight, target, to, length):
    for k in range(length):
        target[_U(to + k)] += source[_U(at + k)] * weight


@kernel
def sharpen(source, starts, side, windows, factors, step, target, size, reached):
    """Moves straight colour away from its mean with eight others ``step`` pixels away, by factors (B,); 1 keeps it."""
    straight, sums = np.empty(4 * size * size, np.float32), np.empty(4 * (size + 2 * step), np.float32)
    for i in range(starts.shape[0]):
        if factors[i] == _ONE:
            keep_sample(source, starts[i], side, windows, i, target, size)
            continue
        top, bottom, left, num = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3] - windows[i, 2]
        for row in range(top, bottom):
            _divide(source, starts[i] + 4 * (row * side + left), straight, 4 * (row - top) * num, num)
        for row in range(top, bottom):
            clear(sums, 0, 4 * (num + 2 * step))
            for shift in range(-step, step + 1, step):
                there = max(0, min(size - 1, row + shift))  # what is beyond the border is as the border
                if top <= there < bottom:
                    _add(straight, 4 * (there - top) * num, _ONE, sums, 4 * step, 4 * num)
            for k in range(step):
                if left == 0:
                    keep(sums, 4 * step, sums, 4 * k, 4)
                if left + num == size:
                    keep(sums, 4 * (num + step - 1), sums, 4 * (num + step + k), 4)
            at, to = starts[i] + 4 * (row * side + left), 4 * ((i * size + row) * size + left)
            _subtract_mean(straight, 4 * (row - top) * num, sums, step, target, to, num, factors[i] - _ONE)
            _add_change(source, at, target, to, num)


@part
def _divide(source, at, straight, to, num):
    """The straight colour of a row of pixels; below half a level of alpha it fades to black."""
    for x in range(num):
        alpha = max(source[_U(at + 4 * x + 3)], HALF_LEVEL)
        for c in range(4):
            straight[_U(to + 4 * x + c)] = source[_U(at + 4 * x + c)] / alpha


@part
def _subtract_mean(straight, at, sums, step, target, to, num, gain):
    """How far a row of pixels is from its smoothed image, of which the sums over three rows are given, times a gain."""
    share = _ONE / _F(13.0)
    for k in range(4 * num):
        near = sums[_U(k)] + sums[_U(k + 4 * step)] + sums[_U(k + 8 * step)]
        colour = straight[_U(at + k)]
        target[_U(to + k)] = (colour - (near + _F(4.0) * colour) * share) * gain


@part
def _add_change(source, at, target, to, num):
    """A row of pixels, of whose straight colour the change is given, in their range and with their alpha."""
    for x in range(num):
        alpha = source[_U(at + 4 * x + 3)]
        for c in range(3):
            value = target[_U(to + 4 * x + c)] * alpha + source[_U(at + 4 * x + c)]
            target[_U(to + 4 * x + c)] = min(alpha, max(_NONE, value))
        target[_U(to + 4 * x + 3)] = alpha


@kernel
def pixelate(source, starts, side, windows, cells, target, size, reached):
    """The mean of each cell, of which there are ``cells`` (B,) float32 along a side; 0 keeps a sample."""
    line = np.empty(4 * size, np.float32)
    columns, rows = np.empty((size, 4), np.int64), np.empty((size, 4), np.int64)
    for i in range(starts.shape[0]):
        _grow_window(windows, i, 0, size, reached)
        if cells[i] == _NONE:
            keep_sample(source, starts[i], side, windows, i, target, size)
            continue
        left, right = windows[i, 2], windows[i, 3]
        num_rows = _cells_of(windows[i, 0], windows[i, 1], cells[i], size, rows)
        num_columns = _cells_of(left, right, cells[i], size, columns)
        if num_rows == 0 or num_columns == 0:
            continue
        reached[i, 0], reached[i, 1] = rows[0, 0], rows[num_rows - 1, 1]
        reached[i, 2], reached[i, 3] = columns[0, 0], columns[num_columns - 1, 1]
        for r in range(num_rows):
            clear(line, 0, 4 * (right - left))
            for row in range(max(rows[r, 2], windows[i, 0]), min(rows[r, 3], windows[i, 1])):
                _add(source, starts[i] + 4 * (row * side + left), _ONE, line, 0, 4 * (right - left))
            to = 4 * (i * size + rows[r, 0]) * size
            share = _ONE / _F(rows[r, 3] - rows[r, 2])
            _fill_cells(line, left, right, columns, num_columns, share, target, to)
            first, length = 4 * reached[i, 2], 4 * (reached[i, 3] - reached[i, 2])
            for row in range(1, rows[r, 1] - rows[r, 0]):
                keep(target, to + first, target, to + 4 * row * size + first, length)


@part
def _cells_of(start, stop, cells, size, ranges):
    """The cells that reach into pixels start to stop along one axis: how many.

    ``ranges`` (at least as many, 4) becomes for each the first pixel that shows it, the one after the last, and the
    same for those of which it is the mean.
    """
    num, before = 0, -1
    if start >= stop:
        return 0
    start, stop = max(0, start - 1), min(size, stop + 1)  # a cell may show itself a pixel beside those it is made of
    pixel = start
    while pixel > 0 and _cell(pixel - 1, cells, size) == _cell(start, cells, size):
        pixel -= 1
    while pixel < size and (pixel < stop or _cell(pixel, cells, size) == before):
        cell = _cell(pixel, cells, size)
        if cell != before:
            ranges[num, 0], before = pixel, cell
            ranges[num, 2] = int(np.floor(_F(cell) * _F(size) / cells + _HALF))
            ranges[num, 3] = int(np.floor(_F(cell + 1) * _F(size) / cells + _HALF))
            num += 1
        ranges[num - 1, 1] = pixel + 1
        pixel += 1
    return num


@part
def _cell(pixel, cells, size):
    return int(np.floor((_F(pixel) + _HALF) * cells / _F(size)))


@part
def _fill_cells(line, left, right, columns, num_columns, share, target, to):
    """A row of cells, of which the sums over their rows are given."""
    for k in range(num_columns):
        part = share / _F(columns[k, 3] - columns[k, 2])
        red = green = blue = alpha = _NONE
        for column in range(max(columns[k, 2], left), min(columns[k, 3], right)):
            here = 4 * (column - left)
            red += line[_U(here)]
            green += line[_U(here + 1)]
            blue += line[_U(here + 2)]
            alpha += line[_U(here + 3)]
        for column in range(columns[k, 0], columns[k, 1]):
            there = to + 4 * column
            target[_U(there)], target[_U(there + 1)] = red * part, green * part
            target[_U(there + 2)], target[_U(there + 3)] = blue * part, alpha * part
