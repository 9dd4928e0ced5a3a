"""Whose runs are whose on a server for a class."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from invariance.runs.store import Store
from tests.pages.weights import nothing_here
from tests.runs.tiny import tiny_pretrain

PASSWORD = "chalk"


@pytest.fixture
def class_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVARIANCE_TEACHER", PASSWORD)


def launch(app: AppTest) -> AppTest:
    """Asks for the example's four runs as a visitor."""
    app.run()
    app.switch_page("pages/runs/page.py").run()
    return app.button(key="example").click().run()


def test_runs_carry_a_name_that_is_not_the_visitors_secret(app: AppTest, store: Store) -> None:
    launch(app)
    (owner,) = {run.owner for run in store.list()}
    assert len(owner) == 12 and owner not in app.session_state["visitor_secret"]
    app.run()
    assert app.session_state["visitor_remembered"]


@pytest.mark.usefixtures("class_server")
def test_in_a_class_one_changes_ones_own_runs_and_a_teacher_all(app: AppTest, store: Store) -> None:
    others = store.submit(tiny_pretrain(), owner="somebody")

    def cancel_all() -> None:
        from pages.shared import server
        from pages.shared.errors import show_postponed

        server.cancel([run.id for run in server.store().list()])
        show_postponed()

    page = AppTest.from_function(cancel_all).run()
    assert store.get(others.id).state == "queued"
    assert "1 of these runs were asked for by others" in page.error[0].value
    page.session_state["is_teacher"] = True
    page.run()
    assert store.get(others.id).state == "cancelled" and not page.error


@pytest.mark.usefixtures("class_server")
@pytest.mark.parametrize(("said", "is_teacher"), [(PASSWORD, True), ("talk", False), ("", False)])
def test_the_teachers_password_opens_and_leaves_the_address(app: AppTest, said: str, is_teacher: bool) -> None:
    app.query_params["teacher"] = said
    app.run()
    app.switch_page("pages/runs/page.py")
    app.query_params["teacher"] = said
    app.run()
    assert app.session_state["is_teacher"] is is_teacher
    assert "teacher" not in app.query_params


def test_on_ones_own_machine_everybody_may_do_everything(app: AppTest, store: Store) -> None:
    run = store.submit(tiny_pretrain(), owner="somebody")

    def cancel_all() -> None:
        from pages.shared import server

        server.cancel([run.id for run in server.store().list()])

    AppTest.from_function(cancel_all).run()
    assert store.get(run.id).state == "cancelled"


@pytest.mark.usefixtures("class_server")
def test_too_many_runs_are_refused_in_words(app: AppTest, store: Store) -> None:
    def submit_many() -> None:
        import streamlit as st

        from invariance.spec import SpecError
        from pages.shared import server
        from tests.runs.tiny import tiny_pretrain

        try:
            server.submit([tiny_pretrain(seed=seed) for seed in range(20)])
        except SpecError as error:
            st.error(str(error))

    page = AppTest.from_function(submit_many).run()
    assert "18 is the most for one person on this server" in page.error[0].value
    assert store.list() == []


def offer() -> None:
    from pages.shared.download import offer_download

    offer_download("cifar10", key="get_data")


@pytest.mark.usefixtures("class_server")
def test_in_a_class_the_teacher_alone_downloads(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_here(tmp_path, monkeypatch)
    page = AppTest.from_function(offer, default_timeout=30).run()
    assert not page.button
    assert "only the teacher gets data sets and networks: ask for **cifar10**" in page.caption[0].value
    page.session_state["is_teacher"] = True
    assert [button.key for button in page.run().button] == ["get_data"]
    assert not any("ask for" in caption.value for caption in page.caption)


def test_on_ones_own_machine_everybody_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_here(tmp_path, monkeypatch)
    monkeypatch.delenv("INVARIANCE_TEACHER", raising=False)
    page = AppTest.from_function(offer, default_timeout=30).run()
    assert [button.key for button in page.button] == ["get_data"]
