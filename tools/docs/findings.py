"""The findings of the shipped studies by verdict, what disagrees with the paper first."""

from __future__ import annotations

from collections import Counter
from typing import Final

from invariance.numbers import format_number
from invariance.runs.shipped_studies import StudyResult, shipped_results
from invariance.runs.study_files import findings_of
from invariance.statistics import Interval
from invariance.studies.findings import Finding
from invariance.studies.telling import furthest_first, is_beyond_paper, symbol, tally
from invariance.vocabulary.studies import ABOUT, STUDY_NAMES
from invariance.vocabulary.verdicts import SYMBOL, Verdict
from tools.docs.text import paragraph, table

_TOLD: Final = (
    Verdict.OPPOSITE,
    Verdict.NO_DIFFERENCE,
    Verdict.UNDECIDED,
    Verdict.SAME_DIRECTION,
    Verdict.AS_PUBLISHED,
)


def shipped() -> list[StudyResult]:
    """The result of each study that ships at its smallest scale; of those without any, none."""
    return [results[0] for name in STUDY_NAMES if (results := shipped_results(name))]


def by_study() -> str:
    """One row a study: how many confirmatory findings got which verdict; of exploratory ones nothing is said."""
    rows = []
    for result in shipped():
        judged = [finding for finding in findings_of(result.summary) if finding.confirmatory]
        beyond = ", not in the paper" * is_beyond_paper(judged)
        counts = Counter(finding.verdict for finding in judged)
        few = ": preliminary" * any(finding.preliminary for finding in judged)
        seeds = "1 seed: no verdict" if len(result.seeds) == 1 else f"{len(result.seeds)} seeds{few}"
        cells = [len(judged), *(counts[verdict] or "" for verdict in _TOLD)]
        rows.append([f"{ABOUT[result.name].title}{beyond}, {seeds}", *map(str, cells)])
    return table(["study", "findings", *(f"{SYMBOL[verdict]} {verdict}" for verdict in _TOLD)], rows)


MORE: Final = {
    "transforms-vs-other": """Whether sens-scores foresee transfer is asked of more networks and tasks, beside other
    scores, [below](#can-transfer-be-foreseen)."""
}
"""What else is told of a study's question."""


def of_study(result: StudyResult) -> str:
    """The findings of one result: how many are as published, and a table."""
    findings = furthest_first(findings_of(result.summary))
    rows = [[_verdict(one), one.statement, _effect(one), _published(one), _p(one)] for one in findings]
    return "\n\n".join(
        [
            f"### {result.name}, {result.summary['runs_done']:,} runs",
            paragraph(tally(findings)),
            table(["verdict", "finding", "effect", "published", "p (Holm)"], rows),
            *([paragraph(MORE[result.name])] if result.name in MORE else []),
        ]
    )


def _verdict(finding: Finding) -> str:
    return f"{symbol(finding)} {finding.words}"


def _effect(finding: Finding) -> str:
    return str(Interval(finding.effect, finding.low, finding.high, finding.n))


def _published(finding: Finding) -> str:
    if finding.margin is None:
        return ""
    return f"{format_number(finding.published or 0.0)} ± {format_number(finding.margin)}"


def _p(finding: Finding) -> str:
    if finding.p != finding.p:
        return ""
    return "< 0.001" if finding.p < 0.001 else format_number(finding.p, 3)
