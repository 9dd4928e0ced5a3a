"""What is drawn follows the laws that the paper states, written out here and not read from the declarations."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from invariance.data.random import Draws, normal_field
from invariance.data.transforms import get_transform
from invariance.data.transforms.resample import base_box, transform_box
from invariance.spec import TRANSFORM_NAMES

NUM = 10_000
MIN_P_VALUE = 1e-4
SEEDS = (0, 20_240_704)

PUBLISHED = {
    "translate": {"x": (0, 1), "y": (0, 1)},  # shares of the places, which are counted below
    "rotate": {"angle_deg": (0, 360)},
    "scale": {"factor": (0.4, 1)},
    "v_flip": {"applied": 0.5},
    "h_flip": {"applied": 0.5},
    "shear": {"x_deg": (-50, 50), "y_deg": (-50, 50)},
    "hue": {"shift": (-0.5, 0.5)},
    "brightness": {"factor": (0, 2)},
    "grayscale": {"applied": 0.5, "amount": "1"},
    "posterize": {"applied": 0.5, "amount": "1"},
    "invert": {"applied": 0.5, "amount": "1"},
    "sharpen": {"applied": 0.5, "factor": "7"},
    "blur": {"sigma_px": (0.1, 1.5)},
    "noise": {"field": "any", "applied": 0.5, "std": "1"},
    "pixelate": {"applied": 0.5, "side": "0.28125"},
    "elastic": {"field": "any", "applied": 0.5, "alpha": "150"},
    "erasing": {"x": (0, 1), "y": (0, 1), "applied": 0.5, "side_px": "14"},
    "contrast": {"factor": (0, 2)},
}
"""Law of each parameter: the ends of a uniform one, the probability of a switch, the value of a constant."""

each_seed = pytest.mark.parametrize("seed", SEEDS)
each_name = pytest.mark.parametrize("name", TRANSFORM_NAMES)


def drawn(name: str, seed: int, num: int = NUM, strength: float = 1.0, start: int = 0) -> dict[str, torch.Tensor]:
    transform = get_transform(name)
    return transform.sample(Draws(seed, torch.arange(start, start + num), transform.stream), strength)


def of_law(name: str, kind: type) -> list[str]:
    return [parameter for parameter, law in PUBLISHED[name].items() if isinstance(law, kind)]


def test_every_transformation_declares_what_the_paper_draws():
    declared = {
        one.name: {parameter.name for parameter in one.parameters} for one in map(get_transform, TRANSFORM_NAMES)
    }
    assert declared == {name: set(laws) for name, laws in PUBLISHED.items()}


@each_seed
@pytest.mark.parametrize(("name", "parameter"), [(n, p) for n in PUBLISHED for p in of_law(n, tuple)])
def test_uniform_parameters(name, parameter, seed):
    low, high = PUBLISHED[name][parameter]
    values = drawn(name, seed)[parameter].double().numpy()
    assert values.min() >= low - 1e-6 and values.max() <= high + 1e-6
    # With 10,000 draws each end is approached to within a thousandth of the range, but for e^-10 of all seeds.
    assert values.min() < low + 1e-3 * (high - low) and values.max() > high - 1e-3 * (high - low)
    standard_error = (high - low) / math.sqrt(12 * NUM)
    assert abs(values.mean() - (low + high) / 2) < 4 * standard_error
    assert stats.kstest(values, "uniform", args=(low, high - low)).pvalue > MIN_P_VALUE


@each_seed
@pytest.mark.parametrize("name", [n for n in PUBLISHED if of_law(n, float)])
def test_switches(name, seed):
    applied = drawn(name, seed)["applied"]
    assert applied.dtype == torch.bool
    assert stats.binomtest(int(applied.sum()), NUM, PUBLISHED[name]["applied"]).pvalue > MIN_P_VALUE


@pytest.mark.parametrize(("name", "parameter"), [(n, p) for n in PUBLISHED for p in of_law(n, str) if p != "field"])
def test_constants(name, parameter):
    values = drawn(name, seed=0, num=100)[parameter]
    assert (values == float(PUBLISHED[name][parameter])).all()


@each_seed
def test_translate_corner_is_uniform_over_the_eleven_places(seed):
    """A box of 22 px fits into 32 px at corners 0 to 10."""
    box = base_box(NUM, 32, "cpu")
    transform = get_transform("translate")
    assert transform.matrix is not None
    moved = transform_box(transform.matrix(drawn("translate", seed), box, 32), box)
    assert torch.equal(moved[:, 2:] - moved[:, :2], torch.full((NUM, 2), 22.0))
    corner = moved[:, :2].numpy()
    assert (corner == corner.round()).all() and corner.min() == 0 and corner.max() == 10
    counts = np.histogram2d(corner[:, 0], corner[:, 1], bins=np.arange(12) - 0.5)[0]
    assert stats.chisquare(counts.ravel()).pvalue > MIN_P_VALUE


@each_seed
def test_erased_square_is_uniform_over_its_places(seed):
    """14 px fit into 32 px at corners 0 to 18."""
    params = {key: value[:4000] for key, value in drawn("erasing", seed).items()}
    params["applied"] = torch.ones(4000, dtype=torch.bool)
    alpha = get_transform("erasing").apply(torch.ones(4000, 4, 32, 32), params)[:, 3]
    clear = alpha == 0
    assert (clear.sum(dim=(1, 2)) == 14 * 14).all()
    corners = [clear.any(dim=dim).to(torch.int8).argmax(dim=1).numpy() for dim in (1, 2)]
    for corner in corners:
        assert corner.min() == 0 and corner.max() == 18
        assert stats.chisquare(np.bincount(corner, minlength=19)).pvalue > MIN_P_VALUE
    assert abs(np.corrcoef(*corners)[0, 1]) < 4 / math.sqrt(4000)


@each_seed
def test_noise_is_the_positive_half_of_a_normal_clipped_at_one(seed):
    """On black nothing wraps, so the pixels are the noise: P(0) = 1/2, P(1) = P(N > 1) = 0.1587, normal between."""
    params = {key: value[:40] for key, value in drawn("noise", seed).items()}
    params["applied"] = torch.ones(40, dtype=torch.bool)
    black = torch.zeros(40, 4, 32, 32)
    black[:, 3] = 1.0
    values = get_transform("noise").apply(black, params)[:, :3].flatten().double().numpy()
    for edge, probability in ((0.0, 0.5), (1.0, stats.norm.sf(1.0))):
        assert stats.binomtest(int((values == edge).sum()), len(values), probability).pvalue > MIN_P_VALUE
    between = values[(values > 0) & (values < 1)]
    law = stats.truncnorm(0.0, 1.0)
    assert stats.kstest(between, law.cdf).pvalue > MIN_P_VALUE


@each_seed
def test_noise_fields_are_normal_and_differ_between_samples_channels_and_neighbours(seed):
    fields = normal_field(drawn("noise", seed)["field"][:64], (3, 32, 32)).double()
    assert stats.kstest(fields.flatten().numpy()[:NUM], "norm").pvalue > MIN_P_VALUE
    neighbours = {
        "samples": (fields[1:], fields[:-1]),
        "channels": (fields[:, 1:], fields[:, :-1]),
        "rows": (fields[:, :, 1:], fields[:, :, :-1]),
        "columns": (fields[..., 1:], fields[..., :-1]),
    }
    for name, (one, other) in neighbours.items():
        assert abs((one * other).mean().item()) < 4 / math.sqrt(one.numel()), name


def gaussian(sigma: float, radius: int) -> np.ndarray:
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return weights / weights.sum()


@each_seed
def test_elastic_field_has_the_spread_and_smoothness_of_smoothed_uniform_noise(seed):
    """U(-1, 1) has variance 1/3; a Gaussian of 41 taps leaves sum(w^2) of it along each axis, more near the border.

    In half-sides it is multiplied by 150 / 32, which is 75 in pixels; over d pixels it correlates by exp(-d^2 / 100).
    """
    num = 2000
    params = drawn("elastic", seed, num) | {"applied": torch.ones(num, dtype=torch.bool)}
    transform = get_transform("elastic")
    assert transform.displace is not None
    field = transform.displace(params, 32).double().numpy()
    # Noise mirrored into a border of 20 px is noise again, but the same noise twice: its weights add before squaring.
    response = np.array(
        [np.convolve(np.pad(row, 20, mode="reflect"), gaussian(5.0, 20), "valid") for row in np.eye(32)]
    )
    spread = 75 * np.sqrt(np.outer((response**2).sum(axis=0), (response**2).sum(axis=0)) / 3)
    assert spread[16, 16] == pytest.approx(75 * 0.577 / (2 * math.sqrt(math.pi) * 5), rel=0.02)
    error = np.abs(field.std(axis=0) / spread - 1)
    assert error.max() < 5 / math.sqrt(2 * num)
    assert np.abs(field.mean(axis=0) / spread).max() < 5 / math.sqrt(num)
    assert stats.kstest(field[:, 0, 16, 16] / spread[16, 16], "norm").pvalue > MIN_P_VALUE
    near, centre = field[:, :, 16, 11], field[:, :, 16, 16]
    for axis in (0, 1):
        assert np.corrcoef(near[:, axis], centre[:, axis])[0, 1] == pytest.approx(math.exp(-0.25), abs=0.06)
    assert abs(np.corrcoef(centre[:, 0], centre[:, 1])[0, 1]) < 4 / math.sqrt(num)


def all_draws(seed: int, start: int = 0) -> tuple[list[str], np.ndarray]:
    """Names and (parameters, NUM) values of everything that varies, of all transformations."""
    columns = {
        f"{name}.{parameter}": values.double().numpy()
        for name in TRANSFORM_NAMES
        for parameter, values in drawn(name, seed, start=start).items()
        if not isinstance(PUBLISHED[name][parameter], str) or parameter == "field"
    }
    return list(columns), np.stack(list(columns.values()))


@each_seed
def test_parameters_are_independent_of_each_other_and_of_other_transformations(seed):
    names, values = all_draws(seed)
    correlation = np.corrcoef(values) - np.eye(len(names))
    worst = np.unravel_index(np.abs(correlation).argmax(), correlation.shape)
    assert abs(correlation[worst]) < 4 / math.sqrt(NUM), (names[worst[0]], names[worst[1]])


@pytest.mark.parametrize(("seed", "start"), [(0, 1), (0, 2), (0, 2**32), (0, 2**40), (1, 0), (2**32, 0), (2**62, 0)])
def test_draws_are_independent_of_the_next_index_split_and_seed(seed, start):
    names, values = all_draws(0)
    _, others = all_draws(seed, start)
    for name, one, other in zip(names, values, others, strict=True):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / math.sqrt(NUM), name
