"""The randomisation test: a network that learnt nothing is one of the untrained ones, and one that did is not."""

from __future__ import annotations

import math

import pytest
import torch

from invariance.attribution.over_images import SharedParts
from invariance.attribution.randomisation import Randomisation, compare_correlations, randomisation_test
from invariance.attribution.randomise import FIRST_SEED, rank_correlations
from invariance.data.engine import Engine
from invariance.models import create_model
from invariance.spec import DatasetSpec, SpecError
from invariance.vocabulary.attribution import MAP_PARTS

NUM_IMAGES, NUM_UNTRAINED = 24, 6


def apart(num: int) -> SharedParts:
    return SharedParts(torch.arange(num), torch.arange(num))


def maps_of_networks(*, seed: int, learnt: float = 0.0) -> torch.Tensor:
    """Maps of a network and untrained ones: what the image gives to all, what weights prefer, and noise.

    Args:
        seed: of all of it.
        learnt: how much of the first one's map is replaced by what only it has.
    """

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, 8, 8, generator=generator)

    generator = torch.Generator().manual_seed(seed)
    image, weights = normal(1, NUM_IMAGES), normal(1 + NUM_UNTRAINED, 1)
    strength = torch.rand(1 + NUM_UNTRAINED, 1, 1, 1, generator=generator)
    maps = image + strength * weights + normal(1 + NUM_UNTRAINED, NUM_IMAGES)
    maps[0] = (1 - learnt) * maps[0] + 2 * learnt * normal(NUM_IMAGES)
    return maps


def compared(maps: torch.Tensor) -> Randomisation:
    return compare_correlations("signed", rank_correlations(maps), apart(maps.shape[1]))


def test_both_levels_and_their_difference_by_hand() -> None:
    """Two images, three untrained networks; the network's pairs first, then those of the untrained ones."""
    correlations = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    for image, values in enumerate(([0.2, 0.3, 0.4, 0.5, 0.6, 0.7], [0.4, 0.5, 0.6, 0.7, 0.8, 0.9])):
        for (first, second), value in zip(((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)), values, strict=True):
            correlations[image, first, second] = correlations[image, second, first] = value
    found = compare_correlations("strength", correlations, apart(2))
    assert (found.trained, found.null, found.difference) == pytest.approx((0.4, 0.7, -0.3))
    assert (found.maps, found.num, found.num_untrained) == ("strength", 2, 3)
    # The difference is the same on both images, so its interval is that over networks: means with the others of
    # 0.65, 0.7 and 0.75 spread by 0.05, twice that for single ones; t = 4.3027 with two degrees of freedom.
    half = 4.302653 * 0.1 * math.sqrt(4 / 3)
    assert (found.difference_low, found.difference_high) == pytest.approx((-0.3 - half, -0.3 + half))
    assert found.verdict == "undecided"


def test_a_network_that_learnt_nothing_is_rarely_told_from_untrained_ones() -> None:
    told = [compared(maps_of_networks(seed=seed)).verdict for seed in range(60)]
    assert 60 - told.count("undecided") <= 6, "5 % and less than two standard errors"


def test_a_network_that_learnt_is_less_like_untrained_ones_than_they_are_like_each_other() -> None:
    found = compared(maps_of_networks(seed=0, learnt=0.8))
    assert found.verdict == "lower" and found.trained < 0.25 < found.null
    assert found.null_low < found.null < found.null_high and found.trained_low < found.trained < found.trained_high


def test_one_that_is_more_like_them_shows_nothing_that_it_learnt() -> None:
    maps = maps_of_networks(seed=0)
    maps[0] = maps[1:].mean(dim=0)
    assert compared(maps).verdict == "higher"


def test_an_image_with_a_flat_map_is_left_out() -> None:
    maps = maps_of_networks(seed=1)
    maps[3, 5] = 0.0
    found, without = compared(maps), compared(maps[:, torch.arange(NUM_IMAGES) != 5])
    assert found == without and found.num == NUM_IMAGES - 1
    nothing = compared(torch.zeros_like(maps))
    assert nothing.num == 0 and nothing.verdict == "undecided" and math.isnan(nothing.difference)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DatasetSpec(objects="noise", backgrounds="noise", classes=("noise-00", "noise-01"), image_size=16))


def test_networks_are_tested_on_the_same_images_and_told_of(engine: Engine) -> None:
    models, told = [create_model("small", 2, seed=seed).eval() for seed in (20, 21)], list[tuple[int, int]]()
    options = {"num": 4, "num_untrained": 3, "parameters": {"steps": 2}}
    found = randomisation_test(models, engine, **options, on_progress=lambda *done: told.append(done))
    assert [[one.maps for one in of_model] for of_model in found] == [list(MAP_PARTS)] * 2
    assert told[-1] == (32, 32) and len(told) == 8
    assert found == randomisation_test(models, engine, **options) and found[0] != found[1]
    (head,) = randomisation_test(models[:1], engine, weights="head", **options)
    assert head[0].null != found[0][0].null


def test_an_untrained_network_is_its_own_twin(engine: Engine) -> None:
    """The network of a seed that is drawn: it correlates with itself, and the others are what they are."""
    ((found, _),) = randomisation_test(
        [create_model("small", 2, seed=FIRST_SEED + 1).eval()], engine, num=4, num_untrained=3, parameters={"steps": 2}
    )
    assert found.trained > found.null and found.trained > 1 / 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_untrained": 2}, "num_untrained = 2: expected a whole number from 3 to 100"),
        ({"weights": "tail"}, "weights = 'tail'"),
        ({"num": 0}, "num = 0"),
    ],
)
def test_bad_requests_are_refused(engine: Engine, options: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        randomisation_test([create_model("small", 2, seed=0).eval()], engine, **options)  # type: ignore[arg-type]
