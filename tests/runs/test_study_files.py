"""What a study writes for scripts, and that it comes back as it was."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path

import pytest

from invariance.runs.study_files import findings_of, plain_findings, summarise, write_summary
from invariance.runs.study_progress import StudyProgress
from invariance.studies.findings import Finding
from tests.studies.judged import of_every_kind

PROGRESS = StudyProgress(2, 2, 0, 0, 0, 1.0, 1.0, 0.0)


@pytest.mark.parametrize("num", [0, 1, 3, 6])
def test_findings_come_back_from_the_summary(tmp_path: Path, num: int) -> None:
    findings = of_every_kind(num)
    write_summary(summarise(findings, seconds=1.0, provenance={}, progress=PROGRESS), tmp_path)
    read = findings_of(json.loads((tmp_path / "summary.json").read_text(encoding="utf-8")))
    # NaN is no equal of itself, so what is written of both is compared; it has every field.
    assert plain_findings(read) == plain_findings(findings)
    assert [finding.words for finding in read] == [finding.words for finding in findings]
    assert all(list(finding.per_seed) == list(range(finding.n)) for finding in read)
    for finding, before in zip(read, findings, strict=True):
        assert finding.effect == pytest.approx(before.effect, rel=1e-9, nan_ok=True)
        assert finding.p == pytest.approx(before.p, rel=1e-9, nan_ok=True)
        assert [part.name for part in finding.parts] == [part.name for part in before.parts]


def test_what_is_not_known_is_null() -> None:
    (found,) = plain_findings([Finding("gap", "It is 0.1.", 0.1, math.nan, math.inf, 1, per_seed={7: 0.1})])
    assert set(found) == {field.name for field in fields(Finding)}
    assert (found["low"], found["high"], found["p"], found["verdict"]) == (None, None, None, None)
    assert found["per_seed"] == {"7": 0.1} and found["n"] == 1 and found["confirmatory"] is True


def test_numbers_have_ten_digits() -> None:
    (found,) = plain_findings([Finding("gap", "It is.", 1 / 3, 2e-20 / 3, 12345678.123456, 3)])
    assert (found["effect"], found["low"], found["high"]) == (0.3333333333, 6.666666667e-21, 12345678.12)
