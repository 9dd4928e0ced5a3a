"""Pasting where something is, as floats and as bytes."""

import torch

from invariance.data.pasting import paste, paste_content, paste_content_on_bytes, to_bytes
from invariance.data.transforms.frame import Frame

FRAME = Frame(8, 2, 6)


def picture(num: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Objects (num, 4, 4, 4) premultiplied and backgrounds (num, 3, 8, 8) whose colours are levels."""
    generator = torch.Generator().manual_seed(0)
    rgba = torch.rand(num, 4, 4, 4, generator=generator)
    rgba[:, :3] *= rgba[:, 3:]
    return rgba, torch.randint(256, (num, 3, 8, 8), generator=generator).to(torch.float32) / 255.0


def test_bytes_are_the_nearest_levels():
    levels = torch.arange(256)
    assert torch.equal(to_bytes(levels / 255.0), levels.to(torch.uint8))
    assert to_bytes(torch.tensor([0.4, 0.6, 254.4, 254.6]) / 255.0).tolist() == [0, 1, 254, 255]


def test_half_an_object_on_a_background_by_hand():
    rgba, background = torch.tensor([0.5, 0.0, 0.25, 0.5]), torch.tensor([0.2, 0.4, 1.0])
    found = paste(rgba.view(1, 4, 1, 1), background.view(1, 3, 1, 1))
    torch.testing.assert_close(found.flatten(), torch.tensor([0.6, 0.2, 0.75]))


def test_alpha_that_rounding_took_above_one_hides_the_background():
    rgba = torch.full((1, 4, 1, 1), 1.0 + 2.0**-23)
    assert torch.equal(paste(rgba, torch.zeros(1, 3, 1, 1)), paste(rgba, torch.ones(1, 3, 1, 1)))


def test_pasting_a_part_is_pasting_all():
    rgba, backgrounds = picture(5)
    before = backgrounds.clone()
    found = paste_content(rgba, FRAME, backgrounds)
    assert torch.equal(found, paste(FRAME.on_canvas(rgba), backgrounds)) and torch.equal(backgrounds, before)
    one = paste_content(rgba, FRAME, backgrounds[:1])
    assert torch.equal(one, paste(FRAME.on_canvas(rgba), backgrounds[:1]))


def test_pasting_on_bytes_gives_the_bytes_of_pasting():
    rgba, backgrounds = picture(500)
    images = to_bytes(backgrounds)
    paste_content_on_bytes(rgba, FRAME, images)
    assert torch.equal(images, to_bytes(paste_content(rgba, FRAME, backgrounds)))
