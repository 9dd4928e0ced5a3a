"""Studies: the four questions of the paper and one beyond it, with what ships and what is made here."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.runs.shipped_studies import StudyResult, shipped_results
from invariance.studies.registry import make_study
from invariance.vocabulary.studies import ABOUT, STUDY_NAMES
from pages.shared import links
from pages.shared.controls import choose
from pages.shared.errors import errors_shown, show_postponed
from pages.shared.layout import controls_row
from pages.shared.serving import server
from pages.shared.study_run import show_controls
from pages.studies.own import choose_own, own_results
from pages.studies.results import origin_of_study, show_figures, show_files, show_findings, show_verdict

OWN = "own"
WHAT = (
    "The four questions of the paper and one beyond it, each a grid of pretrainings, transfers and measurements. Read "
    "what ships beside what was published, judged by one rule, or run one with seeds of your own."
)


def choose_results(shipped: list[StudyResult], place: DeltaGenerator) -> StudyResult | None:
    """Which results are shown: those that ship, by scale, or those made here (None)."""
    titles = {result.scale: f"Shipped: {result.scale} scale" for result in shipped} | {OWN: "Run it yourself"}
    chosen = choose("Results", titles, key="results_of", kind="segments", place=place)
    return next((result for result in shipped if result.scale == chosen), None)


def show_origin(result: StudyResult) -> None:
    """Where shipped results come from, in a line."""
    told = result.summary["provenance"]
    seeds = ", ".join(map(str, result.seeds))
    st.caption(
        f"{result.summary['runs_done']:,} runs with seeds {seeds}, made on {told['date'][:10]} by "
        f"`{told['command']}` on {told['hardware']}."
        + " Its test images show the backgrounds of training."
        * told["shared_backgrounds"]
    )


def show_shipped(result: StudyResult) -> None:
    """Results that ship with the project."""
    show_verdict(result.summary)
    show_figures(result.name, result.table, origin_of_study(result.summary), published=True)
    show_findings(result.summary)
    show_origin(result)
    study = partial(make_study, result.name, scale=result.scale, seeds=result.seeds)
    show_files(result.name, result.scale, study, result.table, result.summary)


def show_own(name: str) -> None:
    """A study of one's own, as far as it is."""
    server.start()
    if (study := choose_own(name)) is None:
        return
    progress = show_controls(study)
    show_postponed()
    table, summary = own_results(study, progress)
    if table.empty:
        return
    if not progress.is_done:
        st.info(f"From the {progress.done} of {progress.total} runs that are done so far.", icon=":material/timelapse:")
    show_verdict(summary)
    show_figures(name, table, origin_of_study(summary), published=study.data.is_comparable)
    show_findings(summary)
    show_files(name, study.scale, lambda: study, table, summary)


links.enter("studies", widget="study", never_empty=("objects_source", "backgrounds_source"))
st.title("Studies", anchor=False)
study_place, results_place, more, _ = controls_row([4, 3.4])
titles = {name: ABOUT[name].title for name in STUDY_NAMES}
name = choose("Study", titles, key="study", place=study_place, help=WHAT)
with more:
    st.markdown(f"**How its runs answer that**\n\n{ABOUT[name].method}")
st.markdown(ABOUT[name].question)
with errors_shown():
    shipped = shipped_results(name)
    if not shipped:
        st.info(
            "No result of this study ships yet. Run it below, or on the command line with "
            f"`invariance study {name} --scale quick --out {name}`.",
            icon=":material/hourglass_empty:",
        )
    result = choose_results(shipped, results_place)
    show_own(name) if result is None else show_shipped(result)
