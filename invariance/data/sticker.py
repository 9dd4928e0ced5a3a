"""Stickers: a second, small object pasted on the finished image, in front of everything else.

With them an image has two features that can be predicted, the object with its scene and the sticker, and a label may
be either (arXiv 2407.04325, the study of relevant and irrelevant features). Their draws have a seed of their own, so
that one feature can change while every bit of the other stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from invariance.data.catalogue import is_picture_source, load_objects
from invariance.data.picture_folders import in_short
from invariance.data.random import STREAMS, Draws
from invariance.data.transforms import Params
from invariance.data.transforms.frame import Frame
from invariance.spec import DatasetSpec, SpecError

MARGIN: Final = 1 / 16
"""From a sticker in the corner to the image's edges, relative to the side: 2 px of 32."""


@dataclass(frozen=True)
class StickerLayer:
    """The stickers of some samples, each on a canvas that is clear elsewhere.

    Attributes:
        labels: (B,) int64, class that was drawn, whether or not it is pasted.
        present: (B,) bool, whether it is pasted.
        rgba: (B, 4, S, S) float32, premultiplied.
        parameters: ``sticker.<parameter>`` to (B,) tensor, what else was drawn.
    """

    labels: Tensor
    present: Tensor
    rgba: Tensor
    parameters: Params

    @property
    def numbers(self) -> Tensor:
        """Class of what is pasted, (B,) int64; -1 where nothing is."""
        return torch.where(self.present, self.labels, -1)

    @property
    def masks(self) -> Tensor:
        """How much of each pixel shows the sticker: (B, S, S) float32 in [0, 1]."""
        return self.rgba[:, 3]


@dataclass(frozen=True)
class Stickers:
    """The sticker pictures of a data set, the same ones in every split.

    Attributes:
        class_names: K names in label order.
        pictures: (K, 4, W, W) float32, premultiplied, W the side of a sticker in pixels.
    """

    class_names: tuple[str, ...]
    pictures: Tensor

    def to(self, device: torch.device) -> Stickers:
        """The same on a device."""
        return Stickers(self.class_names, self.pictures.to(device))

    def draw_labels(self, spec: DatasetSpec, indices: Tensor, object_labels: Tensor) -> tuple[Tensor, Params]:
        """Classes of samples' stickers, (B,), and whether each is there because it is paired with its object."""
        labels = Draws(spec.drawn_sticker_seed, indices, STREAMS["sticker"]).choice(len(self.class_names))
        if spec.sticker_correlation == 0:
            return labels, {}
        drawn = Draws(spec.drawn_sticker_seed, indices, STREAMS["sticker_pairing"]).uniform(1)[:, 0]
        paired = drawn < spec.sticker_correlation
        partner = object_labels % len(self.class_names)
        return torch.where(paired, partner, labels), {"sticker.paired": paired}

    def draw(self, spec: DatasetSpec, indices: Tensor, object_labels: Tensor) -> StickerLayer:
        """The stickers of samples whose objects are known."""
        labels, parameters = self.draw_labels(spec, indices, object_labels)
        present = torch.ones_like(labels, dtype=torch.bool)
        if spec.sticker_availability < 1:
            drawn = Draws(spec.drawn_sticker_seed, indices, STREAMS["sticker_availability"]).uniform(1)[:, 0]
            present = drawn < spec.sticker_availability
            parameters = {**parameters, "sticker.there": present}
        size, width = spec.image_size, self.pictures.shape[-1]
        if spec.sticker_place == "anywhere":
            place = Draws(spec.drawn_sticker_seed, indices, STREAMS["sticker_place"]).uniform(2)
            left, top = (place * (size - width + 1)).to(torch.int64).unbind(dim=1)
            parameters = {**parameters, "sticker.x": place[:, 0], "sticker.y": place[:, 1]}
        else:
            margin = round(MARGIN * size)
            left, top = torch.full_like(labels, size - width - margin), torch.full_like(labels, margin)
        small = self.pictures.index_select(0, labels) * present[:, None, None, None]
        return StickerLayer(labels, present, _on_canvas(small, left, top, size), parameters)


def load_stickers(spec: DatasetSpec) -> Stickers | None:
    """Reads the stickers of a data set, the first picture of each class; None if it has none.

    Raises:
        SpecError: their source or a class cannot be used.
    """
    if not spec.stickers:
        return None
    if is_picture_source(spec.stickers) or spec.stickers.startswith("#"):
        raise SpecError(
            f"stickers = {in_short(spec.stickers)}: must be cut-outs; choose builtin, noise, hub or a folder of them"
        )
    try:
        found = load_objects(spec.stickers, classes=spec.sticker_classes, image_size=spec.image_size, num_prototypes=1)
    except SpecError as error:
        raise SpecError(f"stickers: {error}") from error
    frame = Frame.of_object(spec.image_size)
    full = frame.of(found.pictures[:, 0])
    side = max(1, round(spec.sticker_scale * frame.width))
    small = functional.interpolate(full, size=(side, side), mode="bilinear", align_corners=False, antialias=True)
    # To levels of a byte, as in a file: the filter's weights sum to 1 but for rounding, and opaque is to be 1 exactly.
    return Stickers(found.class_names, (small * 255.0).round_().clamp_(0.0, 255.0) / 255.0)


def _on_canvas(small: Tensor, left: Tensor, top: Tensor, size: int) -> Tensor:
    """Pictures (B, 4, W, W) at whole-pixel places (B,) on clear canvases: (B, 4, S, S)."""
    num, channels, width, _ = small.shape
    inside = torch.arange(width, device=small.device)
    rows, columns = top[:, None, None] + inside[:, None], left[:, None, None] + inside
    flat = (rows * size + columns).flatten(1)[:, None].expand(-1, channels, -1)
    canvas = small.new_zeros(num, channels, size * size)
    return canvas.scatter_(2, flat, small.flatten(2)).unflatten(2, (size, size))
