"""Copied code and copied commands make exactly the images that the page shows."""

from __future__ import annotations

import shlex
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from invariance.__main__ import main, parser
from invariance.data.as_code import command_line, python_code
from invariance.data.engine import Engine
from invariance.data.preview import samples
from invariance.spec import DatasetSpec, SpecError

NOISE = DatasetSpec(objects="noise", backgrounds="noise")
SPECS = {
    "plain": DatasetSpec(classes=("mug", "bee")),
    "shared": DatasetSpec(classes=("mug", "bee"), shared_backgrounds=True),
    "all fields": replace(
        NOISE,
        classes=("noise-03", "noise-01"),
        transforms=("rotate", "hue", "erasing"),
        strength=0.35,
        num_samples=77,
        seed=2**40 + 1,
        transform_seed=5,
        image_size=16,
        num_prototypes=3,
        resampling="nearest",
        fg_availability=0.6,
    ),
    "stickers": replace(
        NOISE,
        stickers="noise",
        sticker_classes=("noise-07", "noise-02"),
        sticker_place="anywhere",
        sticker_scale=0.4,
        sticker_correlation=0.25,
        sticker_availability=0.75,
        sticker_seed=8,
        label="sticker",
    ),
    "colour": replace(NOISE, backgrounds="#12aBef", transforms=("invert",)),
    "stream": replace(NOISE, num_samples=None),
}
each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())


def run_code(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.chdir(folder)
    names: dict = {}
    exec(compile(code, "copied", "exec"), names)
    return names


@pytest.fixture
def awkward(tmp_path: Path) -> DatasetSpec:
    """Folders and classes whose names need quoting in Python and in a shell."""
    objects, backgrounds = tmp_path / "my \"objects\" $HOME 'x'", tmp_path / "-back\\ground's ü"
    for number, name in enumerate(("tea cup", "it's", 'a "b"', "-dash")):
        (objects / name).mkdir(parents=True)
        pixels = np.zeros((20, 20, 4), np.uint8)
        pixels[4:16, 4:16] = (60 * number, 90, 30, 255)
        Image.fromarray(pixels).save(objects / name / "0.png")
    backgrounds.mkdir()
    Image.new("RGB", (20, 20), (0, 0, 255)).save(backgrounds / "b.png")
    classes = ("-dash", "it's", 'a "b"', "tea cup")
    return DatasetSpec(objects=str(objects), backgrounds=str(backgrounds), classes=classes, transforms=("scale",))


@each_spec
def test_python_makes_the_same_images(spec: DatasetSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = run_code(python_code(spec, num=9, start=4), tmp_path, monkeypatch)
    expected = samples(Engine(spec), num=9, start=4)
    assert names["spec"] == spec
    np.testing.assert_array_equal(names["shown"].images, expected.images)
    assert names["batch"].images.shape == (9, 3, spec.image_size, spec.image_size)
    assert [names["engine"].class_names[label] for label in names["batch"].labels] == list(expected.class_names)
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.width > 8 * spec.image_size


def test_names_with_quotes_survive_python(
    awkward: DatasetSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = run_code(python_code(awkward, num=4, split="test"), tmp_path, monkeypatch)
    assert names["spec"] == awkward
    expected = samples(Engine(awkward), num=4, split="test").images
    np.testing.assert_array_equal(names["shown"].images, expected)


def rendered(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    monkeypatch.chdir(folder)
    words = shlex.split(line)
    assert words[:3] == ["python", "-m", "invariance"]
    assert main([*words[3:], "--device", "cpu"]) == 0
    with np.load(folder / "samples.npz") as file:
        return dict(file)


@each_spec
def test_the_command_renders_the_same_images(
    spec: DatasetSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = rendered(command_line(spec, num=6, split="validation"), tmp_path, monkeypatch)
    expected = samples(Engine(spec), num=6, split="validation")
    np.testing.assert_array_equal(arrays["images"], expected.images)
    assert tuple(arrays["class_names"][arrays["labels"]]) == expected.class_names


def test_names_with_quotes_survive_the_shell(
    awkward: DatasetSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = rendered(command_line(awkward, num=6), tmp_path, monkeypatch)
    np.testing.assert_array_equal(arrays["images"], samples(Engine(awkward), num=6).images)


VALUES = {"transforms": "hue", "resampling": "nearest", "label": "object", "sticker_place": "corner"}
FLAGS = ("shared_backgrounds",)


def test_the_parser_knows_every_field() -> None:
    """A field that is added to the spec needs its option, or copied commands would not mean the same."""
    names = [field.name for field in fields(DatasetSpec) if field.name != "num_samples"]
    options = {name: f"--{name.replace('_', '-')}" for name in names}
    words = [word for name in names for word in (options[name], *([] if name in FLAGS else [VALUES.get(name, "1")]))]
    assert set(names) <= set(vars(parser().parse_args(["render", "--out", "x.npz", *words])))


def test_a_name_with_a_comma_is_left_to_python() -> None:
    with pytest.raises(SpecError, match=r"classes: 'a,b' cannot be named .* use the Python code"):
        command_line(DatasetSpec(classes=("a,b", "c")), num=2)


def test_defaults_are_left_out() -> None:
    assert "spec = DatasetSpec()\n" in python_code(DatasetSpec(), num=4)
    line = command_line(DatasetSpec(transforms=("rotate", "hue")), num=512, out="X.npz")
    assert line == "python -m invariance render --transforms rotate,hue --num-images 512 --out X.npz"
