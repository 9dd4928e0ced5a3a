"""Pictures are decoded once, again when their file changes, and those asked for longest ago make room."""

import numpy as np

from invariance.data import kept_pictures
from invariance.data.kept_pictures import kept


def test_a_file_is_read_again_when_it_changes_or_has_lost_its_room(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_pictures, "KEPT_BYTES", 2 * 8 * 8)
    read = []

    @kept
    def reader(path, image_size):
        read.append(path.name)
        return np.full((image_size, image_size), len(path.read_bytes()), np.uint8)

    for name in "abc":
        (tmp_path / name).write_bytes(b"-")
    for name in "aabacaba":
        assert reader(tmp_path / name, 8)[0, 0] == 1
    assert "".join(read) == "abcb", "b was asked for longest ago when c came"
    (tmp_path / "a").write_bytes(b"--")
    assert reader(tmp_path / "a", 8)[0, 0] == 2 and reader(tmp_path / "a", 4).shape == (4, 4)
