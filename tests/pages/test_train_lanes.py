"""The lanes of a race: ticks and crosses from what was recorded, and images that only one network recognises."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from invariance.runs.execute import run_here
from invariance.runs.store import Store
from invariance.training.answers import Answers
from invariance.training.checkpoint import load_weights
from invariance.vocabulary.target_probe import TARGET_ACCURACY, answer_metric
from pages.train.lanes import Shown, Watched, at_last, lane_html, short_titles, shown_of, watched
from pages.train.only_one import split_answers
from pages.train.transfer_status import TransferStatus
from tests.runs.tiny import tiny_pretrain, tiny_transfer


def test_a_lane_shows_what_the_last_probe_said(store: Store) -> None:
    run = store.submit(tiny_pretrain())
    transfer = store.submit(tiny_transfer(run.id))
    store.transition(run.id, "running")
    progress = {"step": 0, "num_steps": 4, "epoch": 0, "num_epochs": 1, "images_per_second": 0.0, "eta_seconds": 0.0}
    for step, accuracy in ((0, 0.5), (2, 0.75)):
        metrics = {TARGET_ACCURACY: accuracy, answer_metric(0): 1.0, answer_metric(1): step / 2}
        store.record(run.id, progress | {"step": step, "metrics": metrics, "seconds": 1.0})
    store.record(run.id, progress | {"step": 3, "metrics": {"train_loss": 1.0}, "seconds": 1.0})
    run = store.get(run.id)
    seen = watched(run)
    assert seen == Watched([(0.0, 0.5), (0.5, 0.75)], (1, 1)) and watched(None) == Watched()
    shown = Shown((np.zeros((4, 4, 3), np.uint8),) * 3, (1, 0, 0), ("<b>mug", "duck"))
    html = lane_html([TransferStatus(transfer, run, tiny_pretrain())], "#123456", seen, shown)
    assert html.count('<img src="app/static/made/') == 3, "files that a browser keeps, not bytes with every refresh"
    assert ">75%<" in html and "aria-valuenow=75" in html and html.count("✓") == html.count("✗") == 1
    assert 'title="duck, recognised"' in html and 'title="&lt;b&gt;mug, taken for duck"' in html
    assert 'class=open title="&lt;b&gt;mug"' in html, "of the third nothing was said"


def test_once_it_is_put_to_the_task_a_network_answers_itself(store: Store) -> None:
    pretraining = run_here(tiny_pretrain(), store, "cpu")
    spec = tiny_transfer(pretraining.id)
    one = TransferStatus(store.submit(spec), pretraining, tiny_pretrain())
    seen = Watched([(1.0, 0.5)], (5,) * 8)
    assert at_last(seen, one) == seen, "not yet"
    one = TransferStatus(run_here(spec, store, "cpu"), pretraining, tiny_pretrain())
    found, shown = at_last(seen, one), shown_of(spec.data)
    images = torch.from_numpy(np.stack(shown.pictures)).permute(0, 3, 1, 2)
    model = load_weights(Path(str((one.transfer.result or {})["checkpoint"])))
    with torch.no_grad():
        assert found == Watched(seen.points, tuple(model(images).argmax(dim=1).tolist()))
    assert at_last(Watched(), one) == Watched(), "nobody watched it"
    unknown = replace(one, transfer=replace(one.transfer, id="0" * 16))
    assert at_last(seen, unknown) == seen, "deleted meanwhile"


def test_images_of_a_task_are_its_own() -> None:
    shown = shown_of(tiny_pretrain().data)
    assert len(shown.pictures) == len(shown.labels) == 8 and shown.class_names == ("noise-00", "noise-01")
    assert set(shown.labels[:2]) == {0, 1} and {each.shape[2] for each in shown.pictures} == {3}


def test_what_only_one_recognises() -> None:
    labels, backgrounds = np.array([0, 1, 2, 1]), np.zeros(4, np.int64)
    first = Answers(labels, backgrounds, np.array([0, 1, 0, 0]))
    second = Answers(labels, backgrounds, np.array([0, 0, 2, 0]))
    assert split_answers(first, second) == ([1], [2])


def test_titles_are_short_where_that_tells_them_apart() -> None:
    assert short_titles(["Same: hue", "None: none"]) == {"Same: hue": "Same", "None: none": "None"}
    assert short_titles(["Overlap: a", "Overlap: b"]) == {"Overlap: a": "Overlap: a", "Overlap: b": "Overlap: b"}
