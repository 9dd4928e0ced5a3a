"""What the buttons below a figure get, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.shared import exports


@pytest.fixture(autouse=True)
def fresh() -> None:
    exports.plotly_script.clear()


def test_the_library_is_put_where_it_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "STATIC", tmp_path / "static")
    address = exports.plotly_script()
    assert address is not None and address.startswith("app/static/plotly-")
    (found,) = (tmp_path / "static").iterdir()
    assert found.name == Path(address).name and found.stat().st_size > 1_000_000


def test_a_folder_that_cannot_be_written_leaves_the_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(exports, "STATIC", tmp_path / "file")
    assert exports.plotly_script() is None
