"""``python -m tools.start_pictures``: the pictures of the app's first page.

The example at every magnitude (a sheet for each transformation, in rows), a small picture of each class that a network
can name, and one of each lesson, all made by the engine that makes all images.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from invariance.data.engine import Engine
from invariance.data.example import EXAMPLE_TRANSFORMS, example_frames
from invariance.data.foreground import indices_of
from invariance.data.magnitudes import sample_at
from invariance.data.preview import positions_of, samples, to_pictures
from invariance.figures.pictures import outline, sheet
from invariance.runs.gallery import entry
from invariance.spec import DatasetSpec

STATIC: Final = Path(__file__).parents[1] / "static"
FRAME_PX: Final = 256
CLASS_PX: Final = 64
LESSON_PX: Final = 128
GROUND: Final = "#dbe4e0"
"""Of the small pictures of classes, as of those of transformations."""
QUALITY: Final = 72
Pictures = NDArray[np.uint8]
"""(N, S, S, 3), or one picture (H, W, 3)."""


def example_pictures() -> dict[str, Pictures]:
    """The frames of the example by transformation."""
    engine = Engine(replace(entry("none").spec.data, image_size=FRAME_PX))
    return {name: to_pictures(example_frames(engine, name)) for name in EXAMPLE_TRANSFORMS}


def class_pictures() -> Pictures:
    """One of each class, in label order."""
    names = entry("none").spec.data.classes
    engine = Engine(DatasetSpec(classes=names, backgrounds=GROUND, image_size=CLASS_PX))
    positions = [positions_of(engine, name, num=1)[0] for name in names]
    return np.concatenate([samples(engine, num=1, start=position, split="test").images for position in positions])


def lesson_pictures() -> dict[str, Pictures]:
    """Three pictures side by side for each lesson: what it asks about, and nothing of the answer."""
    return {name: np.concatenate(list(three), axis=1) for name, three in _threes().items()}


def _threes() -> dict[str, Sequence[Pictures]]:
    engine = Engine(DatasetSpec(image_size=LESSON_PX))

    def at(name: str, number: int, *changes: tuple[str, dict[str, float]], of: Engine = engine) -> list[Pictures]:
        """The image of that number of a class, under each of some changes."""
        index = indices_of("test", 1, positions_of(of, name, num=number + 1)[number])
        return [to_pictures(sample_at(of, change, [values], index, 0))[1] for change, values in changes]

    def drawn(name: str, of: Engine) -> list[Pictures]:
        """Three images of a class, as a data set draws them."""
        positions = positions_of(of, name, num=3)
        return [samples(of, num=1, start=position, split="test").images[0] for position in positions]

    still, turned = ("rotate", {"angle_deg": 0.0}), ("rotate", {"angle_deg": 60.0})
    noise = engine.with_spec_changes(backgrounds="noise")
    (owl,) = at("owl", 1, still)
    masks = [
        samples(engine, num=1, start=positions_of(engine, name, num=2)[1], split="test").masks[0]
        for name in ("owl", "banana")
    ]
    return {
        "same-to-you": at("snail", 0, still, ("translate", {"x": 0.9, "y": 0.2}), ("invert", {})),
        "training-data": at("mug", 1, still, ("rotate", {"angle_deg": 130.0}), ("hue", {"shift": 0.45})),
        "right-variation": drawn("rocket", engine.with_spec_changes(transforms=("rotate", "hue", "erasing"))),
        "hides": at("teapot", 2, *(("hue", {"shift": shift}) for shift in (-0.3, 0.0, 0.3))),
        "drowned": drawn("bus", engine.with_spec_changes(stickers="builtin")),
        "carries-over": [*at("bee", 1, turned), *at("penguin", 1, turned), *at("penguin", 1, turned, of=noise)],
        "trained-range": at("truck", 3, *(("scale", {"factor": factor}) for factor in (1.0, 0.6, 0.25))),
        "null": [owl, *(outline(owl, mask, 1) for mask in masks)],
    }


def thrown_away_picture() -> Pictures:
    """One object in five colours: what a network may no longer tell apart."""
    engine = Engine(DatasetSpec(image_size=LESSON_PX))
    index = indices_of("test", 1, positions_of(engine, "backpack", num=3)[2])
    settings = [{"shift": shift} for shift in (-0.4, -0.2, 0.0, 0.2, 0.4)]
    return np.concatenate(list(to_pictures(sample_at(engine, "hue", settings, index, 0))[1:]), axis=1)


def task_picture() -> Pictures:
    """Images of the task of the gallery's transfers, side by side."""
    task = Engine(replace(entry("matched-transfer").spec.data, image_size=LESSON_PX))
    return np.concatenate(list(samples(task, num=6, split="test").images), axis=1)


def files() -> dict[str, Pictures]:
    """Every picture by its name below ``static/``, without the ending."""
    found = {f"start/{name}": sheet(frames) for name, frames in example_pictures().items()}
    found |= {"start/classes": sheet(class_pictures()), "start/task": task_picture()}
    found |= {"start/thrown-away": thrown_away_picture()}
    return found | {f"lessons/{name}": picture for name, picture in lesson_pictures().items()}


def webp_bytes(pixels: Pictures) -> bytes:
    """A picture (H, W, 3) as the file that ships."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "webp", quality=QUALITY, method=6)
    return stream.getvalue()


def main() -> None:
    """Writes all of them."""
    parser = argparse.ArgumentParser(prog="python -m tools.start_pictures", description=__doc__)
    parser.add_argument("--out", type=Path, default=STATIC)
    folder: Path = parser.parse_args().out
    for name, pixels in files().items():
        path = folder / f"{name}.webp"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(webp_bytes(pixels))


if __name__ == "__main__":
    main()
