"""Networks whose invariance is known, through the whole pipeline: twins, layers, magnitudes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from invariance.data.engine import Engine
from invariance.measures.magnitude import magnitude_curve
from invariance.measures.profile import PIXEL_LAYER, layer_profile
from invariance.measures.representation import measure_representation
from invariance.measures.twin_set import twin_set, untransformed
from invariance.models import Classifier, create_model
from invariance.models.layers import Layer
from invariance.spec import DatasetSpec
from invariance.training.evaluation import in_batches

DATA = DatasetSpec(image_size=16, classes=("acorn", "apple", "banana", "bee", "bus"))


class _Pixels(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)


class _MirrorMean(nn.Module):
    """The mean of a network on an image and on its mirror image."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Tensor) -> Tensor:
        mean: Tensor = (self.inner(images) + self.inner(images.flip(-1))) / 2
        return mean


class _Brightest(nn.Module):
    """The brightest channel, which no turn of the hue changes: HSV's value."""

    def forward(self, images: Tensor) -> Tensor:
        return images.amax(dim=1).flatten(1)


class _Constant(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return torch.full((len(images), 7), 0.3)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DATA)


@pytest.fixture(scope="module")
def black() -> Engine:
    """On black, a premultiplied edge pixel keeps its HSV value; on a picture the ground would shine through."""
    return Engine(DatasetSpec(image_size=16, classes=DATA.classes, backgrounds="#000000"))


def network(backbone: nn.Module, num_features: int, *layers: Layer) -> Classifier:
    return Classifier("by hand", backbone, num_features, 2, layers=(*layers, Layer("representation", ""))).eval()


def cell(model: Classifier, engine: Engine, transform: str, num: int = 60) -> dict[str, float]:
    clean, _ = untransformed(engine, num)
    twins = twin_set(engine, transform, clean)
    first, second = twins.features(model.representation, in_batches(model.representation, clean))
    return measure_representation(first, second, twins.differs, seed=0)


def test_the_mean_over_mirror_images_is_invariant_to_a_mirrored_object_on_a_mirrored_ground() -> None:
    # Only the object is mirrored, so the ground has to be its own mirror image: one colour.
    plain = Engine(DatasetSpec(image_size=16, classes=DATA.classes, backgrounds="#336699"))
    inner = create_model("small", 2, seed=0).eval().backbone
    mirrored, single = network(_MirrorMean(inner), 160), network(inner, 160)
    found = cell(mirrored, plain, "h_flip")
    assert found["num_differing"] > 15
    assert found["sens"] < 1e-5 and found["sens_conditional"] < 1e-5
    assert found["cosine"] < 1e-9 and found["variance"] < 1e-9 and found["cka"] == pytest.approx(1.0, abs=1e-9)
    assert cell(single, plain, "h_flip")["sens_conditional"] > 0.05, "the network itself is not"


def test_a_colour_blind_network_is_invariant_to_hue_and_not_to_brightness(black: Engine) -> None:
    blind = network(_Brightest(), 256)
    found = cell(blind, black, "hue")
    assert found["num_differing"] == 60
    assert found["sens"] < 0.002, "a level of 255 is rounded here and there"
    assert found["cka"] > 0.99999
    assert cell(blind, black, "brightness")["sens"] > 0.2
    curve = magnitude_curve({"blind": blind}, black, "hue", num_pairs=20)
    assert float(curve["distance"].max()) < 0.002


def test_a_constant_network_is_collapsed_and_not_invariant(engine: Engine) -> None:
    found = cell(network(_Constant(), 7), engine, "rotate")
    assert found["collapsed"] and math.isnan(found["sens"]) and math.isnan(found["cka"])
    profile = layer_profile({"flat": network(_Constant(), 7)}, engine, "rotate", num_pairs=20)
    assert profile["collapsed"].tolist() == [False, True]
    curve = magnitude_curve({"flat": network(_Constant(), 7)}, engine, "rotate", num_pairs=20)
    assert curve["distance"].isna().all() and (curve["pair_distance"] == 0).all()


def test_the_identity_on_noise_scores_what_theory_says() -> None:
    # Images of noise differ in all 768 values by U - U', of mean square 1/6; twins in a share of the values.
    generator = torch.Generator().manual_seed(0)
    first = torch.rand(4_000, 768, generator=generator)
    fresh = torch.rand(4_000, 768, generator=generator)
    for share in (0.25, 0.5):
        second = torch.where(torch.arange(768) < share * 768, fresh, first)
        found = measure_representation(first, second, torch.ones(4_000, dtype=torch.bool), seed=0)
        assert found["pair_distance"] == pytest.approx(math.sqrt(768 / 6), rel=0.005)
        assert found["sens"] == pytest.approx(math.sqrt(share), rel=0.005)
        assert found["cosine"] == pytest.approx(share, rel=0.01)
        assert found["variance"] == pytest.approx(share, rel=0.01)
        # Values are independent: of the squared cross-covariance the kept share is left.
        assert found["cka"] == pytest.approx(1 - share, abs=0.02)


