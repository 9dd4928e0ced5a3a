"""The compiled kernels against torch's: numbers bit for bit, pixels but for the rounding of sums."""

import numpy as np
import pytest
import torch

from invariance.data.background import FlatPictures
from invariance.data.engine import Engine
from invariance.data.foreground import Cutouts
from invariance.data.random import normal_field, unit_field
from invariance.data.transforms import apply_composition
from invariance.data.transforms.frame import Frame
from invariance.spec import TRANSFORM_NAMES, DatasetSpec

pytest.importorskip("numba", reason="numba is not installed: there is nothing to compile with")

from invariance.data.compiled.kernels.growth import box_muller, unit_blocks
from invariance.data.compiled.layer import Layer, windows_of
from invariance.data.compiled.steps import steps_of

COMPOSITIONS = [
    *TRANSFORM_NAMES,
    "h_flip+translate",
    "rotate+translate",
    "shear+scale",
    "rotate+elastic",
    "elastic+scale+rotate",
    "scale+translate+elastic+h_flip",
    "translate+blur",
    "translate+sharpen",
    "shear+pixelate+rotate",
    "rotate+noise+erasing",
    "hue+contrast+elastic+posterize",
    "+".join(TRANSFORM_NAMES),
]
SIZES = (8, 17, 32, 45, 64)
CASES = [
    pytest.param(size, names, id=f"{size}px-{names if len(names) < 60 else 'all'}")
    for size in SIZES
    for names in COMPOSITIONS
    if size <= 32 or "+" in names
]
"""Large images, of which torch's kernels take most of the time, in compositions: each transformation is in some."""


@pytest.fixture(scope="module")
def engine(request) -> Engine:
    return Engine(DatasetSpec(image_size=request.param, num_prototypes=3, seed=5))


def changed_both_ways(engine: Engine) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Canvases (B, S, S, 4) of torch's kernels and of the compiled ones, and the windows of these (B, 4)."""
    spec, size = engine.spec, engine.spec.image_size
    num = 96 if size < 32 else 32  # large ones have pixels enough
    drawn = engine.draw(engine.indices("train", num))
    objects = engine.draw_objects(engine.indices("train", num))
    expected, _ = apply_composition(objects.rgba, engine._transforms, drawn.params, mode=spec.resampling)
    rows = np.arange(num)
    pixels = objects.pixels.permute(0, 2, 3, 1).contiguous().numpy()
    layer = Layer.of_pictures(pixels, rows, objects.frame, windows_of(objects.frame, num))
    for step in steps_of(engine._transforms, drawn.params, num=num, size=size, mode=spec.resampling):
        target = np.full(num * size * size * 4, np.nan, np.float32)
        layer = step(layer, slice(0, num), target, size)
    return expected.permute(0, 2, 3, 1).numpy(), layer.source.reshape(num, size, size, 4), layer.windows


@pytest.mark.parametrize(("resampling", "strength"), [("bilinear", 1.0), ("bilinear", 0.4), ("nearest", 1.0)])
@pytest.mark.parametrize(("engine", "names"), CASES, indirect=["engine"])
def test_canvases_are_those_of_torch(engine, names, resampling, strength):
    changed = engine.with_spec_changes(transforms=tuple(names.split("+")), resampling=resampling, strength=strength)
    expected, compiled, windows = changed_both_ways(changed)
    rows = np.arange(changed.spec.image_size)
    inside = ((rows >= windows[:, :1]) & (rows < windows[:, 1:2]))[:, :, None]
    inside = inside & ((rows >= windows[:, 2:3]) & (rows < windows[:, 3:]))[:, None, :]
    assert np.abs(expected[~inside]).max(initial=0.0) < 1e-5  # what is not written is clear
    difference = np.abs(compiled[inside] - expected[inside])  # and no pixel of a window is left out, which would be NaN
    # A reading exactly between two pixels, a colour on posterize's threshold or a sum next to the wrap of noise may go
    # either way.
    decided = resampling == "bilinear" and not {"noise", "posterize"} & set(changed.spec.transforms)
    assert difference.max() < 2e-5 if decided else (difference > 2e-5).mean() < 1e-3
    assert np.isfinite(compiled[inside]).all()


@pytest.mark.parametrize("key", [0, 1, 123_456_789_012_345, 2**63 - 1])
def test_fields_grow_bit_for_bit(key):
    expected = unit_field(torch.tensor([key]), (4096,))[0].numpy()
    grown = np.empty(4096, np.float32)
    unit_blocks(key, 0, grown)
    assert np.array_equal(grown, expected)
    unit_blocks(key, 100, grown[:400])
    assert np.array_equal(grown[:400], expected[400:800])


def test_normal_numbers_are_exact_over_all_uniform_ones():
    uniform = np.arange(0, 2**24, 3, dtype=np.float32) * np.float32(2.0**-24)
    normal = np.empty(2 * len(uniform), np.float32)
    box_muller(uniform, uniform[::-1].copy(), normal)
    exact, turn = uniform.astype(np.float64), 2.0 * np.pi * uniform[::-1].astype(np.float64)
    radius = np.sqrt(-2.0 * np.log1p(-exact))
    assert np.abs(normal[0::2] - radius * np.cos(turn)).max() < 1.5e-6
    assert np.abs(normal[1::2] - radius * np.sin(turn)).max() < 1.5e-6


def test_noise_is_the_same_field():
    keys = torch.tensor([77])
    field = normal_field(keys, (3, 32, 32))[0].flatten().numpy()
    radii, angles = unit_field(keys, (2, 1536))[0].numpy()
    normal = np.empty(3072, np.float32)
    box_muller(radii, angles, normal)
    np.testing.assert_allclose(normal, field, atol=2e-6)


def test_what_is_not_there_is_never_read():
    engine = Engine(DatasetSpec(fg_availability=0.0, transforms=TRANSFORM_NAMES))
    images, _ = engine.render(engine.indices("train", 64))
    assert isinstance(engine._backgrounds, FlatPictures) and isinstance(engine._objects, Cutouts)
    assert torch.equal(images, engine._backgrounds.levels[engine.background_numbers(engine.indices("train", 64))])


def test_the_whole_canvas_is_a_window_too():
    frame = Frame.whole(8)
    layer = Layer.of_pictures(np.zeros((2, 8, 8, 4), np.float32), np.array([1, 0]), frame, windows_of(frame, 2))
    assert layer.starts.tolist() == [256, 0] and layer.windows.tolist() == [[0, 8, 0, 8]] * 2
