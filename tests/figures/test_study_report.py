"""Figures and report of every study, from tables that are complete and from those on the way there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from invariance.figures.study_figures import STUDY_FIGURES, figures_of
from invariance.figures.study_findings import findings_figure
from invariance.figures.study_report import report_html
from invariance.studies.registry import make_study
from invariance.studies.transforms_vs_other_grid import FACTORS, PAPER_FACTORS
from invariance.vocabulary.studies import ABOUT, STUDY_NAMES
from tests.studies.fabricated import outcomes_of

PROVENANCE = {"command": "<b>python</b>", "devices": {"cpu": 3}, "versions": {"python": "3"}, "commit": None}
STEPS = 12


def finding(**changes: Any) -> dict[str, Any]:
    return {"name": "x", "statement": "s", "effect": 0.5, "low": 0.4, "high": 0.7, "agrees": True} | changes


def summary(findings: list[dict[str, Any]], done: int = 1, total: int = 1) -> dict[str, Any]:
    told = {"findings": findings, "provenance": PROVENANCE, "seconds": 1.0, "worked_seconds": 2.0}
    return told | {"runs_done": done, "runs_total": total}


def test_the_registry_and_the_texts_cover_the_studies() -> None:
    assert tuple(STUDY_FIGURES) == STUDY_NAMES == tuple(ABOUT)
    for figures in STUDY_FIGURES.values():
        assert len({figure.name for figure in figures}) == len(figures) > 0


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_figures_are_drawn_from_every_partial_table(name: str) -> None:
    study = make_study(name, seeds=(0, 1))
    outcomes = outcomes_of(study, accuracy=lambda source, task: 0.4 + task.seed % 3 / 10, sens=lambda *_: 0.3)
    order = list(outcomes)
    drawn: set[str] = set()
    for step in range(STEPS + 1):
        there = {run_id: outcomes[run_id] for run_id in order[: len(order) * step // STEPS]}
        table = study.tabulate(there)
        figures = figures_of(name, table)
        assert not (table.empty and figures)
        for figure in figures:
            assert figure.draw(table).data, figure.name
        drawn = {figure.name for figure in figures}
        study.conclude(table)
    beyond_quick = {"correlation", "availability", *FACTORS} - set(PAPER_FACTORS)
    assert {figure.name for figure in STUDY_FIGURES[name]} - drawn <= beyond_quick, (
        "a complete table at quick scale lacks what a figure needs"
    )


def test_what_is_typed_is_set_as_code() -> None:
    study = make_study("transforms-vs-other", seeds=(0,))
    page = report_html(study, study.tabulate(outcomes_of(study)), summary([finding()]))
    assert "<code>python -m invariance download torchvision:resnet18</code>" in page


def test_the_report_holds_what_was_found_and_escapes_it() -> None:
    study = make_study("mismatch", seeds=(0,))
    table = study.tabulate(outcomes_of(study))
    found = [finding(statement="a < b & c"), finding(name="y", agrees=False), finding(name="z", effect=None, low=None)]
    page = report_html(study, table, summary(found))
    assert "a &lt; b &amp; c" in page and "&lt;b&gt;python" in page and "a < b" not in page
    assert page.count(": agrees with the paper") == page.count(": does not agree with the paper") == 1
    assert "cannot be told from these results" in page and "95 % interval 0.4 to 0.7" in page
    assert page.count("Plotly.newPlot(") >= 1 + len(figures_of("mismatch", table))
    assert "Not complete" not in page and "<th>accuracy</th>" in page
    partial = report_html(study, table.head(0), summary([finding(effect=None)], done=0, total=72))
    assert "0 of 72 runs are done" in partial and "There are no results to draw yet" in partial


def test_the_report_says_once_on_how_many_seeds_it_rests() -> None:
    study = make_study("mismatch", seeds=(0, 1))
    table = study.tabulate(outcomes_of(study, accuracy=lambda source, task: 0.5 + task.seed % 3 / 10))
    told = summary([finding(statement=one.statement) for one in study.conclude(table)])
    nums = {one.name: one.num_seeds for one in study.conclude(table)}
    page = report_html(study, table, told | {"num_seeds": nums})
    assert page.count("seeds, so the intervals are wide") == 1 and "From 2 seeds" in page
    assert "intervals are wide" not in report_html(study, table, told), "an earlier summary does not tell"


def test_nothing_in_the_table_ends_the_script() -> None:
    study = make_study("mismatch", seeds=(0,))
    table = study.tabulate(outcomes_of(study))
    page = report_html(study, table, summary([finding(name="</script><img>")]))
    body = page[page.index("<body>") :]
    assert "</script><img>" not in body and "&lt;/script&gt;" in body


def test_findings_are_dots_with_their_intervals() -> None:
    figure = findings_figure([finding(), finding(name="y", agrees=False, low=None, high=None), finding(effect=None)])
    agreeing, other = figure.data
    assert (list(agreeing.x), list(other.x)) == ([0.5], [0.5])
    assert agreeing.error_x.array[0] == pytest.approx(0.2) and agreeing.error_x.arrayminus[0] == pytest.approx(0.1)
    assert other.error_x.array[0] == 0
    json.loads(figure.to_json())
    assert not findings_figure([]).data


def test_a_long_table_is_cut_and_says_so() -> None:
    study = make_study("mismatch", seeds=tuple(range(8)))
    long = study.tabulate(outcomes_of(study))
    assert f"The first 500 of {len(long)} rows" in report_html(study, long, summary([finding()]))


def test_whatever_a_table_or_a_machine_says_is_text_in_the_report() -> None:
    study = make_study("mismatch", seeds=(0,))
    table = study.tabulate(outcomes_of(study)).assign(transforms="<i>hue</i>", accuracy=0.123456)
    page = report_html(study, table, summary([finding(name="</script><b>")]))
    assert "<td>&lt;i&gt;hue&lt;/i&gt;</td>" in page and '<td class="number">0.1235</td>' in page
    assert "<td>cpu 3</td>" in page and "</script><b>" not in page
