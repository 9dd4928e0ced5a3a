"""Files by addresses of their contents, and the word by which a browser tells whether anything has changed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from invariance.runs.store import Store
from pages.shared.serving import life, made, process
from tests.runs.tiny import tiny_pretrain


@pytest.fixture
def browser(store: Store) -> Iterator[TestClient]:
    yield TestClient(Starlette(routes=[*life.routes()]))
    process.end()


def test_a_picture_is_sent_once_and_as_it_is(browser: TestClient) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    address = made.picture_address(picture)
    assert address == made.picture_address(picture.copy()) != made.picture_address(picture.reshape(7, 5, 4))
    got = browser.get(address)
    assert got.headers["content-type"] == "image/png" and "immutable" in got.headers["cache-control"]
    assert (np.array(Image.open(io.BytesIO(got.content))) == picture).all()


def test_a_text_is_made_when_it_is_asked_for(browser: TestClient) -> None:
    asked: list[Any] = []

    def make() -> str:
        asked.append(1)
        return "a,b\n1,2\n"

    address = made.later("csv", make, "numbers", 1)
    assert not asked and address == made.later("csv", make, "numbers", 1)
    assert [browser.get("/" + address).text for _ in range(2)] == ["a,b\n1,2\n"] * 2 and len(asked) == 1


def test_what_is_not_kept_any_more_says_what_to_do(browser: TestClient) -> None:
    got = browser.get(made.PATH.format(name="0" * 32 + ".png"))
    assert got.status_code == 404 and "load the page again" in got.text


def test_the_pulse_beats_when_a_run_moves_or_the_queue_does(browser: TestClient, store: Store) -> None:
    mine, other = (store.submit(tiny_pretrain(seed=seed)).id for seed in range(2))

    def word() -> str:
        return browser.get(f"/pulse?runs={mine}").text

    words = [word()]
    assert word() == words[0]
    store.transition(other, "running", device="cpu")  # one fewer waits before it
    words.append(word())
    store.record(other, {"event": "progress", "step": 1, "metrics": {}, "seconds": 1.0})
    assert word() == words[-1] and browser.get("/pulse").text != words[-1]
    store.request_cancel(mine)
    words.append(word())
    assert len(set(words)) == 3
