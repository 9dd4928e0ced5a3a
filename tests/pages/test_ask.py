"""The Ask page without a browser."""

from __future__ import annotations

from dataclasses import fields

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from invariance.numbers import format_number
from invariance.runs.describe import question_command
from invariance.runs.gallery import entries
from invariance.runs.question import make_question, report_so_far
from invariance.runs.store import Store
from invariance.runs.study_files import RESULTS
from invariance.spec import PretrainSpec, QuestionSpec, RunSpec
from invariance.studies.question import Question
from pages.ask.answer import as_list, effects_table, with_titles
from pages.ask.asked import DEFAULTS
from pages.ask.example import FOLDER, example
from pages.ask.sentence import source_words
from pages.shared.serving import server as page_server

SMALL = {"sources": "hue;none", "targets": "hue;blur", "seeds": "7", "images": "50"}


def open_ask(app: AppTest, **query: str) -> AppTest:
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/ask/page.py").run()


def asked(**changed: object) -> Question:
    small = {"sources": ("hue", "none"), "targets": ("hue", "blur"), "seeds": (7,), "num_images": (50,)}
    return make_question(QuestionSpec(**small | changed))


def said(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.caption))


def click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception and not app.error
    return app


def test_it_opens_with_a_question_that_is_answered_already(app: AppTest) -> None:
    open_ask(app)
    assert not app.exception and not app.error
    one = example()
    assert as_list(one.report["sentence"]) in said(app) and "This answer ships" in said(app)
    assert len(one.report["cells"]) == len(one.question.cells), "it is whole"
    assert any(len(frame.value) == len(one.report["cells"]) for frame in app.dataframe)
    assert app.button(key="run_study").label == "Run here"
    assert f"{len(one.question.runs)} runs; about" in said(app)


def test_a_run_of_another_page_does_not_hide_the_answer_that_ships(app: AppTest, store: Store) -> None:
    one = example()
    record(store, one.question, 2)
    open_ask(app)
    assert "This answer ships" in said(app) and app.button(key="run_study").label == "Run the rest"
    assert f"{len(one.question.runs) - 2} of {len(one.question.runs)} runs to do" in said(app)


def test_the_answer_that_ships_is_to_the_question_it_names() -> None:
    one, table = example(), pd.read_csv(FOLDER / RESULTS)
    assert list(table["transfer"]) == [cell.transfer.run_id for cell in one.question.cells]
    for name in ("effect", "low", "high"):  # as the command wrote them
        told, shown = ([effect[name] for effect in effects["effects"]] for effects in (one.summary, one.report))
        assert told == pytest.approx(shown)
    command = one.summary["provenance"]["command"].partition(" --device")[0]
    assert command.partition("what-if ")[2] == question_command(one.question.spec).partition("what-if ")[2]
    assert len(one.question.seeds) >= 3, "fewer have no verdict"


def test_every_part_of_the_sentence_changes_the_question_and_the_link(app: AppTest) -> None:
    open_ask(app, **SMALL)
    assert f"{len(asked().runs)} runs" in said(app)
    click(app, "part_sources_0")
    pills = next(group for group in app.button_group if group.label.endswith("corruption"))
    pills.set_value(["noise"]).run()
    assert app.query_params["sources"] == "hue,noise;none"
    click(app, "another_targets")
    assert app.query_params["targets"] == "hue;blur;translate"
    click(app, "ask_out")
    assert app.query_params["targets"] == "hue;blur"
    click(app, "part_how_often_0")
    next(each for each in app.number_input if each.label == "How many seeds").set_value(2).run()
    assert app.query_params["seeds"] == "7,8"
    assert not app.exception and not app.error
    changed = asked(sources=("hue,noise", "none"), seeds=(7, 8))
    assert f"{len(changed.runs)} runs" in said(app)
    assert "Nothing of this answer is there yet" in said(app)


def test_a_network_that_is_here_is_a_source(app: AppTest) -> None:
    network = next(entry for entry in entries() if entry.name == "hue")
    open_ask(app, **SMALL | {"sources": f"{network.run_id};untrained"})
    assert "left out" not in said(app)
    click(app, "part_sources_0")
    box = next(each for each in app.selectbox if each.label == "Network")
    assert box.value == network.run_id and "gallery: hue" in box.options
    assert f"{len(asked(sources=(network.run_id, 'untrained')).runs)} runs" in said(app)


