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

from invariance.spec import PretrainSpec, canonical_json
from invariance.training.events import Finished
from invariance.training.loop import pretrain
from invariance.training.resume import CURRENT, PREVIOUS

ROOT = Path(__file__).parents[2]
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows has not")


def fork_and_kill(*words: str) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).with_name("fork_and_kill.py")), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@needs_fork
@pytest.mark.slow
def test_a_run_killed_twenty_times_ends_with_the_same_weights(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    spec = replace(pretrain_spec, epochs=300, schedule="cosine")  # long enough to be at work whenever it is killed
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
