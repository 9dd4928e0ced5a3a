"""``thrown-away``: what one network threw away that another keeps, as a card."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from invariance.commands.options import (
    NETWORKS,
    add_arch,
    add_execution,
    add_fields,
    argument,
    given,
    parse_names,
    whole_number,
)
from invariance.commands.output import (
    check_folder,
    described,
    json_text,
    make_folder,
    print_listing,
    write_bytes,
    write_table,
)
from invariance.commands.parser import command_line
from invariance.spec import FactorSpec
from invariance.vocabulary.columns import in_words
from invariance.vocabulary.factors import KNOWN, OBJECTS
from invariance.vocabulary.thrown_away import DIRECTIONS, NUM_ATTRIBUTED, THROWN_AWAY_TABLE

if TYPE_CHECKING:
    from invariance.studies.thrown_away_card import ThrownAway


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "thrown-away",
        help="tell what one network threw away that another keeps",
        description="Decodes every factor from two networks, asks which changes can be foreseen in them and how much "
        "of their evidence lies on the object, all on the same images; tells what the second (B) keeps less of than "
        "the first (A), and what it keeps more of. Of the gallery, none hue and matched disjoint are told at once.",
        epilog=_describe_columns(),
        examples=("none hue", "matched disjoint --out card", "matched blur --factors hue,scale --json"),
    )
    parser.add_argument("first", metavar="A", help=f"the network that keeps: {NETWORKS}".replace("%", "%%"))
    parser.add_argument("second", metavar="B", help="the network that may have thrown away")
    add_arch(parser)
    parser.add_argument(
        "--factors",
        type=argument(parse_names),
        default=("all",),
        metavar="all|A,B,...",
        help="class, background, transformations, or single parameters such as translate.x (default all)",
    )
    parser.add_argument(
        "--objects", choices=tuple(OBJECTS), default=KNOWN, help="what the probes know of the objects (default known)"
    )
    add_fields(parser, FactorSpec, ("num_images", "num_folds"))
    parser.add_argument(
        "--num-attributed",
        type=whole_number,
        default=NUM_ATTRIBUTED,
        metavar="N",
        help=f"test images of whose evidence shares are taken; 0 for none (default {NUM_ATTRIBUTED})",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="receives card.json, card.csv and report.html")
    parser.add_argument("--json", action="store_true", help="print one JSON object on a terminal too")
    add_execution(parser)
    parser.set_defaults(action=thrown_away)


def thrown_away(args: argparse.Namespace) -> None:
    """Prints the sentences of the card on a terminal, else its JSON object."""
    if args.out is not None:
        check_folder(args.out)
    from invariance.studies.thrown_away_card import card_json

    card = _card(args)
    values = card_json(card)
    if args.out is not None:
        make_folder(args.out)
        write_bytes(args.out / "card.json", f"{json_text(values, indent=1)}\n".encode())
        _write_report(args.out, card)
        values |= {"out": str(args.out)}
    lines = [*card.sentences, "", *card.remarks] if card.remarks else list(card.sentences)
    print_listing([line.replace("*", "") for line in lines], values, as_json=args.json)


def _card(args: argparse.Namespace) -> ThrownAway:
    from invariance.commands.running import ProgressBar, existing_store
    from invariance.data.engine import Engine
    from invariance.runs.device import choose_device
    from invariance.runs.locate import run_id_of, weights_of
    from invariance.runs.network_pair import network_pair, shipped_card
    from invariance.studies.thrown_away import thrown_away as card_of
    from invariance.training.checkpoint import load_weights

    own, store, device = given(args, FactorSpec), existing_store(args), choose_device(args.device)
    is_usual = args.factors == ("all",) and args.objects == KNOWN and args.num_attributed == NUM_ATTRIBUTED
    is_usual = is_usual and not {"num_images", "num_folds"} & set(own)
    if is_usual and (found := shipped_card(args.first, args.second)) is not None:
        return found
    if args.factors == ("all",):
        del own["factors"]
    names = [args.first, args.second if args.second != args.first else f"{args.second} 2"]
    ids = [run_id_of(each, store, arch=args.arch, code=True) for each in (args.first, args.second)]
    facts = network_pair(ids, store)
    spec = FactorSpec(sources=tuple(names), data=facts.data, **own)
    models = {name: load_weights(weights_of(each, store), device) for name, each in zip(names, ids, strict=True)}
    bar = ProgressBar("thrown-away")
    try:
        card = card_of(
            models,
            Engine(facts.data, device),
            Engine(facts.task, device),
            spec,
            objects=args.objects,
            num_attributed=args.num_attributed,
            on_progress=lambda done, total: bar(SimpleNamespace(step=done, num_steps=total, metrics={})),
        )
    finally:
        bar.close()
    return facts.added_to(card)


def _write_report(out: Path, card: ThrownAway) -> None:
    from invariance.data.engine import Engine
    from invariance.figures.networks import network_colours
    from invariance.figures.thrown_away import card_html
    from invariance.runs.origin import Origin

    engine = Engine(card.data)
    num = max((row.num_images for row in card.rows), default=0)
    origin = Origin(command=command_line(), seeds=(card.data.seed,), num=f"at most {num:,} images of each kind")
    write_table(out / "card.csv", card.table(), origin, title="What one network threw away")
    images = [strip.images(engine) for strip in card.strips]
    known = zip(card.names, card.trained_on, strict=True)
    colours = network_colours([(name,) if trained_on is None else trained_on for name, trained_on in known])
    write_bytes(out / "report.html", card_html(card, images, origin, colours=colours))


def _describe_columns() -> str:
    columns = described("columns of card.csv, a row for each comparison:", in_words(THROWN_AWAY_TABLE))
    return f"{columns}\n{described('directions:', DIRECTIONS.items())}"