def _numpy_measures(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float, float]:
    """Sens-score over all pairs, normalised variance and CKA, written down from their definitions."""
    num = len(first)
    every = np.sqrt(((first[:, None] - first[None]) ** 2).sum(axis=2))
    sens = np.sqrt(((first - second) ** 2).sum(axis=1)).mean() / (every.sum() / (num * (num - 1)))
    views = np.stack([first, second])  # two transformations of each sample
    over_transformations = views.var(axis=0, ddof=1).mean(axis=0)
    over_samples = views.var(axis=1, ddof=1).mean(axis=0)
    variance = over_transformations.sum() / over_samples.sum()

    def hsic(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
        """The unbiased estimator as Song et al. write it, equation 5."""
        k, l = x @ x.T, y @ y.T  # noqa: E741
        np.fill_diagonal(k, 0)
        np.fill_diagonal(l, 0)
        one = np.ones(num)
        middle = (one @ k @ one) * (one @ l @ one) / ((num - 1) * (num - 2))
        return float(np.trace(k @ l) + middle - 2 / (num - 2) * (one @ k @ l @ one)) / (num * (num - 3))

    return float(sens), float(variance), hsic(first, second) / math.sqrt(hsic(first, first) * hsic(second, second))


def test_an_independent_numpy_version_agrees(engine: Engine) -> None:
    model = create_model("small", 2, seed=3).eval()
    clean, _ = untransformed(engine, 200)
    twins = twin_set(engine, "rotate", clean)
    first, second = twins.features(model.representation, in_batches(model.representation, clean))
    found = measure_representation(first, second, twins.differs, seed=0)
    sens, variance, cka = _numpy_measures(first.double().numpy(), second.double().numpy())
    assert found["sens"] == pytest.approx(sens, rel=0.05), "200 random pairs against all 39,800"
    assert found["sens_low"] < sens < found["sens_high"]
    assert found["variance"] == pytest.approx(variance, rel=1e-9)
    assert found["cka"] == pytest.approx(cka, rel=1e-6), "one batch"


def test_a_profile_goes_from_the_pixels_to_the_cell_of_the_table(engine: Engine) -> None:
    model = create_model("small", 2, seed=0).eval()
    table = layer_profile({"net": model, "again": model}, engine, "rotate", num_pairs=60)
    own = table[table["model"] == "net"].set_index("layer")
    assert list(own.index) == [PIXEL_LAYER, *model.layers] and own["depth"].tolist() == list(range(len(own)))
    expected = cell(model, engine, "rotate")
    assert own.loc["pooled", list(expected)].to_dict() == pytest.approx(expected, rel=1e-5)
    pixels = cell(network(_Pixels(), 768), engine, "rotate")
    assert own.loc[PIXEL_LAYER, "sens"] == pytest.approx(pixels["sens"], rel=1e-4)
    other = table[table["model"] == "again"].set_index("layer")
    assert own.drop(columns="model").equals(other.drop(columns="model"))
    whole = layer_profile({"net": model}, engine, "rotate", num_pairs=20, flatten=True)
    assert whole["sens"].notna().all()


def test_a_profile_shows_where_invariance_is_made(black: Engine) -> None:
    backbone = nn.Sequential(nn.Identity(), _Brightest())
    found = layer_profile({"blind": network(backbone, 256, Layer("colours", "0"))}, black, "hue", num_pairs=40)
    scores = found.set_index("layer")["sens"]
    assert scores["pixels"] > 0.2 and scores["colours"] > 0.2 and scores["representation"] < 0.002


def test_a_curve_starts_at_zero_and_marks_where_training_ends(engine: Engine) -> None:
    model = create_model("small", 2, seed=0).eval()
    table = magnitude_curve({"net": model}, engine, "scale", num_pairs=40)
    by_size = table.set_index("magnitude")
    assert by_size.loc[1.0, "distance"] == 0 and by_size.loc[1.0, "num_differing"] == 0
    assert (by_size["low"] <= by_size["distance"]).all() and (by_size["distance"] <= by_size["high"]).all()
    shrinking = by_size.loc[by_size.index <= 1.0, "distance"]
    assert shrinking.is_monotonic_decreasing
    assert by_size["trained"].to_dict() == {size: 0.4 <= size <= 1.0 for size in by_size.index}
    assert not by_size["trained"].all()
    assert set(table["num_pairs"]) == {40}
