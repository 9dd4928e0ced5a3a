"""Kill -9 at any moment costs the steps since the last checkpoint and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torchvision.models import get_model, get_model_weights

from invariance.events import Finished
from invariance.runs.locate import fetch_published
from invariance.spec import DatasetSpec, PretrainSpec, TransferSpec, canonical_json
from invariance.training.loop import pretrain
from invariance.training.resume import CURRENT, PREVIOUS

ROOT = Path(__file__).parents[2]
EPOCHS = 80
"""Of three steps: more than twice as many as twenty children take."""
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows has not")


def fork_and_kill(*words: str) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).with_name("fork_and_kill.py")), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@needs_fork
@pytest.mark.slow
def test_a_run_killed_twenty_times_ends_with_the_same_weights(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    spec = replace(pretrain_spec, epochs=EPOCHS, schedule="cosine")  # long enough to be at work whenever it is killed
    killed = fork_and_kill("train", canonical_json(spec), str(tmp_path / "killed"))
    assert killed["num_killed"] == 20, "each was at work"
    steps = killed["steps"]
    assert steps == sorted(steps) and len(set(steps)) > 5, "each child goes on from where the last one was"
    *_, whole = pretrain(spec, tmp_path / "whole")
    assert isinstance(whole, Finished)
    assert killed["sha256"] == whole.sha256


@needs_fork
@pytest.mark.slow
def test_killed_while_saving_there_is_always_a_whole_state(tmp_path: Path) -> None:
    answer = fork_and_kill("save", str(tmp_path))
    assert len(answer["found"]) == 20
    numbers = [number for number, _ in answer["found"]]
    assert numbers == sorted(numbers)
    assert all(number == weight for number, weight in answer["found"]), "a state is of one piece"
    assert set(answer["left"]) <= {CURRENT, PREVIOUS}


@pytest.fixture
def mobilenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Path]:
    """A published network, which has dropout, and its file; its weights are random and lay in torch's cache."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))
    name = "mobilenet_v3_small"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = get_model(name, weights=None)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = None  # the plain mean: without it so deep a network gives the same for all images
        with torch.no_grad():
            network(torch.rand(32, 3, 64, 64) * torch.rand(32, 3, 1, 1) * 2 - 1)
    cache = tmp_path / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    torch.save(network.state_dict(), cache / Path(get_model_weights(name).DEFAULT.url).name)
    return f"torchvision:{name}", fetch_published(f"torchvision:{name}")


@needs_fork
@pytest.mark.slow
def test_a_published_network_killed_while_it_is_fine_tuned_ends_the_same(
    tmp_path: Path, mobilenet: tuple[str, Path]
) -> None:
    name, weights = mobilenet
    data = DatasetSpec(objects="noise", backgrounds="noise", classes=("noise-00", "noise-01"), num_samples=40)
    spec = TransferSpec(source=name, data=data, method="fine-tune", epochs=1, batch_size=4, num_test_samples=16)
    spec = replace(spec, regularisation="validation", learning_rate=1e-4)
    answer = fork_and_kill("tune", canonical_json(spec), str(weights), str(tmp_path / "runs"))
    assert 1 <= answer["step"] < 10
    assert answer["killed"]["sha256"] == answer["whole"]["sha256"]
    assert answer["killed"]["metrics"] == answer["whole"]["metrics"]
