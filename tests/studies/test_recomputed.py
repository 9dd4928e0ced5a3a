"""Every number of every shipped sentence, found again in the shipped tables by code of its own."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache, partial

import numpy as np
import pandas as pd
import pytest

from invariance.numbers import format_number
from invariance.runs.shipped_studies import SHIPPED, StudyResult, shipped_results
from invariance.runs.study_files import findings_of
from invariance.studies.findings import Finding
from invariance.vocabulary.studies import STUDY_NAMES
from tests.docs.pages import ROOT
from tests.studies.fabricated import drawn_study
from tests.studies.recomputed import invariance_transfer, mismatch, relevant_features, repair, transforms_vs_other
from tests.studies.recomputed.again import Again, corrected, decisive, student, words
from tests.studies.recomputed.printed import Printed, numbers_in, unexplained
from tools.docs.regions import BEGIN, END

AGAIN: dict[str, Callable[[pd.DataFrame], dict[str, Again]]] = {
    "transforms-vs-other": transforms_vs_other.again,
    "relevant-features": relevant_features.again,
    "invariance-transfer": invariance_transfer.again,
    "mismatch": mismatch.again,
    "repair": repair.again,
}
RESULTS = [result for name in STUDY_NAMES for result in shipped_results(name)]


def shipped(result: StudyResult) -> tuple[pd.DataFrame, list[Finding]]:
    table = pd.read_csv(SHIPPED / f"{result.name}-{result.scale}" / "results.csv")
    return table, findings_of(result.summary)


CASES = [(result.name, partial(shipped, result)) for result in RESULTS]
CASES += [(name, partial(drawn_study, name)) for name in STUDY_NAMES]
each_case = pytest.mark.parametrize(
    ("name", "results"), CASES, ids=[f"{name}-{results.func.__name__}" for name, results in CASES]
)
Results = Callable[[], tuple[pd.DataFrame, list[Finding]]]


@cache
def recomputed(name: str, results: Results) -> list[tuple[Finding, Again]]:
    """Findings, each with what is computed here; those without any seed say no number."""
    table, findings = results()
    again = AGAIN[name](table)
    assert not {finding.name for finding in findings} - set(again), "a finding that nothing here computes"
    assert not any(numbers_in(finding.statement) for finding in findings if not finding.n)
    return [(finding, again[finding.name]) for finding in findings if finding.n]


@each_case
def test_every_number_of_every_sentence(name: str, results: Results) -> None:
    wrong = {finding.name: unexplained(finding.statement, one.numbers) for finding, one in recomputed(name, results)}
    assert not {key: faults for key, faults in wrong.items() if faults}


@each_case
def test_every_number_of_every_field(name: str, results: Results) -> None:
    for finding, one in recomputed(name, results):
        close = {"rel": 1e-8, "abs": 1e-9, "nan_ok": True}
        assert finding.effect == pytest.approx(one.estimate, **close), finding.name
        assert (finding.low, finding.high) == pytest.approx(one.interval(), **close), finding.name
        assert sorted(finding.per_seed.values()) == pytest.approx(sorted(one.values), **close), finding.name
        assert finding.n == len(one.values)
        if one.below is not None:
            assert finding.denominators is not None
            assert sorted(finding.denominators.values()) == pytest.approx(sorted(one.below), **close)
        assert finding.above == one.above
        assert (finding.published is None) == (one.published is None), finding.name
        if one.published is not None:
            assert finding.published == pytest.approx(one.published, **close), finding.name
        assert finding.margin == (None if one.margin is None else pytest.approx(one.margin, **close)), finding.name
        level = 1 - 0.05 / max(1, len(one.parts))
        for part, (values, equivalent) in zip(finding.parts, one.parts, strict=True):
            assert part.equivalent == equivalent
            assert (part.effect, part.low, part.high) == pytest.approx(
                (np.mean(values), *student(values, level)), **close
            ), (finding.name, part.name)


@each_case
def test_every_verdict_by_the_words_of_the_rule(name: str, results: Results) -> None:
    both = recomputed(name, results)
    p_values = corrected({finding.name: one for finding, one in both})
    for finding, one in both:
        if finding.name not in p_values:
            assert finding.verdict is None and math.isnan(finding.p)
            continue
        p = p_values[finding.name]
        assert finding.words == words(one, p), finding.name
        assert finding.p == pytest.approx(decisive(one, p, finding.words), rel=1e-6, abs=1e-9), finding.name


@each_case
def test_no_size_is_judged_twice(name: str, results: Results) -> None:
    """What is held against a published size, or is the numerator of what is, is so in one finding."""
    sized = [one for one, _ in recomputed(name, results) if one.confirmatory and one.published is not None]
    effects = [tuple(np.round([one.per_seed[seed] for seed in sorted(one.per_seed)], 9)) for one in sized]
    assert len(set(effects)) == len(effects), sorted(one.name for one in sized)


def test_every_number_of_the_tables_of_findings() -> None:
    """``docs/measurements.md``: effects, published values and p-values beside the sentences, which are those above."""
    text = (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    by_statement = {row[1]: row for row in rows if len(row) == 5}
    for result in RESULTS:
        both = recomputed(result.name, partial(shipped, result))
        p_values = corrected({finding.name: one for finding, one in both})
        for finding, one in both:
            verdict, _, effect, published, p = by_statement.pop(finding.statement)
            assert verdict.endswith(finding.words)
            ends = one.interval()
            assert not unexplained(effect, [one.estimate] if np.isnan(ends[0]) else [one.estimate, *ends])
            assert not unexplained(published, [] if one.margin is None else [one.published or 0.0, one.margin])
            known = p_values.get(finding.name)
            expected = math.nan if known is None else decisive(one, known, finding.words)
            shown = "" if math.isnan(expected) else "< 0.001" if expected < 0.001 else format_number(expected, 3)
            assert p == shown


def test_every_number_of_the_table_of_the_readme() -> None:
    """Seeds of each study, and that each judged finding stands once, under its verdict."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in made_lines(text)]
    for row, result in zip(rows, RESULTS, strict=True):
        table, findings = shipped(result)
        assert not unexplained(row[0], [table["seed"].nunique()])
        judged = [one for one in findings if one.confirmatory]
        counts = [sum(title.endswith(f" {one.verdict}") for one in judged) for title in head[2:]]
        assert [int(cell or 0) for cell in row[1:]] == [len(judged), *counts]


