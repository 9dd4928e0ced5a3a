"""Pictures are packed without loss."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from invariance.data.uploads.packed import Packed


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_pixels_come_back_as_they_were_also_where_they_are_clear(mode: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 40, len(mode)), np.uint8)
    if mode == "RGBA":
        pixels[:12, :, 3] = 0
    back = Packed.of(Image.fromarray(pixels)).unpacked()
    assert back.mode == mode and not back.info
    np.testing.assert_array_equal(np.asarray(back), pixels)
