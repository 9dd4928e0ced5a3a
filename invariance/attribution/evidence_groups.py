"""Shares of the evidence among equally right images: all, those that every network names rightly, and the others.

A network often rests more on the object of an image that it names rightly. Then the share of one that is right more
often is larger over all images, even if on equal terms both decide by the same. Two networks are therefore compared
within images on which both are right; what they do on the rest is told beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from invariance.attribution.over_images import direction
from invariance.attribution.shapley import Evidence
from invariance.vocabulary.attribution import (
    ALL_CLASSES,
    ALL_IMAGES,
    ALL_RIGHT,
    ALL_WRONG,
    EVIDENCE_DIFFERENCES,
    EVIDENCE_TABLE,
)

if TYPE_CHECKING:
    import pandas as pd

Found = Mapping[str, Evidence]
"""What several networks, by their names, say of the same images."""

NO_VERDICT: Final = ""


def groups_of(found: Found) -> dict[str, Tensor]:
    """Which images (N,) bool belong to each group: all, all right, one network alone right, all wrong.

    With more than two networks, images on which some but not all are right are in the first group only.
    """
    right = torch.stack([one.correct for one in found.values()])
    num_right = right.sum(dim=0)
    alone = {f"only {name}": own & (num_right == 1) for name, own in zip(found, right, strict=True)}
    return {
        ALL_IMAGES: torch.ones_like(num_right, dtype=torch.bool),
        ALL_RIGHT: num_right == len(right),
        **(alone if len(right) > 1 else {}),
        ALL_WRONG: num_right == 0,
    }


def evidence_means(found: Found, *, by_class: bool = False) -> pd.DataFrame:
    """Mean Shapley values and shares of every network, over each group of images that has any.

    Args:
        found: of the same images.
        by_class: whether a row for each class, over all its images, follows that of all, in label order.

    Returns:
        Columns as in :data:`~invariance.vocabulary.attribution.EVIDENCE_TABLE`.
    """
    groups = [(group, ALL_CLASSES, chosen) for group, chosen in groups_of(found).items()]
    rows = []
    for name, one in found.items():
        classes = enumerate(one.class_names if by_class else ())
        of_classes = [(ALL_IMAGES, class_name, one.labels == label) for label, class_name in classes]
        for group, class_name, chosen in [*groups[:1], *of_classes, *groups[1:]]:
            if bool(chosen.any()):
                rows += [{"model": name, "images": group, "class": class_name, **row} for row in _means(one, chosen)]
    return _table(rows, EVIDENCE_TABLE)


def evidence_differences(found: Found) -> pd.DataFrame:
    """Differences of two networks' shares within images, for every pair of networks and group of images.

    Args:
        found: of the same images.

    Returns:
        Columns as in :data:`~invariance.vocabulary.attribution.EVIDENCE_DIFFERENCES`; only images on which both are
        right give a verdict.
    """
    rows: list[dict[str, Any]] = []
    for first, second in combinations(found, 2):
        pair = {name: found[name] for name in (first, second)}
        for group, chosen in groups_of(pair).items():
            if not bool(chosen.any()):
                continue
            differences = (found[first].shares - found[second].shares)[chosen]
            for position, player in enumerate(found[first].players):
                mean = found[first].parts[chosen].interval(differences[:, position])
                verdict = direction(mean.low, mean.high) if group == ALL_RIGHT else NO_VERDICT
                rows.append(
                    {
                        "first": first,
                        "second": second,
                        "images": group,
                        "player": player,
                        "difference": mean.estimate,
                        "low": mean.low,
                        "high": mean.high,
                        "verdict": verdict,
                        "num": mean.num,
                    }
                )
    return _table(rows, EVIDENCE_DIFFERENCES)


def _means(one: Evidence, chosen: Tensor) -> list[dict[str, Any]]:
    """A row for each part, over the chosen images."""
    parts, values, shares = one.parts[chosen], one.values[chosen], one.shares[chosen]
    rows = []
    for position, player in enumerate(one.players):
        value, share = parts.interval(values[:, position]), parts.share_interval(shares[:, position])
        rows.append(
            {
                "player": player,
                "shapley": value.estimate,
                "low": value.low,
                "high": value.high,
                "share": share.estimate,
                "share_low": share.low,
                "share_high": share.high,
                "num": value.num,
            }
        )
    return rows


def _table(rows: list[dict[str, Any]], columns: tuple[Any, ...]) -> pd.DataFrame:
    import pandas as pd  # here, since who only attributes has no use for it

    return pd.DataFrame(rows, columns=[column.name for column in columns])
