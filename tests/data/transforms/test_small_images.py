"""Images of 8 to 20 px, where borders are near: torch's way, the compiled one, and plain numpy see the same.

Objects lie at every distance from the border at which a rule changes, parameters are those at which something is
decided, and every pixel of a frame is something.
"""

import numpy as np
import pytest
import torch

from invariance.data.catalogue import load_objects
from invariance.data.compiled import is_available
from invariance.data.transforms import Params, change_content, get_transform
from invariance.data.transforms.frame import Frame
from tests.data.transforms import plainly

NUM = 6
SIZES = range(8, 21)
BELOW_ONE = 1 - 2.0**-24
"""The largest number that is drawn."""
BLUR_SIGMAS = [0.1, float(np.nextafter(np.float32(0.1), np.float32(1))), 0.5, 1.0, 1.5, 3.0]
VALUES: dict[str, dict[str, list[float]]] = {
    "blur": {"sigma_px": BLUR_SIGMAS},
    "sharpen": {"applied": [True, True, False, True, True, True], "factor": [7.0, 1.0, 7.0, 0.0, 2.0, 14.0]},
    # Of 16 px 8 / 32 of the way from 9 cells are 9, 10, 12 and so on; at 1 every pixel is its own cell.
    "pixelate": {"applied": [True, True, True, True, True, False], "side": [9 / 32, 1.0, 0.5, 20 / 32, 0.75, 9 / 32]},
    "elastic": {"applied": [True, False, True, True, True, True], "alpha": [150.0, 150.0, 0.0, 40.0, 150.0, 300.0]},
    "erasing": {
        "applied": [True, True, True, True, True, False],
        "side_px": [14.0, 14.0, 14.0, 7.0, 28.0, 14.0],
        "x": [0.0, BELOW_ONE, 0.5, 1 / 3, 0.25, 0.0],
        "y": [BELOW_ONE, 0.0, 0.5, 0.75, 1 / 7, 0.0],
    },
    "contrast": {"factor": [0.0, 1.0, 2.0, 0.5, 1.5, 4.0]},
}
ALPHAS = np.array([0.0, np.nextafter(np.float32(0.5 / 255), np.float32(0)), 0.5 / 255, 0.3, 1.0, 1.0], np.float32)
"""Clear, just not clear to a byte, on the border to it, half clear, opaque."""


def parameters(name: str) -> Params:
    """(NUM,) each, at what is decided by comparing."""
    params = {key: torch.tensor(values) for key, values in VALUES[name].items()}
    return params | ({"field": torch.arange(NUM) * 2**40 + 7} if name == "elastic" else {})