def test_what_a_link_says_in_vain_is_named_and_left_out(app: AppTest) -> None:
    open_ask(app, **SMALL | {"sources": "hue;gone;none", "models": "small,large", "images": "50,many"})
    assert not app.exception and not app.error
    assert "left out: “gone”, “large”" in said(app)
    assert f"{len(asked().runs)} runs" in said(app)


def test_the_same_twice_is_refused_in_a_line_and_can_be_mended(app: AppTest) -> None:
    open_ask(app, **SMALL | {"sources": "none;none"})
    assert not app.exception and not app.error
    assert "Not yet: " in said(app) and "run_study" not in {button.key for button in app.button}
    click(app, "part_sources_1")
    click(app, "ask_out")
    assert app.button(key="run_study")


def test_its_runs_are_asked_for(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[RunSpec] = []
    monkeypatch.setattr(page_server, "submit", submitted.extend)
    open_ask(app, **SMALL)
    click(app, "run_study")
    assert submitted == list(asked().runs)


def record(store: Store, question: Question, num: int) -> None:
    """Has the first runs of a question done, without training."""
    for spec in question.runs[:num]:
        name = "test_accuracy" if isinstance(spec, PretrainSpec) else "transfer_accuracy"
        store.submit(spec)
        store.transition(spec.run_id, "running", device="cpu")
        accuracy = 0.5 + 0.01 * len(spec.data.transforms)
        store.transition(spec.run_id, "done", result={"metrics": {name: accuracy}, "seconds": 2.0})


def test_what_has_finished_is_shown_before_the_rest(app: AppTest, store: Store) -> None:
    question = asked()
    record(store, question, len(question.runs) - 1)
    report = report_so_far(question, store)
    open_ask(app, **SMALL)
    assert not app.exception and not app.error
    total = len(question.runs)
    assert f"From the {total - 1} of {total} runs that are done." in said(app)
    assert as_list(report["sentence"]) in said(app)
    assert any(len(frame.value) == len(report["cells"]) == len(question.cells) - 1 for frame in app.dataframe)
    assert app.button(key="run_study").label == "Run the rest"


def test_differences_with_a_verdict_come_first() -> None:
    shown = effects_table(example().report)
    verdicts = list(shown["verdict"])
    assert verdicts[0] and verdicts == sorted(verdicts, key=lambda verdict: not verdict)
    assert len(shown) == len(example().report["effects"])
    (calm,) = (one for one in example().report["effects"] if one["verdict"] == "no difference")
    ends = " to ".join(format_number(100 * calm[end], 1) for end in ("low_90", "high_90"))
    assert verdicts.count(f"no difference (90 % interval {ends})") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("none", "no transformation"),
        ("v_flip", "![](app/static/transforms/v_flip.webp) v flip"),
        ("0123", "my \\*network\\*"),
    ],
)
def test_a_source_in_words(text: str, words: str) -> None:
    assert source_words(text, {"0123": "my *network*"}) == words


def test_a_long_composition_is_counted() -> None:
    words = source_words("rotate,hue,blur,noise,scale,shear", {})
    assert words.endswith(" rotate, hue, blur and 3 more") and words.count("![]") == 4


def test_the_parts_in_the_link_are_fields_of_a_question() -> None:
    assert {"images" if one.name == "num_images" else one.name for one in fields(QuestionSpec)} >= set(DEFAULTS)


def test_networks_that_were_there_are_called_by_their_titles_but_linked_by_their_identity() -> None:
    report = {
        "cells": [{"source": "0123", "pretraining": "0123"}],
        "summary": [{"source": "none"}],
        "effects": [{"sources": ["0123", "none"], "statement": "0123 is ahead of none"}],
        "sentence": "0123 less none",
    }
    told = with_titles(report, {"0123": "gallery: hue"})
    assert told["cells"] == [{"source": "gallery: hue", "pretraining": "0123"}] and told["summary"] == report["summary"]
    assert told["effects"] == [{"sources": ["gallery: hue", "none"], "statement": "gallery: hue is ahead of none"}]
    assert told["sentence"] == "gallery: hue less none"


def test_networks_with_different_usual_budgets_have_one_that_suits_all(app: AppTest) -> None:
    open_ask(app, models="small,small_vit")
    assert not app.exception and not app.error
    (group,) = (one for one in app.button_group if one.key == "budget")
    assert (list(group.options), str(group.value)) == (["Quick", "Standard", "Long"], "Quick")
