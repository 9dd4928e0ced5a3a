"""What the engine makes: objects after their transformations, and samples with their recipe."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from invariance.data.pasting import paste, paste_content
from invariance.data.sticker import StickerLayer
from invariance.data.transforms.frame import Frame


@dataclass(frozen=True)
class Changed:
    """Objects after their transformations.

    Attributes:
        pixels: (B, 4, W, W) float32, premultiplied, what is in the frame.
        frame: the part of the canvas outside which all is clear.
        boxes: (B, 4) float32, bounding box (x0, y0, x1, y1) in pixels, as it followed the matrices.
        front: (B, 4, S, S) what stands in front of them, premultiplied; None where nothing can.
    """

    pixels: Tensor
    frame: Frame
    boxes: Tensor
    front: Tensor | None = None

    def paste(self, backgrounds: Tensor) -> Tensor:
        """On backgrounds (B or 1, 3, S, S): images (B, 3, S, S) in [0, 1]."""
        images = paste_content(self.pixels, self.frame, backgrounds)
        return images if self.front is None else paste(self.front, images)

    @property
    def rgba(self) -> Tensor:
        """On the whole canvas: (B, 4, S, S) float32, premultiplied."""
        return self.frame.on_canvas(self.pixels)

    @property
    def masks(self) -> Tensor:
        """How much of each pixel shows the object: (B, S, S) float32 in [0, 1]."""
        alpha = self.frame.on_canvas(self.pixels[:, 3].clamp(0.0, 1.0))
        return alpha if self.front is None else alpha * (1.0 - self.front[:, 3].clamp(0.0, 1.0))


@dataclass(frozen=True)
class Batch:
    """Samples and their recipe.

    Attributes:
        images: (B, 3, S, S) float32 in [0, 1].
        labels: (B,) int64, position in ``Engine.class_names``.
        masks: (B, S, S) float32 in [0, 1], alpha of the object as pasted, less what stands in front of it.
        sticker_masks: (B, S, S) float32 in [0, 1], alpha of the sticker, which is in front of everything.
        backgrounds: (B,) int64, which background; -1 for fresh noise.
        prototypes: (B,) int64, which picture of the class (of all, for whole pictures).
        objects: (B,) int64, class of the object, which is the label unless the background's or the sticker's is.
        stickers: (B,) int64, class of the sticker; -1 where there is none.
        boxes: (B, 4) float32, bounding box (x0, y0, x1, y1) of the object in pixels, as it followed the matrices.
        parameters: ``<transform>.<parameter>`` to (B,) tensor, everything that was drawn for the transformations.
    """

    images: Tensor
    labels: Tensor
    masks: Tensor
    sticker_masks: Tensor
    backgrounds: Tensor
    prototypes: Tensor
    objects: Tensor
    stickers: Tensor
    boxes: Tensor
    parameters: dict[str, Tensor]


def under_stickers(layer: StickerLayer, batch: Batch, *, label: str) -> Batch:
    """A batch with stickers in front of it."""
    return replace(
        batch,
        images=paste(layer.rgba, batch.images),
        labels=layer.labels if label == "sticker" else batch.labels,
        masks=batch.masks * (1.0 - layer.masks),
        sticker_masks=layer.masks,
        stickers=layer.numbers,
        parameters={**batch.parameters, **layer.parameters},
    )
