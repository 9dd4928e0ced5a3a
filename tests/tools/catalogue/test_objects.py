"""The shipped object pictures: complete, cut out, lopsided, colourful, not told apart by a trivial cue.

Thresholds are in units of the full range (0 to 1) on pictures composited on mid-grey; each is below what the
least of the shipped pictures measures, and far above what a blank, one-coloured or mirror-symmetric picture
would. Measured with 72 classes: area alone tells 7 % of new views, mean colour alone 24 %.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from invariance.data.catalogue import BUILTIN
from tools.catalogue.objects import MODELS
from tools.catalogue.render import render_views

Array = NDArray[np.float32]
FOREGROUNDS = BUILTIN / "foregrounds"
NAMES = tuple(sorted(path.name for path in FOREGROUNDS.iterdir() if path.is_dir()))
NUM_VIEWS = 8
SIZE = 128

MIN_ASYMMETRY = 0.02
MIN_SECOND_HUE = 0.03
MIN_LUMA_SPREAD = 0.09
MIN_VIEW_DIFFERENCE = 0.015
MIN_PAIR_DIFFERENCE = 0.04
MAX_AREA_ACCURACY = 0.15
MAX_COLOUR_ACCURACY = 0.4


@cache
def picture(name: str, view: int) -> Array:
    """One shipped picture: (S, S, 4) in [0, 1]."""
    with Image.open(FOREGROUNDS / name / f"view-{view}.webp") as image:
        return np.asarray(image.convert("RGBA"), np.float32) / 255


def on_grey(rgba: Array, size: int) -> Array:
    """Composited on mid-grey and shrunk to (size, size, 3)."""
    alpha = rgba[..., 3:]
    flat = rgba[..., :3] * alpha + 0.5 * (1 - alpha)
    shrunk = Image.fromarray((flat * 255 + 0.5).astype(np.uint8)).resize((size, size), Image.Resampling.BOX)
    return np.asarray(shrunk, np.float32) / 255


def opaque_colours(rgba: Array) -> Array:
    """The colours of the object's own pixels: (N, 3)."""
    return rgba[rgba[..., 3] > 0.98][:, :3]


def luma(colours: Array) -> Array:
    """Rec. 601 luma: (..., 3) to (...)."""
    return colours @ np.array([0.299, 0.587, 0.114], np.float32)


def second_hue(colours: Array) -> float:
    """Share of the pixels that are coloured, with a hue at least 40 degrees from the most frequent."""
    chroma = colours.max(axis=1) - colours.min(axis=1)
    vivid = colours[chroma > 0.12]
    hues = np.array([colorsys.rgb_to_hsv(*colour)[0] for colour in vivid[::4]])
    counts, edges = np.histogram(hues, bins=36, range=(0, 1))
    main = edges[counts.argmax()] + 0.5 / 36
    away = np.abs((hues - main + 0.5) % 1.0 - 0.5) > 40 / 360
    return float(away.sum() * 4 / len(colours))


def accuracies(
    feature_of: Callable[[Array], Array], known_views: range, new_views: range
) -> tuple[float, dict[str, float]]:
    """Better of nearest class mean and one nearest neighbour on a feature: overall, and of each class."""
    known = np.stack([[feature_of(picture(name, view)) for view in known_views] for name in NAMES])
    new = np.stack([[feature_of(picture(name, view)) for view in new_views] for name in NAMES])
    to_mean = np.linalg.norm(new[:, :, None] - known.mean(axis=1), axis=-1).argmin(axis=-1)
    to_each = np.linalg.norm(new[:, :, None, None] - known, axis=-1).min(axis=-1).argmin(axis=-1)
    truth = np.arange(len(NAMES))[:, None]
    best = max((to_mean == truth, to_each == truth), key=np.mean)
    return float(best.mean()), dict(zip(NAMES, best.mean(axis=1).tolist(), strict=True))


def test_there_are_enough_classes_and_each_is_drawn_by_the_code() -> None:
    assert len(NAMES) >= 61
    assert tuple(model.name for model in MODELS) == NAMES


def test_the_built_in_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in Path(BUILTIN).rglob("*") if path.is_file()) <= 10e6


@pytest.mark.parametrize("name", NAMES)
def test_eight_square_cut_outs(name: str) -> None:
    files = sorted(path.name for path in (FOREGROUNDS / name).iterdir())
    assert files == [f"view-{view}.webp" for view in range(NUM_VIEWS)]
    for view in range(NUM_VIEWS):
        with Image.open(FOREGROUNDS / name / f"view-{view}.webp") as image:
            assert (image.mode, image.size) == ("RGBA", (SIZE, SIZE))
        alpha = picture(name, view)[..., 3]
        frame = np.concatenate((alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]))
        assert frame.max() == 0, "the object touches the edge of its picture"
        assert 0.06 < (alpha > 0).mean() < 0.9
        assert (alpha == 1).sum() > 0.8 * (alpha > 0).sum(), "the object is see-through"


@pytest.mark.parametrize("name", NAMES)
def test_the_prototype_is_neither_symmetric_nor_one_coloured(name: str) -> None:
    flat = on_grey(picture(name, 0), 32)
    assert np.abs(flat - flat[:, ::-1]).mean() > MIN_ASYMMETRY
    assert np.abs(flat - flat[::-1]).mean() > MIN_ASYMMETRY
    colours = opaque_colours(picture(name, 0))
    assert luma(colours).std() > MIN_LUMA_SPREAD
    assert second_hue(colours) > MIN_SECOND_HUE


@pytest.mark.parametrize("name", NAMES)
def test_the_views_of_an_object_differ(name: str) -> None:
    flats = [on_grey(picture(name, view), 32) for view in range(NUM_VIEWS)]
    for first in range(NUM_VIEWS):
        for second in range(first):
            assert np.abs(flats[first] - flats[second]).mean() > MIN_VIEW_DIFFERENCE, (first, second)


def test_any_two_prototypes_differ_at_22_pixels() -> None:
    flats = np.stack([on_grey(picture(name, 0), 22) for name in NAMES])
    for first in range(1, len(NAMES)):
        differences = np.abs(flats[:first] - flats[first]).mean(axis=(1, 2, 3))
        nearest = NAMES[int(differences.argmin())]
        assert differences.min() > MIN_PAIR_DIFFERENCE, f"{NAMES[first]} and {nearest}"


def test_silhouette_area_alone_does_not_tell_the_class() -> None:
    overall, _ = accuracies(lambda rgba: rgba[..., 3].mean(keepdims=True).ravel(), range(6), range(6, 8))
    assert overall < MAX_AREA_ACCURACY


def test_mean_colour_alone_does_not_tell_the_class() -> None:
    overall, by_class = accuracies(lambda rgba: opaque_colours(rgba).mean(axis=0), range(6), range(6, 8))
    assert overall < MAX_COLOUR_ACCURACY, [name for name, share in by_class.items() if share == 1]


def test_drawing_a_view_again_gives_the_shipped_picture() -> None:
    model = next(model for model in MODELS if model.name == "apple")
    drawn = np.asarray(render_views(model.build(), model.views[:1], picture_size=SIZE)[0], np.float32) / 255
    shipped = picture(model.name, 0)
    assert np.abs(drawn[..., 3] - shipped[..., 3]).mean() < 0.004
    assert np.abs(on_grey(drawn, 64) - on_grey(shipped, 64)).mean() < 0.01
