"""Pictures, pixel by pixel."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from invariance.figures.pictures import (
    LABEL_PX,
    fitting_factor,
    image_grid,
    outline,
    png_bytes,
    relevance_overlay,
    sheet,
    side_by_side,
    tile,
    upscale,
)


def test_upscale_repeats_pixels() -> None:
    picture = np.array([[[1, 2, 3], [4, 5, 6]]], dtype=np.uint8)
    large = upscale(picture, 2)
    assert large.shape == (2, 4, 3)
    assert large[1].tolist() == [[1, 2, 3], [1, 2, 3], [4, 5, 6], [4, 5, 6]]


def test_fitting_factor() -> None:
    assert [fitting_factor(size, 128) for size in (16, 32, 128, 300)] == [8, 4, 1, 1]


def test_grid_places_images_and_leaves_gaps_transparent() -> None:
    images = np.stack([np.full((2, 2, 3), value, dtype=np.uint8) for value in (10, 20, 30)])
    grid = image_grid(images, columns=2, factor=2, gap_px=1)
    assert grid.shape == (2 * 5 + 1, 2 * 5 + 1, 4)
    assert grid[1, 1].tolist() == [10, 10, 10, 255]
    assert grid[4, 6].tolist() == [20, 20, 20, 255]
    assert grid[6, 1].tolist() == [30, 30, 30, 255]
    assert grid[0, 0, 3] == grid[5, 5, 3] == grid[7, 7, 3] == 0


def test_tile_is_a_grid_of_one() -> None:
    found = tile(np.full((2, 2, 3), 9, dtype=np.uint8), 3, gap_px=2)
    assert found.shape == (10, 10, 4)
    assert found[2, 2].tolist() == [9, 9, 9, 255] and found[1, 1, 3] == 0


def test_marked_image_has_a_frame_around_it_only() -> None:
    images = np.zeros((2, 4, 4, 3), dtype=np.uint8)
    grid = image_grid(images, columns=2, gap_px=4, marked=1)
    framed = grid[:, :, 0] > 200
    assert framed.any() and not framed[:, :8].any()
    assert grid[4:8, 12:16, :3].max() == 0


def test_labels_add_a_line_below_each_row() -> None:
    images = np.zeros((2, 32, 32, 3), dtype=np.uint8)
    plain = image_grid(images, columns=2, factor=2)
    labelled = image_grid(images, columns=2, factor=2, labels=["cup", "a very long name indeed"])
    assert labelled.shape[0] == plain.shape[0] + LABEL_PX
    below = labelled[4 + 64 : 4 + 64 + LABEL_PX, :, 3]
    assert below[:, 4:68].any() and below[:, 72:136].any() and not below[:, 68:72].any()


def test_overlay_is_grey_without_relevance_and_coloured_at_the_limit() -> None:
    image = np.full((1, 4, 3), 100, dtype=np.uint8)
    picture = relevance_overlay(image, np.array([[0.0, 2.0, -2.0, 20.0]]), limit=2.0, opacity=1.0)
    assert len(set(picture[0, 0].tolist())) == 1
    assert picture[0, 1].tolist() == picture[0, 3].tolist() == [228, 60, 30]
    assert picture[0, 2].tolist() == [40, 110, 230]
    half = relevance_overlay(image, np.full((1, 4), 1.0), limit=2.0, opacity=1.0)
    np.testing.assert_allclose(half[0, 0], (picture[0, 0] + picture[0, 1].astype(float)) / 2, atol=1)


def test_outline_follows_the_mask() -> None:
    mask = np.zeros((4, 4))
    mask[1:3, 1:3] = 1.0
    picture = outline(np.full((4, 4, 3), 90, dtype=np.uint8), mask, factor=4)
    white = (picture == 255).all(axis=2)
    assert white[4, 4:12].all() and white[4:12, 11].all()
    assert not white[5:11, 5:11].any() and not white[:4].any()
    assert (picture[3, 4:12] == 20).all()


def test_png_holds_the_picture() -> None:
    picture = side_by_side([np.full((2, 2, 3), 7, dtype=np.uint8), np.full((2, 2, 3), 9, dtype=np.uint8)], gap_px=1)
    read = np.array(Image.open(BytesIO(png_bytes(picture))))
    np.testing.assert_array_equal(read, picture)
    assert read.shape == (4, 7, 4)


def test_a_sheet_has_its_pictures_in_rows() -> None:
    pictures = np.stack([np.full((2, 2, 3), number, np.uint8) for number in range(1, 6)])
    assert sheet(pictures)[::2, ::2, 0].tolist() == [[1, 2, 3], [4, 5, 0]]
