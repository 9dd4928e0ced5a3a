"""Transformations that change a pixel by its own colour and alpha, and contrast."""

from __future__ import annotations

from typing import Final

import numpy as np

from invariance.data.compiled.kernels.compiling import kernel, part
from invariance.data.compiled.kernels.lines import keep

_F, _U = np.float32, np.uint64
_NONE, _ONE, _SIX, _TINY = _F(0.0), _F(1.0), _F(6.0), _F(1e-30)
_RED, _GREEN, _BLUE = _F(0.299), _F(0.587), _F(0.114)
_FROM, _TO = _F(127.5 / 255.0), _F(128.0 / 255.0)
HALF_LEVEL: Final = _F(0.5 / 255.0)

COLOURS: Final[dict[str, int]] = {"hue": 0, "brightness": 1, "grayscale": 2, "posterize": 3, "invert": 4}
_HUE, _BRIGHTNESS, _GRAYSCALE, _POSTERIZE = 0, 1, 2, 3


@kernel
def change_colours(source, starts, side, windows, amounts, which, target, size, reached):
    """One of :data:`COLOURS`: ``amounts`` (B,) is a turn of the hue, a factor of brightness, a share of the others."""
    neutral = _ONE if which == _BRIGHTNESS else _NONE
    for i in range(starts.shape[0]):
        num = windows[i, 3] - windows[i, 2]
        for row in range(windows[i, 0], windows[i, 1]):
            at = starts[i] + 4 * (row * side + windows[i, 2])
            to = 4 * ((i * size + row) * size + windows[i, 2])
            if amounts[i] == neutral:
                keep(source, at, target, to, 4 * num)
            elif which == _HUE:
                _turn_hue(source, at, target, to, num, amounts[i])
            elif which == _BRIGHTNESS:
                _brighten(source, at, target, to, num, amounts[i])
            elif which == _GRAYSCALE:
                _to_luma(source, at, target, to, num, amounts[i])
            elif which == _POSTERIZE:
                _posterize(source, at, target, to, num, amounts[i])
            else:
                _invert(source, at, target, to, num, amounts[i])


@part
def _turn_hue(source, at, target, to, num, shift):
    for x in range(num):
        here, there = at + 4 * x, to + 4 * x
        red, green, blue = source[_U(here)], source[_U(here + 1)], source[_U(here + 2)]
        alpha = source[_U(here + 3)]
        value, low = max(max(red, green), blue), min(min(red, green), blue)
        chroma = value - low
        is_red = red == value
        is_green = (green == value) & (not is_red)
        difference = (green - blue) if is_red else ((blue - red) if is_green else (red - green))
        sector = _NONE if is_red else (_F(2.0) if is_green else _F(4.0))
        hue = difference / max(chroma, _TINY) + sector + _SIX * shift
        target[_U(there)] = min(_channel(hue, _F(3.0), chroma, low), alpha)
        target[_U(there + 1)] = min(_channel(hue, _F(5.0), chroma, low), alpha)
        target[_U(there + 2)] = min(_channel(hue, _F(1.0), chroma, low), alpha)
        target[_U(there + 3)] = alpha


@part
def _channel(hue, opposite, chroma, low):
    """A channel, highest within one sector of its own hue and lowest within one of the opposite."""
    distance = hue - opposite
    distance -= np.rint(distance / _SIX) * _SIX
    return max(_NONE, min(_ONE, abs(distance) - _ONE)) * chroma + low


@part
def _brighten(source, at, target, to, num, factor):
    for x in range(num):
        alpha = source[_U(at + 4 * x + 3)]
        for c in range(3):
            target[_U(to + 4 * x + c)] = min(source[_U(at + 4 * x + c)] * factor, alpha)
        target[_U(to + 4 * x + 3)] = alpha


@part
def _to_luma(source, at, target, to, num, share):
    for x in range(num):
        here = at + 4 * x
        grey = source[_U(here)] * _RED + source[_U(here + 1)] * _GREEN + source[_U(here + 2)] * _BLUE
        for c in range(3):
            target[_U(to + 4 * x + c)] = _mix(source[_U(here + c)], grey, share)
        target[_U(to + 4 * x + 3)] = source[_U(here + 3)]


@part
def _posterize(source, at, target, to, num, share):
    for x in range(num):
        alpha = source[_U(at + 4 * x + 3)]
        for c in range(3):
            colour = source[_U(at + 4 * x + c)]
            high = alpha * _TO if colour >= alpha * _FROM else _NONE
            target[_U(to + 4 * x + c)] = _mix(colour, high, share)
        target[_U(to + 4 * x + 3)] = alpha


@part
def _invert(source, at, target, to, num, share):
    for x in range(num):
        alpha = source[_U(at + 4 * x + 3)]
        for c in range(3):
            colour = source[_U(at + 4 * x + c)]
            target[_U(to + 4 * x + c)] = _mix(colour, alpha - colour, share)
        target[_U(to + 4 * x + 3)] = alpha


@part
def _mix(start, end, share):
    """From start at share 0 to end at share 1, exact at both."""
    return start + share * (end - start) if share < _F(0.5) else end - (end - start) * (_ONE - share)


@kernel
def change_contrast(source, starts, side, windows, factors, target, size, reached):
    """Towards or away from the mean luma of straight colour over the canvas, by factors (B,)."""
    for i in range(starts.shape[0]):
        left, num, total = windows[i, 2], windows[i, 3] - windows[i, 2], _NONE
        for row in range(windows[i, 0], windows[i, 1]):
            total += _sum_luma(source, starts[i] + 4 * (row * side + left), num)
        grey = total / _F(size * size) * (_ONE - factors[i])
        for row in range(windows[i, 0], windows[i, 1]):
            at, to = starts[i] + 4 * (row * side + left), 4 * ((i * size + row) * size + left)
            _towards(source, at, target, to, num, factors[i], grey)


@part
def _sum_luma(source, at, num):
    """Of straight colour; a pixel counts in full from half a level of alpha on, below in proportion."""
    total = _NONE
    for x in range(num):
        here = at + 4 * x
        alpha = source[_U(here + 3)]
        luma = source[_U(here)] * _RED + source[_U(here + 1)] * _GREEN + source[_U(here + 2)] * _BLUE
        total += luma / max(alpha, HALF_LEVEL)
    return total


@part
def _towards(source, at, target, to, num, factor, grey):
    for x in range(num):
        alpha = source[_U(at + 4 * x + 3)]
        for c in range(3):
            value = source[_U(at + 4 * x + c)] * factor + alpha * grey
            target[_U(to + 4 * x + c)] = max(_NONE, min(value, alpha))
        target[_U(to + 4 * x + 3)] = alpha
