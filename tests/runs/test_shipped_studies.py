"""What ships of the studies: whole, and saying what its own tables say."""

from __future__ import annotations

import math

import pytest

from invariance.runs.shipped_studies import SHIPPED, StudyResult, shipped_results
from invariance.studies.registry import make_study
from invariance.vocabulary.studies import STUDY_NAMES

RESULTS = [result for name in STUDY_NAMES for result in shipped_results(name)]
each_result = pytest.mark.parametrize("result", RESULTS, ids=lambda result: f"{result.name}-{result.scale}")


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_every_study_ships_at_quick_scale(name: str) -> None:
    assert [result.scale for result in shipped_results(name)][:1] == ["quick"]


def test_nothing_else_lies_among_the_results() -> None:
    expected = {f"{result.name}-{result.scale}" for result in RESULTS}
    assert {folder.name for folder in SHIPPED.iterdir()} == expected
    for folder in SHIPPED.iterdir():
        assert {file.name for file in folder.iterdir()} == {"results.csv", "summary.json"}


@each_result
def test_all_runs_were_done_and_it_is_said_how(result: StudyResult) -> None:
    study = make_study(result.name, scale=result.scale, seeds=result.seeds)
    assert result.summary["runs_done"] == result.summary["runs_total"] == len(study.runs)
    told = result.summary["provenance"]
    assert told["scale"] == result.scale and told["command"].startswith("python -m invariance study")
    assert told["commit"] and not told["commit"].endswith("+"), "made from files that no commit has"
    assert told["hardware"] and told["date"] and told["versions"]["torch"]


@each_result
def test_findings_follow_from_the_table(result: StudyResult) -> None:
    findings = make_study(result.name, scale=result.scale, seeds=result.seeds).conclude(result.table)
    for finding, shipped in zip(findings, result.summary["findings"], strict=True):
        assert (finding.name, finding.statement, finding.agrees) == tuple(
            shipped[key] for key in ("name", "statement", "agrees")
        )
        for key in ("effect", "low", "high"):
            value = getattr(finding, key)
            assert (math.nan if shipped[key] is None else shipped[key]) == pytest.approx(value, nan_ok=True), key
