"""Contestant (b): Kornia's batched operations, on whole batches of straight-alpha RGBA tensors.

The functional forms are called, which spare the overhead of the augmentation classes, with the paper's parameters; what
happens with probability one half is done for the chosen rows alone, as Kornia's own classes do. Kornia has no
``pixelate``, and its noise is clipped where the published one wraps, which is a little less work.
"""

from __future__ import annotations

from collections.abc import Callable

import kornia
import torch
from torch import Tensor

from invariance.data.transforms.frame import OBJECT_SCALE
from invariance.vocabulary.laws import REFERENCE_SIZE

Step = Callable[[Tensor], Tensor]


def uniform(rgba: Tensor, low: float, high: float, *shape: int) -> Tensor:
    """(B, *shape) float32, uniform between ``low`` and ``high``."""
    return torch.empty(len(rgba), *shape, device=rgba.device).uniform_(low, high)


def on_colour(change: Step) -> Step:
    """A change of RGB that leaves alpha alone."""
    return lambda rgba: torch.cat((change(rgba[:, :3]), rgba[:, 3:]), dim=1)


def half(change: Step) -> Step:
    """A change of the rows that a fair coin chooses."""

    def step(rgba: Tensor) -> Tensor:
        rows = (torch.rand(len(rgba), device=rgba.device) < 0.5).nonzero()[:, 0]
        return rgba.index_copy(0, rows, change(rgba[rows])) if len(rows) else rgba

    return step


def translate(rgba: Tensor) -> Tensor:
    size = rgba.shape[-1]
    width = round(OBJECT_SCALE * size)
    start = (size - width) // 2
    return kornia.geometry.translate(rgba, torch.floor(uniform(rgba, -start, size - width - start + 1, 2)))


def blur(rgba: Tensor) -> Tensor:
    return kornia.filters.gaussian_blur2d(rgba, (7, 7), uniform(rgba, 0.1, 1.5, 1).expand(-1, 2))


def noise(rgb: Tensor) -> Tensor:
    return (rgb + torch.randn_like(rgb).clamp_(0.0, 1.0)).clamp_(0.0, 1.0)


def elastic(rgba: Tensor) -> Tensor:
    size = rgba.shape[-1]
    field, amount = uniform(rgba, -1.0, 1.0, 2, size, size), (150.0 / size, 150.0 / size)
    return kornia.geometry.transform.elastic_transform2d(rgba, field, (41, 41), (5.0, 5.0), amount)


def erasing(rgba: Tensor) -> Tensor:
    size = rgba.shape[-1]
    side = round(14 * size / REFERENCE_SIZE)
    x, y = torch.floor(uniform(rgba, 0.0, size - side + 1, 2)).unbind(1)
    sides = torch.full_like(x, side)
    boxes = kornia.geometry.bbox.bbox_generator(x, y, sides, sides)
    mask = kornia.geometry.bbox.bbox_to_mask(boxes, size, size)[:, None]
    return torch.where(mask == 1.0, 0.0, rgba)


def grayscale(rgb: Tensor) -> Tensor:
    return kornia.color.rgb_to_grayscale(rgb).expand_as(rgb)


def contrast(rgb: Tensor) -> Tensor:
    return kornia.enhance.adjust_contrast_with_mean_subtraction(rgb, uniform(rgb, 0.0, 2.0))


STEPS: dict[str, Step] = {
    "translate": translate,
    "rotate": lambda rgba: kornia.geometry.rotate(rgba, uniform(rgba, 0.0, 360.0)),
    "scale": lambda rgba: kornia.geometry.scale(rgba, uniform(rgba, 0.4, 1.0, 1).expand(-1, 2)),
    "v_flip": half(kornia.geometry.vflip),
    "h_flip": half(kornia.geometry.hflip),
    "shear": lambda rgba: kornia.geometry.shear(rgba, torch.tan(torch.deg2rad(uniform(rgba, -50.0, 50.0, 2)))),
    "hue": on_colour(lambda rgb: kornia.enhance.adjust_hue(rgb, uniform(rgb, -torch.pi, torch.pi))),
    "brightness": on_colour(lambda rgb: kornia.enhance.adjust_brightness_accumulative(rgb, uniform(rgb, 0.0, 2.0))),
    "grayscale": half(on_colour(grayscale)),
    "posterize": half(on_colour(lambda rgb: kornia.enhance.posterize(rgb, 1))),
    "invert": half(on_colour(kornia.enhance.invert)),
    "sharpen": half(on_colour(lambda rgb: kornia.enhance.sharpness(rgb, 7.0))),
    "blur": blur,
    "noise": half(on_colour(noise)),
    "elastic": half(elastic),
    "erasing": half(erasing),
    "contrast": on_colour(contrast),
}
"""What Kornia has of the 18 transformations, on (B, 4, S, S) float32 in [0, 1] with straight alpha."""


class KorniaBatches:
    """Samples drawn, changed and pasted as batches on a device.

    Args:
        objects: (K, 4, S, S) float32 in [0, 1], straight alpha.
        backgrounds: (N, 3, S, S) float32 in [0, 1].
        batch_size: images of one batch.
    """

    def __init__(self, objects: Tensor, backgrounds: Tensor, *, batch_size: int = 256) -> None:
        self._objects, self._backgrounds = objects, backgrounds
        self.batch_size = batch_size

    def has(self, names: tuple[str, ...]) -> bool:
        """Whether Kornia has every transformation of a composition."""
        return all(name in STEPS for name in names)

    @torch.no_grad()
    def batch(self, names: tuple[str, ...]) -> tuple[Tensor, Tensor]:
        """One batch of images (B, 3, S, S) float32 and labels (B,)."""
        device = self._objects.device
        labels = torch.randint(len(self._objects), (self.batch_size,), device=device)
        rgba = self._objects[labels]
        for name in names:
            rgba = STEPS[name](rgba)
        chosen = torch.randint(len(self._backgrounds), (self.batch_size,), device=device)
        return torch.lerp(self._backgrounds[chosen], rgba[:, :3], rgba[:, 3:]), labels
