"""The small pictures beside transformations' names: there is one of each, and the engine still makes them so."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from invariance.vocabulary.transforms import ALL_CATEGORIES, TRANSFORMATIONS
from pages.shared.transform_pictures import pill_style
from tools.transform_pictures import FOLDER, pictures, webp_bytes

MAX_BYTES = 60_000
"""Of all together: what a page loads once."""
MAX_DIFFERENCE = 1
"""Of 255, in the mean of an image: what another version of the encoder may do; one of the engine does more."""


def decoded(source: Path | io.BytesIO) -> np.ndarray:
    with Image.open(source) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)


def test_they_are_made_by_the_present_engine() -> None:
    made = pictures()
    assert {path.stem for path in FOLDER.glob("*")} == set(made) == set(TRANSFORMATIONS)
    for name, pixels in made.items():
        difference = np.abs(decoded(FOLDER / f"{name}.webp") - decoded(io.BytesIO(webp_bytes(pixels))))
        assert difference.mean() < MAX_DIFFERENCE, name
    assert sum(path.stat().st_size for path in FOLDER.glob("*")) < MAX_BYTES


def test_each_differs_from_the_object_as_it_is_and_from_every_other() -> None:
    halves = {name: pixels.reshape(84, 2, 84, 3) for name, pixels in pictures().items()}
    shown = {name: half[:, 1].astype(np.int16) for name, half in halves.items()}
    shown["before"] = halves["rotate"][:, 0].astype(np.int16)
    names = list(shown)
    for number, first in enumerate(names):
        for second in names[:number]:
            assert np.abs(shown[first] - shown[second]).mean() > 2, (first, second)


def test_a_pill_has_the_picture_of_its_own_name() -> None:
    found = re.findall(r'\[class\*="_([\w-]+) "\] button:nth-of-type\((\d+)\) .*/(\w+)\.webp', pill_style())
    expected = [
        (category.replace(" ", "-"), str(number), name)
        for category, names in ALL_CATEGORIES.items()
        for number, name in enumerate(names, 1)
        if name in {path.stem for path in FOLDER.glob("*.webp")}
    ]
    assert found == expected and len(found) == len(TRANSFORMATIONS)
