"""Products whose last bit nothing but their factors decides, and samples that do not depend on their company."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch

from invariance.data.engine import Engine
from invariance.data.products import small_product
from invariance.data.transforms import Params, change_content, get_transform, sample_composition
from invariance.data.transforms.frame import Frame
from invariance.spec import CATEGORIES, TRANSFORM_NAMES, DatasetSpec, SpecError

NUM = 67
MOVES = (*CATEGORIES["geometric"], "elastic")
COMPOSITIONS = [
    *((name,) for name in MOVES),
    *permutations(CATEGORIES["geometric"], 2),
    ("elastic", "rotate"),
    ("translate", "elastic"),
    ("scale", "rotate", "translate"),
    ("shear", "scale", "rotate", "h_flip", "translate"),
    ("rotate", "elastic", "scale", "v_flip"),
]


@pytest.mark.parametrize("shapes", [((3, 3), (3, 3)), ((2, 2), (2, 4)), ((2, 2), (2, 1)), ((2, 3), (3, 3))])
def test_small_products_are_summed_from_the_first_number_on(shapes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    random = np.random.default_rng(0)
    left, right = (random.standard_normal((50, *shape)).astype(np.float32) for shape in shapes)
    expected = np.zeros((50, shapes[0][0], shapes[1][1]), np.float32)
    for place in np.ndindex(expected.shape):
        total = left[place[0], place[1], 0] * right[place[0], 0, place[2]]
        for k in range(1, shapes[0][1]):
            total = np.float32(total + left[place[0], place[1], k] * right[place[0], k, place[2]])
        expected[place] = total
    found = small_product(torch.from_numpy(left), torch.from_numpy(right))
    assert np.array_equal(found.numpy(), expected)
    assert found.numpy() == pytest.approx(left @ right, abs=1e-5)


def part(params: list[Params], start: int, stop: int) -> list[Params]:
    return [{name: values[start:stop] for name, values in each.items()} for each in params]


@pytest.mark.parametrize("names", COMPOSITIONS, ids="+".join)
def test_a_moved_sample_is_the_same_alone_and_in_any_batch_on_any_threads(names: tuple[str, ...]) -> None:
    frame, transforms = Frame.of_object(32), [get_transform(name) for name in names]
    pixels = torch.rand(NUM, 4, frame.width, frame.width, generator=torch.Generator().manual_seed(1))
    pixels[:, :3] *= pixels[:, 3:]
    params = sample_composition(transforms, torch.arange(NUM), seed=2)

    def changed(start: int, stop: int) -> tuple[torch.Tensor, torch.Tensor]:
        found, covered, boxes = change_content(pixels[start:stop], frame, transforms, part(params, start, stop))
        return covered.on_canvas(found), boxes

    torch.set_num_threads(1)
    expected, expected_boxes = changed(0, NUM)
    for num_threads in (1, 2):
        torch.set_num_threads(num_threads)
        for start, stop in ((0, NUM), (0, 1), (NUM - 1, NUM), (3, 5), (40, 47), (32, 64)):
            found, boxes = changed(start, stop)
            assert torch.equal(found, expected[start:stop]), (num_threads, start, stop)
            assert torch.equal(boxes, expected_boxes[start:stop]), (num_threads, start, stop)


@pytest.mark.parametrize("image_size", [32, 21, 200])
@pytest.mark.parametrize("names", [(), TRANSFORM_NAMES, ("blur", "sharpen", "contrast"), ("noise", "pixelate", "hue")])
def test_images_are_the_same_alone_and_in_any_batch_on_any_threads(names: tuple[str, ...], image_size: int) -> None:
    engine = Engine(DatasetSpec(transforms=names, image_size=image_size))
    num = 40 if image_size < 100 else 9
    torch.set_num_threads(1)
    batch, (images, _) = engine.batch(torch.arange(num)), engine.render(torch.arange(num))
    for num_threads in (1, 2):
        torch.set_num_threads(num_threads)
        for start, stop in ((0, num), (0, 1), (7, 8), (5, num)):
            some = torch.arange(start, stop)
            assert torch.equal(engine.batch(some).images, batch.images[start:stop]), (num_threads, start, stop)
            assert torch.equal(engine.render(some)[0], images[start:stop]), (num_threads, start, stop)


@pytest.mark.parametrize("names", [TRANSFORM_NAMES, ("scale", "elastic"), ("blur",), ("pixelate",)], ids="+".join)
def test_a_caller_s_autocast_changes_no_pixel(names: tuple[str, ...]) -> None:
    engine = Engine(DatasetSpec(objects="noise", backgrounds="noise", stickers="noise", transforms=names))
    indices = engine.indices("train", 8)
    batch, (images, _) = engine.batch(indices), engine.render(indices)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(engine.batch(indices).images, batch.images)
        assert torch.equal(engine.render(indices)[0], images)


@pytest.mark.parametrize("device", ["mps", "meta", "xpu:0"])
def test_a_data_set_is_made_on_a_cpu_or_an_nvidia_card_alone(device: str) -> None:
    with pytest.raises(SpecError, match=f"^device = '{device}': expected cpu, cuda or cuda:<number>$"):
        Engine(DatasetSpec(), device)
