"""``render``: samples of a data set, with masks and everything that was drawn, as one NPZ file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from invariance.commands.arguments import add_data, dataset, print_json
from invariance.data.engine import SPLIT_START, Engine, to_bytes
from invariance.runs.device import choose_device
from invariance.spec import SpecError

BATCH_SIZE = 1024


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "render",
        help="write images of a Transforms-2D variant",
        epilog="example: python -m invariance render --transforms rotate,hue --num 512 --out X.npz",
    )
    add_data(parser)
    parser.add_argument("--num", type=int, default=512, metavar="N", help="number of images (default 512)")
    parser.add_argument("--split", default="train", choices=tuple(SPLIT_START), help="which images (default train)")
    parser.add_argument("--transform-seed", type=int, help="other draws of the transformations alone: the twins")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default auto)")
    parser.add_argument("--out", type=Path, required=True, metavar="X.npz")
    parser.set_defaults(action=render)


def render(args: argparse.Namespace) -> None:
    """Writes the NPZ file and prints a JSON object."""
    spec = dataset(args, num_samples=args.num)
    if not args.out.parent.is_dir():
        raise SpecError(f"out = {args.out}: no folder {args.out.parent}; make it first")
    engine = Engine(spec, choose_device(args.device)).with_spec_changes(transform_seed=args.transform_seed)
    indices = engine.indices(args.split, args.num)
    parts: dict[str, list[np.ndarray]] = {}
    for chunk in indices.split(BATCH_SIZE):
        batch = engine.batch(chunk)
        arrays = {
            "images": to_bytes(batch.images).permute(0, 2, 3, 1),
            "labels": batch.labels,
            "mask": to_bytes(batch.masks),
            "background": batch.backgrounds,
            **batch.parameters,
        }
        for name, value in arrays.items():
            parts.setdefault(name, []).append(value.cpu().numpy())
    arrays_out: dict[str, Any] = {name: np.concatenate(values) for name, values in parts.items()}
    with args.out.open("wb") as file:
        np.savez_compressed(file, class_names=np.array(engine.class_names), **arrays_out)
    print_json({"out": str(args.out), "num": len(indices), "classes": engine.num_classes, "device": str(engine.device)})
