"""``push`` and ``runs export``: give a trained network to others, through the Hugging Face Hub or as files."""

from __future__ import annotations

import argparse
from typing import Any, Final

from invariance.commands.options import add_licence, add_store
from invariance.commands.output import check_folder, make_folder, print_json, write_bytes
from invariance.spec import SpecError

FORMATS: Final = ("model", "tensorboard")
"""Of what ``runs export`` writes."""


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "push",
        help="put a trained network on the Hugging Face Hub",
        description="Puts weights, a model card and config.json, which are what runs export writes, into a repository "
        "of models, made if there is none. Needs huggingface_hub and a token that may write: HF_TOKEN, or hf auth "
        "login.",
        examples=("ada/small-rotate --from 3f2a91", "ada/small-rotate --from rotate --private"),
    )
    parser.add_argument("repository", metavar="OWNER/NAME", help="of the repository")
    parser.add_argument("--from", dest="source", required=True, metavar="RUN", help="run id or gallery model")
    parser.add_argument("--private", action="store_true", help="a repository that is made is its owner's alone")
    add_licence(parser)
    parser.add_argument(
        "--endpoint", metavar="URL", help="a server that speaks as the Hub does (default: $HF_ENDPOINT, else the Hub)"
    )
    add_store(parser)
    parser.set_defaults(action=push_run)


def push_run(args: argparse.Namespace) -> None:
    """Pushes, and prints a JSON object with the address."""
    from invariance.runs.push import check_push, push

    check_push(args.repository)
    from invariance.commands.running import existing_store
    from invariance.runs.give_back import files_to_give

    files = files_to_give(args.source, existing_store(args), licence=args.licence)
    url = push(files, args.repository, private=args.private, endpoint=args.endpoint)
    print_json({"repository": args.repository, "url": url, "files": {name: len(each) for name, each in files.items()}})


def export_run(args: argparse.Namespace) -> None:
    """Writes what others need of a run; prints one JSON object."""
    from invariance.commands.running import existing_store

    check_folder(args.out)
    if args.format == "tensorboard":
        if args.licence is not None:
            raise SpecError("--license is of weights: leave it out, or --format model")
        from invariance.runs.event_files import write_event_file
        from invariance.runs.locate import run_id_of

        store = args.store_of(args)
        run = store.get(run_id_of(args.run, store))
        names = [write_event_file(run, store, args.out).name]
    else:
        from invariance.runs.give_back import CARD, WEIGHTS, files_to_give

        if (args.out / CARD).exists() and not (args.out / WEIGHTS).exists():
            raise SpecError(f"out = {args.out}: has a {CARD} of its own, which would be lost; choose another folder")
        files = files_to_give(args.run, existing_store(args), licence=args.licence)
        make_folder(args.out)
        for name, content in files.items():
            write_bytes(args.out / name, content)
        names = list(files)
    print_json({"run": args.run, "out": str(args.out), "files": names})
