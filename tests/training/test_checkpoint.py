import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from invariance.models import create_model
from invariance.spec import PretrainSpec, SpecError, canonical_json
from invariance.training.checkpoint import load_weights, save_weights, weights_spec

CLASSES = ("noise-00", "noise-01", "noise-02")


def rewrite(path: Path, metadata: dict[str, str], **tensors: torch.Tensor | None) -> None:
    """Stores the file again with other metadata and other tensors (None: without it)."""
    stored = {**load_file(path), **{name.replace("__", "."): value for name, value in tensors.items()}}
    save_file({name: value for name, value in stored.items() if value is not None}, path, metadata=metadata)


@pytest.fixture
def metadata(pretrain_spec: PretrainSpec) -> dict[str, str]:
    return {"model": "small", "class_names": json.dumps(CLASSES), "spec": canonical_json(pretrain_spec)}


def test_weights_come_back_as_they_were(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    model = create_model("small", 3, seed=1)
    path = tmp_path / "w.safetensors"
    sha256 = save_weights(path, model, class_names=CLASSES, spec=pretrain_spec)
    loaded = load_weights(path)
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.class_names == CLASSES
    assert not loaded.training
    assert weights_spec(path) == pretrain_spec
    state = model.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in loaded.state_dict().items())
    loaded(torch.rand(2, 3, 8, 8)).sum().backward()
    assert all(parameter.grad is not None for parameter in loaded.parameters())


def test_equal_weights_make_equal_files(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    """Resumed runs are compared by this hash, so nothing of the file may depend on chance."""
    model = create_model("small", 3, seed=1)
    hashes = {
        save_weights(tmp_path / f"{number}.safetensors", model, class_names=CLASSES, spec=pretrain_spec)
        for number in range(8)
    }
    assert len(hashes) == 1


def test_half_precision_is_cast_up(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    model = create_model("small", 3, seed=1)
    path = tmp_path / "w.safetensors"
    save_weights(path, model, class_names=CLASSES, spec=pretrain_spec, dtype=torch.float16)
    loaded = load_weights(path)
    assert path.stat().st_size < 540_000
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    assert torch.equal(loaded.head.weight, model.head.weight.half().float())


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"head__bias": None}, "lacks tensor 'head.bias'"),
        ({"other": torch.zeros(1)}, "unknown tensor 'other'"),
        ({"head__bias": torch.zeros(4)}, r"'head.bias' has the shape \[4\] instead of \[3\]"),
        ({"head__bias": torch.zeros(3, dtype=torch.int8)}, "'head.bias' is I8 instead of F16 or BF16 or F32"),
        ({"head__bias": torch.zeros(3, dtype=torch.complex64)}, "'head.bias' is C64"),
        ({"head__bias": torch.tensor([0.0, float("nan"), 0.0])}, "'head.bias' holds values that are not finite"),
        ({"head__bias": torch.tensor([0.0, float("inf"), 0.0])}, "'head.bias' holds values that are not finite"),
    ],
)
def test_bad_tensors_are_refused(
    source: Path, metadata: dict[str, str], tensors: dict[str, torch.Tensor | None], message: str
) -> None:
    rewrite(source, metadata, **tensors)
    with pytest.raises(SpecError, match=message) as caught:
        load_weights(source)
    assert str(source) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "vgg"}, "unknown model 'vgg'"),
        ({"class_names": "["}, "not JSON"),
        ({"class_names": '["a", "a", "b"]'}, "not a list of at most"),
        ({"class_names": '{"a": 1}'}, "not a list of at most"),
    ],
)
def test_bad_metadata_is_refused(source: Path, metadata: dict[str, str], change: dict[str, str], message: str) -> None:
    rewrite(source, {**metadata, **change})
    with pytest.raises(SpecError, match=message):
        load_weights(source)


def test_missing_metadata_is_named(source: Path, metadata: dict[str, str]) -> None:
    del metadata["class_names"]
    rewrite(source, metadata)
    with pytest.raises(SpecError, match="metadata lacks class_names"):
        load_weights(source)


@pytest.mark.parametrize("content", [b"", b"not safetensors", b"\xff" * 64])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(SpecError, match="not a readable safetensors file"):
        load_weights(path)
    with pytest.raises(SpecError, match="its run cannot be read"):
        weights_spec(path)


def test_a_truncated_file_is_refused(source: Path) -> None:
    source.write_bytes(source.read_bytes()[:-100])
    with pytest.raises(SpecError, match="not a readable safetensors file"):
        load_weights(source)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no weights at"):
        load_weights(tmp_path / "nothing.safetensors")
