import os
from pathlib import Path

import numpy as np
import pytest
import torch

from invariance.training import resume
from invariance.training.resume import CURRENT, PREVIOUS, clear_state, load_state, save_state


def test_the_newest_state_is_read(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save_state(tmp_path, {"step": step, "weights": [torch.tensor(float(step))]})
    assert load_state(tmp_path) == {"step": 3, "weights": [torch.tensor(3.0)]}


def test_no_state_is_none(tmp_path: Path) -> None:
    assert load_state(tmp_path) is None


@pytest.mark.parametrize("damage", ["flip a bit", "cut", "empty", "remove"])
def test_a_damaged_state_falls_back_on_the_one_before(tmp_path: Path, damage: str) -> None:
    save_state(tmp_path, {"step": 1})
    save_state(tmp_path, {"step": 2})
    current = tmp_path / CURRENT
    content = bytearray(current.read_bytes())
    if damage == "flip a bit":
        content[len(content) // 2] ^= 1
        current.write_bytes(content)
    elif damage == "remove":
        current.unlink()
    else:
        current.write_bytes(content[: {"cut": 100, "empty": 0}[damage]])
    assert load_state(tmp_path) == {"step": 1}


def test_a_damaged_state_does_not_push_out_the_good_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state(tmp_path, {"step": 1})
    save_state(tmp_path, {"step": 2})
    (tmp_path / CURRENT).write_bytes(b"damaged")
    assert load_state(tmp_path) == {"step": 1}

    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(resume, "write_atomically", killed)
    with pytest.raises(KeyboardInterrupt):
        save_state(tmp_path, {"step": 3})
    assert load_state(tmp_path) == {"step": 1}


def test_code_is_not_run(tmp_path: Path) -> None:
    save_state(tmp_path, {"step": np.float64(1.0)})
    assert load_state(tmp_path) is None


def test_clearing_leaves_other_files(tmp_path: Path) -> None:
    (tmp_path / "weights").touch()
    save_state(tmp_path, {"step": 1})
    save_state(tmp_path, {"step": 2})
    assert {CURRENT, PREVIOUS} < set(os.listdir(tmp_path))
    clear_state(tmp_path)
    assert os.listdir(tmp_path) == ["weights"]
