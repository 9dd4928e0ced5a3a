"""The Studies page without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from invariance.runs import shipped_studies
from invariance.runs.device import ServerDevices
from invariance.runs.shipped_studies import shipped_results
from invariance.runs.store import Store
from invariance.runs.study_files import findings_of
from invariance.runs.study_progress import estimated_seconds
from invariance.runs.threads import num_cores
from invariance.spec import PretrainSpec, TransferSpec
from invariance.studies.findings import Published
from invariance.studies.registry import make_study
from invariance.studies.study import Study
from invariance.studies.telling import furthest_first, tally
from invariance.studies.transforms_vs_other_grid import PAPER_FACTORS
from invariance.vocabulary.studies import STUDY_NAMES
from invariance.vocabulary.verdicts import RULE, Verdict
from pages.shared.durations import in_words
from pages.shared.literal import literal
from pages.shared.serving import server
from pages.studies.results import BADGES, badge, contrasts
from tests.runs.tiny import wait_until
from tests.studies.fabricated import outcomes_of
from tests.studies.judged import of_every_kind, one

MISMATCH = {"study": "mismatch", "results_of": "own", "seeds": "7"}


def open_studies(app: AppTest, **query: str) -> AppTest:
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/studies/page.py").run()


def test_a_study_without_shipped_results_says_how_to_run_it(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped_studies, "shipped_results", lambda name: [])
    open_studies(app, study="repair")
    assert not app.exception and not app.error
    (said,) = (info.value for info in app.info)
    assert "`invariance study repair --scale quick --out repair`" in said
    assert [button.label for button in app.button] == ["Run it here"] and not app.tabs


@pytest.mark.parametrize("name", [name for name in STUDY_NAMES if shipped_results(name)])
def test_shipped_results_fill_the_page(app: AppTest, name: str) -> None:
    open_studies(app, study=name)
    assert not app.exception and not app.error
    (result,) = (one for one in shipped_results(name) if one.scale == "quick")
    said = "\n".join(element.value for element in app.markdown)
    findings = furthest_first(findings_of(result.summary))
    places = [said.index(f"{badge(finding)} {finding.statement}") for finding in findings if finding.n]
    assert places == sorted(places) and places, "what disagrees first"
    assert said.index(tally(findings)) < places[0]
    assert all(point in said for point in RULE), "the rule is on the page"
    assert any(len(frame.value) == len(result.table) for frame in app.dataframe)
    assert app.tabs and sum(len(tab.label) for tab in app.tabs) <= 150, "wider than a window of 1280, the last are cut"


def test_seeds_that_cannot_be_used_are_named(app: AppTest) -> None:
    open_studies(app, results_of="own", seeds="1,two")
    assert not app.exception
    expected = "seeds: 'two' is not a whole number; give some separated by commas, such as 100,101"
    assert [error.value for error in app.error] == [literal(expected)]


def test_a_study_that_was_not_begun_says_what_it_takes(app: AppTest) -> None:
    open_studies(app, results_of="own", seeds="7")
    assert not app.exception and not app.error
    total = len(make_study(STUDY_NAMES[0], seeds=(7,)).runs)
    assert any(text.value.startswith(f"{total} runs; about") for text in app.markdown)
    assert [button.label for button in app.button] == ["Run it here"]


def test_a_study_takes_as_long_as_what_the_server_trains_on(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = ServerDevices(("cuda:0", "cuda:1"), "2 x T4")
    monkeypatch.setattr(server, "server_devices", lambda: gpus)
    open_studies(app, results_of="own", seeds="7")
    assert not app.exception and not app.error
    study = make_study(STUDY_NAMES[0], seeds=(7,))
    seconds = sum(estimated_seconds(study, "cuda:0").values()) / 2
    (said,) = (text.value for text in app.markdown if " runs; about" in text.value)
    assert said.startswith(f"{len(study.runs)} runs; about {in_words(seconds)} here (2 x T4).")
    assert in_words(seconds) != in_words(sum(estimated_seconds(study, "cpu").values()))


def test_fewer_factors_are_fewer_runs_and_less_time(app: AppTest) -> None:
    def said() -> str:
        return next(text.value for text in app.markdown if " runs; about" in text.value)

    open_studies(app, results_of="own", seeds="7")
    pills = app.button_group(key="factors_quick")
    assert pills.value == ["usual", *PAPER_FACTORS] and "published" not in pills.options
    whole = said()
    pills.set_value(["architecture", "beyond_2d"]).run()
    assert not app.exception and not app.error
    assert app.query_params["factors_quick"] == "architecture,beyond_2d"
    study = make_study(STUDY_NAMES[0], seeds=(7,), factors=("architecture", "beyond_2d"))
    at_once = 2 if num_cores() > 1 else 1  # these networks are small
    seconds = sum(estimated_seconds(study, "cpu").values()) / at_once
    assert ("two at once" in said()) == (at_once == 2)
    assert said().startswith(f"{len(study.runs)} runs; about {in_words(seconds)} here") and said() != whole
    app.button_group(key="factors_quick").set_value([]).run()
    assert [error.value for error in app.error] == [literal("factors: nothing is varied; choose at least one")]
    assert "run_study" not in {button.key for button in app.button}


def test_a_link_names_factors_and_other_studies_have_none(app: AppTest) -> None:
    open_studies(app, results_of="own", seeds="7", factors_quick="objective,tea,objective")
    assert not app.exception and not app.error
    assert app.button_group(key="factors_quick").value == ["objective"]
    app.selectbox(key="study").set_value("mismatch").run()
    assert not app.exception and "factors_quick" not in {group.key for group in app.button_group}


def test_only_the_chosen_factor_is_asked_for(app: AppTest, store: Store) -> None:
    open_studies(app, results_of="own", seeds="7", factors_quick="beyond_2d")
    app.button(key="run_study").click().run()
    assert not app.exception and not app.error
    expected = make_study(STUDY_NAMES[0], seeds=(7,), factors=("beyond_2d",)).runs
    assert {run.id for run in store.list()} == {spec.run_id for spec in expected}


def test_a_study_takes_other_pictures_and_says_what_it_does_with_them(app: AppTest, store: Store) -> None:
    open_studies(app, **MISMATCH, objects_source="noise", backgrounds_source="noise", classes="12")
    assert not app.exception and not app.error
    study = make_study("mismatch", seeds=(7,), objects="noise", backgrounds="noise", num_classes=12)
    assert literal(study.data.words) in [caption.value for caption in app.caption] and "12 classes" in study.data.words
    app.button(key="run_study").click().run()
    assert not app.exception and not app.error
    assert {run.id for run in store.list()} == {spec.run_id for spec in study.runs}


def test_too_few_classes_are_refused_in_one_line_beside_what_was_read(app: AppTest, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    for name in ("ant/1.png", "bee/1.png", "bee/2.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGBA", (16, 16), (0, 200, 0, 128)).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    open_studies(app, **MISMATCH, objects_source="folder", objects_folder=str(folder))
    assert not app.exception and "run_study" not in {button.key for button in app.button}
    (error,) = app.error
    assert "has 2; add" in error.value.replace("\\", "") and "\n" not in error.value
    read = "3 pictures of 2 classes; left out: files of other kinds (1): notes.txt"
    assert literal(read) in [caption.value for caption in app.caption]


def accuracy(source: PretrainSpec, task: TransferSpec) -> float:
    """Every transformation that pretraining lacked costs a tenth."""
    return 0.9 - 0.1 * len(set(task.data.transforms) - set(source.data.transforms))


def record(store: Store, study: Study, num: int) -> None:
    """Has the first runs of a study done, without training."""
    outcomes = outcomes_of(study, accuracy=accuracy)
    for spec in study.runs[:num]:
        store.submit(spec)
        store.transition(spec.run_id, "running", device="cpu")
        store.transition(spec.run_id, "done", result={"metrics": dict(outcomes[spec.run_id].metrics), "seconds": 2.0})


def test_what_is_done_is_shown_before_the_rest(app: AppTest, store: Store) -> None:
    study = make_study("mismatch", seeds=(7, 8))
    record(store, study, len(study.runs) - 3)
    open_studies(app, **MISMATCH | {"seeds": "7,8"})
    assert not app.exception and not app.error
    total = len(study.runs)
    assert [info.value for info in app.info] == [f"From the {total - 3} of {total} runs that are done so far."]
    assert [button.label for button in app.button if button.key == "run_study"] == ["Run the rest"]
    # A seed counts once it has all that a finding needs.
    (told,) = (text.value for text in app.markdown if "Each missing transformation costs" in text.value)
    assert "(n = 1)" in told


def test_a_study_is_asked_for_and_paused(app: AppTest, store: Store) -> None:
    study = make_study("mismatch", seeds=(7,))
    open_studies(app, **MISMATCH)
    app.button(key="run_study").click().run()
    assert not app.exception and not app.error
    assert {run.id for run in store.list()} == {spec.run_id for spec in study.runs}
    if pause := [button for button in app.button if button.key == "pause_study"]:
        pause[0].click().run()
        wait_until(lambda: not store.list(states=("queued", "running")))
        assert not app.exception and not app.error


def test_a_badge_tells_the_verdict_by_words_colour_and_symbol() -> None:
    assert badge(one(published=Published(0.3, 0.005))) == ":green-badge[● as published]"
    assert badge(one(-0.3, num=3)) == ":red-badge[✖ preliminary: opposite]"
    assert badge(one(confirmatory=False)) == ":gray-badge[✚ exploratory: no verdict]"
    assert badge(one(num=2)) == ":gray-badge[✚ numbers only: 2 seeds]"
    assert set(BADGES) == set(Verdict) and len(set(BADGES.values())) == len(BADGES)


def test_contrasts_are_listed_with_whether_each_passes() -> None:
    shown = contrasts(of_every_kind())
    assert list(shown["contrast"]) == ["first", "second"] and list(shown["passes"]) == [True, False]
    assert contrasts([one()]).empty
