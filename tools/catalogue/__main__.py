"""``python -m tools.catalogue``: draws the catalogue into the package and its contact sheets."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from invariance.data.catalogue import BUILTIN
from tools.catalogue.model import Model
from tools.catalogue.objects import MODELS
from tools.catalogue.render import render_views

QUALITY = 88
PICTURE_SIZE = 128


def draw_object(model: Model, folder: Path) -> None:
    """Writes ``<folder>/<name>/view-0.webp`` and so on."""
    (folder / model.name).mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(render_views(model.build(), model.views, picture_size=PICTURE_SIZE)):
        picture.save(folder / model.name / f"view-{number}.webp", quality=QUALITY, method=6)


def draw_objects(folder: Path, names: tuple[str, ...] = ()) -> None:
    """Draws the named objects, or all."""
    for model in MODELS:
        if not names or model.name in names:
            draw_object(model, folder)
            print(model.name, flush=True)


def contact_sheet(folder: Path, *, columns: int = 11, tile: int = 104) -> Image.Image:
    """The first view of every object of a folder with its name, on light cards."""
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    rows = -(-len(names) // columns)
    sheet = Image.new("RGB", (columns * tile, rows * (tile + 16)), "#f4f5f7")
    pen = ImageDraw.Draw(sheet)
    for position, name in enumerate(names):
        left, top = position % columns * tile, position // columns * (tile + 16)
        picture = Image.open(folder / name / "view-0.webp").convert("RGBA").resize((tile - 12, tile - 12))
        sheet.paste(picture, (left + 6, top + 4), picture)
        pen.text((left + tile / 2, top + tile + 1), name, fill="#333a45", anchor="mm")
    return sheet


def preview(names: tuple[str, ...], out: Path) -> None:
    """All views of a few objects, large and at 32 px, drawn afresh: for looking at while modelling."""
    chosen = [model for model in MODELS if model.name in names]
    sheet = Image.new("RGB", (8 * 132, len(chosen) * 172), "#7f8a7c")
    for row, model in enumerate(chosen):
        for column, picture in enumerate(render_views(model.build(), model.views)):
            sheet.paste(picture, (column * 132, row * 172), picture)
            small = picture.resize((32, 32), Image.Resampling.BOX)
            sheet.paste(small, (column * 132 + 48, row * 172 + 134), small)
    sheet.save(out)


def main() -> int:
    """Runs one command."""
    parser = argparse.ArgumentParser(prog="python -m tools.catalogue", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in (
        ("objects", "draw the object pictures"),
        ("backgrounds", "draw the background pictures"),
        ("sheet", "write the contact sheet of the objects"),
        ("preview", "draw all views of a few objects into one PNG"),
    ):
        one = commands.add_parser(command, help=text)
        one.add_argument("--only", default="", help="names separated by commas")
        one.add_argument("--out", type=Path)
    args = parser.parse_args()
    names = tuple(name for name in args.only.split(",") if name)
    if args.command == "objects":
        draw_objects(args.out or BUILTIN / "foregrounds", names)
    elif args.command == "backgrounds":
        from tools.catalogue.backgrounds import draw_backgrounds

        draw_backgrounds(args.out or BUILTIN / "backgrounds")
    elif args.command == "sheet":
        contact_sheet(BUILTIN / "foregrounds").save(args.out or Path("docs/catalogue.webp"))
    else:
        preview(names, args.out or Path("preview.png"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
