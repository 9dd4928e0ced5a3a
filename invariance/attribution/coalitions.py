"""The same samples with some of their parts left out: what a network is asked about every coalition of them.

The data set made the images, so a part is not covered or guessed: the sample is made again without it, from the same
draws. What stands where it was is what the data set would have shown there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.data.random import later_seed
from invariance.spec.checks import require, require_count

PLAYERS: Final[dict[str, str]] = {
    "object": "the object",
    "background": "the background",
    "sticker": "the sticker",
}
"""Parts of an image, name and meaning; bit p of a coalition's number says whether part p is there."""

REFERENCES: Final[dict[str, str]] = {
    "others": "other backgrounds of the same source, over which the network's answers are averaged",
    "mean": "one uniform picture in the mean colour of all backgrounds",
}
"""What stands for a background that is absent, the default first.

An object or a sticker that is absent is not pasted. A background cannot be absent in this way: something has to be
behind the object. With other backgrounds the images stay like those that networks are trained on, and the average over
them asks what this very background adds to any. A uniform picture asks one question in place of many, but of an image
that looks like none of the data set, and an object on plain grey is easier to see than on most scenes.
"""

NUM_REFERENCES: Final = 8
_REFERENCE_SEED: Final = 2**40
"""Added to a data set's seed for backgrounds that are not its samples' own."""
_NUM_FOR_MEAN: Final = 256


class Coalitions:
    """Samples under every coalition of their parts, made as they are asked for: all at once would take too much memory.

    Args:
        engine: the data set. An occluder (transformation ``occlude``) is no part of its own: it is always there.
        indices: (B,) int64.
        reference: what stands for an absent background, one of :data:`REFERENCES`.
        num_references: how many other backgrounds each sample gets; ``mean`` needs one.

    Attributes:
        players: names of the n parts, of :data:`PLAYERS`.
        num: of coalitions, 2^n; the last one is the whole image.
        labels: (B,) int64, of the whole samples.

    Raises:
        SpecError: a reference that is not known, or a number of them that cannot be used.
    """

    def __init__(
        self, engine: Engine, indices: Tensor, *, reference: str = "others", num_references: int = NUM_REFERENCES
    ) -> None:
        require_count("num_references", num_references, 1, 1000)
        require(reference in REFERENCES, "reference", reference, " or ".join(REFERENCES))
        self.players = players_of(engine)
        self.num = 2 ** len(self.players)
        self.labels = engine.labels(indices)
        self._engine, self._indices = engine, indices
        self._mean = _mean_colour(engine) if reference == "mean" else None
        self._num = 1 if engine.num_backgrounds == 1 else num_references

    @torch.no_grad()
    def images(self, number: int) -> Iterator[Tensor]:
        """The samples under a coalition: (B, 3, S, S) float32 in [0, 1], for each background in the place of theirs.

        Args:
            number: of the coalition, which has part p if bit p is set; of one with its background there is one.
        """
        part = {player: bool(number >> bit & 1) for bit, player in enumerate(self.players)}
        changed = self._engine.with_spec_changes(
            **({} if part["object"] else {"fg_availability": 0.0}),
            **({} if part.get("sticker", True) else {"sticker_availability": 0.0}),
        )
        for behind in [None] if part["background"] else self._references():
            yield changed.batch(self._indices, behind=behind).images

    def _references(self) -> Iterator[Tensor]:
        """Pictures that stand for absent backgrounds, each (B or 1, 3, S, S)."""
        if self._mean is not None:
            yield self._mean
            return
        engine = self._engine
        for number in range(self._num):
            others = engine.with_spec_changes(seed=later_seed(engine.spec.seed, _REFERENCE_SEED + number))
            yield others.draw_backgrounds(self._indices)[1]


def _mean_colour(engine: Engine) -> Tensor:
    """Of the backgrounds of training, as a picture: (1, 3, S, S)."""
    _, pictures = engine.draw_backgrounds(engine.indices("train", _NUM_FOR_MEAN))
    size = engine.spec.image_size
    return pictures.mean(dim=(0, 2, 3), keepdim=True).expand(1, 3, size, size)


def players_of(engine: Engine) -> tuple[str, ...]:
    """The parts that the images of a data set have: without stickers, object and background."""
    return tuple(PLAYERS) if engine.sticker_names else ("object", "background")


def members(num_players: int) -> Tensor:
    """Which parts each coalition has: (2^n, n) bool, the empty coalition first, the whole image last."""
    numbers, bits = torch.arange(2**num_players), torch.arange(num_players)
    return (numbers[:, None] >> bits) % 2 == 1


def coalition_name(players: tuple[str, ...], number: int) -> str:
    """``object + sticker``; the empty one is ``nothing``."""
    there = [player for bit, player in enumerate(players) if number >> bit & 1]
    return " + ".join(there) or "nothing"
