"""The local equivariance error: how far a small step of a transformation moves a representation.

It is the norm of the Lie derivative along the transformation (Gruver et al. 2023, arXiv 2210.02984), of representations
on which nothing acts, as there on scores of classes: zero is locally invariant. Steps are central differences on images
of floats. Pixels interpolated between pixels miss half of the true change at 32 px, so translations are by whole
pixels, and all else is made four times as large and reduced; what a step and its way back leave is the floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from invariance.data.engine import Engine, paste
from invariance.data.foreground import Foregrounds, Objects, load_foregrounds
from invariance.data.transforms import Params, apply_composition, get_transform
from invariance.measures.collapse import is_collapsed
from invariance.measures.equivariance import resampled, sums_of
from invariance.statistics import percentile_interval
from invariance.vocabulary.equivariance import LOCAL_ERROR
from invariance.vocabulary.laws import Uniform
from invariance.vocabulary.transforms import TRANSFORMATIONS, Transformation

ENLARGED: Final = 4
"""How many times as large images are made, to be reduced by their means."""
STEP: Final = 0.01
"""Of the range that is drawn, to each side; of translations one pixel."""
READABLE: Final = 2.0
"""How many times the floor a value is at least."""
_LARGEST_PX: Final = 512
"""To which images are enlarged at most: large ones need it less."""
_PIXELS_AT_A_TIME: Final = 72 * 128**2
_MOVES: Final = ((1, 0), (0, 1))


@dataclass(frozen=True)
class Nudged:
    """N images and what they are a small step away, along each of D directions (x and y; or one).

    Attributes:
        still: (N, 3, S, S) float32 in [0, 1].
        ahead: (D, N, 3, S, S), a step further.
        behind: (D, N, 3, S, S), a step back.
        back: (D, N, 3, S, S), a step further and back again; None where that leaves nothing, or is no way back.
        objects: (N,) int64.
    """

    still: Tensor
    ahead: Tensor
    behind: Tensor
    back: Tensor | None
    objects: Tensor

    @property
    def images(self) -> Tensor:
        """All that a network is shown: (N + 3 D N, 3, S, S), or N + 2 D N without a way back."""
        steps = (self.ahead, self.behind) if self.back is None else (self.ahead, self.behind, self.back)
        return torch.cat((self.still, *(part.flatten(0, 1) for part in steps)))


@dataclass(frozen=True)
class LocalError:
    """A local equivariance error.

    Attributes:
        value: root mean square of the displacement over that of the spread over images, divided by the same of the
            pixels; NaN below twice the floor, and where a representation is the same for all images.
        interval: 95 %, bootstrapped over objects; NaN where the value is.
        floor: the same of a step and its way back.
    """

    value: float
    interval: tuple[float, float]
    floor: float

    def row(self) -> dict[str, float]:
        """The numbers by their columns."""
        low, high = self.interval
        return {
            LOCAL_ERROR: self.value,
            f"{LOCAL_ERROR}_low": low,
            f"{LOCAL_ERROR}_high": high,
            f"{LOCAL_ERROR}_floor": self.floor,
        }


NOT_CONTINUOUS: Final = LocalError(math.nan, (math.nan, math.nan), math.nan)
"""Of a flip, a field of noise, and whatever else has no small step."""


def is_continuous(transform: str) -> bool:
    """Whether all of a transformation's parameters are ranges in which near values look alike."""
    return all(
        isinstance(one, Uniform) and one.neutral is not None and not one.chooses
        for one in TRANSFORMATIONS[transform].parameters
    )


def local_error(nudged: Nudged, features: Tensor, *, seed: int) -> LocalError:
    """The error of a representation.

    Args:
        nudged: the images.
        features: (M, F) float, of ``nudged.images``.
        seed: of the resamples.
    """
    own, of_pixels = _displacements(nudged, features), _displacements(nudged, nudged.images.flatten(1))
    if is_collapsed(features[: len(nudged.still)].cpu().to(torch.float64)):
        return NOT_CONTINUOUS
    members = torch.unique(nudged.objects.cpu(), return_inverse=True)[1]
    by_object = sums_of(torch.cat((own, of_pixels)), members)

    def errors(sums: Tensor) -> tuple[Tensor, Tensor]:
        moved, left, spread, pixels_moved, _, pixels_spread = sums
        unit = pixels_moved / pixels_spread
        return (moved / spread / unit).sqrt(), (left / spread / unit).sqrt()

    value, floor = (float(one) for one in errors(by_object.sum(dim=1)))
    if value < READABLE * floor:
        return LocalError(math.nan, (math.nan, math.nan), floor)
    return LocalError(value, percentile_interval(errors(resampled(by_object, seed=seed))[0]), floor)


