"""Connected regions, against scipy's."""

import time

import numpy as np
import pytest
from scipy import ndimage

from invariance.data.uploads.regions import label_regions, large_regions, touching_border


def spiral(size: int) -> np.ndarray:
    """One corridor of one pixel that winds inwards."""
    mask = np.zeros((size, size), dtype=bool)
    top, left, bottom, right = 0, 0, size - 1, size - 1
    while top < bottom and left < right:
        mask[top, left : right + 1] = mask[top : bottom + 1, right] = True
        mask[bottom, left : right + 1] = mask[top + 2 : bottom + 1, left] = True
        mask[top + 2, left : left + 3] = True
        top, left, bottom, right = top + 2, left + 2, bottom - 2, right - 2
    return mask


@pytest.mark.parametrize("density", [0.05, 0.4, 0.6, 0.95])
def test_regions_of_noise_are_scipys(density: float) -> None:
    mask = np.random.default_rng(0).random((90, 130)) < density
    expected, num = ndimage.label(mask)
    labels = label_regions(mask)
    assert labels.max() == num
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
@pytest.mark.parametrize("value", [False, True])
def test_thin_full_and_empty_masks(shape: tuple[int, int], value: bool) -> None:
    np.testing.assert_array_equal(label_regions(np.full(shape, value)), np.full(shape, int(value)))


def test_a_corner_does_not_connect() -> None:
    assert label_regions(np.eye(3, dtype=bool)).max() == 3


def test_a_spiral_and_noise_of_working_size_are_done_in_a_moment() -> None:
    for mask in (spiral(640), np.random.default_rng(0).random((640, 640)) < 0.6):
        start = time.process_time()
        labels = label_regions(mask)
        assert time.process_time() - start < 3
        assert labels.max() == ndimage.label(mask)[1]


def test_which_regions_reach_the_border_and_which_are_large() -> None:
    labels = label_regions(
        np.array(
            [
                [1, 1, 0, 0, 0],
                [0, 0, 0, 1, 0],
                [0, 1, 0, 1, 0],
                [0, 0, 0, 0, 0],
            ],
            dtype=bool,
        )
    )
    assert sorted(set(labels[touching_border(labels)])) == [1]
    assert sorted(set(labels[large_regions(labels, 2)])) == [1, 2]
    assert not large_regions(labels, 3).any()
