"""The Runs page without a browser."""

from __future__ import annotations

import shutil
from contextlib import suppress
from io import BytesIO
from zipfile import ZipFile

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from invariance.models import create_model
from invariance.runs.device import ServerDevices
from invariance.runs.store import Store
from invariance.spec import canonical_json
from invariance.training.checkpoint import save_weights
from pages.runs.give_back import curves_zip, weights_zip
from pages.runs.table import table_key, table_of
from pages.shared.literal import literal
from pages.shared.serving import process, server
from tests.runs.tiny import tiny_pretrain, tiny_transfer, wait_until


def open_runs(app: AppTest, **query: str) -> AppTest:
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/runs/page.py").run()


def fill(store: Store) -> tuple[str, str]:
    """A done pretraining with a curve, and its failed transfer."""
    done = store.submit(tiny_pretrain()).id
    store.transition(done, "running", device="cpu")
    for step in (1, 2):
        store.record(done, {"step": step, "num_steps": 2, "metrics": {"train_accuracy": step / 4}, "seconds": 1.0})
    store.transition(done, "done", result={"metrics": {"test_accuracy": 0.75}, "seconds": 2.5, "device": "cpu"})
    failed = store.submit(tiny_transfer(done)).id
    store.transition(failed, "failed", error="out of patience")
    return done, failed


def test_the_table_says_how_runs_went(store: Store) -> None:
    done, failed = fill(store)
    table = table_of(store.list(), {done: "a", failed: "b"})
    assert table["state"].tolist() == ["done", "failed"]
    assert table["title"].tolist() == ["a", "b"]
    assert table["progress"].tolist() == [1.0, 0.0]
    assert table.loc[0, ["accuracy", "seconds", "device", "run"]].tolist() == [75.0, 2.5, "cpu", done[:8]]
    assert table.loc[1, ["accuracy", "seconds"]].isna().all()


def test_an_empty_store_offers_an_example_that_works(app: AppTest, store: Store) -> None:
    open_runs(app)
    assert not app.exception
    app.button(key="example").click().run()
    assert not app.exception and not app.error
    assert len(store.list()) == 4
    assert len(app.dataframe) == 1


def test_runs_are_listed_newest_first(app: AppTest, store: Store) -> None:
    done, failed = fill(store)
    open_runs(app)
    assert not app.exception
    assert app.dataframe[0].value["run"].tolist() == [failed[:8], done[:8]]


def test_a_link_filters(app: AppTest, store: Store) -> None:
    _, failed = fill(store)
    open_runs(app, states="failed")
    assert app.dataframe[0].value["run"].tolist() == [failed[:8]]


def test_filters_that_nothing_fits_say_so(app: AppTest, store: Store) -> None:
    fill(store)
    open_runs(app, kinds="measure")
    assert "No run fits the filters." in [caption.value for caption in app.caption]


def select(app: AppTest, store: Store, *rows: int) -> AppTest:
    key = table_key(store.list()[::-1])
    app.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return app.run()


