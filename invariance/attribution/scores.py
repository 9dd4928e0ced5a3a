"""How much of the relevance falls on the object, and how much would by chance."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class ObjectShare:
    """Relevance mass accuracy (Arras, Osman, Samek 2022, arXiv 2003.07258) of a batch.

    Attributes:
        mass: (B,) share of the positive relevance that lies on the object, in [0, 1]. NaN where the mask is empty or
            no relevance is positive: there is nothing to share out.
        chance: (B,) share of the image's area that the object covers: the mass of relevance spread evenly.
        lift: (B,) mass / chance; 1 is chance level.
    """

    mass: Tensor
    chance: Tensor
    lift: Tensor


def share_on_object(relevance: Tensor, masks: Tensor) -> ObjectShare:
    """Share of the positive relevance on the object.

    Args:
        relevance: (B, H, W) signed; negative values count as none.
        masks: (B, H, W) in [0, 1], alpha of the object as pasted; a half transparent pixel counts half.
    """
    positive = relevance.clamp_min(0.0)
    total = positive.sum(dim=(1, 2))
    area = masks.mean(dim=(1, 2))
    defined = (total > 0) & (area > 0)
    mass = torch.where(defined, (positive * masks).sum(dim=(1, 2)) / total, torch.nan)
    chance = torch.where(area > 0, area, torch.nan)
    return ObjectShare(mass, chance, mass / chance)


def rank_accuracy(relevance: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Share of the |M| most relevant pixels that lie on the object M (Arras, Osman, Samek 2022, arXiv 2003.07258).

    Args:
        relevance: (B, H, W) signed.
        masks: (B, H, W) in [0, 1]; above a half is the object.

    Returns:
        Score and chance level |M| / HW, both (B,). NaN where the mask is empty or the map is the same everywhere.
    """
    flat, inside = relevance.flatten(1), masks.flatten(1) > 0.5
    area = inside.sum(dim=1)
    order = flat.argsort(dim=1, descending=True, stable=True)
    hits = inside.gather(1, order).cumsum(dim=1).gather(1, (area - 1).clamp_min(0)[:, None])[:, 0]
    return _where_defined(hits / area, flat, area)


def pointing_game(relevance: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Whether the most relevant pixel lies on the object (Zhang et al. 2016, arXiv 1608.00507), without a tolerance.

    Args:
        relevance: (B, H, W) signed.
        masks: (B, H, W) in [0, 1]; above a half is the object.

    Returns:
        0 or 1 and the chance level |M| / HW, both (B,). NaN where the mask is empty or the map is the same everywhere.
    """
    flat, inside = relevance.flatten(1), masks.flatten(1) > 0.5
    hits = inside.gather(1, flat.argmax(dim=1, keepdim=True))[:, 0].float()
    return _where_defined(hits, flat, inside.sum(dim=1))


def _where_defined(score: Tensor, flat: Tensor, area: Tensor) -> tuple[Tensor, Tensor]:
    defined = (area > 0) & (flat.amax(dim=1) > flat.amin(dim=1))
    chance = area / flat.shape[1]
    return torch.where(defined, score, torch.nan), torch.where(area > 0, chance, torch.nan)
