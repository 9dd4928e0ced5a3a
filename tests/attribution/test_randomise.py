"""What is drawn anew, and the rank correlation by hand."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import spearmanr

from invariance.attribution.randomise import randomised, rank_correlations
from invariance.models import create_model
from invariance.spec import SpecError


def test_head_alone_or_everything_is_drawn_anew_from_the_seed() -> None:
    model = create_model("small", 3, seed=0).eval()
    model.class_names = ("a", "b", "c")
    state = torch.get_rng_state()
    for weights, same_backbone in (("head", True), ("all", False)):
        twin, again = (randomised(model, weights=weights, seed=7) for _ in range(2))
        pairs = list(zip(twin.backbone.parameters(), model.backbone.parameters(), strict=True))
        assert torch.equal(pairs[0][0], pairs[0][1]) == same_backbone
        assert not torch.equal(twin.head.weight, model.head.weight)
        assert torch.equal(twin.head.weight, again.head.weight)
        assert not torch.equal(twin.head.weight, randomised(model, weights=weights, seed=8).head.weight)
        assert not twin.training and twin.class_names == model.class_names
    assert torch.equal(torch.get_rng_state(), state)
    started_from = randomised(model, seed=0)
    assert not torch.equal(started_from.head.weight, model.head.weight), "what a training starts from is no null"
    assert torch.equal(model.head.weight, create_model("small", 3, seed=0).head.weight)


def test_correlations_are_spearmans_with_ties_of_every_pair() -> None:
    maps = torch.tensor([[[3.0, -1.0], [0.0, 0.0]], [[1.0, 2.0], [0.0, 0.0]], [[-3.0, 1.0], [0.0, 0.0]]])
    (found,) = rank_correlations(maps[:, None])
    for first in range(3):
        for second in range(3):
            expected = spearmanr(maps[first].flatten(), maps[second].flatten()).statistic
            assert found[first, second].item() == pytest.approx(expected)
    assert found[0, 2].item() == pytest.approx(-1.0)


def test_each_image_is_correlated_alone_and_a_flat_map_not_at_all() -> None:
    maps = torch.randn(3, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    maps[1, 2] = 7.0
    found = rank_correlations(maps)
    assert found.shape == (4, 3, 3)
    torch.testing.assert_close(found[1], rank_correlations(maps[:, 1:2])[0])
    assert found[2].isnan().tolist() == [[False, True, False], [True, True, True], [False, True, False]]


def test_other_names_are_refused() -> None:
    with pytest.raises(SpecError, match="weights = 'tail': expected head or all"):
        randomised(create_model("small", 2, seed=0), weights="tail")
