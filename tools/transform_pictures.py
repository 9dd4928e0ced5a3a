"""``python -m tools.transform_pictures``: what each transformation does, as the small pictures beside its name.

One object on a plain ground, without the transformation on the left and with it on the right, made by the engine that
makes all images. Values are chosen so that what happens is seen at the size of a letter.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from invariance.data.engine import Engine
from invariance.data.magnitudes import sample_at
from invariance.data.preview import positions_of, to_pictures
from invariance.spec import DatasetSpec
from invariance.vocabulary.transforms import TRANSFORMATIONS

FOLDER: Final = Path(__file__).parents[1] / "static" / "transforms"
OBJECT: Final = "mug"
"""Large, of several colours, neither like its mirror image nor like itself upside down."""
OTHER: Final = "banana"
"""Stands in front of it."""
GROUND: Final = "#dbe4e0"
"""Apart from the object's colours, and from the app's grounds, light and dark."""
RENDERED_PX: Final = 96
MARGIN_PX: Final = 6
"""Cut off on every side: an object leaves room to move in, of which a small picture can do with less."""
QUALITY: Final = 80

VALUES: Final[Mapping[str, Mapping[str, float]]] = {
    "translate": {"x": 0.85, "y": 0.15},
    "rotate": {"angle_deg": 40},
    "scale": {"factor": 0.5},
    "shear": {"x_deg": -30, "y_deg": 12},
    "hue": {"shift": 0.4},
    "brightness": {"factor": 1.9},
    "blur": {"sigma_px": 1.5},
    "erasing": {"x": 0.6, "y": 0.4},
    "contrast": {"factor": 0.25},
    "pose": {"view": 0.7},
    "occlude": {"other": 0, "x": 0.75, "y": 0.7},
}
"""Of those that have something to choose; the rest, fields of noise among it, is as drawn for the first sample."""


def pictures() -> dict[str, NDArray[np.uint8]]:
    """Before and after side by side, (84, 168, 3), by transformation."""
    spec = DatasetSpec(classes=(OBJECT, OTHER), backgrounds=GROUND, image_size=RENDERED_PX, transforms=("pose",))
    engine = Engine(spec)
    (position,) = positions_of(engine, OBJECT, num=1, split="train")
    index, kept = engine.indices("train", 1) + position, slice(MARGIN_PX, -MARGIN_PX)
    found = {}
    for name in TRANSFORMATIONS:
        pair = to_pictures(sample_at(engine, name, [VALUES.get(name, {})], index, 0))
        found[name] = np.concatenate(list(pair[:, kept, kept]), axis=1)
    return found


def webp_bytes(pixels: NDArray[np.uint8]) -> bytes:
    """A picture (H, W, 3) as the file that ships."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "webp", quality=QUALITY, method=6)
    return stream.getvalue()


def main() -> None:
    """Writes one file for each transformation."""
    parser = argparse.ArgumentParser(prog="python -m tools.transform_pictures", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER)
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in pictures().items():
        (folder / f"{name}.webp").write_bytes(webp_bytes(pixels))


if __name__ == "__main__":
    main()
