"""Whose evidence a decision rests on: exact Shapley values of object, background and sticker.

Each part is a player, the network's score of a class is what a coalition of them is worth, and a part's value is its
mean contribution over all orders in which the image could be put together (Shapley 1953). With three players there are
eight coalitions, so nothing is sampled or approximated: the values add up to what the whole image is worth beyond
nothing, a part that never matters has the value 0, and equal parts have equal values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import torch
from torch import Tensor

from invariance.attribution.coalitions import NUM_REFERENCES, Coalitions, members, players_of
from invariance.attribution.compare import PREDICTED, TRUE, require_known_class
from invariance.attribution.map_set import MAX_IMAGES
from invariance.attribution.over_images import SharedParts, shared_parts
from invariance.attribution.passes import passes_of_evidence
from invariance.data.engine import Engine
from invariance.data.foreground import indices_of
from invariance.models import Classifier, images_at_once
from invariance.models.checks import require_networks
from invariance.spec.checks import require, require_count, require_kind

WORTH: Final[dict[str, str]] = {
    "logit": "the logit of the explained class",
    "log-probability": "the logarithm of its probability, which depends on the other classes too",
}
"""What a coalition is worth, the default first."""

_CHUNK: Final = 32


@dataclass(frozen=True)
class Evidence:
    """What the parts of images say for a class, to one network.

    Attributes:
        players: names of the n parts.
        worth: (N, 2^n) float64, of every coalition of every image; number c has part p if bit p of c is set.
        labels: (N,) int64, of the images.
        class_names: of the data set, in label order.
        predicted: (N,) int64, the network's class for the whole image.
        explained: (N,) int64, whose score is explained.
        asked: (N,) bool, whether that is the class asked for; otherwise the network does not know it, and its
            prediction is explained instead.
        model_class_names: of the network, in the order of its outputs.
        parts: what the images have in common.
    """

    players: tuple[str, ...]
    worth: Tensor
    labels: Tensor
    class_names: tuple[str, ...]
    predicted: Tensor
    explained: Tensor
    asked: Tensor
    model_class_names: tuple[str, ...]
    parts: SharedParts

    @property
    def correct(self) -> Tensor:
        """(N,) bool, whether the network names the whole image rightly; never where it does not know the class."""
        outputs = {name: position for position, name in enumerate(self.model_class_names)}
        return torch.tensor([outputs.get(name, -1) for name in self.class_names])[self.labels] == self.predicted

    @property
    def values(self) -> Tensor:
        """Shapley values, (N, n) float64, in the unit of ``worth``."""
        return shapley_values(self.worth)

    @property
    def shares(self) -> Tensor:
        """Each part's share of the evidence, for or against: |value| / sum of |values|, (N, n); NaN where all are 0.

        Without a unit, so that networks whose logits have different scales can be compared.
        """
        size = self.values.abs()
        return size / size.sum(dim=1, keepdim=True)


def shapley_values(worth: Tensor) -> Tensor:
    """Exact Shapley values of games given by the worth of every coalition.

    Args:
        worth: (..., 2^n) float; coalition c has player p if bit p of c is set.

    Returns:
        (..., n) float64: sum over coalitions S without p of |S|! (n - |S| - 1)! / n! (v(S with p) - v(S)).
    """
    num = worth.shape[-1].bit_length() - 1
    assert worth.shape[-1] == 2**num, "one number for each coalition"
    there = members(num)
    sizes = there.sum(dim=1).tolist()
    weights = torch.zeros(2**num, num, dtype=torch.float64)
    for coalition in range(2**num):
        for player in range(num):
            size = sizes[coalition] - int(there[coalition, player])  # of the others in it
            share = math.factorial(size) * math.factorial(num - size - 1) / math.factorial(num)
            weights[coalition, player] = share if there[coalition, player] else -share
    return worth.double() @ weights.to(worth.device)


def evidence(
    models: Sequence[Classifier],
    engine: Engine,
    *,
    num: int = 200,
    start: int = 0,
    split: str = "test",
    explain: str = PREDICTED,
    worth: str = "logit",
    reference: str = "others",
    num_references: int = NUM_REFERENCES,
    batch_size: int = 256,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Evidence]:
    """Shapley values of several networks on the same images, each made again under every coalition of its parts.

    Args:
        models: in eval mode, on the engine's device.
        engine: the data set.
        num: images.
        start: position of the first one in the split.
        split: ``train``, ``validation`` or ``test``.
        explain: ``predicted`` (each network's own class of the whole image), ``true``, or the name of a class.
        worth: of a coalition, one of :data:`WORTH`; averaged over the backgrounds that stand for an absent one.
        reference: what stands for an absent background, see :data:`~invariance.attribution.coalitions.REFERENCES`.
        num_references: how many of them.
        batch_size: images that pass through a network at once.
        on_progress: told (passes done, in all) after each batch; what it raises ends the work.

    Returns:
        One record for each model, in float64: efficiency holds to rounding.

    Raises:
        SpecError: a number or a name cannot be used, or no model knows the class.
    """
    require_networks(models)
    require_kind(Engine, "engine", engine, "an Engine of a data set")
    require_count("num", num, 1, MAX_IMAGES)
    require(start >= 0, "start", start, "0 or more")
    require(worth in WORTH, "worth", worth, " or ".join(WORTH))
    for model in models:
        model.require_head("evidence")
    require_known_class(models, explain)
    of_models: list[list[Evidence]] = [[] for _ in models]
    num_made = passes_of_evidence(len(players_of(engine)), reference, num_references)
    report = _counting(on_progress, num * len(models) * num_made)
    for indices in engine.parts(indices_of(split, num, start), _CHUNK):
        parts = shared_parts(engine, indices)
        made = Coalitions(engine, indices, reference=reference, num_references=num_references)
        of_coalitions = [_scores(models, made.images(number), worth, batch_size, report) for number in range(made.num)]
        for found, model, scores in zip(of_models, models, zip(*of_coalitions, strict=True), strict=True):
            predicted = scores[-1].argmax(dim=1)
            explained, asked = _targets(model, engine.class_names, made.labels, predicted, explain)
            values = torch.stack([one.gather(1, explained[:, None])[:, 0] for one in scores], dim=1)
            found.append(
                Evidence(
                    players=made.players,
                    worth=values.cpu(),
                    labels=made.labels.cpu(),
                    class_names=engine.class_names,
                    predicted=predicted.cpu(),
                    explained=explained.cpu(),
                    asked=asked.cpu(),
                    model_class_names=model.class_names,
                    parts=parts,
                )
            )
    return [_joined(found) for found in of_models]


@torch.no_grad()
def _scores(
    models: Sequence[Classifier],
    images: Iterable[Tensor],
    worth: str,
    batch_size: int,
    report: Callable[[int], None],
) -> list[Tensor]:
    """Each network's mean score of every class over references: images (B, 3, S, S) of each to (B, K) float64."""
    asked, num_references = [_Asked(model, batch_size, report) for model in models], 0
    for some in images:
        num_references += 1
        for one in asked:
            one.add(some)
    scores = [one.logits().double() for one in asked]
    if worth == "log-probability":
        scores = [logits.log_softmax(dim=1) for logits in scores]
    return [logits.unflatten(0, (num_references, -1)).mean(dim=0) for logits in scores]


class _Asked:
    """A network that is asked about images which come a few at a time, in full batches: none waits longer than that."""

    def __init__(self, model: Classifier, batch_size: int, report: Callable[[int], None]) -> None:
        self._model, self._batch_size, self._report = model, batch_size, report
        self._waiting: list[Tensor] = []
        self._logits: list[Tensor] = []

    def add(self, images: Tensor) -> None:
        """Images (B, 3, S, S) more."""
        self._waiting.append(images)
        size = images_at_once(self._model, images, self._batch_size)  # fewer of those that are large, or it enlarges
        num = sum(map(len, self._waiting))
        if num >= size:
            self._ask(size, num - num % size)

    def logits(self) -> Tensor:
        """Of all images in their order: (N, K)."""
        if self._waiting:
            num = sum(map(len, self._waiting))
            self._ask(num, num)
        return torch.cat(self._logits)

    def _ask(self, size: int, num: int) -> None:
        together = torch.cat(self._waiting)
        for part in together[:num].split(size):
            self._logits.append(self._model(part))
            self._report(len(part))
        self._waiting = [together[num:]] if num < len(together) else []


def _counting(on_progress: Callable[[int, int], None] | None, total: int) -> Callable[[int], None]:
    """Adds up how many passes were made, and tells the sum."""
    done = 0

    def report(num: int) -> None:
        nonlocal done
        done += num
        if on_progress is not None:
            on_progress(done, total)

    return report


def _targets(
    model: Classifier, class_names: tuple[str, ...], labels: Tensor, predicted: Tensor, explain: str
) -> tuple[Tensor, Tensor]:
    """Output to explain for each image, (B,), and whether it is the one asked for."""
    if explain == PREDICTED:
        return predicted, torch.ones_like(predicted, dtype=torch.bool)
    outputs = {name: position for position, name in enumerate(model.class_names)}
    wanted = class_names if explain == TRUE else (explain,) * len(class_names)
    target = torch.tensor([outputs.get(name, -1) for name in wanted], device=labels.device)[labels]
    return torch.where(target >= 0, target, predicted), target >= 0


def _joined(parts: list[Evidence]) -> Evidence:
    first = parts[0]
    names = ("worth", "labels", "predicted", "explained", "asked")
    joined: dict[str, Any] = {name: torch.cat([getattr(part, name) for part in parts]) for name in names}
    together = SharedParts(
        torch.cat([part.parts.objects for part in parts]), torch.cat([part.parts.backgrounds for part in parts])
    )
    return replace(first, parts=together, **joined)
