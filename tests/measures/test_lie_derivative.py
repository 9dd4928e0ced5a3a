"""The local equivariance error where the answer is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.measures.lie_derivative import Enlarged, Nudged, is_continuous, local_error
from invariance.spec import DatasetSpec
from invariance.vocabulary.transforms import TRANSFORMATIONS

ENGINE = Engine(DatasetSpec(classes=("teapot", "duck", "bus", "torch"), backgrounds="#808080"))


def nudged_of(transform: str, num: int = 12) -> Nudged:
    return Enlarged(ENGINE).nudged(transform, ENGINE.indices("test", num))


def test_what_is_continuous() -> None:
    found = [name for name in TRANSFORMATIONS if is_continuous(name)]
    assert found == ["translate", "rotate", "scale", "shear", "hue", "brightness", "blur", "contrast"]


def test_a_translation_is_by_whole_pixels() -> None:
    nudged = nudged_of("translate")
    clean = ENGINE.batch(ENGINE.indices("test", 12)).images
    torch.testing.assert_close(nudged.still, clean)
    for axis, (ahead, behind) in enumerate(zip(nudged.ahead, nudged.behind, strict=True)):
        torch.testing.assert_close(ahead, clean.roll(1, dims=3 - axis))
        torch.testing.assert_close(behind, clean.roll(-1, dims=3 - axis))
    assert nudged.ahead.shape[0] == 2 and nudged.back is None


def test_an_invariant_network_does_not_move() -> None:
    nudged = nudged_of("hue")
    luminance = torch.randn(12, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = local_error(nudged, luminance.repeat(4, 1), seed=0)
    assert found.value == 0.0 and found.floor == 0.0 and found.interval == (0.0, 0.0)


def test_features_that_turn_with_the_image_move_by_the_angle() -> None:
    nudged, step = nudged_of("rotate"), math.radians(3.6)
    angles = torch.linspace(0, 2 * math.pi, 13, dtype=torch.float64)[:12]
    turned = torch.cat([angles, angles + step, angles - step, angles])
    found = local_error(nudged, torch.stack((turned.cos(), turned.sin()), dim=1), seed=0)
    assert found.value * pixels_moved(nudged) == pytest.approx(2 * math.sin(step))  # of spread 1: it is a circle
    assert found.floor == pytest.approx(0.0, abs=1e-12) and found.interval[0] < found.value < found.interval[1]


@pytest.mark.parametrize("transform", ["rotate", "shear", "hue", "blur"])
def test_the_pixels_move_as_they_do_whatever_their_order_and_random_features_nearly_so(transform: str) -> None:
    nudged = nudged_of(transform)
    pixels = nudged.images.flatten(1).to(torch.float64)
    order = torch.randperm(pixels.shape[1], generator=torch.Generator().manual_seed(0))
    assert local_error(nudged, pixels[:, order], seed=0).value == pytest.approx(1.0)
    weights = torch.randn(pixels.shape[1], 4096, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = local_error(nudged, pixels @ weights, seed=0)
    assert found.value == pytest.approx(1.0, abs=0.05)
    assert found.floor < 0.5, "what the way back leaves can be told from the step"


def test_nothing_below_twice_the_floor_is_read() -> None:
    nudged = nudged_of("scale")
    still, left = torch.arange(12.0)[:, None], 0.3
    rows = [still, still + 0.2, still - 0.2, still + left]
    assert local_error(nudged, torch.cat(rows), seed=0).floor > 0
    assert math.isnan(local_error(nudged, torch.cat(rows), seed=0).value)
    assert local_error(nudged, torch.cat([*rows[:3], still + 0.19]), seed=0).value > 0
    assert math.isnan(local_error(nudged, torch.ones(48, 3), seed=0).value), "collapsed"


def test_an_object_that_is_not_there_does_not_move() -> None:
    engine = Engine(replace(ENGINE.spec, fg_availability=0.0))
    nudged = Enlarged(engine).nudged("rotate", engine.indices("test", 3))
    assert torch.equal(nudged.ahead[0], nudged.behind[0])


def pixels_moved(nudged: Nudged) -> float:
    """Root mean square of the displacement over that of the spread, spelt out."""

    def of(images: Tensor) -> np.ndarray:
        return images.numpy().astype(np.float64).reshape(len(images), -1)

    still = of(nudged.still)
    moved = sum(((of(one) - of(other)) ** 2).sum() for one, other in zip(nudged.ahead, nudged.behind, strict=True))
    return math.sqrt(moved / ((still - still.mean(axis=0)) ** 2).sum())
