"""Both precisions do the same work, and ratios compare within a round."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks import precision_speed
from benchmarks.precision_speed import main, run, time_model
from invariance.training.precision import auto_precision
from invariance.training.train_state import TrainState


def test_ratios_are_taken_within_a_round(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Training in float32, measuring in float32, training in bfloat16, measuring in bfloat16; three rounds of that.
    seconds = iter([1.0, 8.0, 0.5, 4.0, 4.0, 4.0, 4.0, 1.0, 2.0, 1.0, 4.0, 0.5])
    monkeypatch.setattr(precision_speed, "_seconds", lambda *_: next(seconds))
    found = time_model("small", batch_size=8, rounds=3, device="cpu", folder=tmp_path)
    assert found["train_float32"] == 4.0 and found["train_bfloat16"] == 2.0
    assert found["train_ratio"] == 1.0, "median of 2, 1, 0.5; the ratio of the medians would be 0.5"
    assert found["measure_ratio"] == 2.0, "median of 2, 4, 2"


def test_each_precision_takes_steps_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, advance = [], TrainState.advance

    def counted(self: TrainState, *args: torch.Tensor) -> None:
        taken.append(self.precision.name)
        advance(self, *args)

    monkeypatch.setattr(TrainState, "advance", counted)
    torch.set_num_threads(2)
    found = run(["small_vit"], batch_size=4, rounds=1, threads=1, device="cpu")
    assert torch.get_num_threads() == 2 and set(taken) == {"float32", "bfloat16"}
    assert found["auto_is_bfloat16"] == (auto_precision("cpu") == "bfloat16")
    assert all(value > 0 for value in found["models"]["small_vit"].values())


def test_the_command_prints_a_row_a_model_and_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["precision_speed", "--models", "small", "--batch-size", "4", "--rounds", "1"])
    main()
    *_, row, answer = capsys.readouterr().out.splitlines()
    assert row.split()[0] == "small" and len(row.split()) == 7
    assert set(json.loads(answer)["models"]) == {"small"}
