"""How much of a map falls on the object, and how much of it on the objects of other images.

Maps and objects are both central, whatever a network has learnt. So the level to compare with is not the share of the
image that the object covers, but the same score of the same map against the masks of other images: what a map gets
that knows where objects are in general, and not where this one is. Another image may have the same object in the same
place, most of all without transformations; then the null is severe.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

MaskScore = Callable[[Tensor, Tensor], Tensor]
"""Of every map (N, H, W), signed, against every mask (M, H, W) in [0, 1]: (N, M), NaN where it is undefined."""

_AT_A_TIME: Final = 500
"""Masks, so that memory stays bounded for any number of maps."""


def share_on_object(relevance: Tensor, masks: Tensor) -> Tensor:
    """Relevance mass accuracy (Arras, Osman, Samek 2022, arXiv 2003.07258): share of the positive relevance on a mask.

    Args:
        relevance: (N, H, W) signed; negative values count as none.
        masks: (M, H, W) in [0, 1], alpha of the object as pasted; a half transparent pixel counts half.

    Returns:
        (N, M) of every map on every mask. NaN where the mask is empty or no relevance is positive: there is nothing to
        share out.
    """
    positive, there = relevance.flatten(1).clamp_min(0.0), masks.flatten(1)
    total, area = positive.sum(dim=1), there.sum(dim=1)
    defined = (total > 0)[:, None] & (area > 0)
    return torch.where(defined, positive @ there.T / total[:, None], torch.nan)


def rank_accuracy(relevance: Tensor, masks: Tensor) -> Tensor:
    """Share of the |M| most relevant pixels that lie on the object M (Arras, Osman, Samek 2022, arXiv 2003.07258).

    Args:
        relevance: (N, H, W) signed.
        masks: (M, H, W) in [0, 1]; above a half is the object.

    Returns:
        (N, M) of every map on every mask. NaN where the mask is empty or the map is the same everywhere.
    """
    flat, inside = relevance.flatten(1), masks.flatten(1) > 0.5
    ranks = flat.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    areas = inside.sum(dim=1)
    found = flat.new_zeros(len(flat), len(inside))
    for area in areas.unique().tolist():  # masks of one area share their most relevant pixels
        chosen = areas == area
        found[:, chosen] = (ranks < area).to(flat.dtype) @ inside[chosen].to(flat.dtype).T / area
    return _where_defined(found, flat, areas)


def pointing_game(relevance: Tensor, masks: Tensor) -> Tensor:
    """Whether the most relevant pixel lies on the object (Zhang et al. 2016, arXiv 1608.00507), without a tolerance.

    Args:
        relevance: (N, H, W) signed.
        masks: (M, H, W) in [0, 1]; above a half is the object.

    Returns:
        (N, M), 0 or 1 of every map on every mask. NaN where the mask is empty or the map is the same everywhere.
    """
    flat, inside = relevance.flatten(1), masks.flatten(1) > 0.5
    return _where_defined(inside[:, flat.argmax(dim=1)].T.to(flat.dtype), flat, inside.sum(dim=1))


def _where_defined(score: Tensor, flat: Tensor, areas: Tensor) -> Tensor:
    defined = (flat.amax(dim=1) > flat.amin(dim=1))[:, None] & (areas > 0)
    return torch.where(defined, score, torch.nan)


@dataclass(frozen=True)
class AgainstOthers:
    """A score of maps against their own masks and against those of all other images, (N,) float64 each.

    Attributes:
        own: of each image's map against its own mask; NaN where it is undefined, and such an image is no other.
        null: of its map against another image's mask, the mean over all of them.
        excess: what the image adds to the difference: its mean is that of ``own`` less that of ``null``. Beside the
            image's own difference it holds how easily its mask is met by other maps, so that intervals over it are
            those of a mean over pairs of images (its first-order part: Hoeffding 1948).
    """

    own: Tensor
    null: Tensor
    excess: Tensor


def against_others(score: MaskScore, relevance: Tensor, masks: Tensor) -> AgainstOthers:
    """Scores maps against their own masks, and each against all the others', exactly.

    Args:
        score: one of this module's.
        relevance: (N, H, W) signed.
        masks: (N, H, W) in [0, 1], of the same images.
    """
    own = torch.cat(
        [score(some, there).diagonal() for some, there in zip(relevance.split(64), masks.split(64), strict=True)]
    ).double()
    known = own.isfinite()
    maps, there, kept = relevance[known], masks[known], own[known]
    of_maps, of_masks = torch.zeros_like(kept), torch.zeros_like(kept)
    for part in torch.arange(len(kept), device=kept.device).split(_AT_A_TIME):
        found = score(maps, there[part]).double()
        of_maps += found.sum(dim=1)
        of_masks[part] = found.sum(dim=0)
    num = len(kept)
    null = (of_maps - kept) / (num - 1)  # NaN of a single one
    # What a map, or a mask, has in common with all others goes; what is left of the mean is (n - 1) / n of it.
    excess = (kept - (of_maps + of_masks) / num + of_maps.mean() / num) * num / (num - 1)
    return AgainstOthers(own, _among(known, null), _among(known, excess))


def _among(known: Tensor, values: Tensor) -> Tensor:
    """Values of some images among all, NaN elsewhere."""
    return values.new_full(known.shape, torch.nan).masked_scatter(known, values)
