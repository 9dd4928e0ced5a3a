"""``download``: gets a data set of real pictures."""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from pathlib import Path
from typing import Any

from invariance.commands.output import print_json
from invariance.vocabulary.architectures import HF_PREFIX, PUBLISHED_PREFIX, TIMM_PREFIX


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "download",
        help="get a data set of real pictures",
        description=(
            "Gets cifar10 or cifar100 (170 MB each, from cs.toronto.edu), or hub: the objects and backgrounds of the "
            "paper, tillspeicher/transforms_2d_base on the Hugging Face Hub. Kept in $INVARIANCE_DATA, or in "
            "~/.cache/invariance. Also torchvision:NAME, timm:NAME and hf:OWNER/NAME: a network with its published "
            "weights. What is there already is not downloaded again; what is damaged is replaced."
        ),
        examples=("cifar10", "torchvision:resnet18", "hf:facebook/dinov2-small"),
    )
    parser.add_argument(
        "source", metavar="SOURCE", help="one of cifar10, cifar100, hub, torchvision:NAME, timm:NAME, hf:OWNER/NAME"
    )
    parser.set_defaults(action=get)


def get(args: argparse.Namespace) -> None:
    """Downloads, and prints a JSON object."""
    from invariance.data.sources.download import download
    from invariance.runs.added import fetch_published

    if args.source.startswith((PUBLISHED_PREFIX, TIMM_PREFIX, HF_PREFIX)):
        print_json({"source": args.source, "checkpoint": str(fetch_published(args.source))})
        return
    if sys.stderr.isatty():
        folders = _with_bar(args.source)
    else:
        # The libraries that download show bars wherever they run.
        with contextlib.redirect_stderr(io.StringIO()):
            folders = download(args.source)
    print_json({"source": args.source, "folders": [str(folder) for folder in folders]})


def _with_bar(source: str) -> tuple[Path, ...]:
    """The download's own bar, and one more for the pictures of the Hub, which are written after it."""
    from tqdm import tqdm

    from invariance.data.sources.download import download
    from invariance.data.sources.hub import hub_repository

    if hub_repository(source) is None:
        return download(source)
    with tqdm(desc="pictures", unit="picture", leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.refresh()

        return download(source, show)
