from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from invariance.events import Cancelled, Finished, Progress
from invariance.spec import PretrainSpec, SpecError, canonical_json
from invariance.training import loop
from invariance.training.checkpoint import load_weights
from invariance.training.loop import pretrain
from invariance.training.precision import AUTO, Precision, auto_precision, tuned_convolutions
from invariance.training.resume import load_state

Flag = Callable[[], bool]


@pytest.fixture(autouse=True)
def _report_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "EVENT_EVERY_S", 0.0)
    monkeypatch.setattr(loop, "NUM_VALIDATION_SAMPLES", 20)


@pytest.mark.parametrize(
    ("name", "device", "instructions", "is_half"),
    [
        ("auto", "cpu", {"avx512_bf16": True, "amx_bf16": False}, True),
        ("auto", "cpu", {"avx512_bf16": False, "amx_bf16": True}, True),
        ("auto", "cpu", {"avx512_f": True, "avx512_bf16": False}, False),
        ("auto", "cpu", {}, False),
        ("float32", "cpu", {"avx512_bf16": True}, False),
        ("bfloat16", "cpu", {}, True),
        ("float32", "cuda", {}, False),
    ],
)
def test_the_policy_by_device(
    monkeypatch: pytest.MonkeyPatch, name: str, device: str, instructions: dict[str, bool], is_half: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: instructions, raising=False)
    asked: list[bool] = []
    monkeypatch.setattr(torch, "autocast", lambda *args, **given: asked.append(given["enabled"]))
    auto_precision.cache_clear()
    try:
        Precision(name).autocast(torch.device(device))
    finally:
        auto_precision.cache_clear()
    assert asked == [is_half]


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("cuda", "bfloat16"),
        ("cuda:1", "float32"),
        ("cuda:2", "float32"),
        ("cuda:3", "bfloat16"),
    ],
    ids=["an A100", "a T4", "a GTX 10", "of another machine"],
)
def test_auto_on_a_gpu_is_what_it_has_units_for(monkeypatch: pytest.MonkeyPatch, device: str, expected: str) -> None:
    capabilities = {"cuda": (8, 0), "cuda:1": (7, 5), "cuda:2": (6, 1)}
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_device_capability", capabilities.__getitem__)
    asked: list[bool] = []
    monkeypatch.setattr(torch, "autocast", lambda *args, **given: asked.append(given["enabled"]))
    auto_precision.cache_clear()
    try:
        assert auto_precision(device) == expected
        for name in ("auto", "bfloat16", "float32"):
            Precision(name).autocast(torch.device(device))
    finally:
        auto_precision.cache_clear()
    assert asked == [expected == "bfloat16", True, False]


@pytest.mark.parametrize(("name", "expected"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_the_policy_s_name_is_the_type_of_products(name: str, expected: torch.dtype) -> None:
    with Precision(name).autocast(torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == expected


@pytest.mark.parametrize(("name", "expected"), [("auto", "tf32"), ("bfloat16", "tf32"), ("float32", "ieee")])
def test_tf32_is_used_unless_float32_is_asked_for_and_put_back(name: str, expected: str) -> None:
    backends = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)
    before = [backend.fp32_precision for backend in backends]
    with Precision(name).products("cuda"):
        assert [backend.fp32_precision for backend in backends] == [expected, expected]
    assert [backend.fp32_precision for backend in backends] == before
    with Precision(name).products("cpu"):
        assert [backend.fp32_precision for backend in backends] == before


def test_of_several_who_ask_at_once_the_most_exact_is_heard_and_the_last_puts_back() -> None:
    """Contexts of several threads end in any order; none has what another one found."""
    backends = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)

    def now() -> list[str]:
        return [backend.fp32_precision for backend in backends]

    before, cudnn = now(), torch.device("cuda")
    first, second = Precision("auto").products("cuda"), Precision("float32").products("cuda")
    steps = [tuned_convolutions(cudnn) for _ in range(2)]
    benchmark = torch.backends.cudnn.benchmark
    first.__enter__()
    second.__enter__()
    assert now() == ["ieee", "ieee"]
    first.__exit__(None, None, None)
    assert now() == ["ieee", "ieee"]
    second.__exit__(None, None, None)
    assert now() == before
    for enter in steps:
        enter.__enter__()
        assert torch.backends.cudnn.benchmark
    for left in steps:
        left.__exit__(None, None, None)
        assert torch.backends.cudnn.benchmark == (benchmark or left is steps[0])


def test_the_default_is_left_out_of_a_run_s_identity(pretrain_spec: PretrainSpec) -> None:
    assert "precision" not in canonical_json(pretrain_spec)
    assert replace(pretrain_spec, precision="bfloat16").run_id != pretrain_spec.run_id
    with pytest.raises(SpecError, match="precision = 'float16': expected auto or float32 or bfloat16"):
        replace(pretrain_spec, precision="float16")


@pytest.mark.parametrize("objective", ["supervised", "vicreg", "rotation"])
def test_bfloat16_learns_keeps_float32_weights_and_goes_on_bit_for_bit(
    tmp_path: Path, pretrain_spec: PretrainSpec, after: Callable[[int], Flag], objective: str
) -> None:
    data = replace(pretrain_spec.data, transforms=("hue",))
    spec = replace(pretrain_spec, data=data, objective=objective, precision="bfloat16", epochs=10)
    *progress, finished = pretrain(spec, tmp_path / "whole")
    assert isinstance(finished, Finished)
    losses = [event.metrics["train_loss"] for event in progress if isinstance(event, Progress) and event.metrics]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    with pytest.raises(Cancelled):
        list(pretrain(spec, tmp_path / "parts", cancelled=after(7)))
    state = load_state(tmp_path / "parts")
    assert state is not None
    assert all(value.dtype in (torch.float32, torch.int64) for value in state["model"].values())
    moments = [value for each in state["optimiser"]["state"].values() for value in each.values()]
    assert all(value.dtype == torch.float32 for value in moments)
    *_, rest = pretrain(spec, tmp_path / "parts")
    assert isinstance(rest, Finished) and rest.sha256 == finished.sha256
    full = list(pretrain(replace(spec, precision="float32"), tmp_path / "full"))[-1]
    assert isinstance(full, Finished) and full.sha256 != finished.sha256, "it was computed otherwise"


def test_auto_is_what_this_processor_multiplies(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    assert AUTO.name == pretrain_spec.precision
    weights = []
    for name in ("auto", auto_precision("cpu")):
        list(pretrain(replace(pretrain_spec, precision=name, epochs=1), tmp_path / name))
        weights.append(load_weights(tmp_path / name / "weights.safetensors").state_dict())
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
