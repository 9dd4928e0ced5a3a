"""State dictionaries without any word on their network, whose architecture is told beside them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from invariance.models import Classifier, empty_model, published_names
from invariance.models.published import empty_network, last_layer_path
from invariance.models.timm_networks import behind_protocol, classifier_paths, make_timm
from invariance.models.wrap import finished
from invariance.spec import SpecError
from invariance.spec.checks import one_line
from invariance.vocabulary.architectures import ARCHITECTURES, PUBLISHED_PREFIX, TIMM_PREFIX

PREFIXES: Final = ("_orig_mod.", "module.", "model.", "backbone.")
"""In front of all names, what torch.compile, parallel training and modules around a network leave behind."""
_COUNTER: Final = "num_batches_tracked"
_Tensors = Mapping[str, Tensor]


def load_bare(path: Path, architecture: str) -> Classifier:
    """The network of a state dictionary.

    Args:
        path: a safetensors file; one of :data:`PREFIXES`, or several, in front of all names are left out.
        architecture: a declared one, ``torchvision:<name>`` or ``timm:<name>``, with any number of classes.

    Returns:
        In eval mode, float32, fed as the published weights of that architecture are; its outputs are numbered. Without
        a last layer in the file it has none.

    Raises:
        SpecError: it cannot be read, there is no such architecture, or names or shapes are not those of it.
    """
    if architecture.startswith(TIMM_PREFIX):
        return _of_timm(path, architecture)
    is_published = architecture.startswith(PUBLISHED_PREFIX)
    _require_known(architecture, published_names() if is_published else tuple(ARCHITECTURES))
    tensors = _read(path)
    if not is_published:
        expected = empty_model(architecture, 1).state_dict()
        tensors, model = _fitting(path, tensors, expected, "head", architecture)
    else:
        network = empty_network(architecture)
        last = last_layer_path(network)
        tensors = {name: tensor for name, tensor in tensors.items() if ".aux" not in f".{name.lower()}"}
        tensors, model = _fitting(path, tensors, network.state_dict(), last, architecture)
        tensors = {
            f"head.{name.rpartition('.')[2]}" if name.rpartition(".")[0] == last else f"backbone.network.{name}": tensor
            for name, tensor in tensors.items()
        }
    tensors.setdefault("head.weight", torch.zeros(model.num_classes, model.num_features))
    tensors.setdefault("head.bias", torch.zeros(model.num_classes))  # MaxViT has none
    model.take_tensors(tensors, assign=True)
    return finished(model.to(memory_format=model.layout), path.stem)


def _require_known(architecture: str, known: tuple[str, ...]) -> None:
    """Raises SpecError for an architecture that is none of some, with names like it, torchvision's among them."""
    if architecture in known:
        return
    names = {name.rpartition(":")[2]: name for name in (*published_names(), *known)}
    near = [names[one] for one in difflib.get_close_matches(architecture.rpartition(":")[2], names, n=3)]
    raise SpecError(
        f"arch = {architecture!r}: unknown architecture; choose {', '.join(near or known[:5])}, ..., torchvision:NAME "
        "or timm:NAME"
    )


def _read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, those of floats as float32, all finite."""
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise SpecError(f"{path}: it is not a readable safetensors file ({one_line(error)}); give another") from error
    tensors = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise SpecError(f"{path}: tensor {name!r} holds values that are not finite; give another file")
    return tensors


def _fitting(
    path: Path, tensors: _Tensors, expected: _Tensors, last: str, architecture: str
) -> tuple[dict[str, Tensor], Classifier]:
    """The tensors as an architecture names them, and its network without weights, of as many classes."""
    headless = {name: tensor for name, tensor in expected.items() if name.rpartition(".")[0] != last}
    found, form = _as_named(path, tensors, (expected, headless), architecture)
    weight = found.get(f"{last}.weight")
    num_classes = len(weight) if weight is not None and weight.dim() else 0
    expected = _with_outputs(expected, last, num_classes) if form is expected else form
    return _as_shaped(path, found, expected, architecture), empty_model(architecture, num_classes)


def _of_timm(path: Path, architecture: str) -> Classifier:
    module, tensors = make_timm(architecture), _read(path)
    lasts = [f"{last}.weight" for last in classifier_paths(module)]
    if not any(name.endswith(last) for last in lasts for name in tensors):
        module, lasts = make_timm(architecture, 0), []
    tensors, _ = _as_named(path, tensors, (module.state_dict(),), architecture)
    for last in lasts:
        if len(tensors[last]) != len(module.state_dict()[last]):
            module = make_timm(architecture, len(tensors[last]))
            break
    module.load_state_dict(_as_shaped(path, tensors, module.state_dict(), architecture), assign=True)
    model = behind_protocol(architecture, module)
    return finished(model, path.stem, model.class_names)


def _as_named(
    path: Path, tensors: _Tensors, forms: tuple[_Tensors, ...], architecture: str
) -> tuple[dict[str, Tensor], _Tensors]:
    """The tensors without what stands in front of all names, and the first of some forms that has these names.

    Raises:
        SpecError: none has; told is what is missing and what is too much in what comes closest.
    """
    differences: list[tuple[list[str], list[str]]] = []
    for named in _unwrapped(dict(tensors)):
        for form in forms:
            missing = [name for name in form if name not in named and not name.endswith(_COUNTER)]
            surplus = [name for name in named if name not in form]
            if not missing and not surplus:
                return named, form
            differences.append((missing, surplus))
    missing, surplus = min(reversed(differences), key=lambda both: len(both[0]) + len(both[1]))
    lacks = f"lacks {missing[0]!r} ({len(missing)} in all)" if missing else ""
    has = f"has {surplus[0]!r} ({len(surplus)} in all), which it has not" if surplus else ""
    raise SpecError(
        f"{path}: it is not of {architecture}: it {' and '.join(filter(None, (lacks, has)))}; give the architecture "
        "that it is of"
    )


def _unwrapped(tensors: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """Tensors by the names that they have, then without what stands in front of all, as long as there is such."""
    yield tensors
    while prefix := next((one for one in PREFIXES if tensors and all(name.startswith(one) for name in tensors)), ""):
        tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
        yield tensors


def _with_outputs(expected: _Tensors, last: str, num_classes: int) -> dict[str, Tensor]:
    """The tensors of a network with another number of outputs."""
    ours = {f"{last}.weight", f"{last}.bias"}
    return {
        name: tensor.new_empty((num_classes, *tensor.shape[1:])) if name in ours else tensor
        for name, tensor in expected.items()
    }


def _as_shaped(path: Path, tensors: _Tensors, expected: _Tensors, architecture: str) -> dict[str, Tensor]:
    """All tensors of an architecture, in its types, counters that are not there at 0; SpecError for another shape."""
    found = {}
    for name, form in expected.items():
        tensor = tensors.get(name, torch.zeros((), dtype=form.dtype))
        if tensor.shape != form.shape:
            shapes = f"{list(tensor.shape)} instead of {list(form.shape)}"
            raise SpecError(f"{path}: tensor {name!r} has the shape {shapes} of {architecture}; give another file")
        found[name] = tensor.to(form.dtype)
    return found
