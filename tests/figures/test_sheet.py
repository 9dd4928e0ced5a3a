"""A sheet shows the first samples of a split, in order."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from invariance.data.engine import Engine
from invariance.data.export import estimate_bytes
from invariance.data.preview import samples
from invariance.figures import sheet
from invariance.figures.sheet import write_sheet
from invariance.spec import DatasetSpec


def test_every_sample_has_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "_CHUNK", 4)
    engine = Engine(DatasetSpec(objects="noise", backgrounds="noise", image_size=16, transforms=("hue",)))
    file, told = BytesIO(), []
    write_sheet(engine, file, num=10, split="test", on_progress=lambda *progress: told.append(progress))
    assert told == [(4, 10), (8, 10), (10, 10)]
    picture = np.array(Image.open(file))
    expected = samples(engine, num=10, split="test").images
    factor, gap = 4, 4
    assert picture.shape == (3 * 68 + gap, 4 * 68 + gap, 4)
    for number, image in enumerate(expected):
        top, left = gap + number // 4 * 68, gap + number % 4 * 68
        np.testing.assert_array_equal(picture[top : top + 64 : factor, left : left + 64 : factor, :3], image)
    assert (picture[-68:, 3 * 68 :, 3] == 0).all()


def test_its_size_can_be_estimated() -> None:
    engine = Engine(DatasetSpec(transforms=("rotate",)))
    file = BytesIO()
    write_sheet(engine, file, num=200)
    assert estimate_bytes(write_sheet, engine, num=200) == pytest.approx(len(file.getvalue()), rel=0.2)
