"""Several runs of the store at once: each is recorded as if it had been alone."""

from __future__ import annotations

import gc
import itertools
import weakref
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from benchmarks.gpu.goals import judge
from invariance.events import Cancelled, Event, Finished
from invariance.runs import together
from invariance.runs.execute import run_here
from invariance.runs.store import Store
from invariance.runs.together import MAX_TOGETHER, groups_together, pays_together, run_together
from invariance.spec import PretrainSpec, SpecError, TransferSpec
from tests.runs.tiny import tiny_pretrain, tiny_transfer
from tests.runs.tiny_study import tiny_study
from tools.docs.gpu import gpu_records


def seeded(num: int) -> list[PretrainSpec]:
    base = tiny_pretrain()
    return [replace(base, data=replace(base.data, seed=seed), seed=seed) for seed in range(num)]


def test_pretrainings_are_recorded_as_alone_and_answered_from_the_store(store: Store, tmp_path) -> None:
    specs = seeded(3)
    first = run_here(specs[0], store, "cpu")
    events: list[Event] = []
    runs = run_together(specs, store, "cpu", events.append)
    assert [run.state for run in runs] == ["done"] * 3 and runs[0] == first
    assert sum(isinstance(event, Finished) for event in events) == 2, "the first was there"
    other = Store(tmp_path / "other")
    for spec, run in zip(specs, runs, strict=True):  # on one thread, as these tests run: the same bits
        alone = run_here(spec, other, "cpu")
        assert run.result is not None and alone.result is not None
        assert run.result["sha256"] == alone.result["sha256"] and run.metrics == alone.metrics
    other.close()
    assert run_together(specs, store, "cpu") == runs


def test_probes_of_several_tasks_and_penalties_are_those_of_each_alone(store: Store, tmp_path) -> None:
    sources = [run.id for run in run_together(seeded(2), store, "cpu")]
    base = tiny_transfer(sources[0])
    specs = [
        base,
        replace(base, regularisation="validation"),
        replace(base, source=sources[1], data=replace(base.data, seed=7)),
    ]
    runs = run_together(specs, store, "cpu")
    for spec, run in zip(specs, runs, strict=True):
        assert run.state == "done" and run.result is not None
        together = load_file(store.directory(run.id) / "weights.safetensors")
        store.delete(run.id)
        alone = run_here(spec, store, "cpu")
        assert run.metrics["transfer_accuracy"] == pytest.approx(alone.metrics["transfer_accuracy"], abs=0.01)
        for name, value in load_file(store.directory(alone.id) / "weights.safetensors").items():
            torch.testing.assert_close(together[name], value, atol=2e-3, rtol=2e-3, msg=name)


def test_features_are_extracted_once_for_a_network_and_a_data_set(store: Store, monkeypatch) -> None:
    from invariance.training import transfer

    source = run_here(tiny_pretrain(), store, "cpu").id
    base = tiny_transfer(source)
    seen: list[int] = []
    original = transfer._Work.features
    monkeypatch.setattr(
        transfer._Work, "features", lambda self, samples: seen.append(len(samples)) or original(self, samples)
    )
    run_together([base, replace(base, seed=1), replace(base, seed=2)], store, "cpu")
    assert seen == [64]


def test_what_was_stopped_is_interrupted_and_goes_on(store: Store, monkeypatch) -> None:
    specs = seeded(2)
    from invariance.training import together

    original = together.pretrain_together

    def stopped(*args, **options):
        yield next(original(*args, **options))
        raise Cancelled

    with monkeypatch.context() as patch:
        patch.setattr(together, "pretrain_together", stopped)
        assert [run.state for run in run_together(specs, store, "cpu")] == ["interrupted"] * 2
    assert [run.state for run in run_together(specs, store, "cpu")] == ["done"] * 2


LACKS = "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"


class Tensors:
    """What a group holds on a device; it refers to itself, as what an exception holds may."""

    itself: Tensors


def short_of_memory(
    monkeypatch: pytest.MonkeyPatch, room: int, *, too_large: int | None = None, after: int = 0
) -> list[list[int]]:
    """Lets at most ``room`` runs fit at once, after so many events, and the one of a seed not even alone.

    What a group held has to be gone before the next one is tried.

    Returns:
        The seeds of each try.
    """
    from invariance.training import loop, together

    tried: list[list[int]] = []
    on_device: list[weakref.ref[Tensors]] = []
    several, alone = together.pretrain_together, loop.pretrain

    def fits(seeds: list[int]) -> bool:
        assert not any(reference() for reference in on_device), "the group before holds memory still"
        tried.append(seeds)
        return len(seeds) <= room and too_large not in seeds

    def try_several(specs, directories, **options):
        is_short, held = not fits([spec.seed for spec in specs]), Tensors()
        held.itself = held
        on_device.append(weakref.ref(held))
        events = several(specs, directories, checkpoint_every_s=0.0, **options)
        yield from itertools.islice(events, after) if is_short else events
        if is_short:
            raise torch.AcceleratorError(LACKS)

    def try_alone(spec, directory, **options):
        if not fits([spec.seed]):
            raise torch.AcceleratorError(LACKS)
        yield from alone(spec, directory, **options)

    monkeypatch.setattr(together, "pretrain_together", try_several)
    monkeypatch.setattr(loop, "pretrain", try_alone)
    monkeypatch.setattr("invariance.runs.together.free_memory", lambda device: gc.collect())
    return tried


