"""What commands write and print: JSON without NaN, a table on a terminal, places that are refused before any work."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from invariance.commands.output import (
    check_file,
    check_folder,
    json_text,
    make_folder,
    print_json,
    print_listing,
    write_bytes,
)
from invariance.spec import SpecError


def test_numbers_that_are_not_finite_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    values = {"a": float("nan"), "b": [1.5, float("inf"), {"c": (-float("inf"), 2)}], "d": None, "e": True, "f": "NaN"}
    plain = {"a": None, "b": [1.5, None, {"c": [None, 2]}], "d": None, "e": True, "f": "NaN"}
    for indent in (None, 1):
        assert json.loads(json_text(values, indent=indent), parse_constant=pytest.fail) == plain
    print_json(values)
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == plain


def test_a_listing_is_a_table_on_a_terminal_and_json_elsewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(**options: bool) -> str:
        print_listing(["one", "two"], {"runs": []}, **options)
        return capsys.readouterr().out

    assert shown(as_json=False) == '{"runs": []}\n'
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert shown(as_json=False) == "one\ntwo\n" and shown(as_json=True) == '{"runs": []}\n'


def test_places_that_cannot_be_used_are_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "file.csv").touch()
    refused = {
        tmp_path: "is a folder",
        tmp_path / "no" / "x.csv": "no folder",
        tmp_path / "file.csv" / "x.csv": "no folder",
        tmp_path / "x.txt": r"expected a name that ends in \.csv, such as x\.csv",
        tmp_path / "x": r"expected a name that ends in \.csv",
    }
    for path, message in refused.items():
        with pytest.raises(SpecError, match=message):
            check_file(path, ".csv")
    for path in (tmp_path / "file.csv", tmp_path / "file.csv" / "x"):
        for check in (check_folder, make_folder):
            with pytest.raises(SpecError, match="cannot be used as a folder"):
                check(path)
    check_file(tmp_path / "x.CSV", ".csv")
    check_folder(tmp_path / "a" / "b")
    assert [path.name for path in tmp_path.rglob("*")] == ["file.csv"]
    make_folder(tmp_path / "a" / "b")
    write_bytes(tmp_path / "a" / "x", b"content")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "file.csv", "x"]


@pytest.mark.parametrize("check", [lambda path: check_file(path, ".csv"), check_folder, make_folder])
def test_a_disk_that_takes_nothing_is_refused(check: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    assert callable(check)
    with pytest.raises(SpecError, match=r"cannot be written \(No space left on device\); choose another place"):
        check(tmp_path / "x.csv")
