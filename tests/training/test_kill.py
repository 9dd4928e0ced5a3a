"""Kill -9 at any moment costs the steps since the last checkpoint and nothing else."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from invariance.spec import PretrainSpec, canonical_json
from invariance.training.checkpoint import load_weights
from invariance.training.loop import pretrain

CHILD = """
import sys
from pathlib import Path
import torch
from invariance.spec import run_from_json
from invariance.training.loop import pretrain

torch.set_num_threads(1)
for event in pretrain(run_from_json(sys.argv[1]), Path(sys.argv[2]), checkpoint_every_s=0.0):
    print(event.to_dict().get("step", "finished"), flush=True)
"""


@pytest.mark.slow
def test_a_killed_process_is_resumed_bit_for_bit(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    spec = replace(pretrain_spec, epochs=100)  # long enough to be alive when it is killed
    lines = []
    for num_lines in (1, 2, 3):
        command = [sys.executable, "-c", CHILD, canonical_json(spec), str(tmp_path / "killed")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            lines += [child.stdout.readline() for _ in range(num_lines)]
            os.kill(child.pid, signal.SIGKILL)
    assert "" not in lines
    assert max(int(line) for line in lines if line.strip().isdigit()) > 1
    for directory in (tmp_path / "killed", tmp_path / "whole"):
        for _ in pretrain(spec, directory):
            pass
    killed, whole = (load_weights(tmp_path / name / "weights.safetensors").state_dict() for name in ("killed", "whole"))
    assert all(torch.equal(value, killed[name]) for name, value in whole.items())