@pytest.mark.parametrize(
    ("room", "after", "tried"),
    [
        (3, 3, [[0, 1, 2, 3, 4], [0, 1, 2], [3, 4]]),
        (2, 5, [[0, 1, 2, 3, 4], [1, 2], [3, 4]]),
        (1, 0, [[0, 1, 2, 3, 4], [0, 1, 2], [0, 1], [0], [1], [2], [3, 4], [3], [4]]),
    ],
    ids=["halves, from a checkpoint", "without what had finished", "one by one"],
)
def test_a_group_that_does_not_fit_into_memory_is_tried_in_halves(
    store: Store, tmp_path, monkeypatch: pytest.MonkeyPatch, room: int, after: int, tried: list[list[int]]
) -> None:
    specs = seeded(5)
    with monkeypatch.context() as patch:
        asked = short_of_memory(patch, room, after=after)
        runs = run_together(specs, store, "cpu")
    assert asked == tried and [run.state for run in runs] == ["done"] * 5
    other = Store(tmp_path / "other")
    for run, expected in zip(runs, run_together(specs, other, "cpu"), strict=True):
        assert run.metrics == expected.metrics
        measured = [each.metrics(run.id)[["step", "name", "value"]] for each in (store, other)]
        assert measured[0].equals(measured[1]), "each step that was measured, once"
    other.close()


def test_a_run_that_is_too_large_by_itself_fails_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = short_of_memory(monkeypatch, room=1, too_large=1)
    runs = run_together(seeded(3), store, "cpu")
    assert asked == [[0, 1, 2], [0, 1], [0], [1], [2]]
    assert [run.state for run in runs] == ["done", "failed", "done"]
    assert runs[1].error == "out of memory on cpu: choose a smaller batch, a smaller image size or a smaller model"


def test_what_cannot_be_executed_together_is_refused_before_it_is_recorded(store: Store) -> None:
    with pytest.raises(SpecError, match="differ in epochs cannot be trained together"):
        run_together([tiny_pretrain(), tiny_pretrain(epochs=2)], store, "cpu")
    with pytest.raises(SpecError, match="only pretrainings, or linear probes"):
        run_together([TransferSpec(source="a", data=tiny_pretrain().data, method="fine-tune")], store, "cpu")
    assert store.list() == []


def test_it_is_done_unasked_once_a_card_has_shown_that_it_pays() -> None:
    rows = [row for record in gpu_records() for row in judge(record.lines, is_gpu=True)]
    shown = [row["verdict"] for row in rows if row["name"] == "together"]
    assert ("reached" in shown) == together.STACKS_UNASKED
    assert groups_together(seeded(2), "cuda") == ([seeded(2)] if together.STACKS_UNASKED else [])


@pytest.fixture
def _stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "STACKS_UNASKED", True)


@pytest.mark.usefixtures("_stacks")
def test_it_is_done_unasked_for_small_networks_on_a_gpu_alone() -> None:
    specs = seeded(2)
    assert pays_together(specs, "cuda:0") and not pays_together(specs, "cpu")
    assert not pays_together(specs[:1], "cuda")
    assert not pays_together([replace(spec, model="resnet18") for spec in specs], "cuda")


@pytest.mark.usefixtures("_stacks")
def test_a_study_is_grouped_by_all_but_seeds_and_data() -> None:
    base = tiny_pretrain()
    classes, moved = ("noise-02", "noise-03"), ("rotate", "hue")
    alike = [
        base,
        replace(base, seed=1, data=replace(base.data, seed=5, transform_seed=6)),
        replace(base, data=replace(base.data, classes=classes, transforms=moved)),
    ]
    vgg = [replace(base, model="small_vgg", seed=seed, data=replace(base.data, image_size=32)) for seed in (0, 1)]
    alone = [
        replace(base, epochs=2),
        replace(base, data=replace(base.data, num_samples=32)),
        replace(base, data=replace(base.data, classes=("noise-00", "noise-01", "noise-02"))),
    ]
    specs = [alone[0], alike[0], vgg[0], *tiny_study().runs[2:], alike[1], alone[1], vgg[1], alike[2], alone[2]]
    assert groups_together(specs, "cuda") == [alike, vgg]
    assert groups_together(specs, "cpu") == [] and groups_together(specs, "cpu", is_asked=True) == [alike, vgg]
    views = [replace(base, objective="simclr", data=replace(base.data, transforms=(name,))) for name in ("hue", "blur")]
    assert groups_together(views, "cpu", is_asked=True) == [views], "which cannot be without transformations"
    assert groups_together([*views, base], "cpu") == []
    many = seeded(MAX_TOGETHER + 3)
    assert [len(group) for group in groups_together(many, "cuda")] == [MAX_TOGETHER, 3]
    large = [replace(spec, model="resnet18") for spec in many[:2]]
    assert groups_together(large, "cuda") == [] and groups_together(large, "cuda", is_asked=True) == [large]
