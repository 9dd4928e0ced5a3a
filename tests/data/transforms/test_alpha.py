"""Alpha is premultiplied once: no fringes, no colour beyond alpha, and colour operations leave alpha alone."""

from itertools import permutations

import pytest
import torch

from invariance.data.engine import paste
from invariance.data.random import Draws
from invariance.data.transforms import apply_composition, get_transform, sample_composition
from invariance.spec import CATEGORIES, TRANSFORM_NAMES

LEVEL = 1 / 255
NUM = 24
COLOUR_ONLY = (*CATEGORIES["photometric"], "noise", "contrast")
SHAPE_ONLY = (*CATEGORIES["geometric"], "blur", "pixelate", "elastic", "erasing")
IDENTITIES = {
    "hue": {"shift": 0.0},
    "brightness": {"factor": 1.0},
    "contrast": {"factor": 1.0},
    "sharpen": {"applied": True, "factor": 1.0},
    "grayscale": {"applied": False, "amount": 1.0},
    "posterize": {"applied": False, "amount": 1.0},
    "invert": {"applied": False, "amount": 1.0},
    "noise": {"applied": False, "std": 1.0, "field": 5},
}
PAIRS = [pair for position, pair in enumerate(permutations(TRANSFORM_NAMES, 2)) if position % 11 == 0]


def soft_alpha(num: int, seed: int = 0) -> torch.Tensor:
    """Irregular soft shapes with every level of alpha in them: (num, 1, 32, 32)."""
    coarse = torch.rand(num, 1, 7, 7, generator=torch.Generator().manual_seed(seed))
    smooth = torch.nn.functional.interpolate(coarse, size=(32, 32), mode="bicubic", align_corners=False)
    return (smooth * 2.2 - 0.6).clamp(0, 1)


def of_one_colour(colour: tuple[float, float, float], num: int = NUM) -> torch.Tensor:
    alpha = soft_alpha(num)
    return torch.cat((torch.tensor(colour).view(1, 3, 1, 1) * alpha, alpha), dim=1)


def colourful(num: int = NUM) -> torch.Tensor:
    alpha = soft_alpha(num)
    colour = torch.rand(num, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    return torch.cat((colour * alpha, alpha), dim=1)


def drawn(name: str, num: int = NUM) -> dict[str, torch.Tensor]:
    transform = get_transform(name)
    return transform.sample(Draws(4, torch.arange(num), transform.stream), 1.0)


@pytest.mark.parametrize("name", IDENTITIES)
def test_an_identity_changes_no_pixel(name):
    """Multiplying colour by alpha a second time would darken every soft pixel."""
    rgba = colourful()
    params = {key: torch.tensor([value]).expand(NUM) for key, value in IDENTITIES[name].items()}
    torch.testing.assert_close(get_transform(name).apply(rgba, params), rgba, atol=1e-6, rtol=0)


def test_identities_composed_change_no_pixel():
    rgba = colourful()
    transforms = [get_transform(name) for name in IDENTITIES]
    params = [{key: torch.tensor([value]).expand(NUM) for key, value in one.items()} for one in IDENTITIES.values()]
    torch.testing.assert_close(apply_composition(rgba, transforms, params)[0], rgba, atol=2e-6, rtol=0)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("name", SHAPE_ONLY)
def test_an_object_cannot_be_seen_on_its_own_colour(name, mode):
    """Whatever happens to its shape: a dark or bright fringe would show. Sharpening clips, and is left out."""
    colour = (0.9, 0.5, 0.1)
    changed, _ = apply_composition(of_one_colour(colour), [get_transform(name)], [drawn(name)], mode=mode)
    plain = torch.tensor(colour).view(1, 3, 1, 1).expand(NUM, 3, 32, 32)
    torch.testing.assert_close(paste(changed, plain), plain, atol=0.05 * LEVEL, rtol=0)
    assert (changed[:, 3] - soft_alpha(NUM)[:, 0]).abs().max() > 0.1  # something did happen


@pytest.mark.parametrize("name", COLOUR_ONLY)
def test_colour_operations_leave_alpha_exactly_alone(name):
    rgba = colourful()
    changed = get_transform(name).apply(rgba, drawn(name))
    assert torch.equal(changed[:, 3], rgba[:, 3])
    assert not torch.equal(changed[:, :3], rgba[:, :3])


@pytest.mark.parametrize("name", [name for name in COLOUR_ONLY if name not in ("posterize", "sharpen", "contrast")])
def test_straight_colour_changes_as_if_the_object_were_opaque(name):
    """Of colour operations that see one pixel at a time; contrast and sharpen see more, posterize is of thresholds."""
    rgba, params = colourful(), drawn(name)
    alpha = rgba[:, 3:]
    straight = torch.where(alpha > 0.02, rgba[:, :3] / alpha.clamp(min=1e-6), 0.0)
    opaque = torch.cat((straight, torch.ones_like(alpha)), dim=1)
    expected = get_transform(name).apply(opaque, params)[:, :3] * alpha
    changed = get_transform(name).apply(rgba, params)[:, :3]
    seen = (alpha > 0.02).expand_as(changed)
    if name == "noise":  # a sum next to the wrap may fall on either side of it
        assert ((changed - expected).abs()[seen] < 1e-4).float().mean() > 0.999
    else:
        torch.testing.assert_close(changed[seen], expected[seen], atol=2e-5, rtol=0)


def assert_premultiplied(rgba: torch.Tensor) -> None:
    assert torch.isfinite(rgba).all()
    assert rgba.min() >= 0 and rgba.max() <= 1 + 1e-6
    assert (rgba[:, :3] - rgba[:, 3:]).max() <= 1e-6


@pytest.mark.parametrize("name", TRANSFORM_NAMES)
def test_colour_never_exceeds_alpha(name):
    for rgba in (
        colourful(),
        of_one_colour((1.0, 1.0, 1.0)),
        of_one_colour((0.0, 0.0, 0.0)),
        torch.zeros(NUM, 4, 32, 32),
    ):
        assert_premultiplied(get_transform(name).apply(rgba, drawn(name)))


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "+".join(pair))
def test_colour_never_exceeds_alpha_in_pairs(pair, mode):
    transforms = [get_transform(name) for name in pair]
    params = sample_composition(transforms, torch.arange(NUM), seed=6)
    assert_premultiplied(apply_composition(colourful(), transforms, params, mode=mode)[0])


def test_colour_never_exceeds_alpha_after_all_eighteen():
    transforms = [get_transform(name) for name in TRANSFORM_NAMES]
    params = sample_composition(transforms, torch.arange(NUM), seed=7)
    assert_premultiplied(apply_composition(colourful(), transforms, params)[0])
