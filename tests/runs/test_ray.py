"""The executor for clusters: on a Ray of two workers on this machine, and its parts without Ray."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from invariance.runs.coordinate import Coordinator
from invariance.runs.execute import execute, run_here
from invariance.runs.executors.executor import Job
from invariance.runs.executors.remote import Mailbox, files_to_resume, perform
from invariance.runs.outcome import read_result
from invariance.runs.store import Store
from invariance.runs.study_progress import outcomes_of
from invariance.spec import PretrainSpec, QuestionSpec, SpecError, canonical_json
from invariance.studies.question import question_of
from tests.runs.tiny import tiny_pretrain
from tests.runs.tiny_study import assert_nothing_doubled, tiny_study
from tests.runs.works import killed_once, noisy, patient, saving_often, starts

if TYPE_CHECKING:
    from invariance.runs.executors.ray import RayExecutor

STUDY = tiny_study(epochs=4)


def job_of(spec: PretrainSpec, directory: Path, attempt: int = 1) -> Job:
    return Job(run_id=spec.run_id, spec=canonical_json(spec), directory=directory, attempt=attempt)


def do(job: Job, mailbox: Mailbox, **changes: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"function": execute, "checkpoints": {}, "post": mailbox.post} | changes
    function, checkpoints, post = options["function"], options["checkpoints"], options["post"]
    (last,) = perform(function, [job], checkpoints, {}, post, device="cpu", num_threads=1, mirror_every_s=0.0)
    return last


def test_a_superseded_attempt_is_told_so_and_not_heard() -> None:
    mailbox = Mailbox()
    assert not mailbox.post("run", 1, {"type": "progress"})
    mailbox.grant("run", 1)
    assert mailbox.post("run", 1, {"type": "progress", "said": 1})
    mailbox.grant("run", 2)
    assert not mailbox.post("run", 1, {"type": "done"})
    assert mailbox.post("run", 2, {"type": "progress", "said": 2})
    mailbox.stop("run")
    assert not mailbox.post("run", 2, {"type": "cancelled"}), "it is to stop"
    assert [(attempt, message["type"]) for _, attempt, message in mailbox.take()] == [
        (1, "progress"),
        (2, "progress"),
        (2, "cancelled"),
    ]
    assert mailbox.take() == []


def test_of_checkpoints_only_the_newest_is_kept() -> None:
    mailbox = Mailbox()
    for run_id in ("a", "b"):
        mailbox.grant(run_id, 1)
    for number in range(3):
        mailbox.post("a", 1, {"type": "checkpoint", "number": number})
        mailbox.post("a", 1, {"type": "progress", "number": number})
    mailbox.post("b", 1, {"type": "checkpoint", "number": 7})
    kinds = [(run_id, message["type"], message["number"]) for run_id, _, message in mailbox.take()]
    assert kinds == [
        ("a", "progress", 0),
        ("a", "progress", 1),
        ("a", "checkpoint", 2),
        ("a", "progress", 2),
        ("b", "checkpoint", 7),
    ]


def test_a_run_sends_back_its_results_and_checkpoints(tmp_path: Path) -> None:
    spec, mailbox = tiny_pretrain(epochs=4), Mailbox()
    job = job_of(spec, tmp_path)
    mailbox.grant(job.run_id, 1)
    last = do(job, mailbox, function=saving_often)
    messages = [message for _, _, message in mailbox.take()]
    kinds = [message["type"] for message in messages]
    assert last["type"] == kinds[-1] == "done" and kinds[0] == "started"
    assert kinds.count("files") == 1 and kinds.count("checkpoint") == 1 and kinds.count("progress") == 16
    for message in messages:
        for name, content in message.get("files", {}).items():
            (tmp_path / name).write_bytes(content)
    result = read_result(tmp_path)
    assert result is not None and result["checkpoint"] == str(tmp_path / "weights.safetensors")
    assert result["metrics"] == last["result"]["metrics"]
    assert not Path(last["result"]["checkpoint"]).exists(), "nothing stays on the worker's machine"


def test_a_run_that_is_no_longer_wanted_stops_and_goes_on_elsewhere(tmp_path: Path) -> None:
    spec, mailbox = tiny_pretrain(epochs=8), Mailbox()
    mailbox.grant(spec.run_id, 1)

    def post(run_id: str, attempt: int, message: dict[str, Any] | None) -> bool:
        if message is not None and message["type"] == "progress" and message["progress"]["step"] > 3:
            mailbox.stop(run_id)
        return mailbox.post(run_id, attempt, message)

    assert do(job_of(spec, tmp_path), mailbox, function=saving_often, post=post)["type"] == "cancelled"
    (checkpoint,) = [message["files"] for _, _, message in mailbox.take() if message["type"] == "checkpoint"]
    for name, content in checkpoint.items():
        (tmp_path / name).write_bytes(content)
    mailbox.grant(spec.run_id, 2)
    checkpoints = {spec.run_id: files_to_resume(tmp_path)}
    last = do(job_of(spec, tmp_path, 2), mailbox, function=saving_often, checkpoints=checkpoints)
    begun, resumed = starts(spec.run_id)
    assert last["type"] == "done" and begun == 1 and resumed > 3


def test_what_goes_wrong_far_away_is_said_in_one_line(tmp_path: Path) -> None:
    spec, mailbox = tiny_pretrain(), Mailbox()
    mailbox.grant(spec.run_id, 1)
    last = do(job_of(spec, tmp_path), mailbox, function=noisy)
    assert last["type"] == "failed" and last["error"].startswith("out of memory on cpu")
    (log,) = [message["files"]["log.txt"] for _, _, message in mailbox.take() if message["type"] == "files"]
    assert b"MemoryError: 4 GB" in log


def test_two_workers_of_ray_one_of_them_killed_give_the_same_table(
    store: Store, expected: pd.DataFrame, tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    from invariance.runs.executors.ray import RayExecutor

    with closing(RayExecutor(num_workers=2, mirror_every_s=0.0, grace_s=5.0)) as executor:
        coordinator = Coordinator(STUDY, store, executor, function=killed_once)
        events = list(coordinator.run())
        assert coordinator.failures == {}
        pd.testing.assert_frame_equal(STUDY.tabulate(outcomes_of(STUDY, store)), expected, check_exact=True)
        assert_nothing_doubled(STUDY, store)
        assert events[-1].progress.is_done
        for spec in STUDY.runs[:2]:
            begun, resumed = starts(spec.run_id)
            assert begun == 1 and resumed > 1, "it began anew instead of going on"
            assert not store.metrics(spec.run_id).empty

        _ask_a_question(executor, store, Store(tmp_path / "here"))

        other = tiny_study(seeds=(5,))
        first = other.runs[0].run_id
        for event in Coordinator(other, store, executor, function=patient).run(
            lambda: bool(store.find(first) and store.metrics(first)["step"].max() > 2)
        ):
            assert event.progress.done == 0
        assert store.get(first).state == "interrupted"


def _ask_a_question(executor: RayExecutor, store: Store, here: Store) -> None:
    """Its cells are those of the same runs executed here, with the intervals over test images that came back."""
    question = question_of(
        QuestionSpec(
            sources=("blur", "untrained"),
            targets=("blur",),
            methods=("linear-probe", "fine-tune"),
            objects="noise",
            backgrounds="noise",
            num_classes=4,
            epochs=1,
            samples_per_epoch=64,
            batch_size=32,
            num_images=(24,),
            num_test_samples=64,
        )
    )
    coordinator = Coordinator(question, store, executor)
    assert list(coordinator.run())[-1].progress.is_done and coordinator.failures == {}
    for spec in question.runs:
        run_here(spec, here, "cpu")
    found, known = (question.tabulate(outcomes_of(question, each)) for each in (store, here))
    pd.testing.assert_frame_equal(found, known, check_exact=True)
    assert (found["low"] <= found["transfer_accuracy"]).all() and (found["transfer_accuracy"] <= found["high"]).all()


def test_no_cluster_is_one_clear_line() -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    from invariance.runs.executors.ray import RayExecutor

    with pytest.raises(SpecError, match=r"address = '127\.0\.0\.1:1': no Ray cluster answers there"):
        RayExecutor("127.0.0.1:1")
