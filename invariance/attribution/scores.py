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
