"""The report of a study: one HTML file that needs no network."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from invariance.figures.palette import VERDICTS
from invariance.figures.paper import paper_json
from invariance.figures.study_figures import figures_of
from invariance.figures.study_findings import CAPTION, colour_of, findings_figure, title_of
from invariance.files import write_atomically
from invariance.runs.study_files import findings_of
from invariance.spec import PretrainSpec
from invariance.studies.study import Study
from invariance.studies.telling import furthest_first, symbol, tally
from invariance.studies.verdicts import Finding
from invariance.vocabulary.studies import ABOUT
from invariance.vocabulary.verdicts import MEANING, RULE, SYMBOL

REPORT: Final = "report.html"
MAX_ROWS: Final = 500
WIDTH_PX: Final = 900
_STYLE = Path(__file__).with_name("report.css")
_TEMPLATE = Path(__file__).with_name("report.html.j2")


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
    return _template().render(
        study=study,
        about=ABOUT[study.name],
        summary=summary,
        findings=findings,
        tally=tally(findings),
        rule=RULE,
        meanings=[(SYMBOL[verdict], VERDICTS[verdict], verdict, words) for verdict, words in MEANING.items()],
        figures=list(_figures(study, table, findings)),
        settings=_settings(study),
        table=table,
        max_rows=MAX_ROWS,
        origin=_origin(summary),
        style=_STYLE.read_text(encoding="utf-8"),
        plotly=get_plotlyjs(),
    )


def _template() -> Template:
    """Whatever comes from a study is escaped where it is put in, but for what a filter declares to be markup."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        number=_number, with_code=_with_code, in_script=_in_script, symbol=symbol, colour=colour_of, title=title_of
    )
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))


def _figures(study: Study, table: pd.DataFrame, findings: list[Finding]) -> Iterator[dict[str, str]]:
    """Name, title, caption and Plotly's JSON of each figure."""
    chosen = figures_of(study.name, table, published=study.data.is_comparable)
    drawn = [(figure.name, figure.title, figure.caption, figure.draw(table)) for figure in chosen]
    if any(finding.n for finding in findings):
        drawn.insert(0, ("findings", "Effects over seeds", CAPTION, findings_figure(findings)))
    for anchor, title, caption, figure in drawn:
        content = paper_json(figure, title=title, width_px=WIDTH_PX)
        yield {"name": anchor, "title": title, "caption": caption, "json": content}


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


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.4g}"


def _with_code(text: str) -> Markup:
    """Text in which backticks mark what is typed."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _in_script(content: str) -> Markup:
    """JSON that cannot end the script that it stands in."""
    return Markup(content.replace("</", "<\\/"))
