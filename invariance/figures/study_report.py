"""The report of a study: one HTML file that needs no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from invariance.figures.offline import drawn, render
from invariance.figures.palette import VERDICTS
from invariance.figures.study_figures import figures_of
from invariance.figures.study_findings import CAPTION, findings_figure
from invariance.files import write_atomically
from invariance.runs.study_files import findings_of
from invariance.spec import PretrainSpec
from invariance.studies.findings import Finding
from invariance.studies.study import Study
from invariance.studies.telling import furthest_first, order_in_words, tally
from invariance.vocabulary.studies import ABOUT
from invariance.vocabulary.verdicts import MEANING, RULE, SYMBOL

REPORT: Final = "report.html"


def write_report(study: Study, table: pd.DataFrame, summary: Mapping[str, Any], folder: Path) -> None:
    """Writes ``report.html``.

    Args:
        study: the study.
        table: its results, whole or partial.
        summary: what ``summary.json`` says: findings, seconds, runs done, provenance.
        folder: where they go, beside ``results.csv``.
    """
    page = report_html(study, table, summary).encode()
    write_atomically(folder / REPORT, lambda stream: stream.write(page))


def report_html(study: Study, table: pd.DataFrame, summary: Mapping[str, Any]) -> str:
    """The report as one HTML document with everything inside; see :func:`write_report`."""
    findings = furthest_first(findings_of(summary))
    return render(
        "report.html.j2",
        title=f"{ABOUT[study.name].title}: {study.scale} scale",
        study=study,
        about=ABOUT[study.name],
        summary=summary,
        findings=findings,
        tally=tally(findings),
        order=order_in_words([finding for finding in findings if finding.n]),
        rule=RULE,
        meanings=[(SYMBOL[verdict], VERDICTS[verdict], verdict, words) for verdict, words in MEANING.items()],
        figures=list(_figures(study, table, findings)),
        settings=_settings(study),
        table=table,
        origin=_origin(summary),
    )


def _figures(study: Study, table: pd.DataFrame, findings: list[Finding]) -> Iterator[dict[str, str]]:
    """Name, title, caption and Plotly's JSON of each figure."""
    if any(finding.n for finding in findings):
        yield drawn(findings_figure(findings), name="findings", title="Effects over seeds", caption=CAPTION)
    for figure in figures_of(study.name, table, published=study.data.is_comparable):
        yield drawn(figure.draw(table), name=figure.name, title=figure.title, caption=figure.caption)


def _settings(study: Study) -> dict[str, str]:
    pretrained = [spec for spec in study.runs if isinstance(spec, PretrainSpec)]
    models = Counter(spec.model for spec in pretrained)
    kinds = Counter(spec.kind for spec in study.runs)
    return {
        "Scale": study.scale,
        "Seeds": ", ".join(map(str, study.seeds)),
        **({"Classes": study.data.words} if study.data.words else {}),
        "Runs": f"{len(study.runs)}: " + ", ".join(f"{number} {kind}" for kind, number in kinds.items()),
        "Networks": ", ".join(f"{model} ({number})" for model, number in models.items()),
        "Epochs of pretraining": _values(spec.epochs for spec in pretrained),
        "Images to pretrain on": _values(spec.data.num_samples or "endless" for spec in pretrained),
    }


def _values(values: Iterable[Any]) -> str:
    return ", ".join(f"{value:,}" if isinstance(value, int) else str(value) for value in dict.fromkeys(values))


def _origin(summary: Mapping[str, Any]) -> dict[str, str]:
    """Provenance in words."""
    told = {key: value for key, value in summary["provenance"].items() if key not in ("study", "scale", "seeds")}
    for key, value in told.items():
        if isinstance(value, Mapping):
            told[key] = ", ".join(f"{name} {number}" for name, number in value.items())
    told["seconds"] = f"{summary['seconds']:,} for this command, {summary['worked_seconds']:,} of work in all runs"
    return {key.capitalize(): "unknown" if value in (None, "") else str(value) for key, value in told.items()}
