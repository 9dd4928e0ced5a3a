"""The randomisation test: what is drawn anew, and the rank correlation by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from invariance.attribution.randomise import MapCorrelation, correlate, randomised
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
    assert torch.equal(model.head.weight, create_model("small", 3, seed=0).head.weight)


def test_correlation_is_spearmans_with_ties() -> None:
    first = np.array([[3.0, -1.0], [0.0, 0.0]])
    second = np.array([[1.0, 2.0], [0.0, 0.0]])
    found = correlate(first, second)
    assert found.signed == pytest.approx(spearmanr(first.ravel(), second.ravel()).statistic)
    assert found.strength == pytest.approx(spearmanr(abs(first).ravel(), abs(second).ravel()).statistic)
    assert correlate(first, -first).signed == pytest.approx(-1.0)
    assert correlate(first, -first).strength == pytest.approx(1.0)


def test_a_map_is_unchanged_from_a_half_on_and_an_empty_one_never() -> None:
    assert correlate(np.eye(3), np.eye(3)).is_unchanged
    assert MapCorrelation(signed=-0.9, strength=0.6).is_unchanged
    assert not MapCorrelation(signed=0.4, strength=0.4).is_unchanged
    assert not correlate(np.zeros((2, 2)), np.eye(2)).is_unchanged


def test_other_names_are_refused() -> None:
    with pytest.raises(SpecError, match="weights = 'tail': expected head or all"):
        randomised(create_model("small", 2, seed=0), weights="tail")
