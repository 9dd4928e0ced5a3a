"""Shares of relevance, worked out by hand."""

from __future__ import annotations

import torch

from invariance.attribution.scores import share_on_object


def test_share_counts_positive_relevance_only() -> None:
    relevance = torch.tensor([[[3.0, 1.0], [-9.0, 0.0]]])
    masks = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    share = share_on_object(relevance, masks)
    assert share.mass.item() == 0.75
    assert share.chance.item() == 0.5
    assert share.lift.item() == 1.5


def test_half_transparent_pixels_count_half() -> None:
    share = share_on_object(torch.ones(1, 2, 2), torch.tensor([[[0.5, 0.0], [0.0, 0.0]]]))
    assert share.mass.item() == share.chance.item() == 0.125
    assert share.lift.item() == 1.0


def test_nothing_to_share_out_is_nan() -> None:
    relevance = torch.stack([torch.ones(2, 2), -torch.ones(2, 2)])
    masks = torch.stack([torch.zeros(2, 2), torch.ones(2, 2)])
    share = share_on_object(relevance, masks)
    assert share.mass.isnan().all() and share.lift.isnan().all()
    assert share.chance.isnan().tolist() == [True, False]
