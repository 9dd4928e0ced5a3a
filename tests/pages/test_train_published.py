"""A published network on the Train page: chosen, got or not to be had, watched, and compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from invariance.models import has_published, published_path
from invariance.runs.store import Store
from invariance.spec import TransferSpec
from invariance.statistics import Interval
from invariance.training.answers import ANSWERS, Answers
from pages.shared.conclusions import published_conclusion
from pages.shared.plan import planned_runs
from pages.train.launch import expected_line
from tests.pages.test_add_network import add
from tests.pages.test_train import OPTIONS, TARGET, open_train, texts
from tests.pages.weights import NAME, REFERENCE, fill_cache, nothing_here
from tests.runs.tiny import wait_until

LINK = {"published": "true", "network": NAME, "classes": "3", "epochs_Quick": "1", "samples_Quick": "512"}


@pytest.fixture(autouse=True)
def _nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_here(tmp_path, monkeypatch)


def put_weights() -> None:
    """A file where the weights are kept; the worker of these tests does not read it."""
    path = published_path(REFERENCE)
    path.parent.mkdir(parents=True)
    path.touch()


def end(store: Store, run_id: str, **metrics: float) -> None:
    store.transition(run_id, "running", device="cpu")
    store.transition(run_id, "done", result={"metrics": metrics, "seconds": 1.0})


def test_the_plan_puts_it_to_the_same_task_after_the_others() -> None:
    *own, last = planned_runs(TARGET, [TARGET, ("blur",)], published=REFERENCE, **OPTIONS)
    assert own == planned_runs(TARGET, [TARGET, ("blur",)], **OPTIONS)
    assert isinstance(last, TransferSpec) and isinstance(own[1], TransferSpec)
    assert last.source == REFERENCE and last.data == own[1].data


def test_what_is_not_here_is_told_of_and_can_be_added(app: AppTest, tmp_path: Path, store: Store) -> None:
    open_train(app, **LINK)
    assert not app.exception and "network" not in {box.key for box in app.selectbox}
    assert "None is here yet." in texts(app)
    fill_cache(tmp_path)
    add(app, REFERENCE)
    assert not app.exception and not app.error
    assert app.selectbox(key="network").value == NAME and has_published(REFERENCE)
    assert "512 images to pretrain each network on. All of it takes about" in texts(app)
    app.toggle(key="published").set_value(False).run()
    assert not app.exception and store.list() == []


def test_a_press_submits_it_after_the_others_and_the_link_has_it(app: AppTest, store: Store) -> None:
    put_weights()
    open_train(app, **LINK).button(key="go").click().run()
    assert not app.exception and not app.error
    runs = store.list()
    assert [run.kind for run in runs] == [*["pretrain", "transfer"] * 3, *["transfer"] * 4]
    assert runs[-1].spec.source == REFERENCE
    assert app.query_params["runs"] == ",".join(run.id for run in runs if run.kind == "transfer")
    assert (app.query_params["network"], app.query_params["published"]) == (NAME, "true")
    wait_until(lambda: not any(run.is_active for run in store.list()))
    app.run()
    assert not app.exception
    assert f"Trained elsewhere: {NAME}" in texts(app) and "Was trained elsewhere" in texts(app)
    assert "All of this is done already" in texts(app)


def answer(store: Store, run_id: str, accuracy: float) -> None:
    """What a network said that is right on that share of 400 images of 10 objects, and its end."""
    labels = np.arange(400) % 10
    wrong = np.random.default_rng(len(run_id)).permutation(400) >= 400 * accuracy
    store.directory(run_id).mkdir(parents=True, exist_ok=True)
    Answers(labels, np.arange(400) // 20, np.where(wrong, labels + 1, labels)).write(store.directory(run_id) / ANSWERS)
    end(store, run_id, transfer_accuracy=accuracy)


def test_it_is_compared_with_both_of_the_others(app: AppTest, store: Store) -> None:
    put_weights()
    specs = planned_runs(TARGET, [TARGET, ("blur",)], published=REFERENCE, **OPTIONS)
    ids = [store.submit(spec).id for spec in specs]
    for place, accuracy in ((1, 0.9), (3, 0.4), (4, 0.7)):
        end(store, ids[place - 1], test_accuracy=0.9) if place < 4 else None
        answer(store, ids[place], accuracy)
    open_train(app, runs=",".join((ids[1], ids[3], ids[4])))
    assert not app.exception and not app.error
    shown = texts(app)
    assert r"transfers **50.0 points \[" in shown and "better than on **blur**: 90.0% against 40.0%" in shown
    assert (
        f"**{NAME}**, trained elsewhere, reaches **70.0%**, the mean over the task's classes. On this run it is **20.0"
        in shown
    )
    assert "worse than the network of **rotate, hue, erasing**." in shown
    assert "better than the network of **blur**." in shown
    assert all(
        f"Transferred: {accuracy} right, the mean over classes" in shown for accuracy in ("90.0%", "40.0%", "70.0%")
    )
    open_train(app, runs=ids[4])
    assert not app.exception and "reaches **70.0%**, the mean over the task's classes" in texts(app)


def test_without_answers_nobody_is_better(app: AppTest, store: Store) -> None:
    put_weights()
    ids = [store.submit(spec).id for spec in planned_runs(TARGET, [TARGET, ("blur",)], **OPTIONS)]
    for run_id, accuracy in zip(ids, (0.9, 0.8, 0.9, 0.6), strict=True):
        end(store, run_id, transfer_accuracy=accuracy)
    open_train(app, runs=f"{ids[1]},{ids[3]}")
    assert not app.exception and not app.error
    assert "a network reaches 80.0%, on **blur** 60.0%." in texts(app) and "better" not in texts(app).split("80.0%")[1]


def test_both_ways_round_are_judged_together(app: AppTest, store: Store) -> None:
    specs = planned_runs(TARGET, [TARGET, ("blur",)], both_ways=True, **OPTIONS)
    accuracies = iter((0.9, 0.4, 0.3, 0.5, 0.8, 0.3))
    transfers = []
    for spec in specs:
        run = store.submit(spec)
        if run.kind == "transfer":
            transfers.append(run.id)
            answer(store, run.id, next(accuracies))
        else:
            end(store, run.id, test_accuracy=0.9)
    open_train(app, runs=",".join(transfers))
    assert not app.exception and not app.error
    shown = texts(app)
    assert "On this run matching helps, both ways round: the matched network is ahead by 50.0 points" in shown
    assert "| PP − QP | **50.0** |" in shown and "| QQ − PQ | **30.0** |" in shown
    assert "| gain from matching | **40.0** |" in shown
    (store.directory(transfers[-1]) / ANSWERS).unlink()
    st.cache_data.clear()
    open_train(app, runs=",".join(transfers))
    assert not app.exception and "its answers.csv cannot be read" in app.error[0].value.replace("\\", "")


def test_conclusions_about_a_published_network() -> None:
    assert published_conclusion("resnet18", 0.8, []) == (
        "**resnet18**, trained elsewhere, reaches **80.0%**, the mean over the task's classes."
    )
    sure, unsure = Interval(0.1, 0.05, 0.15, 100), Interval(0.02, -0.05, 0.09, 100)
    said = published_conclusion("resnet18", 0.9, [(TARGET, sure), (("blur",), -sure), (("hue",), unsure), ((), None)])
    assert (
        r"On this run it is **10.0 points \[5.0, 15.0]** better than the network of **rotate, hue, erasing**." in said
    )
    assert r"On this run it is **10.0 points \[5.0, 15.0]** worse than the network of **blur**." in said
    assert r"**hue** is better is **undecided**: the difference is 2.0 points \[−5.0, 9.0]." in said
    assert said.endswith("answers to single images were not kept.")


def test_what_it_will_take_in_words() -> None:
    planned = planned_runs(TARGET, [TARGET], published="torchvision:vit_b_16", **OPTIONS)
    on_cpu, on_gpu = (expected_line(planned, device, "small", ()) for device in ("cpu", "cuda"))
    assert on_cpu.startswith("10,000 images to pretrain each network on. All of it takes about 41 min on a laptop")
    assert "the GPU" in on_gpu
    assert expected_line(planned, "cpu", "small", {planned[2].run_id}).count("about 10 s on") == 1
    assert "done already" in expected_line(planned, "cpu", "small", {spec.run_id for spec in planned})
