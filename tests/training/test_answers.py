"""What a network said of its test images, as a file."""

from pathlib import Path

import numpy as np
import pytest

from invariance.training.answers import ANSWERS, Answers, read_answers


def test_what_is_written_is_read(tmp_path: Path) -> None:
    said = Answers(np.array([0, 2]), np.array([-1, 7]), np.array([1, 2]))
    said.write(tmp_path / ANSWERS)
    assert (tmp_path / ANSWERS).read_text() == "label,background,predicted\n0,-1,1\n2,7,2\n"
    again = read_answers(tmp_path / ANSWERS)
    for name in ("labels", "backgrounds", "predicted"):
        assert np.array_equal(getattr(again, name), getattr(said, name))


def test_one_image_is_a_table_too(tmp_path: Path) -> None:
    Answers(np.array([3]), np.array([1]), np.array([3])).write(tmp_path / ANSWERS)
    assert read_answers(tmp_path / ANSWERS).labels.tolist() == [3]


def test_another_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / ANSWERS).write_text("label,background\n1,2\n")
    with pytest.raises(ValueError, match="2 columns"):
        read_answers(tmp_path / ANSWERS)
