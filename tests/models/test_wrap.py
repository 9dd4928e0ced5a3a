"""Modules of other makers that are refused in a line, since no number of theirs would mean anything."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from invariance.models.code_networks import network_from_file
from invariance.models.wrap import wrap
from invariance.spec import SpecError


def pooled(images: Tensor) -> Tensor:
    return images.mean(dim=(2, 3))


def pyramid(images: Tensor) -> list[Tensor]:
    return [images, images[:, :, ::2, ::2]]


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (lambda images: pooled(images) * torch.nan, "values that are not finite"),
        (lambda images: torch.full((len(images), 3), torch.inf), "values that are not finite"),
        (lambda images: pooled(images).to(torch.complex64), "complex values"),
        (lambda images: images.mean(), r"a tensor of shape \(\) for two images: expected one row an image"),
        (lambda images: torch.ones(len(images), 0), r"a tensor of shape \(2, 0\) for two images"),
        (pyramid, "returns 2 maps: give a function that returns the one that is meant"),
    ],
)
def test_what_no_representation_can_be_is_refused(function: Callable[[Tensor], Tensor], line: str) -> None:
    with pytest.raises(SpecError, match=line):
        wrap(function)


@pytest.mark.parametrize("values", [{"mean": (123.7, 116.3, 103.5), "std": (58.4, 57.1, 57.4)}, {"std": 255.0}])
def test_numbers_of_channels_up_to_255_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(SpecError, match=r"by 255$"):
        wrap(nn.Flatten(), input_size=4, **values)  # type: ignore[arg-type]


def test_a_file_that_ends_its_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ends.py").write_text("import sys\n\ndef make():\n    sys.exit(3)\n")
    with pytest.raises(SpecError, match=r"ends.py:make fails \(SystemExit: 3\)"):
        network_from_file(tmp_path / "ends.py", "make")
