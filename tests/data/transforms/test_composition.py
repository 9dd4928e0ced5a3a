"""Compositions: boxes that follow the object, order, and one resampling in place of several."""

from itertools import permutations

import pytest
import torch

from invariance.data.transforms import apply_composition, get_transform, sample_composition
from invariance.data.transforms.resample import base_box

NUM = 96
Params = dict[str, torch.Tensor]


def of(name: str, **values: float | bool) -> tuple[str, Params]:
    return name, {key: torch.tensor([value]) for key, value in values.items()}


def run(rgba: torch.Tensor, *steps: tuple[str, Params]) -> tuple[torch.Tensor, torch.Tensor]:
    return apply_composition(rgba, [get_transform(name) for name, _ in steps], [params for _, params in steps])


def one_by_one(rgba: torch.Tensor, *steps: tuple[str, Params]) -> torch.Tensor:
    for step in steps:
        rgba, _ = run(rgba, step)
    return rgba


def solid(num: int, size: int = 32) -> torch.Tensor:
    """A square that fills the base box: the object whose bounding box the base box is."""
    x0, _, x1, _ = base_box(1, size, "cpu")[0].int().tolist()
    rgba = torch.zeros(num, 4, size, size)
    rgba[:, :, x0:x1, x0:x1] = 1.0
    return rgba


def smooth(size: int) -> torch.Tensor:
    """A coloured object without symmetry and without edges: (1, 4, S, S)."""
    axis = (torch.arange(size) + 0.5) / size
    y, x = axis[:, None], axis[None]
    alpha = torch.exp(-((x - 0.46) ** 2 / 0.008 + (y - 0.53) ** 2 / 0.004 + (x - 0.46) * (y - 0.53) / 0.012))
    return torch.stack([alpha * (0.5 + 0.5 * torch.sin(9 * x + k + 5 * k * y)) for k in range(3)] + [alpha])[None]


def true_box(alpha: torch.Tensor, level: float) -> torch.Tensor:
    """Bounding box (x0, y0, x1, y1) of the pixels above a level: (B, 4)."""
    sides = []
    for dim in (1, 2):
        covered = (alpha > level).any(dim=dim).to(torch.int8)
        start = covered.argmax(dim=1)
        sides.append((start, covered.shape[1] - covered.flip(1).argmax(dim=1)))
    (x0, x1), (y0, y1) = sides
    return torch.stack((x0, y0, x1, y1), dim=1).float()


@pytest.mark.parametrize(
    "names", [("rotate",), ("scale",), ("shear",), ("translate",), ("scale", "rotate"), ("scale", "shear")]
)
def test_boxes_are_those_of_a_solid_object(names):
    """To a pixel, for those inside the image: corners are soft, and a sharp one fades before its tip."""
    size = 96
    transforms = [get_transform(name) for name in names]
    params = sample_composition(transforms, torch.arange(NUM), seed=1)
    moved, boxes = apply_composition(solid(NUM, size), transforms, params)
    inside = (boxes >= 0).all(dim=1) & (boxes <= size).all(dim=1)
    assert inside.sum() > 12
    found, boxes = true_box(moved[inside, 3], 0.02), boxes[inside]
    # The tip of a corner of angle a is less than a pixel wide over 1 / tan(a) pixels; shear makes a as small as 14°.
    slack = 5.0 if "shear" in names else 1.5
    assert (found[:, :2] >= boxes[:, :2] - 1.01).all() and (found[:, 2:] <= boxes[:, 2:] + 1.01).all()
    assert (found[:, :2] <= boxes[:, :2] + slack).all() and (found[:, 2:] >= boxes[:, 2:] - slack).all()


def test_box_of_an_eighth_turn_is_the_diagonal_wide():
    """22 px turned by 45 degrees are 22 sqrt(2) = 31.11 px wide, about the centre 16."""
    _, box = run(solid(1), of("rotate", angle_deg=45.0))
    half = 11 * 2**0.5
    torch.testing.assert_close(box[0], torch.tensor([16 - half, 16 - half, 16 + half, 16 + half]))


@pytest.mark.parametrize(
    "before", ["rotate", "scale", "shear", "v_flip", "h_flip", "scale+rotate", "scale+shear+rotate"]
)
def test_translate_after_each_keeps_the_object_inside(before):
    """Nothing that was inside leaves it, and where there is room the object goes from edge to edge."""
    names = (*before.split("+"), "translate")
    transforms = [get_transform(name) for name in names]
    params = sample_composition(transforms, torch.arange(400), seed=2)
    moved, boxes = apply_composition(solid(400), transforms, params)
    unmoved, loose = apply_composition(solid(400), transforms[:-1], params[:-1])
    fits = ((loose[:, 2:] - loose[:, :2]) <= 31).all(dim=1)
    assert fits.float().mean() > 0.2
    area = unmoved[fits, 3].sum(dim=(1, 2))
    torch.testing.assert_close(moved[fits, 3].sum(dim=(1, 2)), area, rtol=0.01, atol=1.0)
    assert (boxes[fits] > -1e-3).all() and (boxes[fits] < 32 + 1e-3).all()
    shift = boxes[fits] - loose[fits]
    torch.testing.assert_close(shift, shift.round(), atol=1e-4, rtol=0)
    assert boxes[fits, 0].min() < 1 and boxes[fits, 2].max() > 31


