"""The pictures of the first page: there is one of each, and the engine still makes them so."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from invariance.runs.gallery import entries
from tools.start_pictures import STATIC, files

MAX_BYTES = 900_000
"""Of all together: what a browser loads once."""
MAX_DIFFERENCE = 9
"""Of 255, in the mean of a picture: what is lost in its file; another object or place differs by more than 20."""


@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
def test_they_are_made_by_the_present_engine() -> None:
    made = files()
    there = {
        path: f"{path.parent.name}/{path.stem}" for part in ("start", "lessons") for path in (STATIC / part).iterdir()
    }
    assert sorted(there.values()) == sorted(made)
    for path, name in there.items():
        with Image.open(path) as picture:
            shown = np.asarray(picture.convert("RGB"), np.int16)
        assert shown.shape == made[name].shape, name
        assert np.abs(shown - made[name]).mean() < MAX_DIFFERENCE, name
    assert sum(path.stat().st_size for path in there) < MAX_BYTES
