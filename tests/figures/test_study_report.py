"""Figures and report of every study, from tables that are complete and from those on the way there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from markupsafe import escape

from invariance.figures.study_figures import STUDY_FIGURES, figures_of
from invariance.figures.study_report import report_html
from invariance.runs.study_files import plain_findings
from invariance.spec import PretrainSpec, TransferSpec
from invariance.studies.findings import Finding
from invariance.studies.registry import make_study
from invariance.studies.telling import furthest_first, tally
from invariance.studies.transforms_vs_other_grid import FACTORS, PAPER_FACTORS
from invariance.vocabulary.studies import ABOUT, STUDY_NAMES
from invariance.vocabulary.verdicts import RULE
from tests.studies.fabricated import outcomes_of
from tests.studies.judged import of_every_kind, one

PROVENANCE = {"command": "<b>python</b>", "devices": {"cpu": 3}, "versions": {"python": "3"}, "commit": None}
SHARES = (0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.98, 1.0)
"""Of a study's runs that are done: both ends, just beside them, and a few between."""


def summary(findings: Sequence[Finding], done: int = 1, total: int = 1) -> dict[str, Any]:
    told = {"findings": plain_findings(findings), "provenance": PROVENANCE, "seconds": 1.0, "worked_seconds": 2.0}
    return told | {"runs_done": done, "runs_total": total}


def test_the_registry_and_the_texts_cover_the_studies() -> None:
    assert tuple(STUDY_FIGURES) == STUDY_NAMES == tuple(ABOUT)
    for figures in STUDY_FIGURES.values():
        assert len({figure.name for figure in figures}) == len(figures) > 0


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_figures_are_drawn_from_every_partial_table(name: str) -> None:
    study = make_study(name, seeds=(0, 1))

    def accuracy(source: PretrainSpec, task: TransferSpec) -> float:
        return 0.3 + task.seed % 3 / 10 + 0.2 * (source.data.transforms == task.data.transforms)

    outcomes = outcomes_of(study, accuracy=accuracy, sens=lambda *_: 0.3)
    order = list(outcomes)
    drawn: set[str] = set()
    for share in SHARES:
        there = {run_id: outcomes[run_id] for run_id in order[: int(len(order) * share)]}
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
    page = report_html(study, study.tabulate(outcomes_of(study)), summary([one()]))
    assert "<code>python -m invariance download torchvision:resnet18</code>" in page


def test_the_report_holds_what_was_found_and_escapes_it() -> None:
    study = make_study("mismatch", seeds=(0,))
    table = study.tabulate(outcomes_of(study))
    findings = of_every_kind()
    page = report_html(study, table, summary([replace(findings[0], statement="a < b & c"), *findings[1:]]))
    assert "a &lt; b &amp; c" in page and "&lt;b&gt;python" in page and "a < b" not in page
    assert tally(findings) in page and all(str(escape(point)) in page for point in RULE)
    assert "as_large: effect 0.3 [" in page and "published 0.3, margin 0.15" in page
    assert page.count("Plotly.newPlot(") >= 1 + len(figures_of("mismatch", table))
    assert "Not complete" not in page and "<th>accuracy</th>" in page
    partial = report_html(study, table.head(0), summary(of_every_kind(0), done=0, total=72))
    assert "0 of 72 runs are done" in partial and "There are no results to draw yet" in partial
    assert "No finding can be told" in partial and "effect nan" not in partial


def test_the_report_tells_first_what_disagrees() -> None:
    study = make_study("mismatch", seeds=(0,))
    table = study.tabulate(outcomes_of(study))
    page = report_html(study, table, summary(of_every_kind()))
    told = [each.name for each in furthest_first(of_every_kind())]
    places = [page.index(f"<p>{name}") for name in told]
    assert places == sorted(places)
    assert told[0] == "on_the_other_side" and page.count('<span class="verdict">') == len(told)


def test_the_report_shows_each_contrast_of_a_conjunction() -> None:
    study = make_study("mismatch", seeds=(0,))
    (found,) = [each for each in of_every_kind() if each.parts]
    page = report_html(study, study.tabulate(outcomes_of(study)), summary([found]))
    assert "Bonferroni's over all 2" in page
    for part, passes in zip(found.parts, ("yes", "no"), strict=True):
        assert f"<td>{part.name}</td>" in page and f"{part.low:.4g} to {part.high:.4g}" in page
        assert f'<td class="number">{part.p:.4g}</td><td>{passes}</td>' in page


def test_the_report_calls_few_seeds_preliminary() -> None:
    study = make_study("mismatch", seeds=(0,))
    page = report_html(study, study.tabulate(outcomes_of(study)), summary(of_every_kind(3)))
    assert '<span class="verdict preliminary">' in page and "preliminary: opposite" in page


def test_nothing_in_the_table_ends_the_script() -> None:
    study = make_study("mismatch", seeds=(0,))
    table = study.tabulate(outcomes_of(study))
    page = report_html(study, table, summary([replace(one(), name="</script><img>")]))
    body = page[page.index("<body>") :]
    assert "</script><img>" not in body and "&lt;/script&gt;" in body


def test_a_long_table_is_cut_and_says_so() -> None:
    study = make_study("mismatch", seeds=tuple(range(8)))
    long = study.tabulate(outcomes_of(study))
    assert f"The first 500 of {len(long)} rows" in report_html(study, long, summary([one()]))


def test_whatever_a_table_or_a_machine_says_is_text_in_the_report() -> None:
    study = make_study("mismatch", seeds=(0,))
    table = study.tabulate(outcomes_of(study)).assign(transforms="<i>hue</i>", accuracy=0.123456)
    page = report_html(study, table, summary([replace(one(), name="</script><b>")]))
    assert "<td>&lt;i&gt;hue&lt;/i&gt;</td>" in page and '<td class="number">0.1235</td>' in page
    assert "<td>cpu 3</td>" in page and "</script><b>" not in page