def test_order_is_as_listed():
    """Sheared and then turned is not turned and then sheared: by the product of matrices, one maps (1, 0) up."""
    shear, turn = of("shear", x_deg=45.0, y_deg=0.0), of("rotate", angle_deg=90.0)
    dot = torch.zeros(1, 4, 32, 32)
    dot[:, :, 20, 16] = 1.0  # (0.5, 4.5) from the centre
    # Shear takes it to (-4, 4.5), the turn (x, y) -> (y, -x) to (4.5, 4): columns 20, rows 19 and 20 in equal parts.
    one, _ = run(dot, shear, turn)
    assert one[0, 3, 19:21, 20].tolist() == pytest.approx([0.5, 0.5], abs=1e-4)
    # The turn first takes it to (4.5, -0.5), and the shear to (5, -0.5): row 15, columns 20 and 21.
    other, _ = run(dot, turn, shear)
    assert other[0, 3, 15, 20:22].tolist() == pytest.approx([0.5, 0.5], abs=1e-4)


@pytest.mark.parametrize(
    "pair", [("contrast", "invert"), ("blur", "erasing"), ("hue", "translate"), ("pixelate", "rotate")]
)
def test_other_transformations_are_applied_one_after_another(pair):
    rgba = smooth(32).repeat(NUM, 1, 1, 1)
    for order in permutations(pair):
        transforms = [get_transform(name) for name in order]
        params = sample_composition(transforms, torch.arange(NUM), seed=5)
        expected = transforms[1].apply(transforms[0].apply(rgba, params[0]), params[1])
        torch.testing.assert_close(apply_composition(rgba, transforms, params)[0], expected, atol=1e-6, rtol=0)


ROTATE = of("rotate", angle_deg=33.0)
SHEAR = of("shear", x_deg=20.0, y_deg=-12.0)
SCALE = of("scale", factor=0.7)
FLIP = of("h_flip", applied=True)
TRANSLATE = of("translate", x=0.9, y=0.2)
ELASTIC = of("elastic", applied=True, alpha=60.0, field=9)


@pytest.mark.parametrize(
    "steps",
    [
        (ROTATE, SHEAR),
        (SHEAR, ROTATE),
        (SCALE, ROTATE),
        (ROTATE, FLIP, SHEAR),
        (SCALE, SHEAR, ROTATE),
        (ELASTIC, ROTATE),
        (ROTATE, ELASTIC),
        (ROTATE, ELASTIC, SHEAR),
        (FLIP, ELASTIC, SCALE),
    ],
    ids=lambda steps: "+".join(name for name, _ in steps),
)
def test_one_resampling_is_as_several_at_high_resolution(steps):
    """Where several readings blur little, on a smooth object at 192 px; shrinking averages, and blurs a little more."""
    rgba = smooth(192)
    fused, separate = run(rgba, *steps)[0], one_by_one(rgba, *steps)
    assert (separate - rgba).abs().max() > 0.2
    assert (fused - separate).abs().max() < (0.012 if SCALE in steps else 0.006)


def test_one_resampling_keeps_what_several_lose():
    """Twelve turns of 30 degrees are one turn; read once they change nothing, read twelve times they blur."""
    rgba = smooth(32)
    once, _ = run(rgba, *[of("rotate", angle_deg=30.0)] * 12)
    torch.testing.assert_close(once, rgba, atol=1e-4, rtol=0)
    assert (one_by_one(rgba, *[of("rotate", angle_deg=30.0)] * 12) - rgba).abs().max() > 0.1


@pytest.mark.parametrize(
    "steps",
    [
        (of("rotate", angle_deg=71.0), of("rotate", angle_deg=289.0)),
        (FLIP, FLIP),
        (of("v_flip", applied=True), of("v_flip", applied=True)),
        (of("shear", x_deg=40.0, y_deg=0.0), of("shear", x_deg=-40.0, y_deg=0.0)),
        (of("shear", x_deg=0.0, y_deg=40.0), of("shear", x_deg=0.0, y_deg=-40.0)),
        (of("v_flip", applied=True), FLIP, of("rotate", angle_deg=180.0)),
    ],
)
def test_a_transformation_and_its_inverse_are_nothing(steps):
    rgba = smooth(32)
    torch.testing.assert_close(run(rgba, *steps)[0], rgba, atol=1e-4, rtol=0)
    _, box = run(rgba, *steps)
    assert (box[:, :2] <= 5.001).all() and (box[:, 2:] >= 26.999).all()  # boxes of boxes only grow


def test_inverting_twice_and_opposite_hues_are_nothing():
    rgba = smooth(32)
    invert = of("invert", applied=True, amount=1.0)
    torch.testing.assert_close(run(rgba, invert, invert)[0], rgba, atol=1e-6, rtol=0)
    result, _ = run(rgba, of("hue", shift=0.3), of("hue", shift=-0.3))
    torch.testing.assert_close(result, rgba, atol=1e-5, rtol=0)


def test_translate_moves_what_came_before_by_whole_pixels():
    """So composed with anything that moves pixels it adds no blur."""
    rgba = smooth(32)
    turned, _ = run(rgba, SCALE, ROTATE)
    moved, box = run(rgba, SCALE, ROTATE, TRANSLATE)
    start = run(rgba, SCALE, ROTATE)[1]
    x, y = (box - start)[0, :2].round().int().tolist()
    assert (x, y) != (0, 0)
    torch.testing.assert_close(moved, turned.roll((y, x), dims=(2, 3)), atol=1e-4, rtol=0)
