"""Which regions of a mask count."""

import numpy as np

from invariance.data.uploads.regions import large_regions, touching_border


def test_which_regions_reach_the_border_and_which_are_large() -> None:
    labels = np.array(
        [
            [1, 1, 0, 0, 0],
            [0, 0, 0, 2, 0],
            [0, 3, 0, 2, 0],
            [0, 0, 0, 0, 0],
        ],
        dtype=np.int32,
    )
    assert sorted(set(labels[touching_border(labels)])) == [1]
    assert sorted(set(labels[large_regions(labels, 2)])) == [1, 2]
    assert not large_regions(labels, 3).any()
