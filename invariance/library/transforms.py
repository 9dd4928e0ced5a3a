"""What twins differ in: transformations by their names, and those that a caller brings as functions."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from invariance.data.engine import to_bytes
from invariance.measures.twin_set import TwinSet, told_apart
from invariance.models import to_unit_range
from invariance.spec import SpecError, parse_transforms
from invariance.spec.checks import one_line

Change = Callable[[Tensor, torch.Generator], Tensor]
"""Images (B, 3, H, W) float32 in [0, 1] and what to draw from, to images of the same kind."""
Chosen = dict[str, Change | None]
"""By the names that they have in tables; None for one of the built-in transformations."""
_VIEWS = 2


def chosen_transforms(transforms: Any) -> Chosen:
    """The transformations that a caller means.

    Args:
        transforms: ``all`` (the paper's 18), names as a text with commas or a list, ``{name: function}``, or a list of
            names and such mappings.

    Raises:
        SpecError: a name is not known or given twice, a function is none, or there is nothing at all.
    """
    parts = [transforms] if isinstance(transforms, str | Mapping) else transforms
    if not isinstance(parts, Sequence):
        raise SpecError(f"transforms = {transforms!r}: expected names, or {{name: function(images, generator)}}")
    found: Chosen = {}
    for part in parts:
        for name, change in _read(part).items():
            if name in found:
                raise SpecError(f"transforms: {name!r} is given twice; name each one once")
            found[name] = change
    if not found:
        raise SpecError(f"transforms = {transforms!r}: name at least one transformation, or all")
    return found


def _read(part: Any) -> Chosen:
    if isinstance(part, str):
        return dict.fromkeys(parse_transforms(part))
    if not isinstance(part, Mapping):
        raise SpecError(f"transforms: {part!r} is neither a name nor a mapping {{name: function(images, generator)}}")
    for name, change in part.items():
        if not isinstance(name, str) or not name:
            raise SpecError(f"transforms: {name!r}: expected a name for {change!r}")
        if not callable(change):
            raise SpecError(f"transforms: {name} = {change!r}: expected a function (images, generator) -> images")
    return dict(part)


def own_twins(name: str, change: Change, clean: Tensor, *, seed: int) -> TwinSet:
    """Twins by a caller's function: two draws of it on each image, of the same bytes for the same seed.

    Of a function that draws nothing two draws are one: then the first twins are the images as they are.

    It is called on the CPU, with one image at a time, so that one that draws once a call draws for every image. What it
    takes from a global generator of torch, numpy or Python instead of the one that it is given depends on the seed,
    too, and those are as before afterwards.

    Args:
        name: for messages.
        change: the function.
        clean: (N, 3, H, W) uint8.
        seed: of both draws.

    Raises:
        SpecError: it gives something else than images of the same shape with values in [0, 1], or other ones for the
            same seed.
    """
    views = []
    images = to_unit_range(clean.cpu())
    for view in range(_VIEWS):
        number = (_VIEWS * seed + view) % 2**63
        with _seeded(number) as generator:
            made = [_changed(name, change, image, generator) for image in images.split(1)]
        if not view:
            _require_repeatable(name, change, images[:1], made[0], number)
        views.append(_as_bytes(name, torch.cat(made)).to(clean.device))
    first, second = views
    return told_apart(clean, clean if torch.equal(first, second) else first, second)


@contextmanager
def _seeded(number: int) -> Iterator[torch.Generator]:
    """A generator of a seed, and the global ones of the same; those are as before afterwards."""
    of_numpy, of_python = np.random.get_state(), random.getstate()  # noqa: NPY002 -- what others' functions use
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.default_generator.manual_seed(number)
            np.random.seed(number % 2**32)  # noqa: NPY002
            random.seed(number)
            yield torch.Generator().manual_seed(number)
    finally:
        np.random.set_state(of_numpy)  # noqa: NPY002
        random.setstate(of_python)


def _require_repeatable(name: str, change: Change, image: Tensor, made: Tensor, number: int) -> None:
    """Raises SpecError where the same draws on the same image give something else, so that no seed would say it."""
    with _seeded(number) as generator:
        again = _changed(name, change, image, generator)
    if not torch.allclose(made, again, atol=1e-3):
        raise SpecError(
            f"transformation {name} gave another image for the same draws: take all that is random from the generator "
            "that it is given, and keep nothing from call to call"
        )


def _changed(name: str, change: Change, image: Tensor, generator: torch.Generator) -> Tensor:
    """What a function makes of one image, of the kind that is expected."""
    try:
        made: Any = change(image.clone(), generator)
    except Exception as error:  # whatever a function of somebody else's raises
        raise SpecError(
            f"transformation {name} failed ({one_line(error, kind=True)}); it is "
            f"called with images of shape {tuple(image.shape)} and a torch.Generator"
        ) from error
    if not isinstance(made, Tensor):
        raise SpecError(
            f"transformation {name} gave a {type(made).__name__}: expected a tensor; give lambda images, generator: ..."
        )
    if made.shape != image.shape:
        raise SpecError(f"transformation {name} gave the shape {tuple(made.shape)}: expected {tuple(image.shape)}")
    if not made.is_floating_point():
        raise SpecError(f"transformation {name} gave {made.dtype}: expected floats in [0, 1], as it was given")
    if not bool(made.isfinite().all()):
        raise SpecError(f"transformation {name} gave values that are not finite: expected floats in [0, 1]")
    return made.to(image)


def _as_bytes(name: str, images: Tensor) -> Tensor:
    """Images as networks are shown them, cut off at 0 and 1 as a camera does."""
    outside = float(((images < 0.0) | (images > 1.0)).float().mean())
    if outside > 0.5:
        raise SpecError(
            f"transformation {name} gave values from {float(images.min()):.3g} to {float(images.max()):.3g}: expected "
            "[0, 1]; leave normalisation to the network"
        )
    return to_bytes(images.clamp(0.0, 1.0))
