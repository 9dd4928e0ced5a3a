"""Ridge probes against independent solutions, and that nothing of a held-out sample reaches its own prediction."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from invariance.measures.factor_probe import RIDGE_GRID, group_folds, held_out, held_out_means


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def folds_of(num: int, num_folds: int = 5) -> Tensor:
    return group_folds(torch.arange(num), num_folds=num_folds, seed=0)


def numpy_ridge(features: np.ndarray, target: np.ndarray, held: np.ndarray, penalty: float) -> np.ndarray:
    """The textbook: standardise on the training samples, append a column of ones, solve the augmented least squares."""
    train = features[~held]
    centre, scale = train.mean(axis=0), train.std(axis=0)
    inputs = (train - centre) / scale
    num, width = inputs.shape
    system = np.vstack(
        [
            np.hstack([inputs, np.ones((num, 1))]),
            np.hstack([np.sqrt(num * penalty) * np.eye(width), np.zeros((width, 1))]),
        ]
    )
    right = np.concatenate([target[~held], np.zeros(width)])
    weights = np.linalg.lstsq(system, right, rcond=None)[0]
    return ((features[held] - centre) / scale) @ weights[:-1] + weights[-1]


def numpy_gcv(features: np.ndarray, target: np.ndarray, penalty: float) -> float:
    """Generalised cross-validation from the hat matrix itself."""
    inputs = (features - features.mean(axis=0)) / features.std(axis=0)
    num = len(inputs)
    kernel = inputs @ np.linalg.inv(inputs.T @ inputs + num * penalty * np.eye(inputs.shape[1])) @ inputs.T
    hat = kernel + np.ones((num, num)) / num
    residual = target - hat @ target
    return float(residual @ residual / (num - np.trace(hat)) ** 2)


@pytest.mark.parametrize("width", [7, 60], ids=["fewer features than samples", "more features than samples"])
def test_predictions_are_the_textbook_s_ridge_with_the_penalty_that_was_chosen(width: int) -> None:
    features = numbers(50, width) * torch.logspace(-2, 2, width, dtype=torch.float64) + 3.0
    target = features[:, :2] @ torch.tensor([[1.0], [0.01]], dtype=torch.float64) + numbers(50, 1, seed=1)
    folds = folds_of(50)
    (found,), penalties = held_out(features, [target], folds)
    for fold in range(5):
        held = (folds == fold).numpy()
        expected = numpy_ridge(features.numpy(), target[:, 0].numpy(), held, float(penalties[fold, 0]))
        assert found[held, 0].numpy() == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_the_penalty_is_the_one_with_the_least_gcv_error() -> None:
    features = numbers(80, 12)
    target = features[:, :1] + 2.0 * numbers(80, 1, seed=1)
    folds = folds_of(80)
    _, penalties = held_out(features, [target], folds)
    for fold in range(5):
        train = (folds != fold).numpy()
        errors = [numpy_gcv(features.numpy()[train], target[:, 0].numpy()[train], float(one)) for one in RIDGE_GRID]
        assert float(penalties[fold, 0]) == float(RIDGE_GRID[int(np.argmin(errors))])


def test_many_targets_at_once_are_what_each_is_alone() -> None:
    features, targets = numbers(60, 9), [numbers(60, width, seed=width) for width in (1, 2, 4)]
    targets[0] = features[:, :1] * 2 + 1
    folds = folds_of(60)
    together, penalties = held_out(features, targets, folds)
    for position, target in enumerate(targets):
        (alone,), own = held_out(features, [target], folds)
        assert torch.allclose(together[position], alone, atol=1e-10)
        assert torch.equal(penalties[:, position], own[:, 0])


def test_a_line_is_found_and_noise_is_not() -> None:
    features = numbers(400, 10)
    exact, noise = features[:, 3:4] * 5 - 2, numbers(400, 1, seed=1)
    folds = folds_of(400)
    (found, lost), _ = held_out(features, [exact, noise], folds)
    assert float((found - exact).square().mean() / exact.var()) < 1e-9
    assert float((lost - noise).square().mean() / noise.var()) > 0.95


def test_nothing_of_a_held_out_sample_reaches_its_own_prediction() -> None:
    # Standardisation and the choice of the penalty are inside the folds: a wild value changes its own prediction by
    # the fitted line alone, and its target not at all.
    features, target, folds = numbers(50, 6), numbers(50, 1, seed=1), folds_of(50)
    (before,), _ = held_out(features, [target], folds)
    wild_target = target.clone()
    wild_target[7] = 1e6
    (after,), _ = held_out(features, [wild_target], folds)
    own = folds == folds[7]
    assert torch.equal(before[own], after[own]) and not torch.allclose(before[~own], after[~own])
    wild_features = features.clone()
    wild_features[7] = 1e6
    (after,), _ = held_out(wild_features, [target], folds)
    others = own & (torch.arange(50) != 7)
    assert torch.equal(before[others], after[others])


def test_a_constant_representation_predicts_the_mean_of_the_other_folds() -> None:
    target, folds = numbers(40, 2), folds_of(40)
    for features in (torch.full((40, 3), 0.1), torch.zeros(40, 3)):
        for standardise in (True, False):
            (found,), _ = held_out(features, [target], folds, standardise=standardise)
            assert torch.allclose(found, held_out_means(target, folds))


def test_pixels_share_one_scale() -> None:
    # A column of rounding size is blown up by standardisation only; both forms ignore the unit of all features.
    features, target, folds = numbers(60, 4), numbers(60, 1, seed=1), folds_of(60)
    (one,), _ = held_out(features, [target], folds, standardise=False)
    (other,), _ = held_out(features * 1000.0, [target], folds, standardise=False)
    assert torch.allclose(one, other)
    tiny = torch.cat((features, target * 1e-5), dim=1)
    (hidden,), _ = held_out(tiny, [target], folds, standardise=False)
    (seen,), _ = held_out(tiny, [target], folds)
    assert float((seen - target).square().mean()) < 1e-3 < 0.5 < float((hidden - target).square().mean())


def test_folds_are_disjoint_cover_all_and_keep_groups_whole() -> None:
    groups = torch.tensor([5, 5, 2, 9, 2, 7, 1, 1, 3, 4, 8, 8])
    folds = group_folds(groups, num_folds=3, seed=4)
    assert sorted(folds.unique().tolist()) == [0, 1, 2]
    for group in groups.unique().tolist():
        assert len(folds[groups == group].unique()) == 1
    distinct = [len(groups[folds == fold].unique()) for fold in range(3)]
    assert max(distinct) - min(distinct) <= 1
    assert torch.equal(folds, group_folds(groups, num_folds=3, seed=4))
    assert not torch.equal(folds, group_folds(groups, num_folds=3, seed=5))


def test_fewer_groups_than_folds_are_refused() -> None:
    with pytest.raises(ValueError, match="2 different pictures for 3 folds"):
        group_folds(torch.tensor([1, 1, 2]), num_folds=3, seed=0)


def test_means_are_those_of_the_other_folds() -> None:
    target = torch.tensor([[1.0], [2.0], [6.0]], dtype=torch.float64)
    assert held_out_means(target, torch.tensor([0, 1, 1])).tolist() == [[4.0], [1.0], [1.0]]
