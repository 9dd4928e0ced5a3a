"""The compiled kernels, and what they have in common.

They do one sample after the other what the transformations' own kernels do to a batch, so that its pixels stay in the
core's first cache, only where something is, and not at all where a switch is off. Parameters, matrices and weights are
the transformations' own: what is compiled touches pixels alone.

A kernel ``(source, starts, side, windows, ..., target, size, reached)`` reads samples and writes them to canvases:

* ``source``: float32 premultiplied, the four channels of a pixel side by side;
* ``starts``: (B,) int64, where in it the first pixel of a sample's canvas is, or would be;
* ``side``: pixels from one row to the next;
* ``windows``: (B, 4) int64, first row, row after the last, first column, column after the last where something may be;
  what lies outside is clear, whatever the source holds there;
* ``target``: (B * S * S * 4,) float32, canvases, written where something may be, ``size``: S;
* ``reached``: a copy of the windows, changed where what is written reaches elsewhere.

Arrays are flat and their places unsigned, since numba would otherwise ask of each whether it counts from the end.
"""
