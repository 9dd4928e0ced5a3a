"""The report of a study: one HTML file that needs no network."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from invariance.figures.paper import paper_json
from invariance.figures.study_figures import figures_of
from invariance.figures.study_findings import findings_figure
from invariance.files import write_atomically
from invariance.spec import PretrainSpec
from invariance.studies.about import ABOUT
from invariance.studies.intervals import rests_on
from invariance.studies.study import Study

REPORT: Final = "report.html"
MAX_ROWS: Final = 500
WIDTH_PX: Final = 900
_STYLE = Path(__file__).with_name("report.css")


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
    about = ABOUT[study.name]
    parts = [
        f"<h1>{_text(about.title)}</h1>",
        f"<p><strong>{_text(about.question)}</strong></p>",
        f"<p>{_with_code(about.method)}</p>",
        '<p class="quiet">A study of Speicher, Nanda and Gummadi: Understanding the Role of Invariance in Transfer '
        "Learning (TMLR 2024, arXiv 2407.04325), repeated with Invariance Lab.</p>",
        _how_far(summary),
        "<h2>Findings</h2>",
        _seeds(summary),
        *_findings(summary["findings"]),
        "<h2>Figures</h2>",
        *_figures(study.name, table, summary["findings"]),
        "<h2>Settings</h2>",
        _pairs(_settings(study)),
        "<h2>Results</h2>",
        f'<p class="quiet">{_text(about.columns)}</p>',
        _table(table),
        "<h2>Where it comes from</h2>",
        _pairs(_origin(summary)),
    ]
    style, body = _STYLE.read_text(encoding="utf-8"), "\n".join(filter(None, parts))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(about.title)}: {_text(study.scale)} scale</title>\n<style>\n{style}</style>\n"
        f"<script>{get_plotlyjs()}</script>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _how_far(summary: Mapping[str, Any]) -> str:
    done, total = summary["runs_done"], summary["runs_total"]
    if done == total:
        return ""
    return f'<p class="partial">Not complete: {done} of {total} runs are done, and what follows is from those.</p>'


def _seeds(summary: Mapping[str, Any]) -> str:
    """Once for all findings, how many seeds they rest on; summaries of earlier versions do not tell."""
    line = rests_on(summary.get("num_seeds", {}).values())
    return f'<p class="quiet">{_text(line)}</p>' if line else ""


def _findings(findings: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield '<ul class="findings">'
    for finding in findings:
        verdict = "agrees with the paper" if finding["agrees"] else "does not agree with the paper"
        if finding["effect"] is None:
            verdict = "cannot be told from these results"
        figures = [f"effect {_number(finding['effect'])}"] if finding["effect"] is not None else []
        if finding["low"] is not None and finding["high"] is not None:
            figures += [f"95 % interval {_number(finding['low'])} to {_number(finding['high'])}"]
        kind = "agrees" if finding["agrees"] else "unknown" if finding["effect"] is None else "differs"
        yield (
            f'<li class="{kind}"><span class="verdict">{_text(finding["name"])}: {verdict}</span><br>'
            f'{_text(finding["statement"])}<br><span class="quiet">{_text(", ".join(figures))}</span></li>'
        )
    yield "</ul>"


def _figures(name: str, table: pd.DataFrame, findings: list[Mapping[str, Any]]) -> Iterator[str]:
    """Each figure as a place and the line of script that fills it."""
    if any(finding["effect"] is not None for finding in findings):
        yield _figure("findings", "Effects over seeds", "Each dot is a finding above.", findings_figure(findings))
    if table.empty:
        yield '<p class="quiet">There are no results to draw yet.</p>'
        return
    for figure in figures_of(name, table):
        yield _figure(figure.name, figure.title, figure.caption, figure.draw(table))


def _figure(name: str, title: str, caption: str, figure: go.Figure) -> str:
    content = paper_json(figure, title=title, width_px=WIDTH_PX).replace("</", "<\\/")
    return (
        f'<figure><div id="figure-{_text(name)}" role="img" aria-label="{_text(title)}"></div>'
        f"<figcaption>{_text(caption)}</figcaption></figure>\n"
        f'<script>{{const figure = {content}; Plotly.newPlot("figure-{_text(name)}", figure.data, figure.layout, '
        "{displaylogo: false});}</script>"
    )


def _settings(study: Study) -> dict[str, str]:
    pretrained = [spec for spec in study.runs if isinstance(spec, PretrainSpec)]
    models = Counter(spec.model for spec in pretrained)
    kinds = Counter(spec.kind for spec in study.runs)
    return {
        "Scale": study.scale,
        "Seeds": ", ".join(map(str, study.seeds)),
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
    for key in ("devices", "versions"):
        told[key] = ", ".join(f"{name} {value}" for name, value in told.get(key, {}).items())
    told["seconds"] = f"{summary['seconds']:,} for this command, {summary['worked_seconds']:,} of work in all runs"
    return {key.capitalize(): "unknown" if value in (None, "") else str(value) for key, value in told.items()}


def _pairs(values: Mapping[str, str]) -> str:
    rows = "".join(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in values.items())
    return f"<table>{rows}</table>"


def _table(table: pd.DataFrame) -> str:
    head = "".join(f"<th>{_text(column)}</th>" for column in table.columns)
    rows = []
    for row in table.head(MAX_ROWS).itertuples(index=False):
        cells = [
            f'<td class="number">{_number(value)}</td>' if isinstance(value, float) else f"<td>{_text(value)}</td>"
            for value in row
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    more = f"<p>The first {MAX_ROWS} of {len(table)} rows; results.csv has all.</p>" if len(table) > MAX_ROWS else ""
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(rows)}</table></div>{more}'


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.4g}"


def _with_code(text: str) -> str:
    """Text in which backticks mark what is typed."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", _text(text))


def _text(value: object) -> str:
    return html.escape(str(value))
