"""Between bytes and floats: whole pictures as objects, and objects on backgrounds."""

from __future__ import annotations

import numpy as np

from invariance.data.compiled.kernels.compiling import kernel, part
from invariance.data.compiled.kernels.lines import keep

_F, _U = np.float32, np.uint64


@kernel
def unpack(pictures, numbers, target, size):
    """Pictures ``numbers`` (B,) of (N * 3 S S,) uint8, wholly opaque, to canvases (B * S S 4,) float32."""
    plane = size * size
    for i in range(numbers.shape[0]):
        at, to = 3 * plane * numbers[i], 4 * plane * i
        for k in range(plane):
            for c in range(3):
                target[_U(to + 4 * k + c)] = _F(pictures[_U(at + c * plane + k)]) / _F(255.0)
            target[_U(to + 4 * k + 3)] = _F(1.0)


@kernel
def paste(source, starts, side, windows, levels, numbers, images, size):
    """Samples over backgrounds ``numbers`` (B,) of levels (N * 3 S S,) uint8, into images (B * 3 S S,) uint8."""
    plane = size * size
    for i in range(starts.shape[0]):
        keep(levels, 3 * plane * numbers[i], images, 3 * plane * i, 3 * plane)
        left, num = windows[i, 2], windows[i, 3] - windows[i, 2]
        for row in range(windows[i, 0], windows[i, 1]):
            at = starts[i] + 4 * (row * side + left)
            _paste_row(source, at, images, 3 * plane * i + row * size + left, plane, num)


@part
def _paste_row(source, at, images, to, plane, num):
    """A row of pixels on the row of an image whose three planes begin there."""
    for x in range(num):
        clear = max(_F(1.0) - source[_U(at + 4 * x + 3)], _F(0.0))
        for c in range(3):
            there = _U(to + c * plane + x)
            value = source[_U(at + 4 * x + c)] + clear * (_F(images[there]) / _F(255.0))
            images[there] = np.uint8(np.int32(value * _F(255.0) + _F(0.5)))
