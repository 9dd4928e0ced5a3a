"""Promises that every transformation of the registry keeps."""

import pytest
import torch

from invariance.data.random import Draws
from invariance.data.transforms import TRANSFORMS, apply_composition, get_transform, sample_composition
from invariance.spec import CATEGORIES, FLAT_TRANSFORMS, KNOWN_TRANSFORMS

SIZE = 32
FLAT = tuple(get_transform(name) for name in FLAT_TRANSFORMS)
each = pytest.mark.parametrize("transform", FLAT, ids=lambda transform: transform.name)
keeps_alpha = [transform for transform in FLAT if transform.name in (*CATEGORIES["photometric"], "noise", "contrast")]


def soft_objects(num: int, seed: int = 0) -> torch.Tensor:
    """Colourful blobs with soft edges on a clear canvas, premultiplied; none mirror-symmetric or of one colour."""
    generator = torch.Generator().manual_seed(seed)
    colour = torch.rand(num, 3, SIZE, SIZE, generator=generator)
    axis = torch.arange(SIZE) + 0.5
    distance = ((axis[:, None] - 15) ** 2 + ((axis[None] - 17) * 1.2) ** 2).sqrt()
    alpha = ((10.5 - distance) / 3).clamp(0, 1).expand(num, 1, SIZE, SIZE)
    return torch.cat((colour * alpha, alpha), dim=1)


def draw(transform, num: int, strength: float = 1.0, seed: int = 0):
    return transform.sample(Draws(seed, torch.arange(num), transform.stream), strength)


def test_registry_is_the_vocabulary_of_the_specs():
    assert tuple(TRANSFORMS) == tuple(KNOWN_TRANSFORMS)
    assert all(transform.name == name for name, transform in TRANSFORMS.items())


@each
def test_strength_zero_gives_the_input_back(transform):
    rgba = soft_objects(16)
    result = transform.apply(rgba, draw(transform, 16, strength=0.0))
    torch.testing.assert_close(result, rgba, atol=1e-5, rtol=0)


@each
def test_a_batch_equals_its_single_samples(transform):
    rgba, params = soft_objects(12), draw(transform, 12)
    together = transform.apply(rgba, params)
    for row in range(12):
        alone = transform.apply(rgba[row : row + 1], {name: value[row : row + 1] for name, value in params.items()})
        torch.testing.assert_close(alone[0], together[row], atol=1e-6, rtol=0)


@each
def test_output_is_premultiplied_colour_and_the_input_is_left_alone(transform):
    rgba = soft_objects(32)
    before = rgba.clone()
    result = transform.apply(rgba, draw(transform, 32))
    assert torch.equal(rgba, before)
    assert result.shape == rgba.shape and result.dtype == torch.float32
    assert result.min() >= -1e-6 and result.max() <= 1 + 1e-6
    assert (result[:, :3] <= result[:, 3:] + 1e-5).all()


@each
def test_it_changes_pictures(transform):
    rgba = soft_objects(32)
    changed = (transform.apply(rgba, draw(transform, 32)) - rgba).abs().amax(dim=(1, 2, 3)) > 0.05
    assert changed.float().mean() > 0.25


@each
def test_clear_pixels_lend_no_colour(transform):
    result = transform.apply(torch.zeros(8, 4, SIZE, SIZE), draw(transform, 8))
    assert torch.count_nonzero(result) == 0


@each
def test_parameters_have_one_value_a_sample(transform):
    params = draw(transform, 9)
    assert params and all(value.shape == (9,) for value in params.values())


@pytest.mark.parametrize("transform", keeps_alpha, ids=lambda transform: transform.name)
def test_alpha_is_left_alone(transform):
    rgba = soft_objects(24)
    assert torch.equal(transform.apply(rgba, draw(transform, 24))[:, 3], rgba[:, 3])


@pytest.mark.parametrize("size", [16, 64, 96])
@each
def test_other_image_sizes(transform, size):
    rgba = torch.nn.functional.interpolate(soft_objects(4), size=(size, size), mode="bilinear")
    assert transform.apply(rgba, draw(transform, 4)).shape == (4, 4, size, size)


def test_neighbours_that_move_pixels_are_fused_into_the_product_of_their_matrices():
    """A quarter turn and a flip after it, as one resampling, move pixels exactly."""
    rgba = soft_objects(2)
    rotate, flip = get_transform("rotate"), get_transform("h_flip")
    params = [{"angle_deg": torch.tensor([90.0, 90.0])}, {"applied": torch.tensor([True, False])}]
    fused, _ = apply_composition(rgba, (rotate, flip), params)
    turned = torch.rot90(rgba, 1, dims=(2, 3))
    torch.testing.assert_close(fused[0], turned[0].flip(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(fused[1], turned[1], atol=1e-4, rtol=0)


def test_order_of_a_composition_is_the_order_given():
    rgba = soft_objects(8)
    names = ("invert", "brightness")
    forward = [get_transform(name) for name in names]
    params = sample_composition(forward, torch.arange(8), seed=3)
    one, _ = apply_composition(rgba, forward, params)
    other, _ = apply_composition(rgba, forward[::-1], params[::-1])
    by_hand = forward[1].apply(forward[0].apply(rgba, params[0]), params[1])
    assert torch.equal(one, by_hand) and not torch.equal(one, other)


def test_translate_keeps_a_composed_object_inside():
    """The box follows scale and rotate, so the object moves over the whole of the image and never leaves it."""
    alpha = torch.zeros(256, 4, SIZE, SIZE)
    alpha[:, :, 5:27, 5:27] = 1.0
    transforms = [get_transform(name) for name in ("scale", "rotate", "translate")]
    params = sample_composition(transforms, torch.arange(256), seed=0)
    moved, boxes = apply_composition(alpha, transforms, params)
    unmoved, _ = apply_composition(alpha, transforms[:2], params[:2])
    torch.testing.assert_close(moved[:, 3].sum((1, 2)), unmoved[:, 3].sum((1, 2)), rtol=2e-3, atol=0.5)
    fits = ((boxes[:, 2:] - boxes[:, :2]) <= SIZE - 1).all(dim=1)
    assert fits.any() and (boxes[fits] >= -1e-3).all() and (boxes[fits] <= SIZE + 1e-3).all()
    assert boxes[:, 0].min() < 1 and boxes[:, 2].max() > SIZE - 1
