"""Shares of relevance, worked out by hand."""

from __future__ import annotations

import torch

from invariance.attribution.scores import pointing_game, rank_accuracy, share_on_object


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


def test_rank_accuracy_takes_as_many_pixels_as_the_object_has() -> None:
    relevance = torch.tensor([[[9.0, 1.0], [5.0, -7.0]]])
    masks = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    score, chance = rank_accuracy(relevance, masks)  # of the two strongest, 9 lies on the object and 5 does not
    assert score.item() == 0.5 and chance.item() == 0.5
    assert rank_accuracy(relevance, torch.tensor([[[1.0, 0.0], [1.0, 0.0]]]))[0].item() == 1.0


def test_pointing_game_asks_for_the_strongest_pixel() -> None:
    relevance = torch.tensor([[[9.0, 1.0], [5.0, -7.0]]]).expand(2, 2, 2)
    masks = torch.zeros(2, 2, 2)
    masks[0, 0, 0] = masks[1, 1, 0] = 1.0
    score, chance = pointing_game(relevance, masks)
    assert score.tolist() == [1.0, 0.0] and chance.tolist() == [0.25, 0.25]


def test_an_empty_mask_or_a_flat_map_has_no_rank_and_no_peak() -> None:
    relevance = torch.stack([torch.eye(2), torch.ones(2, 2)])
    masks = torch.stack([torch.zeros(2, 2), torch.eye(2)])
    for score, chance in (rank_accuracy(relevance, masks), pointing_game(relevance, masks)):
        assert score.isnan().all() and chance.isnan().tolist() == [True, False]
