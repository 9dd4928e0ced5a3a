"""How much of a test was seen in training: whole images, and cut-outs apart from what is behind them.

Cut-outs are the same in every split (paper, section 3), so an object that no transformation changes is seen in training
and in the test; what is new in the test are its backgrounds and what was drawn for its transformations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from invariance.data.engine import Engine, to_bytes
from invariance.data.transforms import get_transform

_CHUNK: Final = 512


@dataclass(frozen=True)
class Seen:
    """What of a test split is in the training split to the byte.

    Attributes:
        num_train: images of training that were looked at.
        num_test: images of the test.
        images: of the test, those that are one of training.
        cutouts: of the test, those whose object, as transformed, is that of an image of training.
    """

    num_train: int
    num_test: int
    images: int
    cutouts: int

    @property
    def words(self) -> str:
        """For people."""
        return (
            f"of {self.num_test:,} test images, {self.images:,} are one of {self.num_train:,} training images to the "
            f"byte, and {self.cutouts:,} show an object exactly as one of those does"
        )


def count_seen(engine: Engine, *, num_train: int, num_test: int) -> Seen:
    """Compares the first images of the test with the first of training.

    Args:
        engine: the data set.
        num_train: images of training.
        num_test: images of the test.
    """
    train, test = engine.indices("train", num_train), engine.indices("test", num_test)
    images, cutouts = set(_images(engine, train)), set(_cutouts(engine, train))
    return Seen(
        num_train,
        num_test,
        images=sum(digest in images for digest in _images(engine, test)),
        cutouts=sum(digest in cutouts for digest in _cutouts(engine, test)),
    )


def _images(engine: Engine, indices: Tensor) -> Iterator[bytes]:
    for chunk in engine.parts(indices, _CHUNK):
        yield from _digests(engine.render(chunk)[0])


@torch.no_grad()
def _cutouts(engine: Engine, indices: Tensor) -> Iterator[bytes]:
    """Of colour, alpha and what stands in front, as bytes on the whole canvas."""
    transforms = [get_transform(name) for name in engine.spec.transforms]
    for chunk in engine.parts(indices, _CHUNK):
        changed = engine.change(engine.draw_objects(chunk), transforms, engine.draw(chunk).params)
        layers = [changed.rgba] if changed.front is None else [changed.rgba, changed.front]
        yield from _digests(to_bytes(torch.cat(layers, dim=1).clamp(0.0, 1.0)))


def _digests(pictures: Tensor) -> Iterator[bytes]:
    for row in pictures.flatten(1).cpu().numpy():
        yield hashlib.blake2b(row.tobytes(), digest_size=16).digest()
