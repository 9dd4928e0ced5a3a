"""From what a user writes to a file of weights."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from invariance.runs import locate
from invariance.runs.gallery import entry_of
from invariance.runs.locate import run_id_of, weights_of
from invariance.runs.store import Store
from invariance.spec import MeasureSpec, RunSpec, SpecError
from tests.runs.tiny import tiny_pretrain

GALLERY_ID = "feedfacecafebeef"


@pytest.fixture(autouse=True)
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "matched.safetensors"
    entry = SimpleNamespace(name="matched", run_id=GALLERY_ID, path=path, sha256=hashlib.sha256(b"whole").hexdigest())
    monkeypatch.setattr(locate, "entries", lambda: (entry,))
    return path


def test_weights_that_were_changed_since_they_were_recorded_are_refused(store: Store, gallery: Path) -> None:
    gallery.write_bytes(b"whole")
    assert weights_of("matched", store) == gallery
    gallery.write_bytes(b"whold")
    with pytest.raises(SpecError, match=r"its SHA-256 is [0-9a-f]{12}… and [0-9a-f]{12}… was recorded: it was changed"):
        weights_of("matched", store)


@pytest.mark.parametrize("file", ["../none.safetensors", "/etc/passwd", "a/b", "..\\x", "", ".."])
def test_a_manifest_names_files_beside_it_alone(file: str) -> None:
    with pytest.raises(SpecError, match="is not a name of a file in that folder"):
        entry_of({"file": file}, Path("gallery"))


def done(store: Store, spec: RunSpec, checkpoint: str | None = "/elsewhere/weights.safetensors") -> str:
    run_id = store.submit(spec).id
    store.transition(run_id, "running")
    store.transition(run_id, "done", result={"checkpoint": checkpoint, "metrics": {}})
    return run_id


def test_a_gallery_model_is_found_by_name_id_and_prefix(store: Store, gallery: Path) -> None:
    for reference in ("matched", GALLERY_ID, GALLERY_ID[:6], " matched "):
        assert weights_of(reference, store) == weights_of(reference, None) == gallery
        assert run_id_of(reference, store) == GALLERY_ID


def test_a_done_run_is_found_where_the_store_is_now(store: Store) -> None:
    run_id = done(store, tiny_pretrain())
    path = store.directory(run_id) / "weights.safetensors"
    with pytest.raises(SpecError, match="are gone"):
        weights_of(run_id, store)
    path.touch()
    assert weights_of(run_id[:6], store) == path


def test_a_file_of_code_needs_its_function(store: Store) -> None:
    with pytest.raises(SpecError, match=r"say which function of it makes the network: mine.py:FUNCTION$"):
        weights_of("mine.py", store)


@pytest.mark.parametrize("reference", ["", "nobody", "feedf", "matche"])
def test_what_fits_nothing_is_named(store: Store, reference: str) -> None:
    with pytest.raises(SpecError, match=f"no run or gallery model '{reference}'"):
        weights_of(reference, store)


def test_a_prefix_of_two_runs_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = sorted([done(store, tiny_pretrain()), done(store, tiny_pretrain(seed=1))])
    monkeypatch.setattr(locate, "MIN_PREFIX", 0)
    with pytest.raises(SpecError, match=f"fits 3 runs: give more digits of {ids[0]} or {ids[1]}"):
        run_id_of("", store)


def test_a_run_that_is_not_done_or_has_no_weights_says_so(store: Store) -> None:
    waiting = store.submit(tiny_pretrain()).id
    with pytest.raises(SpecError, match=r"is queued, so it has no weights yet: wait"):
        weights_of(waiting, store)
    store.transition(waiting, "failed")
    with pytest.raises(SpecError, match=r"is failed, so it has no weights yet: resume"):
        weights_of(waiting, store)
    table = done(store, MeasureSpec(sources=(GALLERY_ID,)), None)
    with pytest.raises(SpecError, match="is a measure and has no weights"):
        weights_of(table, store)
