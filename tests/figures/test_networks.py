"""A network has one colour everywhere."""

from __future__ import annotations

import ast
from pathlib import Path

import invariance.figures
from invariance.figures.networks import RELATION_COLOURS, look_of, network_colours, series_colours
from invariance.figures.palette import CATEGORICAL, MATCHED, MISMATCHED, NEUTRAL
from invariance.runs.gallery_build import DISJOINT
from invariance.runs.gallery_build import MATCHED as ROTATE_HUE_ERASING
from invariance.spec import DatasetSpec, PretrainSpec, TransferSpec

FIGURES = Path(str(invariance.figures.__file__)).parent
ROOT = FIGURES.parents[1]
SEQUENCES = {"CATEGORICAL", "MATCHED", "MISMATCHED"}
OF_OTHER_THINGS = (
    "question.py",
    "relevant_features.py",
    "repair.py",
    "invariance_transfer.py",
    "transforms_vs_other.py",
)
"""What they colour with the palette's further colours are settings, tasks and ways to train, not single networks."""


def test_the_two_that_are_compared_have_their_colours_and_no_others_do() -> None:
    assert network_colours([ROTATE_HUE_ERASING, DISJOINT, None]) == [MATCHED, MISMATCHED, NEUTRAL]
    rows = network_colours([(), ("translate",), ("rotate",), ("hue",), ("blur",)])
    assert len({*rows}) == 5 and not {MATCHED, MISMATCHED, NEUTRAL} & {*rows}


def test_a_colour_does_not_depend_on_what_stands_beside_unless_it_is_taken() -> None:
    (alone,) = network_colours([("hue",)])
    assert network_colours([(), ("hue",)])[1] == alone
    several = network_colours([("hue",)] * len(CATEGORICAL))
    assert several[0] == alone and len({*several}) == len(CATEGORICAL)


def test_a_transfer_looks_like_its_pretraining_and_a_network_of_others_like_none() -> None:
    pretraining = PretrainSpec(data=DatasetSpec(transforms=("hue",)))
    transfer = TransferSpec(source=pretraining.run_id, data=DatasetSpec(transforms=("blur",)))
    assert look_of(pretraining, None, "a") == look_of(transfer, pretraining, "a") == ("hue",)
    assert look_of(transfer, None, "published:resnet18") == look_of(None, None, "published:resnet18")
    plain, published = network_colours([(), look_of(None, None, "published:resnet18")])
    assert plain != published and published == network_colours([look_of(None, None, "published:resnet18")])[0]


def test_series_of_a_lesson_have_the_colours_of_their_networks() -> None:
    of_models = series_colours([{"model": "none"}, {"model": "none", "layer": "pixels"}, {"untrained": True}])
    assert of_models[:2] == [network_colours([()])[0], NEUTRAL] and of_models[2] not in of_models[:2]
    assert series_colours([{"relation": "same"}, {"relation": "none"}]) == [MATCHED, RELATION_COLOURS["none"]]
    assert RELATION_COLOURS["none"] == of_models[0], "many networks of no transformation look like one"


def test_colours_of_networks_come_from_one_place() -> None:
    """A figure has no colours of its own for networks, and a page asks the one place for them."""
    for path in [*FIGURES.rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        tree = ast.parse(path.read_text())
        taken = {
            name.name
            for one in ast.walk(tree)
            if isinstance(one, ast.ImportFrom) and one.module == "invariance.figures.palette"
            for name in one.names
        }
        taken -= {"CATEGORICAL"} if path.name in OF_OTHER_THINGS else set()
        assert path.name == "networks.py" or not taken & SEQUENCES, f"{path.name}: {taken & SEQUENCES}"
        for one in ast.walk(tree):
            if isinstance(one, ast.FunctionDef):
                given = [arg.arg for arg in one.args.kwonlyargs]
                usual = dict(zip(given, one.args.kw_defaults, strict=True))
                assert usual.get("colours") is None, f"{path.name}: {one.name} has colours of its own"
