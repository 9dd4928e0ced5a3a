"""The pictures of the first page: there is one of each, and the engine still makes them so."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from invariance.runs.gallery import entries
from tools.start_pictures import STATIC, files

MAX_BYTES = 900_000
"""Of all together: what a browser loads once."""
MAX_DIFFERENCE = 2.5
"""Of 255, in the mean of squares of 16 pixels: what is lost in a file; another object or place is further off."""


def coarse(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    height, width, _ = picture.shape
    return picture.reshape(height // 16, 16, width // 16, 16, 3).mean(axis=(1, 3))


@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
def test_they_are_made_by_the_present_engine() -> None:
    made = files()
    paths = [path for part in ("start", "lessons") for path in (STATIC / part).iterdir()]
    there = {f"{path.parent.name}/{path.stem}": path for path in paths}
    assert sorted(there) == sorted(made)
    for name, path in there.items():
        with Image.open(path) as picture:
            shown = np.asarray(picture.convert("RGB"))
        assert shown.shape == made[name].shape, name
        assert np.abs(coarse(shown) - coarse(made[name])).mean() < MAX_DIFFERENCE, name
    assert sum(path.stat().st_size for path in there.values()) < MAX_BYTES
