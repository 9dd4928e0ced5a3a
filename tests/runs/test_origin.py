"""What files say of where they come from."""

from __future__ import annotations

from dataclasses import replace

import pytest

import invariance
from invariance.runs.origin import NO_COMMAND, Origin, origin_of, settings_of, source_name, without_paths
from invariance.spec import DatasetSpec, MeasureSpec
from tests.runs.tiny import tiny_pretrain


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("builtin", "builtin"),
        ("#808080", "#808080"),
        ("hub:ada/cats", "hub:ada/cats"),
        ("/home/ada/private/cats/", "cats"),
        ("images:/home/ada/cats", "images:cats"),
        (r"C:\Users\ada\cats", "cats"),
        ("", ""),
    ],
)
def test_of_a_folder_its_last_name_is_told(source: str, name: str) -> None:
    assert source_name(source) == name


def test_runs_tell_seeds_numbers_and_commands() -> None:
    one = origin_of(*(tiny_pretrain(seed=seed, data=replace(tiny_pretrain().data, seed=seed)) for seed in (3, 1)))
    assert one.seeds == (3, 1) and one.settings == {}
    assert one.sentence == f"n = 16 test images; seeds 3, 1; Invariance Lab {invariance.__version__}."
    assert [line.split()[-1] for line in one.command.splitlines()] == ["3", "1"]
    measured = origin_of(MeasureSpec(sources=("a" * 16,), data=DatasetSpec(num_samples=7), num_pairs=1500))
    assert measured.num == "1,500 pairs of twins" and measured.command == NO_COMMAND
    assert Origin(command="x").sentence == f"Invariance Lab {invariance.__version__}."


def test_settings_are_words_without_what_is_empty() -> None:
    data = DatasetSpec(objects="/home/ada/cats", transforms=("hue", "rotate"), num_samples=None)
    told = settings_of(tiny_pretrain(data=data))
    assert told["kind"] == "pretrain" and told["learning rate"] == "0.001"
    assert told["data: objects"] == "cats" and told["data: num samples"] == "endless"
    assert told["data: shared backgrounds"] == "no" and told["data: transforms"] == "hue, rotate"
    assert not {"data: stickers", "data: sticker scale", "data: transform seed", "data"} & set(told)
    assert without_paths(tiny_pretrain()) == tiny_pretrain()