def frames(size: int) -> list[Frame]:
    """An untransformed object's, halves, and those up to four pixels away from either border."""
    near = [(0, 0), (0, 3), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3)]
    halves = [Frame(size, 0, size // 2), Frame(size, size // 2, size)]
    return [Frame.of_object(size), *halves, *(Frame(size, start, size - stop) for start, stop in near)]


def objects(frame: Frame) -> torch.Tensor:
    """Noise of straight colours, with every kind of alpha: (NUM, 4, W, W) premultiplied."""
    random = np.random.default_rng(frame.size + 100 * frame.start + 10_000 * frame.stop)
    alpha = random.choice(ALPHAS, (NUM, 1, frame.width, frame.width))
    colour = random.choice(np.linspace(0, 1, 256, dtype=np.float32), (NUM, 3, frame.width, frame.width))
    return torch.from_numpy(np.concatenate((colour * alpha, alpha), axis=1))


def by_torch(name: str, pixels: torch.Tensor, frame: Frame, params: Params | None = None) -> np.ndarray:
    changed, covered, _ = change_content(pixels, frame, (get_transform(name),), (params or parameters(name),))
    return covered.on_canvas(changed).numpy()


def compiled(name: str, pixels: torch.Tensor, frame: Frame, params: Params | None = None) -> np.ndarray:
    from invariance.data.compiled.layer import Layer, windows_of
    from invariance.data.compiled.steps import steps_of

    size, windows = frame.size, windows_of(frame, NUM)
    source = pixels.permute(0, 2, 3, 1).contiguous().numpy()
    layer = Layer.of_pictures(source, np.arange(NUM), frame, windows)
    (step,) = steps_of((get_transform(name),), (params or parameters(name),), num=NUM, size=size, mode="bilinear")
    layer = step(layer, slice(0, NUM), np.full(NUM * size * size * 4, np.nan, np.float32), size)
    found = np.zeros((NUM, size, size, 4), np.float32)
    for canvas, written, (top, bottom, left, right) in zip(
        found, layer.source.reshape(found.shape), layer.windows, strict=True
    ):
        canvas[top:bottom, left:right] = written[top:bottom, left:right]
    return found.transpose(0, 3, 1, 2)


def in_numpy(name: str, pixels: torch.Tensor, frame: Frame) -> np.ndarray:
    canvases = frame.on_canvas(pixels).double().numpy()
    params = {key: values.tolist() for key, values in parameters(name).items()}
    rows = [{key: values[row] for key, values in params.items()} for row in range(NUM)]
    return np.stack([plainly.CHANGES[name](canvas, **values) for canvas, values in zip(canvases, rows, strict=True)])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", VALUES)
def test_both_ways_do_what_plain_numpy_does_at_every_border(name: str, size: int) -> None:
    # Of sharpen a straight colour's last bit counts fourteen times, of elastic a position's.
    close = {"sharpen": 1e-5, "elastic": 2e-5}.get(name, 2e-6)
    for frame in frames(size):
        pixels = objects(frame)
        expected, by_batches = in_numpy(name, pixels, frame), by_torch(name, pixels, frame)
        assert np.abs(by_batches - expected).max() < close, frame
        if is_available():
            one_by_one = compiled(name, pixels, frame)
            assert np.abs(one_by_one - expected).max() < close, frame
            if name in ("sharpen", "erasing"):  # sums of the same order
                assert np.array_equal(one_by_one, by_batches), frame


THRESHOLDS = {
    "hue": {"shift": [0.0, 0.5, -0.5, 1 / 6, 1 / 3, 0.25]},  # of which channel is highest two or three may be
    "posterize": {"applied": [True, False] * 3, "amount": [1.0] * 6},
    "noise": {"applied": [True] * 5 + [False], "std": [1e6, 1e6, 1e6, 1e6, 0.0, 1e6]},  # of 0 or 1, as it is cut off
}


@pytest.mark.skipif(not is_available(), reason="numba is not installed: there is nothing to compile with")
@pytest.mark.parametrize("name", THRESHOLDS)
def test_both_ways_decide_alike_where_values_are_equal(name: str) -> None:
    """Levels of which a sum is 256, halves of alpha, and colours that are each other's."""
    frame = Frame.whole(16)
    straight = torch.from_numpy(np.random.default_rng(1).choice([0, 1, 127, 127.5, 128, 254, 255], (NUM, 3, 16, 16)))
    alpha = torch.from_numpy(np.random.default_rng(2).choice(ALPHAS, (NUM, 1, 16, 16)))
    pixels = torch.cat(((straight.float() / 255) * alpha, alpha), dim=1)
    params = {key: torch.tensor(values) for key, values in THRESHOLDS[name].items()}
    params |= {"field": torch.arange(NUM)} if name == "noise" else {}
    assert np.array_equal(compiled(name, pixels, frame, params), by_torch(name, pixels, frame, params))


@pytest.mark.parametrize("size", [8, 15, 32])
def test_sharpened_objects_cover_exactly_what_they_cover_unsharpened(size: int) -> None:
    """As in the published pipeline, on both ways."""
    frame, params = (
        Frame.of_object(size),
        {"applied": torch.ones(NUM, dtype=torch.bool), "factor": torch.full((NUM,), 7.0)},
    )
    pixels = load_objects("builtin", classes=(), image_size=size, num_prototypes=1).pictures[:NUM, 0]
    plain = pixels.numpy()
    pixels = frame.of(pixels)
    for way in (by_torch, compiled) if is_available() else (by_torch,):
        found = way("sharpen", pixels, frame, params)
        assert np.array_equal(found[:, 3], plain[:, 3]) and np.abs(found - plain).max() > 0.2, way
