"""Scores of maps against masks, worked out by hand, and their null: the masks of other images."""

from __future__ import annotations

import pytest
import torch

from invariance.attribution.scores import MaskScore, against_others, pointing_game, rank_accuracy, share_on_object

ALL = pytest.mark.parametrize("score", [share_on_object, rank_accuracy, pointing_game])


def boxes(num: int, side: int, *, seed: int) -> torch.Tensor:
    """Masks of a box of a third of the side each, somewhere about the centre."""
    corners = torch.randint(side // 6, side // 2, (num, 2), generator=torch.Generator().manual_seed(seed))
    at = torch.arange(side)
    inside = (at >= corners[..., None]) & (at < corners[..., None] + side // 3)
    return (inside[:, 0, :, None] & inside[:, 1, None, :]).float()


def test_share_counts_positive_relevance_only() -> None:
    relevance = torch.tensor([[[3.0, 1.0], [-9.0, 0.0]]])
    masks = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 0.0]]])
    assert share_on_object(relevance, masks).tolist() == [[0.75, 0.25]]


def test_half_transparent_pixels_count_half() -> None:
    assert share_on_object(torch.ones(1, 2, 2), torch.tensor([[[0.5, 0.0], [0.0, 0.0]]])).item() == 0.125


def test_nothing_to_share_out_is_nan() -> None:
    relevance = torch.stack([torch.ones(2, 2), -torch.ones(2, 2)])
    masks = torch.stack([torch.zeros(2, 2), torch.ones(2, 2)])
    assert share_on_object(relevance, masks).isnan().tolist() == [[True, False], [True, True]]


def test_rank_accuracy_takes_as_many_pixels_as_the_object_has() -> None:
    relevance = torch.tensor([[[9.0, 1.0], [5.0, -7.0]]])
    masks = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 0.0]]])
    # Of the two strongest, 9 lies on the first object and 5 does not; the third object has one pixel.
    assert rank_accuracy(relevance, masks).tolist() == [[0.5, 1.0, 0.0]]


def test_pointing_game_asks_for_the_strongest_pixel() -> None:
    relevance = torch.tensor([[[9.0, 1.0], [5.0, -7.0]], [[0.0, 0.0], [0.0, 2.0]]])
    masks = torch.zeros(2, 2, 2)
    masks[0, 0, 0] = masks[1, 1, 0] = 1.0
    assert pointing_game(relevance, masks).tolist() == [[1.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("score", [rank_accuracy, pointing_game])
def test_an_empty_mask_or_a_flat_map_has_no_rank_and_no_peak(score: MaskScore) -> None:
    relevance = torch.stack([torch.eye(2), torch.ones(2, 2)])
    masks = torch.stack([torch.zeros(2, 2), torch.eye(2)])
    assert score(relevance, masks).isnan().tolist() == [[True, False], [True, True]]


@ALL
def test_the_null_is_the_mean_over_all_other_masks(score: MaskScore) -> None:
    relevance, masks = torch.randn(9, 12, 12, generator=torch.Generator().manual_seed(0)), boxes(9, 12, seed=1)
    masks[4] = 0.0  # no object there: such an image is no other, either
    found, every = against_others(score, relevance, masks), score(relevance, masks).double()
    for image in (0, 8):
        others = [other for other in range(9) if other not in (image, 4)]
        assert found.own[image] == every[image, image]
        assert found.null[image].item() == pytest.approx(every[image, others].mean().item())
    assert found.own.isnan().nonzero().tolist() == found.excess.isnan().nonzero().tolist() == [[4]]
    difference = found.own.nanmean() - found.null.nanmean()
    assert found.excess.nanmean().item() == pytest.approx(difference.item())


@ALL
def test_one_central_map_for_all_images_scores_exactly_its_null(score: MaskScore) -> None:
    """Far above the object's share of the area, which is no level of chance."""
    masks, at = boxes(200, 24, seed=0), torch.arange(24) - 11.5
    centre = torch.exp(-(at[:, None] ** 2 + at**2) / 32).expand(200, 24, 24)
    found = against_others(score, centre, masks)
    assert found.own.mean() > 2 * masks.mean(), "by area the map would seem to find the object"
    assert found.excess.abs().max() < 1e-6


@ALL
def test_a_map_that_is_the_mask_exceeds_its_null(score: MaskScore) -> None:
    masks = boxes(50, 24, seed=0)
    found = against_others(score, masks, masks)
    assert found.own.tolist() == pytest.approx([1.0] * 50)
    assert found.null.max() < 0.9 and found.excess.mean() > 0.2


def test_a_single_image_has_no_null() -> None:
    found = against_others(share_on_object, torch.ones(1, 2, 2), torch.ones(1, 2, 2))
    assert found.own.tolist() == [1.0] and bool(found.null.isnan().all()) and bool(found.excess.isnan().all())
