"""A sample is a function of (spec, index): splits, twins, sources, and what is returned beside the image."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from invariance.data import compiled
from invariance.data.engine import SPLIT_START, Engine, to_bytes
from invariance.data.transforms import TRANSFORMS
from invariance.spec import TRANSFORM_NAMES, DatasetSpec, SpecError, parse_transforms

ROOT = Path(__file__).parents[2]
SPEC = DatasetSpec(objects="noise", backgrounds="noise", transforms=("rotate", "hue", "erasing"), seed=7)


@pytest.fixture(scope="module")
def engine():
    return Engine(SPEC)


@pytest.fixture(scope="module")
def builtin():
    return Engine(DatasetSpec(seed=3, num_prototypes=2))


def test_any_index_alone_equals_the_batch(engine):
    indices = torch.tensor([3, 0, 2**40 + 1, 17])
    batch = engine.batch(indices)
    for row in range(4):
        alone = engine.batch(indices[row : row + 1])
        torch.testing.assert_close(alone.images[0], batch.images[row], atol=1e-6, rtol=0)
        assert alone.labels[0] == batch.labels[row]
        assert all(torch.equal(alone.parameters[name][0], value[row]) for name, value in batch.parameters.items())


def test_global_generator_is_left_alone(engine):
    before = torch.random.get_rng_state()
    engine.batch(torch.arange(8))
    assert torch.equal(before, torch.random.get_rng_state())


def test_compositing_is_over(engine):
    """Where the mask is 0 the background is untouched, where it is 1 the object covers it."""
    spec = replace(SPEC, backgrounds="#ff0000")
    batch = Engine(spec).batch(torch.arange(32))
    clear = (batch.masks == 0)[:, None].expand_as(batch.images)
    red = torch.tensor([1.0, 0.0, 0.0])[None, :, None, None].expand_as(batch.images)
    assert torch.equal(batch.images[clear], red[clear])
    green = Engine(replace(spec, backgrounds="#00ff00")).batch(torch.arange(32))
    solid = (batch.masks == 1)[:, None].expand_as(batch.images)
    assert solid.any() and torch.equal(batch.images[solid], green.images[solid])


def test_twins_share_object_and_background_only(engine):
    first, second = engine.twins(torch.arange(64), ("hue",))
    assert torch.equal(first.labels, second.labels)
    assert torch.equal(first.backgrounds, second.backgrounds)
    outside = (first.masks == 0)[:, None].expand_as(first.images)
    assert torch.equal(first.images[outside], second.images[outside])
    assert not torch.equal(first.parameters["hue.shift"], second.parameters["hue.shift"])


def test_splits_and_seeds_are_disjoint(engine):
    starts = sorted(SPLIT_START.values())
    assert starts[0] == 0 and min(b - a for a, b in pairwise(starts)) >= 2**40
    train = engine.batch(engine.indices("train", 64)).images
    test = engine.batch(engine.indices("test", 64)).images
    other_seed = engine.with_spec_changes(seed=8).batch(engine.indices("train", 64)).images
    assert (train - test).abs().amax(dim=(1, 2, 3)).min() > 0.1
    assert (train - other_seed).abs().amax(dim=(1, 2, 3)).min() > 0.1


def test_render_is_the_rounded_batch(engine):
    indices = engine.indices("test", 50)
    images, labels = engine.render(indices, batch_size=16)
    batch = engine.batch(indices)
    assert images.dtype == torch.uint8 and torch.equal(labels, batch.labels)
    assert (images / 255.0 - batch.images).abs().max() <= 0.5 / 255 + 1e-6


WAYS = (("compiled", 1), ("compiled", 2), ("torch's", 2))
"""Kernels, and on how many threads."""


@pytest.mark.parametrize("resampling", ["bilinear", "nearest"])
@pytest.mark.parametrize("name", ["none", *TRANSFORM_NAMES, "rotate,hue,blur", "hue,translate,contrast", "hue,occlude"])
def test_rendered_bytes_are_those_of_the_batch(builtin, name, resampling, monkeypatch):
    """On backgrounds that are bytes the two go different ways: there is one truth all the same."""
    engine = builtin.with_spec_changes(transforms=parse_transforms(name), resampling=resampling)
    indices = engine.indices("test", 300)
    parts = [engine.batch(part) for part in indices.split(128)]
    expected = to_bytes(torch.cat([part.images for part in parts]))
    has_compiler = compiled.is_available()
    for kernels, threads in WAYS if has_compiler else WAYS[-1:]:
        monkeypatch.setattr(compiled, "is_available", lambda kernels=kernels: kernels == "compiled")
        torch.set_num_threads(threads)
        images, labels = engine.render(indices)
        again = engine.render(indices, batch_size=128)[0] if kernels == "compiled" else images
        way = f"{kernels} kernels on {threads} threads"
        assert torch.equal(labels, torch.cat([part.labels for part in parts])), way
        # How many samples are made at a time decides how a sum is rounded, and so, rarely, to which level.
        assert (images.int() - expected.int()).abs().max() <= 1, way
        assert (images != expected).float().mean() < 1e-5, way
        assert torch.equal(again, images), way


@pytest.mark.parametrize(("size", "num"), [(8, 65_536), (32, 4096), (64, 1024), (224, 83), (512, 16)])
def test_a_gpu_makes_as_many_images_at_a_time_as_fit_into_a_gigabyte(builtin, size, num, monkeypatch):
    """Of 140 bytes a pixel: 4,096 at once would be 29 GB at 224 px."""
    engine, asked = builtin.with_spec_changes(transforms=("hue",)), []
    monkeypatch.setattr(engine, "spec", replace(engine.spec, image_size=size))
    monkeypatch.setattr(engine, "device", torch.device("meta"))  # which is no CPU, and needs no memory either
    monkeypatch.setattr(engine, "_render_into", lambda images, labels, some, at_a_time: asked.append(at_a_time))
    engine.render(torch.arange(5000))
    assert asked == [num, num] and min(num, 4096) * size**2 * 140 < 1e9
    assert len(engine.parts(torch.arange(5000), 1024)[0]) == min(num, 1024)
    assert len(engine.parts(torch.arange(5000), 32)[0]) == min(num, 32)


def test_a_batch_on_a_cpu_is_as_large_as_its_caller_says_if_that_is_no_gigabyte(builtin, monkeypatch):
    engine = builtin.with_spec_changes(transforms=("hue",))
    monkeypatch.setattr(engine, "spec", replace(engine.spec, image_size=64))
    assert [len(part) for part in engine.parts(torch.arange(1500), 1024)] == [1024, 476]
    monkeypatch.setattr(engine, "spec", replace(engine.spec, image_size=512))  # pictures as large take seconds
    assert len(engine.parts(torch.arange(500), 300)[0]) == 16


def test_images_do_not_depend_on_how_many_are_made_at_a_time(builtin, monkeypatch):
    monkeypatch.setattr(compiled, "is_available", lambda: False)
    engine = builtin.with_spec_changes(transforms=TRANSFORM_NAMES)
    indices = engine.indices("test", 200)
    (whole, labels), *parts = [engine.render(indices, batch_size=size) for size in (4096, 83, 8)]
    for images, same_labels in parts:
        assert torch.equal(same_labels, labels)
        different = (images.int() - whole.int()).abs()
        assert different.max() <= 1 and (different > 0).float().mean() < 1e-4, "but for how a sum is rounded"


@pytest.mark.parametrize("changes", [{"transforms": ("pose", "rotate")}, {"fg_availability": 0.4, "image_size": 48}])
def test_compiled_bytes_are_torch_s(builtin, changes, monkeypatch):
    engine = builtin.with_spec_changes(**{"transforms": ("scale", "hue"), **changes})
    images, labels = engine.render(engine.indices("train", 300))
    monkeypatch.setattr(compiled, "is_available", lambda: False)
    expected, expected_labels = engine.render(engine.indices("train", 300))
    assert torch.equal(labels, expected_labels) and (images.int() - expected.int()).abs().max() <= 1
    assert (images != expected).float().mean() < 1e-5


def test_whole_pictures_are_compiled_as_torch_makes_them(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(6):
            pixels = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    engine = Engine(DatasetSpec(objects=f"images:{tmp_path}", transforms=("rotate", "scale", "blur", "elastic")))
    images, labels = engine.render(engine.indices("train", 200))
    monkeypatch.setattr(compiled, "is_available", lambda: False)
    expected, expected_labels = engine.render(engine.indices("train", 200))
    assert torch.equal(labels, expected_labels) and (images.int() - expected.int()).abs().max() <= 1
    assert (images != expected).float().mean() < 1e-4


def test_rendering_needs_no_compiler():
    code = (
        "import sys\nsys.modules['numba'] = None\n"
        "from invariance.data.engine import Engine\nfrom invariance.spec import DatasetSpec\n"
        "engine = Engine(DatasetSpec(transforms=('rotate',)))\n"
        "assert engine.render(engine.indices('train', 4))[0].float().std() > 0\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_numba_that_cannot_be_imported_is_said_once_and_done_without(tmp_path):
    """As where it is older than the numpy beside it: that it can be found says nothing."""
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba/__init__.py").write_text("raise ImportError('Numba needs NumPy 1.0 or less')\n")
    code = (
        "import torch\nfrom invariance.data.engine import Engine, to_bytes\nfrom invariance.spec import DatasetSpec\n"
        "engine = Engine(DatasetSpec(transforms=('rotate', 'blur')))\n"
        "for start in (0, 4):\n"
        "    indices = torch.arange(start, start + 4)\n"
        "    expected = to_bytes(engine.batch(indices).images)\n"
        "    assert (engine.render(indices)[0].int() - expected.int()).abs().max() <= 1\n"
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = "numba is installed, but cannot be imported (ImportError: Numba needs NumPy 1.0 or less)"
    assert done.stderr.count(said) == 1


def test_what_no_compiled_kernel_knows_is_made_by_torch_with_all_beside_it(builtin, monkeypatch):
    steps = pytest.importorskip("invariance.data.compiled.steps", reason="numba is not installed", exc_type=ImportError)
    indices = builtin.indices("test", 40)
    with monkeypatch.context() as without:
        without.setattr(compiled, "is_available", lambda: False)
        expected, _ = builtin.with_spec_changes(transforms=("rotate", "hue")).render(indices)
    monkeypatch.setitem(TRANSFORMS, "hue", replace(TRANSFORMS["hue"], compiled=False))
    monkeypatch.delitem(steps._STEPS, "hue")
    engine = builtin.with_spec_changes(transforms=("rotate", "hue"))
    assert not engine._is_compiled() and torch.equal(engine.render(indices)[0], expected)
    assert builtin.with_spec_changes(transforms=("rotate", "blur"))._is_compiled()


@pytest.mark.parametrize("changes", [{"backgrounds": "noise"}, {"fg_availability": 0.5}, {"objects": "noise"}])
def test_rendered_bytes_are_those_of_the_batch_whatever_the_sources(builtin, changes):
    engine = builtin.with_spec_changes(transforms=("brightness",), **changes)
    indices = engine.indices("train", 128)
    assert torch.equal(engine.render(indices)[0], to_bytes(engine.batch(indices).images))


def test_changes_share_the_loaded_pictures(engine):
    changed = engine.with_spec_changes(transforms=("blur",), strength=0.5)
    assert changed._objects is engine._objects
    assert engine.with_spec_changes(image_size=16).batch(torch.arange(2)).images.shape == (2, 3, 16, 16)


def test_classes_are_drawn_uniformly_and_named_in_the_order_given():
    spec = replace(SPEC, classes=("noise-05", "noise-02", "noise-09"))
    engine = Engine(spec)
    counts = engine.batch(torch.arange(3000)).labels.bincount()
    assert engine.class_names == spec.classes and ((counts - 1000).abs() < 120).all()


def test_noise_objects_are_fixed_by_their_class():
    one = Engine(DatasetSpec(objects="noise", backgrounds="#000000", classes=("noise-01", "noise-02"), seed=1))
    two = Engine(DatasetSpec(objects="noise", backgrounds="#000000", classes=("noise-02", "noise-01"), seed=2))
    first, second = one.batch(torch.arange(40)), two.batch(torch.arange(40))
    assert torch.equal(first.images[first.labels == 0][0], second.images[second.labels == 1][0])


@pytest.fixture
def folders(tmp_path):
    for number, name in enumerate(("cup", "bird")):
        (tmp_path / "objects" / name).mkdir(parents=True)
        for view in range(number + 1):
            pixels = np.zeros((60, 80, 4), np.uint8)
            pixels[10:50, 20:60] = (200, 40 + 100 * view, 30, 255)
            Image.fromarray(pixels).save(tmp_path / "objects" / name / f"{view}.png")
    (tmp_path / "backgrounds").mkdir()
    Image.new("RGB", (90, 50), (0, 0, 255)).save(tmp_path / "backgrounds" / "b.jpg")
    return tmp_path


def test_folders_in_si_score_layout(folders):
    spec = DatasetSpec(objects=str(folders / "objects"), backgrounds=str(folders / "backgrounds"), num_prototypes=2)
    engine = Engine(spec)
    batch = engine.batch(torch.arange(200))
    assert engine.class_names == ("bird", "cup") and engine.num_backgrounds == 1
    assert set(batch.prototypes[batch.labels == 0].tolist()) == {0, 1}
    assert set(batch.prototypes[batch.labels == 1].tolist()) == {0}
    assert batch.images[0, :, 0, 0].tolist() == pytest.approx([0, 0, 1], abs=0.02)


def test_dark_fringes_do_not_appear(folders):
    """A one-coloured object keeps its straight colour up to the edge, where only alpha falls."""
    spec = DatasetSpec(objects=str(folders / "objects"), backgrounds="#000000", classes=("bird", "cup"))
    engine = Engine(spec)
    rgba = engine._objects.pictures[1, 0]
    edge = (rgba[3] > 0.05) & (rgba[3] < 0.95)
    assert edge.any()
    assert (rgba[0][edge] / rgba[3][edge]).sub(200 / 255).abs().max() < 0.05


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: None, "no such folder"),
        (lambda folder: folder.mkdir(), "no class found"),
        (lambda folder: (folder / "cup").mkdir(parents=True), "no class found"),
    ],
)
def test_bad_object_folders_give_one_line(tmp_path, prepare, message):
    folder = tmp_path / "objects"
    prepare(folder)
    with pytest.raises(SpecError, match=message) as caught:
        Engine(DatasetSpec(objects=str(folder)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", ["/" + "x" * 5_000, "images:/" + "x" * 5_000, "a\0b", "images:a\0b"])
@pytest.mark.parametrize("field", ["objects", "backgrounds"])
def test_names_that_no_folder_can_have_give_a_short_line(field, source):
    with pytest.raises(SpecError, match="no such folder that can be read") as caught:
        Engine(DatasetSpec(**{field: source}))
    assert len(str(caught.value)) < 400


def test_one_class_opaque_and_broken_images_are_refused(folders):
    objects = folders / "objects"
    with pytest.raises(SpecError, match="unknown class 'dog'"):
        Engine(DatasetSpec(objects=str(objects), classes=("cup", "dog")))
    Image.new("RGB", (40, 40), (9, 9, 9)).save(objects / "cup" / "0.png")
    with pytest.raises(SpecError, match="no transparent pixel"):
        Engine(DatasetSpec(objects=str(objects)))
    (objects / "cup" / "0.png").write_bytes(b"not a picture")
    with pytest.raises(SpecError, match="cannot be read"):
        Engine(DatasetSpec(objects=str(objects)))
    (objects / "cup" / "0.png").unlink()
    with pytest.raises(SpecError, match="only class bird found"):
        Engine(DatasetSpec(objects=str(objects)))


def test_real_photographs(si_score):
    spec = DatasetSpec(
        objects=str(si_score / "foregrounds"),
        backgrounds=str(si_score / "backgrounds"),
        transforms=("rotate", "blur"),
    )
    engine = Engine(spec)
    batch = engine.batch(torch.arange(64))
    assert engine.num_classes == 9 and engine.num_backgrounds == 8
    assert batch.masks.amax(dim=(1, 2)).min() > 0.5 and batch.images.std() > 0.1


def test_backgrounds_are_upright_and_deep_grey_is_not_clipped(tmp_path):
    (tmp_path / "._b.png").write_bytes(b"left behind by another system")
    grey = Image.fromarray(np.full((20, 20), 257 * 100, np.uint16))
    grey.save(tmp_path / "a.png")
    halves = Image.new("RGB", (40, 20), (255, 0, 0))
    halves.paste((0, 0, 255), (0, 0, 20, 20))  # the left half, which a quarter turn clockwise brings to the top
    exif = Image.Exif()
    exif[0x0112] = 6
    halves.save(tmp_path / "b.png", exif=exif)
    engine = Engine(DatasetSpec(objects="noise", backgrounds=str(tmp_path)))
    assert engine.num_backgrounds == 2
    first, second = engine._backgrounds.pictures
    assert first.mean().item() == pytest.approx(100 / 255, abs=0.005)
    assert second[:, 16, 16].tolist() == pytest.approx([0, 0, 1], abs=0.02), "the largest top square is the blue half"
