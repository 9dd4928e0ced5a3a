"""Two networks on the same images, of which one holds a factor and one cannot, and the interval of their difference."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from invariance.data.engine import Engine, to_bytes
from invariance.measures.bootstrap import two_way_positions
from invariance.measures.factor_pair import NUM_RESAMPLES, FactorPair, factor_pairs, two_way_difference
from invariance.measures.factors import resolve_factors
from invariance.spec import DatasetSpec
from invariance.statistics import t_quantile, two_sided_p

DATA = DatasetSpec(classes=("banana", "mug", "owl"), image_size=16)
SIZES = {"num_images": 150, "num_folds": 3}


def pixels(images: Tensor) -> Tensor:
    return images.float().flatten(1) / 255


def corners(images: Tensor) -> Tensor:
    """Of the background alone, which no transformation of the object changes."""
    return pixels(images[:, :, :2, :2])


@pytest.fixture(scope="module")
def found() -> dict[str, FactorPair]:
    factors = resolve_factors(("class", "hue", "grayscale"))
    return {pair.factor.name: pair for pair in factor_pairs((pixels, corners), Engine(DATA), factors, **SIZES)}


def test_what_only_the_first_holds_is_a_difference_that_is_there(found: dict[str, FactorPair]) -> None:
    for name in ("class", "hue.shift", "grayscale.applied"):
        pair = found[name]
        assert pair.skills[0].low > 0.3 > 0.1 > pair.skills[1].estimate, name
        assert pair.difference.estimate == pytest.approx(pair.skills[1].estimate - pair.skills[0].estimate)
        assert pair.difference.high < 0 and pair.p < 0.05, name


def test_a_network_beside_itself_differs_in_nothing() -> None:
    (pair,) = factor_pairs((pixels, pixels), Engine(DATA), resolve_factors(("hue",)), **SIZES)
    assert (pair.difference.low, pair.difference.estimate, pair.difference.high, pair.p) == (0, 0, 0, 1)


def test_the_difference_and_its_interval_by_hand() -> None:
    generator = np.random.default_rng(0)
    num = 60
    objects: NDArray[np.int64] = np.arange(num) % 5
    backgrounds: NDArray[np.int64] = np.arange(num) % 4
    saved, guesses = generator.normal(-0.2, 0.5, num), generator.uniform(0.5, 1.5, num)
    interval, p = two_way_difference(*map(torch.from_numpy, (saved, guesses, objects, backgrounds)))
    ratios = []
    for rows, columns in zip(*(drawn.numpy() for drawn in two_way_positions(5, 4, NUM_RESAMPLES, 0)), strict=True):
        times = np.array([np.sum(rows == one) for one in objects]) * [np.sum(columns == one) for one in backgrounds]
        # Each object that was drawn counts alike, and so does each background among its images.
        sums = [sum(np.sum((times * part)[objects == row]) for row in range(5)) for part in (saved, guesses)]
        ratios.append(sums[0] / sums[1])
    error = np.std(ratios, ddof=1) * np.sqrt(4 / 3)
    assert interval.estimate == pytest.approx(saved.sum() / guesses.sum())
    assert interval.high - interval.estimate == pytest.approx(t_quantile(3) * error)
    assert p == pytest.approx(two_sided_p(interval.estimate, error, 3))


def test_a_strip_shows_five_values_in_a_picture_that_no_probe_was_fitted_to(found: dict[str, FactorPair]) -> None:
    strip, engine = found["hue.shift"].strip, Engine(DATA)
    assert strip is not None and len(set(strip.indices)) == 1 and list(strip.true) == sorted(set(strip.true))
    assert [value % 360 for value in strip.true] == pytest.approx([360 * value for value in strip.values])
    task = engine.with_spec_changes(transforms=("hue",))
    batch = task.batch(torch.tensor(strip.indices), instead={"hue.shift": torch.tensor(strip.values)})
    assert batch.parameters["hue.shift"].tolist() == pytest.approx(strip.values)
    assert (strip.images(engine) == to_bytes(batch.images).permute(0, 2, 3, 1).numpy()).all()
    as_drawn = task.batch(torch.tensor(strip.indices[:1]))
    assert (batch.backgrounds == as_drawn.backgrounds).all() and (batch.objects == as_drawn.objects).all()
    assert len(strip.first_length) == len(strip.second_length) == len(strip.first)
    assert all(0 < length < 1.5 for length in (*strip.first_length, *strip.second_length))
    apart = [np.abs((np.subtract(read, strip.true) + 180) % 360 - 180).mean() for read in (strip.first, strip.second)]
    assert apart[0] < 60 < apart[1]


def test_a_strip_of_a_choice_shows_images_as_they_are(found: dict[str, FactorPair]) -> None:
    strip = found["grayscale.applied"].strip
    assert strip is not None and not strip.values and strip.true == (0, 0, 1, 1, 1)
    assert strip.labels == ("not applied", "not applied", "applied", "applied", "applied")
    batch = Engine(DATA).with_spec_changes(transforms=("grayscale",)).batch(torch.tensor(strip.indices))
    assert batch.parameters["grayscale.applied"].tolist() == [False, False, True, True, True]
    assert np.mean(strip.first[2:]) > 0.6 > 0.4 > np.mean(strip.first[:2])