def _displacements(nudged: Nudged, features: Tensor) -> Tensor:
    """Squares of each image: moved by two steps, left by the way back, and from the mean; (3, N) float64."""
    num = len(nudged.still)
    still, *steps = features.cpu().to(torch.float64).unflatten(0, (-1, num))
    ahead, behind, *back = torch.stack(steps).split(len(nudged.ahead))
    left = (back[0] - still).square().sum(dim=(0, 2)) if back else still.new_zeros(num)
    spread = (still - still.mean(dim=0)).square()[None].sum(dim=(0, 2))
    return torch.stack(((ahead - behind).square().sum(dim=(0, 2)), left, spread))


class Enlarged:
    """The objects of an engine four times as large, from which small steps are made.

    Args:
        engine: objects and backgrounds; its own transformations are left out.
    """

    def __init__(self, engine: Engine) -> None:
        self._plain = engine.with_spec_changes(transforms=())
        self._size = engine.spec.image_size
        self._times = max(1, min(ENLARGED, _LARGEST_PX // self._size))

    @cached_property
    def _objects(self) -> Objects:
        spec = replace(self._plain.spec, image_size=self._times * self._size)
        return load_foregrounds(spec).to(self._plain.device)

    @torch.no_grad()
    def nudged(self, transform: str, indices: Tensor) -> Nudged:
        """Samples and what they are a small step of a continuous transformation away.

        About the value at which nothing changes, or where there is nothing on its other side (a blur cannot be undone)
        about the middle of what is drawn.

        Args:
            transform: for which :func:`is_continuous` holds.
            indices: (N,) int64, of the samples.
        """
        declared, by_pixels = TRANSFORMATIONS[transform], transform == "translate"
        parts: list[list[Tensor]] = []
        for some in indices.split(max(1, _PIXELS_AT_A_TIME // (self._times * self._size) ** 2)):
            found, behind_it = self._plain.draw_objects(some), self._plain.draw_backgrounds(some)[1]
            changed = _moved(found.rgba) if by_pixels else _stepped(declared, self._large(found))
            times = 1 if by_pixels else self._times
            parts.append([*(paste(F.avg_pool2d(one, times), behind_it) for one in changed), found.labels])
        still, *changed, labels = (torch.cat(part) for part in zip(*parts, strict=True))
        num = len(_MOVES if by_pixels else declared.parameters)
        ahead, behind, *back = torch.stack(changed).split(num)
        return Nudged(still, ahead, behind, back[0] if back else None, labels)

    def _large(self, found: Foregrounds) -> Tensor:
        """The same objects on a larger canvas: (N, 4, L, L)."""
        rgba = self._objects.frame.on_canvas(self._objects.cut(found.labels, found.prototypes))
        return rgba if found.present is None else rgba * found.present[:, None, None, None]


def _moved(rgba: Tensor) -> list[Tensor]:
    """Objects, a pixel further in x and in y, and a pixel back."""
    further = [F.pad(rgba, (x, -x, y, -y)) for x, y in _MOVES]
    return [rgba, *further, *(F.pad(rgba, (-x, x, -y, y)) for x, y in _MOVES)]


def _stepped(declared: Transformation, rgba: Tensor) -> list[Tensor]:
    """Objects, a step further for each parameter, a step back, and if there is one the way back from further."""
    kernel, parameters = get_transform(declared.name), [one for one in declared.parameters if isinstance(one, Uniform)]
    centres = {one.name: _centre(one) for one in parameters}

    def at(pixels: Tensor, changed: dict[str, float]) -> Tensor:
        values = {**centres, **changed}
        params: Params = {name: pixels.new_full((len(pixels),), value) for name, value in values.items()}
        return apply_composition(pixels, (kernel,), (params,))[0]

    still = at(rgba, {})
    steps = {one.name: STEP * (one.high - one.low) for one in parameters}
    back_by = [{name: centres[name] - step} for name, step in steps.items()]
    further = [at(rgba, {name: centres[name] + step}) for name, step in steps.items()]
    found = [still, *further, *(at(rgba, one) for one in back_by)]
    has_way = [centres[one.name] == one.neutral for one in parameters]
    if any(has_way):
        found += [
            at(ahead, one) if undone else still for ahead, one, undone in zip(further, back_by, has_way, strict=True)
        ]
    return found


def _centre(parameter: Uniform) -> float:
    """Its neutral value where it can be left to both sides, else the middle of what is drawn."""
    neutral, (least, most) = parameter.neutral, parameter.reach or (parameter.low, parameter.high)
    assert neutral is not None
    return neutral if least < neutral < most else (parameter.low + parameter.high) / 2
