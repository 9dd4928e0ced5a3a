"""Whose runs and pictures are whose on a server for a class."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from invariance.data.uploads.collection import claim_collection, save_collection
from invariance.runs.expiry import expire
from invariance.runs.store import Store
from pages.shared.serving import cookies, server, visitor
from tests.pages.weights import nothing_here
from tests.runs.tiny import tiny_pretrain

PASSWORD = "chalk and talk"


@pytest.fixture
def class_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVARIANCE_TEACHER", PASSWORD)


def known_as(monkeypatch: pytest.MonkeyPatch, *given: tuple[str, str]) -> None:
    """Has the visitor's browser send these cookies."""
    monkeypatch.setattr(visitor, "given_cookies", lambda: dict(given))


def given_at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> tuple[str, str]:
    """A cookie given at this time."""
    with monkeypatch.context() as clock:
        clock.setattr(cookies.time, "time_ns", lambda: int(seconds * 1e9))
        return cookies.new_visitor()


def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    known_as(monkeypatch, (cookies.TEACHER, cookies.new_teacher(PASSWORD)))


def launch(app: AppTest) -> AppTest:
    """Asks for the example's four runs as a visitor."""
    app.run()
    app.switch_page("pages/runs/page.py").run()
    return app.button(key="example").click().run()


def test_runs_carry_a_name_that_is_not_the_visitors_secret(app: AppTest, store: Store) -> None:
    launch(app)
    (owner,) = {run.owner for run in store.list()}
    assert len(owner) == 12 and owner not in app.session_state["visitor_secret"]


def test_a_browser_is_known_by_its_first_cookie_and_owns_what_any_of_them_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = given_at(monkeypatch, 1.0), given_at(monkeypatch, 2.0)
    known_as(monkeypatch, second)
    asked_in_second_window = visitor.owner()
    known_as(monkeypatch, second, first)
    assert visitor.owners()[1] == asked_in_second_window != visitor.owner()
    name, value = first
    known_as(monkeypatch, (name, value.replace("-", "-0", 1)[: len(value)]))
    assert not cookies.visitors(visitor.given_cookies()), "somebody else's, or made up"


@pytest.mark.usefixtures("class_server")
@pytest.mark.parametrize("cookie", ["", "9999999999.", "9999999999." + "0" * 32, "9" * 400 + ".ü", "1.2.3"])
def test_only_the_password_makes_a_teacher(store: Store, monkeypatch: pytest.MonkeyPatch, cookie: str) -> None:
    known_as(monkeypatch, (cookies.TEACHER, cookie))
    assert not visitor.is_teacher()
    signed_in(monkeypatch)
    assert visitor.is_teacher() and visitor.owner() == "teacher"
    monkeypatch.setenv("INVARIANCE_TEACHER", "another")
    assert not visitor.is_teacher(), "another password signs everybody out"
    monkeypatch.setenv("INVARIANCE_TEACHER", PASSWORD)
    monkeypatch.setattr(cookies.time, "time", lambda: 4e9)
    assert not visitor.is_teacher(), "it is too old"


@pytest.mark.parametrize(
    ("address", "is_shared"),
    [
        ("127.0.0.1", False),
        ("localhost", False),
        ("::1", False),
        ("0.0.0.0", True),
        ("192.168.0.7", True),
        (None, True),
    ],
)
def test_a_server_is_shared_that_listens_beyond_this_machine(
    monkeypatch: pytest.MonkeyPatch, address: str | None, is_shared: bool
) -> None:
    monkeypatch.delenv("INVARIANCE_TEACHER", raising=False)
    monkeypatch.setattr(visitor.st, "get_option", lambda name: address)
    assert visitor.is_shared() is is_shared and not visitor.is_teacher()


def cancel_all() -> None:
    from pages.shared.errors import show_postponed
    from pages.shared.serving import server

    server.cancel([run.id for run in server.store().list()])
    show_postponed()


