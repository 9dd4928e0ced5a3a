"""A cut-out on its checkerboard."""

import numpy as np
from PIL import Image

from invariance.figures.cutouts import CHECK_PX, checkerboard, cutout_on_checkerboard


def test_checkerboard_alternates_in_both_directions() -> None:
    board = checkerboard(2 * CHECK_PX, 3 * CHECK_PX)
    cells = board[::CHECK_PX, ::CHECK_PX, 0]
    assert board.shape == (2 * CHECK_PX, 3 * CHECK_PX, 3)
    assert (cells[:, 0] != cells[:, 1]).all() and (cells[0] != cells[1]).all() and (cells[:, 0] == cells[:, 2]).all()


def test_object_checkerboard_and_border_are_where_they_belong() -> None:
    """A red block in the middle of a wide picture; above and below it is fitted into a square."""
    pixels = np.zeros((60, 120, 4), np.uint8)
    pixels[20:40, 40:80] = (255, 0, 0, 255)
    shown = cutout_on_checkerboard(Image.fromarray(pixels), 120)
    board = checkerboard(120, 120)
    assert (shown[60, 60] == (255, 0, 0)).all()
    np.testing.assert_array_equal(shown[:40], board[:40])
    np.testing.assert_array_equal(shown[:, :30], board[:, :30])
    assert (shown[60, 40] == 255).all() and (shown[60, 38:40] < 60).all(axis=-1).any(), "light line on a dark one"
