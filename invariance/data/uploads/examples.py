"""Pictures as people bring them, for those who have none at hand: built-in objects, photographed as it were."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image

from invariance.data.catalogue import BUILTIN

_CUT_OUT: Final = ("penguin", "rocket")
_ON_PAPER: Final = {"teapot": (247, 246, 242), "snail": (214, 226, 233), "guitar": (238, 238, 236)}
_NUM_VIEWS: Final = 2
_SIDE_PX: Final = 420
_GRAIN: Final = 1.5
_FALL_OFF: Final = 0.06


def example_files() -> list[tuple[str, bytes]]:
    """Names and bytes: PNG with transparency of some objects, JPEG on coloured paper of others, two of each."""
    files = []
    for name in _CUT_OUT:
        files += [(f"{name}{view + 1}.png", _encoded(_object(name, view), "PNG")) for view in range(_NUM_VIEWS)]
    for name, paper in _ON_PAPER.items():
        files += [
            (f"{name}{view + 1}.jpg", _encoded(_on_paper(_object(name, view), paper), "JPEG"))
            for view in range(_NUM_VIEWS)
        ]
    return files


def _object(name: str, view: int) -> Image.Image:
    with Image.open(BUILTIN / "foregrounds" / name / f"view-{view}.webp") as image:
        return image.convert("RGBA").resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BICUBIC)


def _on_paper(cutout: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """With light that falls off to one side, and a camera's grain."""
    width, height = _SIDE_PX * 3 // 2, _SIDE_PX * 5 // 4
    light = 1 - _FALL_OFF * np.linspace(0, 1, width)[None, :, None]
    paper = Image.fromarray((np.array(colour) * light * np.ones((height, 1, 1))).astype(np.uint8))
    paper.paste(cutout, ((width - _SIDE_PX) // 2, (height - _SIDE_PX) // 2), cutout)
    grain = np.random.default_rng(0).normal(0, _GRAIN, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(paper) + grain, 0, 255).astype(np.uint8))


def _encoded(picture: Image.Image, kind: str) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, quality=92)
    return buffer.getvalue()
