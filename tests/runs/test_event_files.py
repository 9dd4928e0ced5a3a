"""Curves that TensorBoard reads back as they were recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from invariance.__main__ import main
from invariance.runs.event_files import write_event_file
from invariance.runs.store import Store
from invariance.spec import SpecError, canonical_json
from tests.runs.tiny import tiny_pretrain

CURVE = {1: {"train_loss": 0.75}, 2: {"train_loss": 0.5, "validation_accuracy": 0.25}, 9: {"train_loss": 0.125}}


def test_scalars_texts_and_settings_are_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loading: Any = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    hparams: Any = pytest.importorskip("tensorboard.plugins.hparams.plugin_data_pb2")
    store, out = Store(tmp_path / "runs"), tmp_path / "events"
    spec = tiny_pretrain(learning_rate=0.002)
    run_id = store.submit(spec).id
    with pytest.raises(SpecError, match=rf"run {run_id} \(pretrain, queued\) has no curves"):
        write_event_file(store.get(run_id), store, out)
    assert not out.exists()
    store.transition(run_id, "running", device="cpu")
    for step, metrics in CURVE.items():
        store.record(run_id, {"step": step, "seconds": step / 2, "metrics": metrics})
    store.transition(run_id, "done", result={"metrics": {"test_accuracy": 0.75}})
    words = ["runs", "export", run_id, "--format", "tensorboard", "--out", str(out), "--runs", str(store.root)]
    assert main(words) == 0
    (file,) = out.iterdir()
    assert file.name in capsys.readouterr().out and file.name.endswith(run_id)

    found = loading.EventAccumulator(str(out), size_guidance={loading.SCALARS: 0})
    found.Reload()
    started = store.get(run_id).started
    assert started is not None
    assert set(found.Tags()["scalars"]) == {"train_loss", "validation_accuracy", "final/test_accuracy"}
    for name in ("train_loss", "validation_accuracy"):
        scalars = [(each.step, each.value) for each in found.Scalars(name)]
        assert scalars == [(step, values[name]) for step, values in CURVE.items() if name in values]
    assert [each.wall_time - started for each in found.Scalars("train_loss")] == pytest.approx([0.5, 1.0, 4.5])
    assert found.Scalars("final/test_accuracy")[0].value == 0.75
    (text,) = found.Tensors("spec/text_summary")
    assert text.tensor_proto.string_val[0].decode().strip() == canonical_json(spec)
    session = found.SummaryMetadata("_hparams_/session_start_info")
    settings = hparams.HParamsPluginData.FromString(session.plugin_data.content).session_start_info.hparams
    assert settings["learning rate"].number_value == 0.002 and settings["model"].string_value == "small"
    assert settings["data: objects"].string_value == "noise" and settings["data: image size"].number_value == 16
