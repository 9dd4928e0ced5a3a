"""State dictionaries without any word on their network, whose architecture is told beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from invariance.models import Classifier, empty_model
from invariance.models.published import empty_network, last_layer_path
from invariance.models.timm_networks import behind_protocol, classifier_paths, make_timm
from invariance.models.wrap import finished
from invariance.spec import SpecError
from invariance.vocabulary.architectures import PUBLISHED_PREFIX, TIMM_PREFIX


def load_bare(path: Path, architecture: str) -> Classifier:
    """The network of a state dictionary.

    Args:
        path: a safetensors file; a common ``module.`` in front of its names is left out.
        architecture: a declared one, ``torchvision:<name>`` or ``timm:<name>``, with any number of classes.

    Returns:
        In eval mode, float32, fed as the published weights of that architecture are; its outputs are numbered.

    Raises:
        SpecError: it cannot be read, or names or shapes are not those of the architecture.
    """
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        reason = " ".join(str(error).split())[:160]
        raise SpecError(f"{path}: it is not a readable safetensors file ({reason}); give another") from error
    if tensors and all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    tensors = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise SpecError(f"{path}: tensor {name!r} holds values that are not finite; give another file")
    if architecture.startswith(TIMM_PREFIX):
        return _of_timm(path, tensors, architecture)
    if architecture.startswith(PUBLISHED_PREFIX):
        return _of_torchvision(path, tensors, architecture)
    model = empty_model(architecture, _num_classes(path, tensors, "head", architecture))
    _require_fitting(path, tensors, model.state_dict(), architecture)
    model.take_tensors(tensors, assign=True)
    return finished(model.to(memory_format=model.layout), path.stem)


def _of_torchvision(path: Path, tensors: dict[str, Tensor], architecture: str) -> Classifier:
    network = empty_network(architecture)
    last = last_layer_path(network)
    num_classes = _num_classes(path, tensors, last, architecture)
    expected = _with_outputs(network.state_dict(), last, num_classes)
    tensors = {name: tensor for name, tensor in tensors.items() if not name.lower().startswith("aux")}
    _require_fitting(path, tensors, expected, architecture)
    model = empty_model(architecture, num_classes)
    renamed = {
        f"head.{name.rpartition('.')[2]}" if name.rpartition(".")[0] == last else f"backbone.network.{name}": tensor
        for name, tensor in tensors.items()
    }
    renamed.setdefault("head.bias", torch.zeros(num_classes))  # MaxViT has none
    model.take_tensors(renamed, assign=True)
    return finished(model.to(memory_format=model.layout), path.stem)


def _of_timm(path: Path, tensors: dict[str, Tensor], architecture: str) -> Classifier:
    module = make_timm(architecture)
    for last in classifier_paths(module):
        if f"{last}.weight" in tensors:
            module = make_timm(architecture, _num_classes(path, tensors, last, architecture))
            break
    _require_fitting(path, tensors, module.state_dict(), architecture)
    module.load_state_dict(tensors, assign=True)
    model = behind_protocol(architecture, module)
    return finished(model, path.stem, model.class_names)


def _num_classes(path: Path, tensors: Mapping[str, Tensor], last: str, architecture: str) -> int:
    """Outputs of the last layer in the file."""
    weight = tensors.get(f"{last}.weight")
    if weight is None or weight.dim() < 2:
        has = ", ".join(list(tensors)[-3:])
        raise SpecError(
            f"{path}: it lacks tensor {f'{last}.weight'!r} of {architecture} (it ends with {has}); give the "
            "architecture that it is of"
        )
    return len(weight)


def _with_outputs(expected: dict[str, Tensor], last: str, num_classes: int) -> dict[str, Tensor]:
    """The tensors of a network with another number of outputs."""
    ours = {f"{last}.weight", f"{last}.bias"}
    return {
        name: tensor.new_empty((num_classes, *tensor.shape[1:])) if name in ours else tensor
        for name, tensor in expected.items()
    }


def _require_fitting(
    path: Path, tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor], architecture: str
) -> None:
    """Raises SpecError unless names and shapes are those of the architecture."""
    counters = {name for name in expected if name.endswith("num_batches_tracked")}
    if different := sorted((set(tensors) ^ set(expected)) - counters):
        verb = "lacks" if different[0] in expected else "has the unknown"
        raise SpecError(
            f"{path}: it {verb} tensor {different[0]!r} ({len(different)} differ in all), so it is not of "
            f"{architecture}; give the architecture that it is of"
        )
    for name in expected:
        if name in tensors and tensors[name].shape != expected[name].shape:
            shapes = f"{list(tensors[name].shape)} instead of {list(expected[name].shape)}"
            raise SpecError(f"{path}: tensor {name!r} has the shape {shapes} of {architecture}; give another file")
