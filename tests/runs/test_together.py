"""Several runs of the store at once: each is recorded as if it had been alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from safetensors.torch import load_file

from invariance.events import Cancelled, Event, Finished
from invariance.runs.execute import run_here
from invariance.runs.store import Store
from invariance.runs.together import MAX_TOGETHER, groups_together, pays_together, run_together
from invariance.spec import PretrainSpec, SpecError, TransferSpec
from tests.runs.tiny import tiny_pretrain, tiny_transfer
from tests.runs.tiny_study import tiny_study


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
            assert together[name].numpy() == pytest.approx(value.numpy(), abs=2e-3, rel=2e-3), name


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


def test_what_cannot_be_executed_together_is_refused_before_it_is_recorded(store: Store) -> None:
    with pytest.raises(SpecError, match="differ in epochs cannot be trained together"):
        run_together([tiny_pretrain(), tiny_pretrain(epochs=2)], store, "cpu")
    with pytest.raises(SpecError, match="only pretrainings, or linear probes"):
        run_together([TransferSpec(source="a", data=tiny_pretrain().data, method="fine-tune")], store, "cpu")
    assert store.list() == []


def test_it_is_done_unasked_for_small_networks_on_a_gpu_alone() -> None:
    specs = seeded(2)
    assert pays_together(specs, "cuda:0") and not pays_together(specs, "cpu")
    assert not pays_together(specs[:1], "cuda")
    assert not pays_together([replace(spec, model="resnet18") for spec in specs], "cuda")


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
    many = seeded(MAX_TOGETHER + 3)
    assert [len(group) for group in groups_together(many, "cuda")] == [MAX_TOGETHER, 3]
    large = [replace(spec, model="resnet18") for spec in many[:2]]
    assert groups_together(large, "cuda") == [] and groups_together(large, "cuda", is_asked=True) == [large]
