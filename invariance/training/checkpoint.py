"""Weights that travel between runs and people: safetensors, with what is needed to use them in the metadata."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from invariance.data.devices import as_device
from invariance.data.picture_contents import file_digest
from invariance.files import write_atomically
from invariance.models import Classifier, empty_model
from invariance.models.makers import make_module
from invariance.models.outside import assemble
from invariance.models.wrapping import wrapping_from_json
from invariance.spec import RunSpec, SpecError, canonical_json, run_from_json
from invariance.spec.checks import one_line, require

_FLOAT_DTYPES = ("F16", "BF16", "F32")
_MAX_CLASSES = 100_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


def save_weights(
    path: Path,
    model: Classifier,
    *,
    class_names: Iterable[str],
    spec: RunSpec | None,
    dtype: torch.dtype = torch.float32,
) -> str:
    """Writes a network's weights atomically.

    Args:
        path: destination, usually ``weights.safetensors``.
        model: the network, on any device.
        class_names: names of its outputs, in label order.
        spec: the run that made it; None for a network that was trained elsewhere.
        dtype: of the stored weights; float16 halves the file. Counters stay int64.

    Returns:
        SHA-256 of the file, hexadecimal; equal weights of equal runs give equal files.
    """
    tensors = {
        name: (value.to(dtype) if value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in model.state_dict().items()
    }
    metadata = {
        "model": model.architecture,
        "class_names": json.dumps(list(class_names)),
        "spec": "" if spec is None else canonical_json(spec),
    }
    if model.wrapping is not None:
        metadata |= {"wrapping": model.wrapping.as_json(), "blueprint": model.blueprint}
    content = _ordered(save(tensors, metadata=metadata))
    write_atomically(Path(path), lambda stream: stream.write(content))
    return hashlib.sha256(content).hexdigest()


def load_weights(path: Path, device: str | torch.device = "cpu") -> Classifier:
    """Reads a network that :func:`save_weights` wrote, after checking the whole file.

    Names, shapes and dtypes are compared with the architecture before any number is read, and no number is copied
    into a network before all of them are known to be finite: the file may come from anybody.

    Args:
        path: a safetensors file with float32, float16 or bfloat16 weights.
        device: where the network is put.

    Returns:
        The network in eval mode, float32, with its ``class_names``.

    Raises:
        SpecError: there is no such file or it cannot be used; one line says why and what to do.
    """
    require(isinstance(path, str | PathLike), "path", path, "the path of a file of weights")
    path, device = Path(path), as_device(device)
    if not path.is_file():
        raise SpecError(f"no weights at {path}: train this model first, or give another")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            name, class_names = _read_metadata(path, metadata)
            model = _without_weights(path, name, len(class_names), metadata)
            _check_header(path, file, model.state_dict())
            tensors = {key: _read_finite(path, file, key) for key in file.keys()}  # noqa: SIM118 - it is no mapping
    except (SafetensorError, OSError) as error:
        raise _unusable(path, f"it is not a readable safetensors file ({one_line(error)})") from error
    model.take_tensors(tensors, assign=True)
    model.class_names = class_names
    return model.to(device).to(memory_format=model.layout).eval()


def require_sum(path: Path, recorded: str) -> Path:
    """The file, whose SHA-256 is the recorded one; a file is read once for that while its size and times stay.

    Args:
        path: of a file of weights.
        recorded: 64 hexadecimal digits; anything else was recorded by nobody and is not compared.

    Raises:
        SpecError: the file has other contents, or cannot be read.
    """
    if _SHA256.fullmatch(recorded) and (found := file_digest(path)) != recorded:
        raise _unusable(path, f"its SHA-256 is {found[:12]}… and {recorded[:12]}… was recorded: it was changed")
    return path


def weights_spec(path: Path) -> RunSpec | None:
    """The run that made a file of weights, from its metadata; None of a network that was trained elsewhere.

    Raises:
        SpecError: the file cannot be read or says nothing usable of its run.
    """
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            text = (file.metadata() or {})["spec"]
        return run_from_json(text) if text else None
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise _unusable(Path(path), f"its run cannot be read ({one_line(error)})") from error


def _ordered(content: bytes) -> bytes:
    """The same safetensors file with its metadata in sorted order, which the library writes in a random one."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers start at a multiple of 8 bytes
    return len(text).to_bytes(8, "little") + text + content[8 + size :]


def _read_metadata(path: Path, metadata: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """Architecture and class names; SpecError if they are missing or make no sense."""
    if missing := sorted({"model", "class_names", "spec"} - set(metadata)):
        raise _unusable(path, f"its metadata lacks {', '.join(missing)}")
    try:
        class_names = json.loads(metadata["class_names"])
    except ValueError as error:
        raise _unusable(path, f"its class names are not JSON ({one_line(error)})") from error
    is_list = isinstance(class_names, list) and all(isinstance(name, str) for name in class_names)
    if not is_list or len(class_names) > _MAX_CLASSES or len(set(class_names)) != len(class_names):
        raise _unusable(path, f"its class names are not a list of at most {_MAX_CLASSES} different texts")
    return metadata["model"], tuple(class_names)


def _without_weights(path: Path, name: str, num_classes: int, metadata: dict[str, str]) -> Classifier:
    """The network that a file is of; raises SpecError if it cannot be made."""
    if "wrapping" not in metadata:
        return empty_model(name, num_classes)
    try:
        wrapping = wrapping_from_json(metadata["wrapping"])
        blueprint = metadata.get("blueprint", "")
        return assemble(name, make_module(name, blueprint), wrapping, num_classes=num_classes, blueprint=blueprint)
    except SpecError as error:
        raise SpecError(f"the weights {path} cannot be used: {error}") from error


def _check_header(path: Path, file: Any, expected: dict[str, Tensor]) -> None:
    """Raises SpecError unless names, shapes and dtypes are those of the architecture; reads no weights."""
    names = set(file.keys())
    if different := sorted(names ^ set(expected)):
        verb = "lacks" if different[0] in expected else "has the unknown"
        raise _unusable(path, f"it {verb} tensor {different[0]!r} ({len(different)} differ in all)")
    for name, tensor in expected.items():
        entry = file.get_slice(name)
        if list(entry.get_shape()) != list(tensor.shape):
            shapes = f"{list(entry.get_shape())} instead of {list(tensor.shape)}"
            raise _unusable(path, f"tensor {name!r} has the shape {shapes}")
        accepted = _FLOAT_DTYPES if tensor.is_floating_point() else ("I64",)
        if entry.get_dtype() not in accepted:
            raise _unusable(path, f"tensor {name!r} is {entry.get_dtype()} instead of {' or '.join(accepted)}")


def _read_finite(path: Path, file: Any, name: str) -> Tensor:
    """One tensor, cast up to float32; SpecError if a value is infinite or not a number."""
    tensor: Tensor = file.get_tensor(name)
    if not tensor.is_floating_point():
        return tensor
    if not bool(torch.isfinite(tensor).all()):
        raise _unusable(path, f"tensor {name!r} holds values that are not finite")
    return tensor.to(torch.float32)


def _unusable(path: Path, reason: str) -> SpecError:
    return SpecError(f"the weights {path} cannot be used: {reason}; make them again or give another file")
