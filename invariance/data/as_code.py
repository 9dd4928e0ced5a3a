"""A data set as code: Python that builds it, and the command line that renders it."""

from __future__ import annotations

import shlex
from dataclasses import fields
from typing import Any

from invariance.spec import DatasetSpec, SpecError, to_dict
from invariance.spec.registrations import REGISTERED_KEY, registrations

_TEMPLATE = """\
{imports}from PIL import Image

from invariance.data.engine import Engine
from invariance.data.preview import samples
from invariance.figures.pictures import image_grid
from invariance.spec import DatasetSpec

spec = DatasetSpec({arguments})
engine = Engine(spec)  # device="cuda" makes the samples on a GPU

# For training: images (B, 3, {size}, {size}) in [0, 1], labels, masks, parameters.
batch = engine.batch(engine.indices({split}, {num}){offset})

# For looking: the same samples as bytes, saved as one picture.
shown = samples(engine, num={num}{start}, split={split})
picture = image_grid(shown.images, columns=8, factor={factor})
Image.fromarray(picture).save("samples.png")
"""


def python_code(spec: DatasetSpec, *, num: int, split: str = "train", start: int = 0) -> str:
    """Python that makes the first samples: ``spec``, ``engine``, ``batch``, ``shown`` and a picture file.

    Args:
        spec: the data set; fields at their default are left out.
        num: number of samples.
        split: they are of.
        start: position of the first one.
    """
    values = {field.name: getattr(spec, field.name) for field in fields(spec) if field.name in to_dict(spec)}
    lines = "".join(f"    {name}={_literal(value)},\n" for name, value in values.items())
    modules = {one["module"] for one in registrations(spec).values()}
    return _TEMPLATE.format(
        imports="".join(f"import {module}\n" for module in sorted(modules)) + "\n" * bool(modules),
        arguments=f"\n{lines}" if lines else "",
        size=spec.image_size,
        split=_literal(split),
        num=num,
        offset=f" + {start}" if start else "",
        start=f", start={start}" if start else "",
        factor=max(1, 128 // spec.image_size),
    )


def command_line(spec: DatasetSpec, *, num: int, split: str = "train", out: str = "samples.npz") -> str:
    """The shell command that writes the first samples as an NPZ file.

    Args:
        spec: the data set; its ``num_samples`` plays no part.
        num: number of samples.
        split: they are of.
        out: the file.

    Raises:
        SpecError: a name cannot be written there.
    """
    words = ["python", "-m", "invariance", "render"]
    described = to_dict(spec)
    modules = {one["module"] for one in described.pop(REGISTERED_KEY, {}).values()}
    words += [word for module in sorted(modules) for word in ("--import", module)]
    for name, value in described.items():
        if name != "num_samples":
            words += _option(name, value)
    words += ["--num-images", str(num), *([] if split == "train" else ["--split", split]), *_option("out", out)]
    return shlex.join(words)


def _option(name: str, value: Any) -> list[str]:
    """An option and its value: separate words, or joined where the value would be taken for an option."""
    if value is True:
        return [f"--{name.replace('_', '-')}"]
    if isinstance(value, list):
        if awkward := [one for one in value if "," in one or one != one.strip()]:
            raise SpecError(f"{name}: {awkward[0]!r} cannot be named in a comma-separated list; use the Python code")
        value = ",".join(value)
    option, text = f"--{name.replace('_', '-')}", str(value)
    return [f"{option}={text}"] if text.startswith("-") else [option, text]


def _literal(value: Any) -> str:
    """A value as Python source, texts in double quotes where nothing in them needs an escape."""
    if isinstance(value, tuple):
        return "(" + ", ".join(_literal(one) for one in value) + (",)" if len(value) == 1 else ")")
    text = repr(value)
    plain = isinstance(value, str) and text == f"'{value}'" and '"' not in value
    return f'"{value}"' if plain else text
