"""A class at a lesson: what its routes answer, to whom, and what they refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from invariance.lessons import lessons
from invariance.runs.store import Store
from pages.lesson import classes
from pages.shared.serving import life, process

FIRST = lessons()[0]
GUESS = {one.name: [0.5] * len(FIRST.x.values) for one in FIRST.series if one.guessed and one.drawn}
HTML = {"accept": "text/html"}


@pytest.fixture
def _server(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(classes, "HOLD_S", 0.05)
    monkeypatch.setattr(classes, "GAP_S", 0.0)
    yield
    process.end()


@pytest.fixture
def people(_server: None) -> Iterator[list[TestClient]]:
    """Four browsers on one server, each with a cookie of its own."""
    app = Starlette(routes=life.routes(), middleware=[Middleware(life.KnownVisitors)])
    with TestClient(app) as first:  # one loop for all of them, as of the server
        clients = [first, *(TestClient(app) for _ in range(3))]
        for client in clients:
            client.portal = first.portal
            client.get("/class", headers=HTML)
        yield clients


def begun(lecturer: TestClient, number: int = 1) -> str:
    answer = lecturer.post("/class", data={"n": str(number)}, follow_redirects=False)
    assert answer.status_code == 303
    return f"/{answer.headers['location']}"


def post(who: TestClient, path: str, body: Any, **headers: str) -> int:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = who.post(path, content=sent, headers={"content-type": "application/json", **headers})
    assert "Traceback" not in answer.text and "\n" not in answer.text.strip()
    return answer.status_code


def test_a_class_guesses_sees_nothing_before_the_reveal_and_all_after_it(people: list[TestClient]) -> None:
    lecturer, *students = people
    at = begun(lecturer)
    assert "Reveal" in lecturer.get(at).text and 'id="reveal"' not in students[0].get(at).text
    hidden = students[0].get(f"{at}/state").json()
    assert not hidden["revealed"] and "crowd" not in hidden["figure"] and "outcome" not in hidden
    assert all(one["points"] is None for one in hidden["figure"]["series"] if one["guessed"])
    for student in students:
        assert post(student, f"{at}/guess", {"n": 1, "guess": GUESS}) == 204
    assert post(students[0], f"{at}/guess", {"n": 1, "guess": GUESS}) == 204, "another in place of the first"
    told = lecturer.get(f"{at}/state").json()
    assert (told["guessed"], told["here"], told["hits"]) == (3, 3, "")
    assert told["figure"]["crowd"]["num"] == 3 and told["said"].startswith("3 of 3")
    assert post(lecturer, f"{at}/show", {"n": 1, "reveal": True}) == 204
    shown = students[1].get(f"{at}/state?since={hidden['tag']}").json()
    assert shown["revealed"] and shown["outcome"] and shown["guess"] == GUESS and shown["said"] == told["said"]
    assert all(one["points"] for one in shown["figure"]["series"])
    assert post(students[0], f"{at}/guess", {"n": 1, "guess": GUESS}) == 409, "the answer is known"
    head, row = lecturer.get(f"{at}/hits.csv").text.split()[0], lecturer.get(f"{at}/hits.csv").text.splitlines()[1]
    assert head == "lesson,title,input,num_guesses,hit_rate,low,high,by_chance"
    assert re.fullmatch(rf'1,"?{FIRST.title}"?,{FIRST.input},3,[\d.]+,[\d.]+,[\d.]+,[\d.]+', row)
    assert post(lecturer, f"{at}/end", {}) == 204 and students[0].get(f"{at}/state").status_code == 404


def test_what_is_not_a_guess_is_refused_in_a_line(people: list[TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    lecturer, student, *_ = people
    at = begun(lecturer)
    guess = {"n": 1, "guess": GUESS}
    for body, status in (
        (b"", 400),
        (b"\xff", 400),
        (b"[" * 4000, 400),
        (b"[1]", 400),
        (b" " * 5000, 413),
        ({"n": 1}, 422),
        ({"n": 1, "guess": {"the network": [10**300] * 4}}, 422),
        (b'{"n": 1, "guess": {"the network": [NaN, NaN, NaN, NaN]}}', 422),
        ({"n": 2, "guess": GUESS}, 409),
        ({"n": True, "guess": GUESS}, 409),
    ):
        assert post(student, f"{at}/guess", body) == status, body
    assert post(student, f"{at}/guess", guess, **{"content-type": "text/plain"}) == 415
    for headers in ({"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        assert post(student, f"{at}/guess", guess, **headers) == 403
        assert post(lecturer, f"{at}/show", {"n": 1, "reveal": True}, **headers) == 403
        assert lecturer.post("/class", data={"n": "1"}, headers=headers).status_code == 403
    assert (
        post(student, f"{at}/guess", guess, origin="https://lab.example", **{"x-forwarded-host": "lab.example"}) == 204
    )
    monkeypatch.setattr(classes, "GAP_S", 60.0)
    assert post(student, f"{at}/guess", guess) == 429
    student.cookies.clear()
    assert post(student, f"{at}/guess", guess) == 403
    assert student.get("/class/../../etc").status_code == student.get("/class/%00%ff").status_code == 404


def test_only_who_began_a_class_shows_it_and_only_a_teacher_begins_one(
    people: list[TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    lecturer, student, *_ = people
    at = begun(lecturer)
    for path, body in ((f"{at}/show", {"n": 1, "reveal": True}), (f"{at}/end", {})):
        assert post(student, path, body) == 403
    assert student.get(f"{at}/hits.csv").status_code == 403
    for wrong in ({"n": 0}, {"n": 99}, {"n": "1"}, {"n": 1, "reveal": 1}):
        assert post(lecturer, f"{at}/show", wrong) == 422
    assert post(lecturer, f"{at}/show", {"n": 2}) == 204
    assert post(lecturer, f"{at}/show", {"n": 1, "reveal": True}) == 409, "pressed for the lesson before"
    assert begun(lecturer, 3) == at and lecturer.get(f"{at}/state").json()["n"] == 3
    monkeypatch.setenv("INVARIANCE_TEACHER", "chalk")
    assert student.post("/class", data={"n": "1"}).status_code == 403
    student.post("/teacher", data={"password": "chalk"}, follow_redirects=False)
    assert begun(student) != at


def test_a_class_is_bounded(people: list[TestClient], monkeypatch: pytest.MonkeyPatch) -> None:
    lecturer, student, other, _ = people
    at = begun(lecturer)
    monkeypatch.setattr(classes, "MAX_CLASSES", 1)
    assert student.post("/class", data={"n": "1"}).status_code == 409
    monkeypatch.setattr(classes, "MAX_PEOPLE", 1)
    assert post(student, f"{at}/guess", {"n": 1, "guess": GUESS}) == 204
    assert post(other, f"{at}/guess", {"n": 1, "guess": GUESS}) == 409
    monkeypatch.setattr(classes, "KEEP_S", -1.0)
    assert student.get(f"{at}/state").status_code == 404


def test_sheets_are_made_of_every_lesson_and_only_the_answers_tell_them(people: list[TestClient]) -> None:
    for number, lesson in enumerate(lessons(), 1):
        work, answer = (people[0].get(f"/sheet/{kind}/{number}").text for kind in ("blank", "answer"))
        assert lesson.title in work and "What not to conclude" in answer and "What not to conclude" not in work
        assert '"revealed": false' in work and '"revealed": true' in answer
    assert people[0].get("/sheet/blank/99").status_code == people[0].get("/sheet/no/1").status_code == 404


def test_codes_are_of_addresses_alone(people: list[TestClient]) -> None:
    code = people[0].get("/share/qr.svg?of=https%3A%2F%2Flab.example%2Flesson%3Fn%3D2")
    assert code.status_code == 200 and code.headers["content-type"] == "image/svg+xml" and "<path" in code.text
    for of in ("", "javascript:alert(1)", "http://x/" + "a" * 1000, "http://ü"):
        assert people[0].get("/share/qr.svg", params={"of": of}).status_code == 400
    foreign = people[0].get("/share/qr.svg?of=http://x", headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
