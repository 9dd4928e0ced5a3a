"""What ships of the studies: whole, and saying what its own tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from invariance.runs.shipped_studies import SHIPPED, StudyResult, shipped_results
from invariance.runs.study_files import findings_of, write_summary, write_table
from invariance.studies.registry import make_study
from invariance.vocabulary.studies import STUDY_NAMES
from tools.docs.judge import judge_shipped, judged

PUBLISHED = STUDY_NAMES[:4]
"""The paper's; what is asked beyond it ships once it was run."""
RESULTS = [result for name in STUDY_NAMES for result in shipped_results(name)]
each_result = pytest.mark.parametrize("result", RESULTS, ids=lambda result: f"{result.name}-{result.scale}")


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_study_of_the_paper_ships_at_quick_scale(name: str) -> None:
    assert [result.scale for result in shipped_results(name)][:1] == ["quick"]


def test_nothing_else_lies_among_the_results() -> None:
    expected = {f"{result.name}-{result.scale}" for result in RESULTS}
    assert {folder.name for folder in SHIPPED.iterdir()} == expected
    for folder in SHIPPED.iterdir():
        assert {file.name for file in folder.iterdir()} == {"results.csv", "summary.json"}


@each_result
def test_all_runs_were_done_and_it_is_said_how(result: StudyResult) -> None:
    study = make_study(result.name, scale=result.scale, seeds=result.seeds)
    told = result.summary["provenance"]
    assert result.summary["runs_done"] == result.summary["runs_total"]
    assert result.summary["runs_total"] == len(study.runs) and told["shared_backgrounds"] is False
    assert told["scale"] == result.scale and told["command"].startswith("python -m invariance study")
    assert told["commit"] and not told["commit"].endswith("+"), "made from files that no commit has"
    assert told["hardware"] and told["date"] and told["versions"]["torch"]


@each_result
def test_findings_are_what_the_rule_makes_of_the_table(result: StudyResult) -> None:
    """To the letter and to the last digit that is written."""
    assert result.summary == judged(result), "judge them anew: python -m tools.docs"


@each_result
def test_every_finding_rests_on_the_seeds_of_the_study(result: StudyResult) -> None:
    found = findings_of(result.summary)
    for finding in found:
        assert set(finding.per_seed) <= set(result.seeds)
        assert 1 <= finding.n == len(finding.per_seed) <= len(result.seeds)


def test_findings_are_judged_anew_where_they_lie(tmp_path: Path) -> None:
    """Of one result, spoilt: its sentence and its effect are made again, and nothing else changes."""
    result = RESULTS[-1]
    place = tmp_path / f"{result.name}-{result.scale}"
    place.mkdir()
    write_table(result.table, place)
    spoilt = [finding | {"statement": "All is well.", "effect": 1.0} for finding in result.summary["findings"]]
    write_summary(result.summary | {"findings": spoilt}, place)
    assert judge_shipped(tmp_path) == [place]
    original = SHIPPED / place.name / "summary.json"
    assert (place / "summary.json").read_bytes() == original.read_bytes()