def test_the_lead_over_random_pairs_in_the_readme() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    [result] = [one for one in RESULTS if one.name == "transforms-vs-other"]
    both = recomputed(result.name, partial(shipped, result))
    [one] = [one for finding, one in both if finding.name == "matching_helps"]
    pair = json.loads((ROOT / "benchmarks" / "results" / "what-if.json").read_text())
    assert f"mean of both tasks, is {pair['gain'][0]:.2f} over ten seeds of the pair above" in text
    assert pair["seeds"] == [0, 9]
    sentence = text[text.index("Over pairs drawn at random") :].partition("## ")[0]
    values = [one.estimate, *one.interval(), len(one.values), min(one.values), max(one.values)]
    assert not unexplained(sentence, values)


def made_lines(text: str) -> list[str]:
    return [line for line in text[text.index(BEGIN) : text.index(END)].splitlines() if line[:1] == "|"]


def test_every_number_of_the_gallery_in_the_tables() -> None:
    """``docs/measurements.md``: in how many columns the own network, and an untrained one, is lowest."""
    text = (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8")
    lowest: list[float] = []
    untrained: list[float] = []
    for shift in ("", "-new-pictures", "-same-noise", "-new-noise", "-noise-pictures", "-noise-noise"):
        table = pd.read_csv(ROOT / "checkpoints" / f"sens{shift}.csv")
        wide = table.pivot_table(index="model", columns="transform", values="sens")  # means over seeds
        names = list(wide.columns)
        own = pd.Series({name: wide.loc[name, name] for name in names})
        first = wide.loc[table[table.untrained].model.unique()].min()
        lowest += [int((wide.loc[["none", *names]].idxmin() == names).sum()), len(names)]
        untrained += [int((first < own).sum()), len(names)]
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| columns in which")]
    assert [unexplained(row[1], values) for row, values in zip(rows, (lowest, untrained), strict=True)] == [[], []]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("−0.57 [−0.67, −0.47] (n = 3)", [-0.57, -0.67, -0.47, 3]),
        ("1,000 samples, resnet18 and ResNet-50, 0.5 at 1.", [1000, 0.5, 1]),
        ("Transforms-2D from 0.98 to 1.00, so none", [0.98, 1.0]),
    ],
)
def test_numbers_are_read_as_they_are_written(text: str, values: list[float]) -> None:
    assert [one.value for one in numbers_in(text)] == values


def test_a_number_that_is_not_so_is_seen() -> None:
    assert Printed("0.19", 0.19, 2).says(0.1949) and not Printed("0.19", 0.19, 2).says(0.055)
    assert unexplained("It is 0.19 [0.09, 0.30].", [0.055, -0.05, 0.16]) == [
        "0.19 is 0.055",
        "0.09 is -0.05",
        "0.30 is 0.16",
    ]
    assert unexplained("It is 0.19.", [0.19, 3]) == ["1 numbers, of which 2 are explained"]
    assert not unexplained("It is 0.19.", [0.1911])
