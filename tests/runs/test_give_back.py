"""What is given away can be used by others, says what it is, and does not say whose machine it comes from."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from invariance.__main__ import main
from invariance.models import create_model
from invariance.runs.gallery import entry
from invariance.runs.give_back import as_zip, files_to_give
from invariance.runs.store import Store
from invariance.spec import PretrainSpec, SpecError
from invariance.statistics import share_interval
from invariance.training.checkpoint import load_weights, save_weights, weights_spec
from invariance.vocabulary.citation import CITATION
from tests.runs.tiny import tiny_pretrain


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def done(store: Store, spec: PretrainSpec) -> str:
    """A run that is done, with first weights for trained ones."""
    run = store.submit(spec)
    path = store.directory(run.id) / "weights.safetensors"
    model = create_model(spec.model, 2, seed=0)
    sha256 = save_weights(path, model, class_names=("noise-00", "noise-01"), spec=spec)
    store.transition(run.id, "running", device="cpu")
    result = {"metrics": {"test_accuracy": 0.75}, "checkpoint": str(path), "sha256": sha256, "seconds": 2.0}
    store.transition(run.id, "done", result=result)
    return run.id


def code_blocks(card: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", card, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("model", ["small", "resnet18"])
def test_the_card_s_code_gives_the_network_with_this_library_and_in_plain_torch(
    model: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = done(store, tiny_pretrain(model=model))
    assert main(["runs", "export", run_id[:7], "--out", str(tmp_path / "shared"), "--runs", str(store.root)]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == ["model.safetensors", "README.md", "config.json"]
    monkeypatch.chdir(tmp_path / "shared")
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))
    assert Path("model.safetensors").read_bytes() == (store.directory(run_id) / "weights.safetensors").read_bytes()
    own, plain = code_blocks(Path("README.md").read_text(), "python")
    with torch.no_grad():
        for code in (own, plain):
            found: dict[str, Any] = {}
            exec(code, found)
            assert found["logits"].shape == (4, 2)
        images = found["images"]
        expected = load_weights(Path("model.safetensors"))(images)
        torch.testing.assert_close(found["network"](images * 2 - 1), expected, rtol=1e-4, atol=1e-5)


def test_the_card_says_what_it_is_and_how_sure_its_accuracy_is(store: Store) -> None:
    huggingface_hub = pytest.importorskip("huggingface_hub")
    run_id = done(store, tiny_pretrain())
    files = files_to_give(run_id, store)
    text = files["README.md"].decode()
    card = huggingface_hub.ModelCard(text)
    assert (card.data.license, card.data.library_name) == ("mit", "invariance-lab")
    assert "invariance" in card.data.tags and card.data.metrics == ["accuracy"]
    (result,) = card.data.eval_results
    assert result.metric_value == 0.75 and "test split of 16 images" in result.dataset_name
    interval = share_interval(12, 16)
    assert f"(n = 16 images; 95 % interval {interval.low:.3f} to {interval.high:.3f}" in text
    assert code_blocks(text, "bash")[1].startswith("python -m invariance pretrain --transforms none")
    assert code_blocks(text, "bibtex") == [f"{CITATION}\n"]
    config = json.loads(files["config.json"])
    assert config["id2label"] == {"0": "noise-00", "1": "noise-01"} and config["architecture"] == "small"
    assert config["sha256"] == store.get(run_id).result["sha256"] and config["sha256"] in text
    asked = files_to_give(run_id, store, licence="cc0-1.0")["README.md"].decode()
    assert huggingface_hub.ModelCard(asked).data.license == "cc0-1.0"


def test_a_folder_of_one_s_own_is_told_by_its_last_name_alone(store: Store, tmp_path: Path) -> None:
    spec = tiny_pretrain(data=replace(tiny_pretrain().data, objects="/home/ada/private/cats"))
    files = files_to_give(done(store, spec), store)
    assert not [name for name, content in files.items() if b"/home" in content or b"private" in content]
    assert b'license: "unknown"' in files["README.md"] and b"objects `cats`" in files["README.md"]
    (tmp_path / "model.safetensors").write_bytes(files["model.safetensors"])
    assert weights_spec(tmp_path / "model.safetensors").data.objects == "cats"
    state = load_weights(tmp_path / "model.safetensors").state_dict()
    for name, tensor in create_model("small", 2, seed=0).state_dict().items():
        assert torch.equal(tensor, state[name])


def test_a_transfer_of_the_gallery_says_what_it_started_from(tmp_path: Path) -> None:
    files = files_to_give("matched-transfer", None)
    shipped = entry("matched-transfer")
    assert files["model.safetensors"] == shipped.path.read_bytes()
    text = files["README.md"].decode()
    assert f"Transferred by linear-probe from run `{shipped.spec.source}`, which learnt from" in text
    assert "\nIt started from:\n" in text and shipped.remark in text
    with zipfile.ZipFile(io.BytesIO(as_zip(files))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files


def test_a_readme_of_something_else_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "project"
    out.mkdir()
    (out / "README.md").write_text("mine")
    assert main(["runs", "export", "none", "--out", str(out), "--runs", str(tmp_path / "runs")]) == 2
    assert "has a README.md of its own" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["README.md"] and (out / "README.md").read_text() == "mine"


def test_what_cannot_be_given_is_refused(store: Store) -> None:
    waiting = store.submit(tiny_pretrain(seed=7)).id
    for reference, said in {
        "torchvision:resnet18": "other networks are their makers' to give",
        waiting: "is queued, so it has no weights yet",
        "ffffff": "no run or gallery model 'ffffff'",
    }.items():
        with pytest.raises(SpecError, match=said):
            files_to_give(reference, store)
