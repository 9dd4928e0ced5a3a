"""Strength: 1 is the paper's range, less of it is nearer to the object as it is, 0 is the object itself."""

import pytest
import torch
from scipy import stats

from invariance.data.engine import Engine
from invariance.data.random import Draws
from invariance.data.transforms import apply_composition, get_transform, sample_composition
from invariance.spec import TRANSFORM_NAMES, DatasetSpec

NUM = 4000

HALF = {
    "scale": {"factor": (0.7, 1.0)},
    "shear": {"x_deg": (-25, 25), "y_deg": (-25, 25)},
    "hue": {"shift": (-0.25, 0.25)},
    "brightness": {"factor": (0.5, 1.5)},
    "contrast": {"factor": (0.5, 1.5)},
    "blur": {"sigma_px": (0.1, 0.8)},
    "translate": {"x": (0.25, 0.75), "y": (0.25, 0.75)},
    "erasing": {"x": (0, 1), "y": (0, 1), "side_px": 7, "applied": 0.5},
    "v_flip": {"applied": 0.25},
    "h_flip": {"applied": 0.25},
    "grayscale": {"applied": 0.5, "amount": 0.5},
    "posterize": {"applied": 0.5, "amount": 0.5},
    "invert": {"applied": 0.5, "amount": 0.5},
    "sharpen": {"applied": 0.5, "factor": 4},
    "noise": {"applied": 0.5, "std": 0.5},
    "pixelate": {"applied": 0.5, "side": 41 / 64},
    "elastic": {"applied": 0.5, "alpha": 75},
}
"""What is drawn at strength 1/2: half way from the value that changes nothing to the paper's; flips half as often."""


def drawn(name: str, strength: float, num: int = NUM) -> dict[str, torch.Tensor]:
    transform = get_transform(name)
    return transform.sample(Draws(11, torch.arange(num), transform.stream), strength)


@pytest.mark.parametrize(("name", "parameter"), [(n, p) for n in HALF for p in HALF[n]])
def test_half_strength_is_half_the_way(name, parameter):
    law, values = HALF[name][parameter], drawn(name, 0.5)[parameter]
    if parameter == "applied":
        assert stats.binomtest(int(values.sum()), NUM, law).pvalue > 1e-4
    elif isinstance(law, tuple):
        low, high = law
        assert stats.kstest(values.double().numpy(), "uniform", args=(low, high - low)).pvalue > 1e-4
    else:
        assert values.eq(law).all()


def test_half_strength_of_a_turn_is_at_most_a_quarter_turn_either_way():
    angle = drawn("rotate", 0.5)["angle_deg"].double()
    assert angle.min() >= 0 and angle.max() < 360
    signed = (angle + 180).remainder(360) - 180
    assert stats.kstest(signed.numpy(), "uniform", args=(-90, 180)).pvalue > 1e-4


def test_the_same_sample_grows_with_strength():
    """Strength scales what was drawn and does not draw again, so a slider moves an object on its way."""
    whole, half = drawn("shear", 1.0), drawn("shear", 0.5)
    torch.testing.assert_close(half["x_deg"], whole["x_deg"] / 2)
    assert torch.equal(drawn("noise", 0.5)["field"], drawn("noise", 1.0)["field"])
    assert torch.equal(drawn("sharpen", 0.5)["applied"], drawn("sharpen", 1.0)["applied"])


@pytest.mark.parametrize("size", [32, 33, 48, 64, 96, 224])
@pytest.mark.parametrize("name", TRANSFORM_NAMES)
def test_strength_zero_is_the_object_itself_at_every_size(name, size):
    generator = torch.Generator().manual_seed(size)
    rgba = torch.rand(6, 4, size, size, generator=generator)
    rgba[:, :3] *= rgba[:, 3:]
    result = get_transform(name).apply(rgba, drawn(name, 0.0, num=6))
    # On white noise, the worst case: positions up to 224 px are float32, good to 1.5e-5 px.
    torch.testing.assert_close(result, rgba, atol=1e-6 if size == 32 else 4e-5, rtol=0)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_strength_zero_of_all_eighteen_is_the_object_itself(mode):
    rgba = torch.rand(6, 4, 32, 32, generator=torch.Generator().manual_seed(1))
    rgba[:, :3] *= rgba[:, 3:]
    transforms = [get_transform(name) for name in TRANSFORM_NAMES]
    params = sample_composition(transforms, torch.arange(6), seed=2, strength=0.0)
    result, boxes = apply_composition(rgba, transforms, params, mode=mode)
    torch.testing.assert_close(result, rgba, atol=2e-6, rtol=0)
    torch.testing.assert_close(boxes, torch.tensor([5.0, 5.0, 27.0, 27.0]).expand(6, 4), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", TRANSFORM_NAMES)
def test_images_of_strength_zero_are_those_without_the_transformation(name):
    engine = Engine(DatasetSpec(objects="noise", backgrounds="#808080", transforms=(name,), strength=0.0))
    plain = engine.with_spec_changes(transforms=())
    indices = torch.arange(24)
    torch.testing.assert_close(engine.batch(indices).images, plain.batch(indices).images, atol=1e-6, rtol=0)