@pytest.mark.usefixtures("class_server")
def test_in_a_class_one_changes_ones_own_runs_and_a_teacher_all(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = cookies.new_visitor()
    known_as(monkeypatch, mine)
    others = store.submit(tiny_pretrain(), owner="somebody")
    both = store.submit(tiny_pretrain(seed=1), owner="somebody")
    store.submit(tiny_pretrain(seed=1), owner=visitor.owner())
    page = AppTest.from_function(cancel_all).run()
    assert store.get(others.id).state == store.get(both.id).state == "queued"
    assert "others have asked for them too" in page.error[0].value
    assert store.get(both.id).owners == ("somebody",)
    page.run()
    assert "2 of these runs were asked for by others" in page.error[0].value
    signed_in(monkeypatch)
    page.run()
    assert {run.state for run in store.list()} == {"cancelled"} and not page.error


def test_on_ones_own_machine_everybody_may_do_everything(app: AppTest, store: Store) -> None:
    run = store.submit(tiny_pretrain(), owner="somebody")
    AppTest.from_function(cancel_all).run()
    assert store.get(run.id).state == "cancelled"


def submit_many() -> None:
    import streamlit as st

    from invariance.spec import SpecError
    from pages.shared.serving import server
    from tests.runs.tiny import tiny_pretrain

    try:
        server.submit([tiny_pretrain(seed=seed) for seed in range(20)])
    except SpecError as error:
        st.error(str(error))


@pytest.mark.usefixtures("class_server")
def test_too_many_runs_are_refused_in_words_but_not_the_teacher(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = AppTest.from_function(submit_many).run()
    assert "18 is the most for one person on this server" in page.error[0].value
    assert store.list() == []
    signed_in(monkeypatch)
    assert not page.run().error and len(store.list()) == 20


@pytest.mark.usefixtures("class_server")
def test_what_takes_long_and_what_fills_the_disk_is_refused_in_words(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def submit_long() -> None:
        import streamlit as st

        from invariance.spec import SpecError
        from pages.shared.serving import server
        from tests.runs.tiny import tiny_pretrain

        try:
            server.submit([tiny_pretrain(model="resnet50", epochs=1_000)])
            server.submit([tiny_pretrain()])
        except SpecError as error:
            st.error(str(error))

    known_as(monkeypatch, cookies.new_visitor())
    monkeypatch.setenv("INVARIANCE_MAX_MINUTES", "0.2")
    page = AppTest.from_function(submit_long).run()
    assert "on this server 0.2 minutes is the most for one run" in page.error[0].value and store.list() == []
    monkeypatch.setenv("INVARIANCE_MAX_MINUTES", "1e9")
    monkeypatch.setenv("INVARIANCE_MAX_MB", "1e-9")
    kept = store.submit(tiny_pretrain(seed=5), owner=visitor.owner())
    (store.directory(kept.id) / "weights.safetensors").write_bytes(b"many")
    assert "the most for one person: delete some" in page.run().error[0].value


def offer() -> None:
    from pages.shared.download import offer_download

    offer_download("cifar10", key="get_data")


@pytest.mark.usefixtures("class_server")
def test_in_a_class_the_teacher_alone_downloads(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_here(tmp_path, monkeypatch)
    page = AppTest.from_function(offer, default_timeout=30).run()
    assert not page.button
    assert "only the teacher gets data sets and networks: ask for **cifar10**" in page.caption[0].value
    signed_in(monkeypatch)
    assert [button.key for button in page.run().button] == ["get_data"]
    assert not any("ask for" in caption.value for caption in page.caption)


def test_on_ones_own_machine_everybody_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_here(tmp_path, monkeypatch)
    monkeypatch.delenv("INVARIANCE_TEACHER", raising=False)
    page = AppTest.from_function(offer, default_timeout=30).run()
    assert [button.key for button in page.button] == ["get_data"]


def collection(owner: str, colour: str) -> Path:
    """A stored collection of two classes that is somebody's."""
    picture = Image.new("RGBA", (40, 40), colour)
    stored = save_collection(server.pictures_root(), [("mug", picture), ("hat", picture)], [])
    folder = Path(stored.objects).parent
    claim_collection(folder, owner)
    return folder


def pick() -> None:
    import streamlit as st

    from pages.shared import links
    from pages.shared.sources import folder_picker

    links.enter("dataset", widget="view")
    st.session_state["picked"] = folder_picker("Objects", "objects")


@pytest.mark.usefixtures("class_server")
def test_on_a_shared_server_no_path_is_opened_nor_told(
    app: AppTest, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_as(monkeypatch, cookies.new_visitor())
    photos = tmp_path / "approved" / "photos"
    photos.mkdir(parents=True)
    monkeypatch.setenv("INVARIANCE_FOLDERS", str(photos))
    own, others = collection(visitor.owner(), "red"), collection("somebody", "blue")
    answers = set()
    asked = (
        str(tmp_path),
        "/proc/self",
        "/nowhere",
        "~root",
        "a\0b",
        others.name,
        str(others / "foregrounds"),
        "../..",
    )
    for said in asked:
        page = AppTest.from_function(pick)
        page.query_params["objects_folder"] = said
        page.run()
        assert not page.exception and not page.text_input
        assert page.session_state["picked"] == str(own / "foregrounds")
        assert page.selectbox[0].options == ["My pictures", "photos"]
        answers |= {caption.value.split("“")[0] + caption.value.split("”")[-1] for caption in page.caption}
    assert len(answers) == 1, "what is there is told of as what is not"


@pytest.mark.usefixtures("class_server")
@pytest.mark.parametrize("said", ["a\0b", "/etc", "~root"])
def test_the_data_set_page_of_a_shared_server_stays_on_its_feet(app: AppTest, said: str) -> None:
    app.run()
    app.query_params["objects_source"], app.query_params["objects_folder"] = "folder", said
    app.switch_page("pages/dataset/page.py").run()
    assert not app.exception
    assert any("choose pictures" in error.value for error in app.error) and not any(said in e.value for e in app.error)


def test_what_visitors_made_goes_and_the_rest_stays(store: Store) -> None:
    owners = ("visitor", "teacher", "", "visitor")
    runs = [store.submit(tiny_pretrain(seed=seed), owner=owner) for seed, owner in enumerate(owners)]
    for run in runs[:3]:
        store.transition(run.id, "cancelled")
    old, used = collection("visitor", "red"), collection("visitor", "blue")
    os.utime(old / "owners" / "visitor", (1.0, 1.0))
    assert expire(store.root, time.time() - 60, ["teacher"]) == 1 and not old.exists() and used.is_dir()
    assert expire(store.root, time.time() + 60, ["teacher"]) == 2
    assert {run.id for run in store.list()} == {run.id for run in runs[1:]} and not used.exists()
