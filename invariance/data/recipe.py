"""All that was drawn for a sample, and the addresses with which it can be made again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from invariance.data.catalogue import is_picture_source
from invariance.data.engine import SPLIT_START, Batch, Engine
from invariance.data.laws import laws_of
from invariance.spec import SCHEMA_VERSION, DatasetSpec, to_dict


@dataclass(frozen=True)
class Recipe:
    """One sample in numbers.

    Attributes:
        spec: the data set.
        split: ``train``, ``validation`` or ``test``.
        position: of the sample in its split.
        index: of the sample in the data set; with the spec it is all that is needed to make it again.
        label: of its class.
        class_name: of its class.
        object_name: class of its object, which is its class unless the background's is.
        prototype: which picture of the object.
        prototype_name: its file without the folder; empty where it has none.
        background: which background; -1 for fresh noise.
        background_name: its file without the folder, or its colour; empty where it has neither.
        sticker_name: class of its sticker; empty where there is none.
        box: bounding box (x0, y0, x1, y1) of the object in pixels, as it followed the matrices.
        parameters: ``<transform>.<parameter>`` to value.
    """

    spec: DatasetSpec
    split: str
    position: int
    index: int
    label: int
    class_name: str
    object_name: str
    prototype: int
    prototype_name: str
    background: int
    background_name: str
    sticker_name: str
    box: tuple[float, float, float, float]
    parameters: dict[str, float | bool | int]

    def rows(self) -> list[tuple[str, str, str, str]]:
        """For people: (key, what it is, value with unit, how it was drawn)."""
        found = laws_of(self.spec)
        background = "fresh noise" if self.background < 0 else self.background_name or f"number {self.background}"
        picture = self.prototype_name or f"number {self.prototype}"
        x0, y0, x1, y1 = self.box
        chosen, behind = (_order(source) for source in (self.spec.objects, self.spec.backgrounds))
        rows = [
            ("class", "Class", self.class_name, chosen),
            ("prototype", "Picture of the object", picture, chosen),
            ("background", "Background", background, behind),
        ]
        if self.spec.stickers:
            rows.append(("sticker", "Sticker", self.sticker_name or "none", "uniform"))
        rows += [
            (key, f"{law.transform.replace('_', ' ')}: {law.title}", law.format_value(self.parameters[key]), law.words)
            for key, law in found.items()
        ]
        if self.object_name != self.class_name:
            rows.insert(1, ("object", "Object", self.object_name, chosen))
        where = f"({x0:.1f}, {y0:.1f}) to ({x1:.1f}, {y1:.1f}) px"
        return [
            *rows,
            ("box", "Box of the object", where, "follows the object"),
            ("index", "Address", self.address, ""),
        ]

    @property
    def address(self) -> str:
        """The numbers that pick this sample out of all of its kind."""
        transform_seed = self.spec.transform_seed
        twin = "" if transform_seed is None else f", transform_seed {transform_seed}"
        sticker = "" if self.spec.sticker_seed is None else f", sticker_seed {self.spec.sticker_seed}"
        return f"seed {self.spec.seed}{twin}{sticker}, index {self.index}"

    @property
    def _facts(self) -> dict[str, Any]:
        return {
            "split": self.split,
            "position": self.position,
            "index": self.index,
            "label": self.label,
            "class": self.class_name,
            "object": self.object_name,
            "prototype": self.prototype,
            "prototype_name": self.prototype_name,
            "background": self.background,
            "background_name": self.background_name,
            **({"sticker": self.sticker_name} if self.spec.stickers else {}),
        }

    def flat(self) -> dict[str, Any]:
        """One row of a table: everything but the spec, by column name."""
        return {
            **self._facts,
            **dict(zip(("x0", "y0", "x1", "y1"), self.box, strict=True)),
            **self.parameters,
        }

    def to_json(self) -> str:
        """All of it as JSON for people and programs; ``spec`` and ``index`` make the sample again."""
        values = {
            "spec": {"schema": SCHEMA_VERSION, **to_dict(self.spec)},
            "seed": self.spec.seed,
            "transform_seed": self.spec.drawn_transform_seed,
            **({"sticker_seed": self.spec.drawn_sticker_seed} if self.spec.stickers else {}),
            **self._facts,
            "box": list(self.box),
            "parameters": self.parameters,
        }
        return json.dumps(values, indent=2, ensure_ascii=False)


def recipe_of(engine: Engine, *, position: int, split: str = "train") -> Recipe:
    """The recipe of one sample of a split."""
    (recipe,) = recipes(engine, engine.batch(engine.indices(split, 1) + position), first=position, split=split)
    return recipe


def recipes(engine: Engine, batch: Batch, *, first: int, split: str) -> list[Recipe]:
    """The recipes of a batch of consecutive samples.

    Args:
        engine: that made the batch.
        batch: samples of a split.
        first: position of the first of them in the split.
        split: they are of.
    """
    labels, objects, stickers = batch.labels.tolist(), batch.objects.tolist(), batch.stickers.tolist()
    prototypes, backgrounds, boxes = batch.prototypes.tolist(), batch.backgrounds.tolist(), batch.boxes.cpu().numpy()
    columns = {key: _plain(value) for key, value in batch.parameters.items()}
    return [
        Recipe(
            spec=engine.spec,
            split=split,
            position=first + row,
            index=SPLIT_START[split] + first + row,
            label=labels[row],
            class_name=engine.class_names[labels[row]],
            object_name=engine.object_names[objects[row]],
            prototype=prototypes[row],
            prototype_name=engine.picture_name(objects[row], prototypes[row]),
            background=backgrounds[row],
            background_name=engine.background_name(backgrounds[row]),
            sticker_name=engine.sticker_names[stickers[row]] if stickers[row] >= 0 else "",
            box=(
                _shortest(boxes[row, 0]),
                _shortest(boxes[row, 1]),
                _shortest(boxes[row, 2]),
                _shortest(boxes[row, 3]),
            ),
            parameters={key: column[row] for key, column in columns.items()},
        )
        for row in range(len(labels))
    ]


def _order(source: str) -> str:
    return "in a random order" if is_picture_source(source) else "uniform"


def _plain(values: Tensor) -> list[Any]:
    """Python numbers; float32 as the shortest decimal that reads back as the same float32."""
    if not values.is_floating_point():
        return list(values.tolist())
    return [_shortest(value) for value in values.cpu().numpy()]


def _shortest(value: np.floating) -> float:
    return float(str(value))
