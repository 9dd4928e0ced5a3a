"""Kernels on the part of the canvas where something is give what they give on the whole canvas."""

import pytest
import torch

from invariance.data.transforms import apply_composition, change_content, get_transform, sample_composition
from invariance.data.transforms.frame import Frame
from invariance.data.transforms.moves import move_pixels
from invariance.data.transforms.resample import affine
from invariance.spec import TRANSFORM_NAMES

NUM = 24
COMPOSITIONS = [
    *((name,) for name in TRANSFORM_NAMES),
    ("rotate", "hue", "blur"),
    ("blur", "translate", "pixelate"),
    ("pixelate", "sharpen", "blur", "sharpen"),
    ("h_flip", "scale", "v_flip", "translate"),
    ("noise", "contrast", "elastic", "erasing"),
    ("sharpen", "v_flip", "noise"),
]


def objects(frame: Frame) -> torch.Tensor:
    """White noise in every pixel of a frame, the worst case: (NUM, 4, W, W) premultiplied."""
    generator = torch.Generator().manual_seed(frame.size)
    rgba = torch.rand(NUM, 4, frame.width, frame.width, generator=generator)
    rgba[:, :3] *= rgba[:, 3:]
    return rgba


def test_frames_by_hand():
    assert Frame.of_object(32) == Frame(32, 5, 27), "22 px in the middle"
    assert Frame.of_object(33) == Frame(33, 5, 28) and Frame.of_object(64) == Frame(64, 9, 54)
    assert Frame.of_object(64).centred() == Frame(64, 9, 55)
    assert Frame(32, 5, 27).grown(3) == Frame(32, 2, 30) and Frame(32, 5, 27).grown(9) == Frame.whole(32)
    assert Frame.whole(32).is_whole and not Frame(32, 0, 31).is_whole
    canvas = Frame(4, 1, 3).on_canvas(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert canvas.tolist() == [[0, 0, 0, 0], [0, 1, 2, 0], [0, 3, 4, 0], [0, 0, 0, 0]]
    assert Frame(4, 1, 3).of(canvas).tolist() == [[1, 2], [3, 4]]
    assert Frame(4, 1, 3).positions(torch.device("cpu")).tolist() == [1, 2]


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [10, 11, 16, 17, 32, 33, 64])
@pytest.mark.parametrize("names", COMPOSITIONS, ids="+".join)
def test_part_of_the_canvas_is_as_good_as_all_of_it(names, size, mode):
    frame = Frame.of_object(size)
    rgba = objects(frame)
    before = rgba.clone()
    transforms = [get_transform(name) for name in names]
    params = sample_composition(transforms, torch.arange(NUM), seed=4)
    expected, expected_box = apply_composition(frame.on_canvas(rgba), transforms, params, mode=mode)
    pixels, covered, box = change_content(rgba, frame, transforms, params, mode=mode)
    found = covered.on_canvas(pixels)
    assert torch.equal(rgba, before) and torch.equal(box, expected_box)
    assert (expected - frame.on_canvas(rgba)).abs().amax() > 0.1
    if mode == "nearest":  # a position half way between two pixels may be rounded to either
        assert ((found - expected).abs() > 1e-4).float().mean() < 1e-4
    else:
        # Reading positions are good to 1e-6 of the side, noise differs by up to 1 from pixel to pixel, sharpen times 7.
        sharpest = 7.0 ** names.count("sharpen")
        torch.testing.assert_close(found, expected, atol=1e-6 * size * sharpest, rtol=0)


def test_photometric_changes_stay_in_the_frame():
    """So that half of the pixels need no work; a kernel that spread further would lose what is outside."""
    frame = Frame.of_object(32)
    for transform in map(get_transform, TRANSFORM_NAMES):
        params = sample_composition([transform], torch.arange(NUM), seed=1)
        _, covered, _ = change_content(objects(frame), frame, [transform], params)
        if transform.declared.category == "photometric":
            assert covered == frame
        if transform.name in ("scale", "v_flip", "h_flip", "noise", "erasing", "contrast"):
            assert covered == frame
        if transform.name == "blur":
            assert covered == frame.grown(3)


def matrices(moves: list[tuple[float, float, float, float]], size: int) -> torch.Tensor:
    """Mirrored by sign x and y about the middle, then moved by x and y."""
    sign_x, sign_y, x, y = torch.tensor(moves).unbind(1)
    matrix = affine(sign_x, torch.zeros_like(x), torch.zeros_like(x), sign_y, size)
    matrix[:, :2, 2] += torch.stack((x, y), dim=1)
    return matrix


@pytest.mark.parametrize("size", [8, 9])
def test_pixels_are_mirrored_and_moved(size):
    frame = Frame(size, 2, size - 3)
    rgba = objects(frame)[:5]
    moves = [(1.0, 1.0, 0.0, 0.0), (-1.0, 1.0, 2.0, -1.0), (1.0, -1.0, -2.0, 2.0), (-1.0, -1.0, 0.0, 1.0)]
    moves.append((1.0, 1.0, 2.0, 2.0))
    found = move_pixels(rgba, frame, matrices(moves, size))
    assert found is not None and found[1].is_whole
    for canvas, moved, (sign_x, sign_y, x, y) in zip(frame.on_canvas(rgba), found[0], moves, strict=True):
        turned = canvas.flip(2) if sign_x < 0 else canvas
        turned = turned.flip(1) if sign_y < 0 else turned
        assert torch.equal(moved, turned.roll((int(y), int(x)), dims=(1, 2)))


def test_a_move_out_of_the_canvas_is_left_to_resampling():
    frame = Frame(8, 2, 6)
    assert move_pixels(objects(frame)[:1], frame, matrices([(1.0, 1.0, 3.0, 0.0)], 8)) is None
    assert move_pixels(objects(frame)[:1], frame, matrices([(1.0, 1.0, 2.0, 0.0)], 8)) is not None
