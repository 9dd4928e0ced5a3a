"""Which backgrounds are new in the test."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest
import torch
from PIL import Image
from scipy import stats

from invariance.data.background_split import divided, load_split, words_of_test
from invariance.data.catalogue import background_files
from invariance.data.engine import SPLIT_START, Engine
from invariance.data.foreground import splits_of
from invariance.data.random import STREAMS, Draws
from invariance.spec import DatasetSpec

SPLITS = tuple(SPLIT_START)
SIZE = 8


def folder_of(path: Path, num: int) -> str:
    """``num`` backgrounds of different colours."""
    path.mkdir()
    for number in range(num):
        Image.new("RGB", (SIZE, SIZE), (number, 2 * number, 200)).save(path / f"{number:03d}.png")
    return str(path)


def test_every_built_in_family_has_five_one_and_two() -> None:
    split, files = load_split("builtin"), background_files("builtin")
    assert [len(split.of(name)) for name in SPLITS] == [135, 27, 54] and not split.is_shared
    assert sorted(split.numbers.tolist()) == list(range(216))
    for name, each in zip(SPLITS, (5, 1, 2), strict=True):
        families = Counter(files[number].name.rpartition("-")[0] for number in split.of(name).tolist())
        assert len(families) == 27 and set(families.values()) == {each}


def test_a_family_is_divided_by_the_rank_of_its_files_hashes() -> None:
    split, files = load_split("builtin"), background_files("builtin")
    lava = [number for number, path in enumerate(files) if path.name.startswith("lava-")]
    ranked = sorted(lava, key=lambda number: hashlib.sha256(files[number].read_bytes()).hexdigest())
    for name, expected in zip(SPLITS, (ranked[:5], ranked[5:6], ranked[6:]), strict=True):
        assert set(split.of(name).tolist()) & set(lava) == set(expected)


def test_the_division_is_pinned() -> None:
    """Pretrained networks have seen these and no others: it may only change together with the schema of specs."""
    names = [path.name for path in background_files("builtin")]
    split = load_split("builtin")
    seen = "\n".join(names[number] for number in split.of("train").tolist())
    assert names[int(split.of("test")[0])] == "aurora-03.webp"
    assert hashlib.sha256(seen.encode()).hexdigest()[:16] == "215ff068e98cc31f"


@pytest.mark.parametrize(("num", "counts"), [(10, [7, 1, 2]), (15, [10, 2, 3]), (16, [10, 2, 4]), (25, [16, 3, 6])])
def test_a_folder_is_one_family(tmp_path: Path, num: int, counts: list[int]) -> None:
    split = load_split(folder_of(tmp_path / "own", num))
    assert [len(split.of(name)) for name in SPLITS] == counts and not split.is_shared
    assert sorted(split.numbers.tolist()) == list(range(num))


def test_names_and_places_play_no_part(tmp_path: Path) -> None:
    one = folder_of(tmp_path / "one", 20)
    other = tmp_path / "other"
    other.mkdir()
    for number, path in enumerate(sorted(Path(one).iterdir(), reverse=True)):
        (other / f"picture {number:02d}.png").write_bytes(path.read_bytes())
    first, second = load_split(one), load_split(str(other))
    for name in SPLITS:
        assert {19 - number for number in first.of(name).tolist()} == set(second.of(name).tolist())


def test_the_same_picture_twice_is_in_one_split() -> None:
    contents = [f"{number % 12:02d}" for number in range(36)]  # each three times
    split = divided(contents, [""] * 36)
    held = [{contents[number] for number in split.of(name).tolist()} for name in SPLITS]
    assert [len(names) for names in held] == [9, 1, 2] and len(set.union(*held)) == 12


@pytest.mark.parametrize("contents", [["a"], list("abcdefghi"), list("abcdefghi") * 4])
def test_fewer_than_ten_different_ones_are_shared(contents: list[str]) -> None:
    split = divided(contents, [""] * len(contents))
    assert split.is_shared and all(split.of(name).tolist() == list(range(len(contents))) for name in SPLITS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "135 for training, 27 others for validation, 54 others for the test"),
        ({"shared_backgrounds": True}, "the same 216 in every split"),
        ({"backgrounds": "noise"}, "fresh noise behind every image"),
        ({"backgrounds": "#102030"}, "one behind every image"),
    ],
)
def test_it_is_said_what_is_new(changes: dict, words: str) -> None:
    assert Engine(DatasetSpec(objects="noise", image_size=SIZE, **changes)).background_words == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "objects as in training, new backgrounds"),
        ({"shared_backgrounds": True}, "objects and backgrounds as in training"),
        ({"backgrounds": "noise"}, "objects as in training, fresh noise behind them"),
        ({"backgrounds": "#102030"}, "objects as in training, on the same colour"),
        ({"backgrounds": "cifar10"}, "objects as in training, new backgrounds"),
        ({"objects": "images:/anywhere"}, "new pictures"),
    ],
)
def test_a_test_is_called_what_it_is(changes: dict, words: str) -> None:
    assert words_of_test(DatasetSpec(**changes)) == words


def test_a_folder_that_grows_is_divided_anew(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "own", 9)
    spec = DatasetSpec(backgrounds=folder)
    assert words_of_test(spec) == "objects and backgrounds as in training"
    Image.new("RGB", (SIZE, SIZE), (1, 1, 1)).save(tmp_path / "own" / "another.png")
    assert words_of_test(spec) == "objects as in training, new backgrounds"


def test_a_small_folder_is_shared_and_said(tmp_path: Path) -> None:
    engine = Engine(DatasetSpec(objects="noise", image_size=SIZE, backgrounds=folder_of(tmp_path / "own", 9)))
    assert engine.shares_backgrounds and engine.background_words == "the same 9 in every split"
    numbers = [set(engine.background_numbers(engine.indices(split, 400)).tolist()) for split in SPLITS]
    assert numbers == [set(range(9))] * 3


@pytest.mark.parametrize("split", SPLITS)
def test_samples_show_the_backgrounds_of_their_split(split: str) -> None:
    spec = DatasetSpec(objects="noise", image_size=SIZE, seed=3)
    engine, shared = Engine(spec), Engine(DatasetSpec(**{**vars(spec), "shared_backgrounds": True}))
    indices = engine.indices(split, 4_000)
    numbers, own = engine.background_numbers(indices), engine.backgrounds_of(split)
    assert set(numbers.tolist()) == set(own.tolist())
    # The same word chooses among the split's own as among all: a sample keeps its address.
    position = (shared.background_numbers(indices) * len(own) + len(own) // 2) // 216
    assert int((torch.searchsorted(own, numbers) - position).abs().max()) <= 1
    images, _ = engine.render(indices[:64])
    assert torch.equal(images, engine.render(indices[:64].flip(0))[0].flip(0))


@pytest.mark.parametrize("split", SPLITS)
def test_a_splits_backgrounds_are_equally_likely(split: str) -> None:
    """Over many seeds p-values of a uniform choice are themselves uniform."""
    known, start = load_split("builtin"), SPLIT_START[split]
    indices = torch.arange(4_000) + start
    values = []
    for seed in range(300):
        chosen = known.choose(Draws(seed, indices, STREAMS["background"]).words(1)[:, 0], splits_of(indices))
        counts = torch.bincount(torch.searchsorted(known.of(split), chosen), minlength=len(known.of(split)))
        values.append(stats.chisquare(counts.numpy()).pvalue)
    assert stats.kstest(values, "uniform").pvalue > 1e-3


def test_noise_and_a_colour_have_nothing_to_share() -> None:
    """Else the same images would be two data sets, and runs on them made twice."""
    for backgrounds in ("noise", "#000000"):
        assert DatasetSpec(backgrounds=backgrounds, shared_backgrounds=True) == DatasetSpec(backgrounds=backgrounds)
    assert DatasetSpec(shared_backgrounds=True) != DatasetSpec()