def test_a_run_on_a_cpu_says_why_the_server_s_gpu_is_not_used(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    note = "cuda:0 is not used: torch 2.11 has no kernels for Tesla K80"
    monkeypatch.setattr(server, "server_devices", lambda: ServerDevices(note=note))
    select(open_runs(app), store, 0, 1)
    assert not app.exception
    expected = f":material/info: Executed on a CPU: {literal(note)}."
    assert [caption.value for caption in app.caption].count(expected) == 1, "of the one that was executed"


def test_selected_runs_show_their_error_spec_and_command(app: AppTest, store: Store) -> None:
    done, _ = fill(store)
    select(open_runs(app), store, 0, 1)
    assert not app.exception
    assert [error.value for error in app.error] == ["out of patience"]
    assert f"--from {done}" in app.code[0].value or "none" in app.code[0].value
    assert app.code[1].value.startswith("python -m invariance pretrain --transforms none")
    assert app.json[1].value.startswith('{"batch_size":16')
    assert [app.button(key=key).disabled for key in ("cancel", "resume", "delete")] == [True, False, False]


def test_resume_queues_a_failed_run_again(app: AppTest, store: Store) -> None:
    done, failed = fill(store)
    (store.directory(done) / "weights.safetensors").touch()
    with store._database.write() as connection:
        connection.execute(
            "UPDATE runs SET result = json_set(result, '$.checkpoint', 'weights.safetensors') WHERE id = ?", (done,)
        )
    select(open_runs(app), store, 0).button(key="resume").click().run()
    assert not app.exception
    wait_until(lambda: store.get(failed).state == "done")


def test_delete_asks_and_names_what_is_built_on_it(app: AppTest, store: Store) -> None:
    done, failed = fill(store)
    select(open_runs(app), store, 1).button(key="delete").click().run()
    assert not app.exception
    assert f"Built on it: transfer {failed[:8]}" in app.warning[0].value
    assert store.find(done) is not None
    app.button(key="delete_for_good").click().run()
    assert store.find(done) is None and store.find(failed) is not None
    assert not any(button.key == "delete" for button in app.button), "the next row must not be selected by mistake"


def test_a_run_of_an_earlier_schema_says_so_and_cannot_go_on(app: AppTest, store: Store) -> None:
    fill(store)
    with store._database.write() as connection:
        connection.execute("UPDATE runs SET spec = replace(spec, '\"schema\":2', '\"schema\":1')")
    select(open_runs(app), store, 0, 1)
    assert not app.exception
    remarks = [caption.value for caption in app.caption if "earlier version (schema 1 of specs)" in caption.value]
    assert len(remarks) == 2
    assert app.button(key="resume").disabled


def give_back() -> None:
    from pages.runs.give_back import show_files
    from pages.shared.serving import server

    show_files(server.store().list()[0])


def test_a_run_gives_its_weights_and_its_curves(store: Store) -> None:
    spec = tiny_pretrain()
    run_id, path = store.submit(spec).id, store.directory(spec.run_id) / "weights.safetensors"
    store.transition(run_id, "running", device="cpu")
    store.record(run_id, {"step": 1, "num_steps": 1, "metrics": {"train_accuracy": 0.5}, "seconds": 1.0})
    sha256 = save_weights(path, create_model("small", 2, seed=0), class_names=spec.data.classes, spec=spec)
    store.transition(
        run_id, "done", result={"metrics": {"test_accuracy": 0.5}, "checkpoint": str(path), "sha256": sha256}
    )
    app = AppTest.from_function(give_back, default_timeout=60).run()
    assert not app.exception
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["Weights and model card", "Curves for TensorBoard"]
    assert ZipFile(BytesIO(weights_zip(run_id))).namelist() == ["model.safetensors", "README.md", "config.json"]
    (event_file,) = ZipFile(BytesIO(curves_zip(run_id))).namelist()
    assert event_file.startswith(f"{run_id}/events.out.tfevents")


def test_a_long_list_is_shown_page_by_page(app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store._database.write() as connection:
        for seed in range(120):
            spec = tiny_pretrain(seed=seed)
            row = (spec.run_id, spec.kind, canonical_json(spec), "cancelled", "", float(seed), float(seed))
            connection.execute(
                "INSERT INTO runs (id, kind, spec, state, owner, created, queued) VALUES (?, ?, ?, ?, ?, ?, ?)", row
            )
    open_runs(app)
    assert not app.exception
    shown = app.dataframe[0].value["run"].tolist()
    assert len(shown) == 50 and shown[0] == tiny_pretrain(seed=119).run_id[:8]


def test_records_that_cannot_be_read_are_shown_as_bad_beside_the_others(app: AppTest, store: Store) -> None:
    done, failed = fill(store)
    with store._database.write() as connection:
        connection.execute("UPDATE runs SET spec = '{' WHERE id = ?", (failed,))
    open_runs(app)
    assert not app.exception and app.dataframe[0].value["run"].tolist() == [done[:8]]
    assert any("1 record of runs cannot be read" in text.value for text in app.markdown)
    app.button(key="delete_bad").click().run()
    assert not store.bad_rows() and not any("cannot be read" in text.value for text in app.markdown)


@pytest.mark.parametrize("page", ["runs", "train", "invariance", "studies", "own"])
def test_a_store_that_cannot_be_used_is_one_box_on_each_page(app: AppTest, store: Store, page: str) -> None:
    app.run()
    store.close()
    process.end()
    for path in store.root.glob("store.sqlite*"):
        path.write_bytes(b"not a database at all " * 500)
    app.switch_page(f"pages/{page}/page.py").run()
    assert not app.exception
    if page == "studies":  # which shows what ships
        return
    assert len({error.value for error in app.error}) == 1 and "cannot be used" in app.error[0].value


def test_a_folder_of_runs_that_is_removed_while_serving_is_said_and_made_anew(app: AppTest, store: Store) -> None:
    fill(store)
    open_runs(app)
    while store.root.exists():  # a manager at work may write beside what is removed
        with suppress(OSError):
            shutil.rmtree(store.root)
    app.run()
    assert not app.exception
    app.button(key="example").click().run()
    assert not app.exception and len(Store(store.root).list()) == 4
    assert sum("was removed or replaced while this server ran" in error.value for error in app.error) <= 1


def test_on_a_shared_server_whose_is_said_and_no_path(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVARIANCE_TEACHER", "chalk and talk")
    others = store.submit(tiny_pretrain(), owner="3f9a0c11d2e4").id
    store.transition(others, "failed", error=f"objects = {store.root}/pictures/0123/foregrounds: no such folder")
    open_runs(app)
    assert app.dataframe[0].value["whose"].tolist() == ["3f9a"]
    assert any("removed after 24 hours" in caption.value for caption in app.caption)
    monkeypatch.setattr(st, "dataframe", lambda *_, **__: {"selection": {"rows": [0]}})
    app.run()
    assert not app.exception
    assert not any(str(store.root) in error.value.replace("\\", "") for error in app.error) and app.error
