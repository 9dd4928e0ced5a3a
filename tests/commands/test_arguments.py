"""What commands share: names with commas, JSON without NaN, and places that are refused before any work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from invariance.commands.arguments import Parser, add_data, dataset, json_text, print_json

from invariance.commands.output import check_file, make_folder
from invariance.spec import DatasetSpec, SpecError


def parsed(*words: str) -> DatasetSpec:
    parser = Parser()
    add_data(parser)
    return dataset(parser.parse_args([*words]), num_samples=None)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("apple,duck", ("apple", "duck")),
        (" apple , duck,", ("apple", "duck")),
        ('"salt, pepper",duck', ("salt, pepper", "duck")),
        ('duck, "a ""b"", c"', ("duck", 'a "b", c')),
        ('5" disc,duck', ('5" disc', "duck")),
    ],
)
def test_a_class_with_a_comma_is_given_in_quotation_marks(text: str, names: tuple[str, ...]) -> None:
    assert parsed("--classes", text).classes == names
    assert parsed("--stickers", "builtin", "--sticker-classes", text).sticker_classes == names


@pytest.mark.parametrize("text", ['"apple,duck', '"apple"x,duck', "apple\nduck"])
def test_quotation_marks_that_do_not_match_are_refused(text: str) -> None:
    with pytest.raises(SpecError, match="a name with a comma in double quotation marks"):
        parsed("--classes", text)


def test_numbers_that_are_not_finite_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    values = {"a": float("nan"), "b": [1.5, float("inf"), {"c": (-float("inf"), 2)}], "d": None, "e": True, "f": "NaN"}
    plain = {"a": None, "b": [1.5, None, {"c": [None, 2]}], "d": None, "e": True, "f": "NaN"}
    for indent in (None, 1):
        assert json.loads(json_text(values, indent=indent), parse_constant=pytest.fail) == plain
    print_json(values)
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == plain


def test_places_that_cannot_be_used_are_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = {tmp_path: "is a folder", tmp_path / "no" / "x": "no folder", tmp_path / "file" / "x": "no folder"}
    for path, message in refused.items():
        with pytest.raises(SpecError, match=message):
            check_file(path)
    for path in (tmp_path / "file", tmp_path / "file" / "x"):
        with pytest.raises(SpecError, match="cannot be used as a folder"):
            make_folder(path)
    check_file(tmp_path / "x.csv")
    make_folder(tmp_path / "a" / "b")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "file"]


@pytest.mark.parametrize("check", [check_file, make_folder])
def test_a_disk_that_takes_nothing_is_refused(check: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    assert callable(check)
    with pytest.raises(SpecError, match=r"cannot be written \(No space left on device\); choose another place"):
        check(tmp_path / "x")
