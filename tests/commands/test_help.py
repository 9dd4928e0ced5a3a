"""The help of commands: examples, and every column of what they write."""

import re

import pytest

from invariance.__main__ import parser
from invariance.vocabulary.factors import FACTOR_COLUMNS, VERDICTS
from invariance.vocabulary.measures import TRANSFORM_COLUMNS
from invariance.vocabulary.thrown_away import DIRECTIONS, THROWN_AWAY_TABLE


def test_every_command_has_help_with_an_example(capsys):
    named = "render", "pretrain", "transfer", "measure", "factors", "what-if", "study", "attribute", "shapley"
    for command in (*named, "thrown-away", "gallery build"):
        with pytest.raises(SystemExit) as ended:
            parser().parse_args([*command.split(), "--help"])
        assert ended.value.code == 0
        assert f"python -m invariance {command}" in capsys.readouterr().out


def test_help_of_measure_describes_every_column_of_its_table(capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["measure", "--help"])
    text = capsys.readouterr().out.split("columns of the table")[1]
    described = re.findall(r"^  ([a-z][a-z_, ]+)$", text, re.MULTILINE)
    assert sorted(", ".join(described).split(", ")) == sorted(set(TRANSFORM_COLUMNS) - {"model", "transform"})


def test_help_of_factors_describes_every_column_and_verdict(capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["factors", "--help"])
    text = capsys.readouterr().out.split("columns of the table")[1]
    described = re.findall(r"^  ([a-z][a-z_, ]*)$", text, re.MULTILINE)
    # Columns with one meaning share a line.
    names = [name for line in described for name in line.split(", ")]
    assert sorted(names) == sorted([*FACTOR_COLUMNS, *VERDICTS])


def test_help_of_a_card_describes_every_column_and_direction(capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["thrown-away", "--help"])
    text = capsys.readouterr().out.split("columns of card.csv")[1]
    described = re.findall(r"^  ([a-z][a-z_, ]*)$", text, re.MULTILINE)
    names = [name for line in described for name in line.split(", ")]
    assert sorted(names) == sorted([*(column.name for column in THROWN_AWAY_TABLE), *DIRECTIONS])
