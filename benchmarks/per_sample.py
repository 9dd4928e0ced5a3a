"""Contestant (a): a torch ``Dataset`` that changes one PIL picture at a time, read by a ``DataLoader``.

This is what people write with torchvision today, and how the paper's data was made: pictures are decoded once, each
sample is transformed, pasted and converted on its own, and worker processes share the cores.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision.transforms import ElasticTransform
from torchvision.transforms import functional as TF

from invariance.data.transforms.frame import OBJECT_SCALE
from invariance.vocabulary.laws import REFERENCE_SIZE

Picture = Image.Image
Step = Callable[[Picture], Picture]


def on_colour(change: Step) -> Step:
    """A change of RGB that leaves alpha alone."""

    def step(picture: Picture) -> Picture:
        alpha = picture.getchannel("A")
        changed = change(picture.convert("RGB"))
        changed.putalpha(alpha)
        return changed

    return step


def half(change: Step) -> Step:
    """A change that happens with probability one half."""
    return lambda picture: change(picture) if random.random() < 0.5 else picture


def translate(picture: Picture) -> Picture:
    size = picture.width
    width = round(OBJECT_SCALE * size)
    start = (size - width) // 2
    move = [random.randint(-start, size - width - start) for _ in range(2)]
    return TF.affine(picture, angle=0.0, translate=move, scale=1.0, shear=[0.0, 0.0])


def rotate(picture: Picture) -> Picture:
    return TF.rotate(picture, random.uniform(0.0, 360.0))


def scale(picture: Picture) -> Picture:
    return TF.affine(picture, angle=0.0, translate=[0, 0], scale=random.uniform(0.4, 1.0), shear=[0.0, 0.0])


def shear(picture: Picture) -> Picture:
    angles = [random.uniform(-50.0, 50.0), random.uniform(-50.0, 50.0)]
    return TF.affine(picture, angle=0.0, translate=[0, 0], scale=1.0, shear=angles)


def blur(picture: Picture) -> Picture:
    return TF.gaussian_blur(picture, [7, 7], [random.uniform(0.1, 1.5)] * 2)


def noise(picture: Picture) -> Picture:
    pixels = np.asarray(picture)
    added = np.clip(np.random.standard_normal(pixels.shape), 0.0, 1.0) * 255.0  # noqa: NPY002 - seeded by the loader
    return Image.fromarray((pixels + added).astype(np.int64).astype(np.uint8))


def pixelate(picture: Picture) -> Picture:
    side = int(9 / REFERENCE_SIZE * picture.width + 1e-3)
    return picture.resize((side, side), Image.Resampling.BOX).resize(picture.size, Image.Resampling.NEAREST)


def elastic(picture: Picture) -> Picture:
    displacement = ElasticTransform.get_params([150.0, 150.0], [5.0, 5.0], [picture.height, picture.width])
    return TF.elastic_transform(picture, displacement)


def erasing(picture: Picture) -> Picture:
    side = round(14 * picture.width / REFERENCE_SIZE)
    x, y = (random.randint(0, picture.width - side) for _ in range(2))
    erased = picture.copy()
    erased.paste((0, 0, 0, 0), (x, y, x + side, y + side))
    return erased


STEPS: dict[str, Step] = {
    "translate": translate,
    "rotate": rotate,
    "scale": scale,
    "v_flip": half(TF.vflip),
    "h_flip": half(TF.hflip),
    "shear": shear,
    "hue": on_colour(lambda picture: TF.adjust_hue(picture, random.uniform(-0.5, 0.5))),
    "brightness": on_colour(lambda picture: TF.adjust_brightness(picture, random.uniform(0.0, 2.0))),
    "grayscale": half(on_colour(lambda picture: TF.rgb_to_grayscale(picture, num_output_channels=3))),
    "posterize": half(on_colour(lambda picture: TF.posterize(picture, 1))),
    "invert": half(on_colour(TF.invert)),
    "sharpen": half(lambda picture: TF.adjust_sharpness(picture, 7.0)),
    "blur": blur,
    "noise": half(on_colour(noise)),
    "pixelate": half(pixelate),
    "elastic": half(elastic),
    "erasing": half(erasing),
    "contrast": on_colour(lambda picture: TF.adjust_contrast(picture, random.uniform(0.0, 2.0))),
}
"""The paper's 18 transformations of one straight-alpha RGBA picture, with torchvision wherever it has the operation."""


class Samples(Dataset[tuple[Tensor, int]]):
    """Objects changed and pasted on backgrounds, one at a time; an item's key is a composition's names."""

    def __init__(self, objects: Sequence[Picture], backgrounds: Sequence[Picture]) -> None:
        self._objects, self._backgrounds = objects, backgrounds

    def __getitem__(self, names: tuple[str, ...]) -> tuple[Tensor, int]:
        """One image (3, S, S) float32 in [0, 1] and its label."""
        label = random.randrange(len(self._objects))
        picture = self._objects[label]
        for name in names:
            picture = STEPS[name](picture)
        canvas = self._backgrounds[random.randrange(len(self._backgrounds))].copy()
        canvas.paste(picture, mask=picture)
        return TF.to_tensor(canvas), label


class Epoch(Sampler[tuple[str, ...]]):
    """An epoch of ``num`` samples of one composition; both are set between epochs, the workers stay."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.num = 0

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter([self.names] * self.num)

    def __len__(self) -> int:
        return self.num


class PerSample:
    """The data loader, one worker a thread that the others may use.

    Args:
        objects: straight-alpha RGBA pictures, one a class.
        backgrounds: RGB pictures of the same size.
        num_workers: worker processes.
        batch_size: images of one batch.
    """

    def __init__(
        self, objects: Sequence[Picture], backgrounds: Sequence[Picture], *, num_workers: int, batch_size: int = 256
    ) -> None:
        self.num_workers, self.batch_size = num_workers, batch_size
        self._epoch = Epoch()
        self._loader = DataLoader(
            Samples(objects, backgrounds),
            batch_size=batch_size,
            sampler=self._epoch,
            num_workers=num_workers,
            persistent_workers=num_workers > 0,
        )

    def batches(self, names: tuple[str, ...], num: int) -> Iterator[tuple[Tensor, Tensor]]:
        """``num`` batches of images (B, 3, S, S) and labels (B,)."""
        self._epoch.names, self._epoch.num = names, num * self.batch_size
        yield from self._loader
