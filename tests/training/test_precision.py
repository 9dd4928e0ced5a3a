from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from invariance.spec import PretrainSpec, SpecError, canonical_json
from invariance.training import loop
from invariance.training.checkpoint import load_weights
from invariance.training.events import Cancelled, Finished, Progress
from invariance.training.loop import pretrain
from invariance.training.precision import AUTO, Precision
from invariance.training.resume import load_state

Flag = Callable[[], bool]


@pytest.fixture(autouse=True)
def _report_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "EVENT_EVERY_S", 0.0)
    monkeypatch.setattr(loop, "NUM_VALIDATION_SAMPLES", 20)


@pytest.mark.parametrize(
    ("name", "device", "expected"),
    [
        ("auto", "cpu", torch.float32),
        ("float32", "cpu", torch.float32),
        ("bfloat16", "cpu", torch.bfloat16),
        ("auto", "cuda", torch.bfloat16),
        ("float32", "cuda", torch.float32),
    ],
)
@pytest.mark.filterwarnings("ignore:User provided device_type of 'cuda'")
def test_the_policy_by_device(name: str, device: str, expected: torch.dtype) -> None:
    if device == "cpu":
        with Precision(name).autocast(torch.device("cpu")):
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == expected
        return
    asked: list[bool] = []
    original = torch.autocast
    torch.autocast = lambda *args, **given: asked.append(given["enabled"])  # type: ignore[assignment,misc]
    try:
        Precision(name).autocast(torch.device(device))
    finally:
        torch.autocast = original  # type: ignore[misc]
    assert asked == [expected == torch.bfloat16]


@pytest.mark.parametrize(("name", "expected"), [("auto", "tf32"), ("bfloat16", "tf32"), ("float32", "ieee")])
def test_tf32_is_used_unless_float32_is_asked_for_and_put_back(name: str, expected: str) -> None:
    backends = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)
    before = [backend.fp32_precision for backend in backends]
    with Precision(name).products("cuda"):
        assert [backend.fp32_precision for backend in backends] == [expected, expected]
    assert [backend.fp32_precision for backend in backends] == before
    with Precision(name).products("cpu"):
        assert [backend.fp32_precision for backend in backends] == before


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


def test_on_the_cpu_auto_is_float32(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    assert AUTO.name == pretrain_spec.precision
    weights = []
    for name in ("auto", "float32"):
        list(pretrain(replace(pretrain_spec, precision=name, epochs=1), tmp_path / name))
        weights.append(load_weights(tmp_path / name / "weights.safetensors").state_dict())
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
