"""The shortcuts of the resampling read what the general way reads."""

from dataclasses import replace

import pytest
import torch

from invariance.data.random import Draws
from invariance.data.transforms import get_transform
from invariance.data.transforms.base import change_where, filter_separably
from invariance.data.transforms.frame import Frame
from invariance.data.transforms.resample import base_box, resample_content


def objects(num, size):
    rgba = torch.rand(num, 4, size, size, generator=torch.Generator().manual_seed(1))
    return rgba * rgba[:, 3:]


@pytest.mark.parametrize("size", [32, 48])
@pytest.mark.parametrize("names", [("scale",), ("scale", "translate", "h_flip"), ("v_flip", "scale"), ("translate",)])
def test_shortcuts_for_aligned_axes_and_whole_pixels_change_no_image(names, size):
    rgba, indices = objects(20, size), torch.arange(20)
    steps = []
    for name in names:
        transform = get_transform(name)
        steps.append((transform, transform.sample(Draws(0, indices, transform.stream), 1.0)))
    general = [(replace(transform, axis_aligned=False, whole_pixels=False), params) for transform, params in steps]
    box = base_box(20, size, "cpu")
    fast, _, fast_box = resample_content(rgba, Frame.whole(rgba.shape[-1]), steps, box=box)
    slow, _, slow_box = resample_content(rgba, Frame.whole(rgba.shape[-1]), general, box=box)
    assert (slow - rgba).abs().max() > 0.1 and torch.equal(fast_box, slow_box)
    torch.testing.assert_close(fast, slow, atol=1e-5, rtol=0)


def test_change_where_hands_over_the_chosen_alone_and_returns_the_others_bit_for_bit():
    rgba, chosen = objects(6, 8), torch.tensor([True, False, True, False, False, True])
    before, seen = rgba.clone(), []

    def change(part, params):
        seen.append(params["number"].tolist())
        return part + params["number"][:, None, None, None]

    result = change_where(chosen, rgba, {"number": torch.arange(6)}, change)
    assert seen == [[0, 2, 5]] and torch.equal(rgba, before)
    assert torch.equal(result[~chosen], rgba[~chosen])
    assert torch.equal(result[chosen], rgba[chosen] + torch.tensor([0, 2, 5])[:, None, None, None])
    assert torch.equal(change_where(torch.zeros(6, dtype=torch.bool), rgba, {}, change), rgba) and len(seen) == 1


def test_filter_separably_takes_columns_first_and_rows_second():
    rgba = objects(2, 8)
    down = torch.eye(8).roll(1, dims=0).expand(2, 8, 8)
    left = torch.eye(8).roll(-2, dims=0).expand(2, 8, 8)
    assert torch.equal(filter_separably(rgba, down, left), rgba.roll((1, -2), dims=(2, 3)))


def test_a_warp_without_a_switch_moves_every_sample():
    def by_two_pixels(params, size):
        return params["px"][:, None, None, None].expand(-1, 2, size, size)

    rgba, shift = objects(3, 16), replace(get_transform("elastic"), displace=by_two_pixels)
    steps = [(shift, {"px": torch.full((3,), 2.0)})]
    moved, _, _ = resample_content(rgba, Frame.whole(16), steps, box=base_box(3, 16, "cpu"))
    torch.testing.assert_close(moved[..., :-2, :-2], rgba[..., 2:, 2:], atol=1e-5, rtol=0)
