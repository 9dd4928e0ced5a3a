"""Options made from the fields of specs, and specs made from options."""

from __future__ import annotations

import argparse
import inspect
import re
from dataclasses import fields

import pytest

from invariance.__main__ import parser
from invariance.commands import gallery, what_if
from invariance.commands.options import (
    CHOICES,
    add_data,
    add_fields,
    count,
    dataset,
    given,
    parse_models,
    parse_names,
    parse_seeds,
)
from invariance.commands.parser import Parser
from invariance.runs.gallery_build import Recipe
from invariance.spec import DatasetSpec, FactorSpec, MeasureSpec, PretrainSpec, SpecError, TransferSpec
from invariance.studies.what_if import what_if as experiment

MADE_ELSEWHERE = {"data", "source", "sources", "factors", "transforms"}
"""Fields that have an option of another name or reading."""
NEEDED = {"trainable": {"method": "fine-tune"}}
"""Without which a field has no other value."""


def parsed(*words: str) -> DatasetSpec:
    made = Parser()
    add_data(made)
    return dataset(made.parse_args([*words]), num_samples=None)


def options(*spec: type, parser: argparse.ArgumentParser) -> dict[str, str]:
    return {action.dest: action.help or "" for action in parser._actions}


def test_what_is_not_given_is_the_dataclass_s_default() -> None:
    assert parsed() == DatasetSpec(num_samples=None)
    made = Parser()
    add_fields(made, PretrainSpec, ("epochs", "model", "weight_decay"))
    assert given(made.parse_args([]), PretrainSpec) == {}
    found = given(made.parse_args(["--weight-decay", "0.5", "--model", "vit"]), PretrainSpec)
    assert found == {"weight_decay": 0.5, "model": "vit"}


def test_options_are_read_by_the_types_of_their_fields() -> None:
    words = "--transforms rotate,hue --strength 0.5 --seed 3 --classes apple,duck --sticker-seed 4 --stickers noise"
    spec = parsed(*words.split())
    assert spec == DatasetSpec(
        transforms=("rotate", "hue"),
        strength=0.5,
        seed=3,
        classes=("apple", "duck"),
        stickers="noise",
        sticker_seed=4,
        num_samples=None,
    )


def test_help_is_the_sentence_of_the_docstring_with_the_default() -> None:
    made = Parser()
    add_fields(made, PretrainSpec, ("schedule", "weight_decay", "epochs"), defaults={"epochs": 4})
    found = options(parser=made)
    assert found["schedule"].startswith("of the learning rate, one of constant, cosine, linear: constant, or falling")
    assert found["schedule"].endswith("(default constant)") and found["weight_decay"].endswith("(default 0.0)")
    assert found["epochs"].startswith("number of passes over the data; with 0 ")
    assert found["epochs"].endswith("(default 4)")


@pytest.mark.parametrize("spec", [DatasetSpec, PretrainSpec, TransferSpec, MeasureSpec, FactorSpec])
def test_every_field_has_a_sentence_and_its_few_values(spec: type) -> None:
    names = [field.name for field in fields(spec) if field.name not in MADE_ELSEWHERE]
    made = Parser()
    add_fields(made, spec, names)
    assert all(options(parser=made)[name] for name in names)
    needed = {"data": DatasetSpec(transforms=("hue",)), "source": "a", "sources": ("a",), "stickers": "noise"}
    known = {field.name for field in fields(spec)}
    base = {name: value for name, value in needed.items() if name in known}
    if spec in (MeasureSpec, FactorSpec):
        del base["data"]
    for name in CHOICES:
        if name in known:
            for value in CHOICES[name]:
                spec(**{**base, **NEEDED.get(name, {}), name: value})
            with pytest.raises(SpecError, match=f"{name} = 'x': expected"):
                spec(**{**base, name: "x"})


def test_defaults_that_the_help_tells_are_those_of_the_functions() -> None:
    asked = experiment(("hue",), ("rotate",), objects="noise").matched_pretraining
    assert {name: getattr(asked, name) for name in what_if.DEFAULTS} == what_if.DEFAULTS
    for name, (_, default) in what_if.SEVERAL.items():
        assert default == inspect.signature(experiment).parameters[name].default
    assert Recipe().epochs == gallery.DEFAULTS["epochs"]
    for module, function in ((what_if, experiment), (gallery, Recipe)):
        for spec, names in module.FIELDS.items():
            for name in set(names) - set(module.DEFAULTS):
                default = inspect.signature(function).parameters[name].default
                assert default == next(field.default for field in fields(spec) if field.name == name), name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("apple,duck", ("apple", "duck")),
        (" apple , duck,", ("apple", "duck")),
        ('"salt, pepper",duck', ("salt, pepper", "duck")),
        ('duck, "a ""b"", c"', ("duck", 'a "b", c')),
        ('5" disc,duck', ('5" disc', "duck")),
        ("", ()),
    ],
)
def test_a_class_with_a_comma_is_given_in_quotation_marks(text: str, names: tuple[str, ...]) -> None:
    assert parse_names(text) == parsed("--classes", text).classes == names
    assert parsed("--stickers", "builtin", "--sticker-classes", text).sticker_classes == names


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (parse_names, '"apple,duck', "a name with a comma in double quotation marks"),
        (parse_names, '"apple"x,duck', "a name with a comma in double quotation marks"),
        (parse_names, "apple\nduck", "a name with a comma in double quotation marks"),
        (parse_names, "apple,,duck", "no name between two commas"),
        (parse_models, " ", "name at least one run or gallery model"),
        (parse_seeds, "1,1", "expected different whole numbers"),
        (parse_seeds, "1,01", "expected different whole numbers"),
        (parse_seeds, "1,,2", "expected different whole numbers"),
        (parse_seeds, "-1", "expected different whole numbers"),
        (count(1, 5), "6", "6: expected a whole number from 1 to 5"),
        (count(1, 5), "x", "x: expected a whole number from 1 to 5"),
    ],
)
def test_lists_and_counts_that_cannot_be_read_are_refused(read: object, text: str, message: str) -> None:
    assert callable(read)
    with pytest.raises((SpecError, argparse.ArgumentTypeError), match=message):
        read(text)


def test_every_option_of_every_command_has_a_help() -> None:
    def parsers(above: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
        below = [action for action in above._actions if isinstance(action, argparse._SubParsersAction)]
        return [above, *(each for action in below for child in action.choices.values() for each in parsers(child))]

    found = parsers(parser())
    assert len(found) > 20
    for one in found:
        assert one.format_help().startswith(f"usage: {one.prog}")
        assert one.epilog and f"  {'%(prog)s'}" in one.epilog, f"{one.prog} has no example"
        for action in one._actions:
            assert action.help or not action.option_strings, f"{one.prog}: {action.option_strings} has no help"
            assert not re.search(r"~|`|\bNone\b", action.help or ""), action.option_strings
