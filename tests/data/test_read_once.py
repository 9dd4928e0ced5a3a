"""Files are read once, and again when they change."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from invariance.data.read_once import LARGEST_KEPT, read_once


def test_a_file_is_read_again_only_when_it_changes(tmp_path: Path) -> None:
    read: list[tuple[str, int]] = []

    @read_once
    def length(path: Path, image_size: int) -> Tensor:
        read.append((path.name, image_size))
        return torch.tensor(len(path.read_bytes()))

    file = tmp_path / "a"
    file.write_bytes(b"12")
    assert [length(file, size).item() for size in (8, 8, 16, LARGEST_KEPT + 1, LARGEST_KEPT + 1)] == [2] * 5
    assert [size for _, size in read] == [8, 16, LARGEST_KEPT + 1, LARGEST_KEPT + 1]
    file.write_bytes(b"123")
    assert length(file, 8).item() == 3
