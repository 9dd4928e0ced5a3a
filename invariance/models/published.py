"""Networks of torchvision with their published ImageNet weights, behind the protocol of all networks here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from invariance.data.sources.root import data_root
from invariance.data.sources.watch import watch_file
from invariance.models.classifier import Classifier
from invariance.models.outside import Outside, taken_out, with_bias
from invariance.models.published_layers import published_layers
from invariance.spec import SpecError
from invariance.vocabulary.architectures import PUBLISHED_PREFIX

NUM_IMAGENET_CLASSES: Final = 1000
_WITH_AUXILIARY: Final = ("googlenet", "inception")


@dataclass(frozen=True)
class PublishedFacts:
    """What is known of a published network before it is on this machine.

    Attributes:
        num_parameters: of the network, its last layer included.
        num_bytes: of its file of weights.
        giga_macs: multiplications (and additions) of one forward pass on one image of its own size, in 10^9.
        input_size: side in pixels of what it looks at.
        resize_size: side in pixels that every image is brought to, of which it looks at the centre.
    """

    num_parameters: int
    num_bytes: int
    giga_macs: float
    input_size: int
    resize_size: int


@lru_cache(maxsize=1)
def published_names() -> tuple[str, ...]:
    """Names of the networks that can be used, each ``torchvision:<name>``.

    Left out is SqueezeNet, which has no linear last layer.
    """
    from torchvision import models

    return tuple(
        PUBLISHED_PREFIX + name for name in models.list_models(module=models) if not name.startswith("squeezenet")
    )


def published_path(name: str) -> Path:
    """Where the weights of ``torchvision:<name>`` are kept; raises SpecError if there is no such network."""
    _require_known(name)
    return data_root() / "torchvision" / f"{name.removeprefix(PUBLISHED_PREFIX)}.safetensors"


def has_published(name: str) -> bool:
    """Whether the weights of ``torchvision:<name>`` were downloaded; raises SpecError if there is no such network."""
    return published_path(name).is_file()


def published_here() -> tuple[str, ...]:
    """Names of the networks whose weights were downloaded, in alphabetical order; quick where there is none."""
    stems = sorted(path.stem for path in (data_root() / "torchvision").glob("*.safetensors"))
    return tuple(PUBLISHED_PREFIX + stem for stem in stems if PUBLISHED_PREFIX + stem in published_names())


def published_facts(name: str) -> PublishedFacts:
    """What torchvision says of ``torchvision:<name>``; raises SpecError if there is no such network."""
    weights = _weights(name)
    preset = weights.transforms()
    return PublishedFacts(
        num_parameters=weights.meta["num_params"],
        num_bytes=round(weights.meta["_file_size"] * 2**20),
        giga_macs=weights.meta["_ops"],
        input_size=preset.crop_size[0],
        resize_size=preset.resize_size[0],
    )


def imagenet_classes() -> tuple[str, ...]:
    """The names of ImageNet's 1000 classes, in the order of the outputs."""
    from torchvision.models import ResNet18_Weights

    return tuple(ResNet18_Weights.DEFAULT.meta["categories"])


def is_cached(name: str) -> bool:
    """Whether torch's own cache has the weights, so that no network is needed to get them."""
    return _cached_path(name).is_file()


def empty_published(name: str) -> Classifier:
    """A published network without storage (on torch's ``meta`` device).

    Args:
        name: one of :func:`published_names`.

    Raises:
        SpecError: the name is unknown.
    """
    preset = _weights(name).transforms()
    network = empty_network(name)
    last = _take_out_last(network)
    with torch.device("meta"):
        return Classifier(
            name,
            Outside(network, list(preset.mean), list(preset.std)),
            last.in_features,
            NUM_IMAGENET_CLASSES,
            input_size=preset.crop_size[0],
            resize_size=preset.resize_size[0],
            interpolation=preset.interpolation.value,
            layers=published_layers(name.removeprefix(PUBLISHED_PREFIX), network, inside="network"),
        )


def download_published(name: str, on_progress: Callable[[int, int], None] | None = None) -> Classifier:
    """A network with its published weights, downloaded unless torch's own cache has them, checked by their hash.

    Args:
        name: one of :func:`published_names`.
        on_progress: told (done, in all) in bytes, from another thread.

    Returns:
        The network in eval mode on the CPU, with the names of its 1000 classes.

    Raises:
        SpecError: the name is unknown, the weights cannot be had, or they came damaged.
    """
    weights, model, network = _weights(name), empty_published(name), empty_network(name)
    try:
        with watch_file(_cached_path(name), published_facts(name).num_bytes, on_progress):
            state = weights.get_state_dict(progress=on_progress is None, check_hash=True)
        network.load_state_dict(_without_auxiliary(state), assign=True)
    except (URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise SpecError(
            f"{name}: its weights cannot be downloaded from {weights.url.split('/')[2]} ({reason}); connect to the "
            "network and try again"
        ) from error
    except RuntimeError as error:
        raise SpecError(f"{name}: its weights came damaged ({str(error).splitlines()[0]}); try again") from error
    head = with_bias(_take_out_last(network))
    preset = weights.transforms()
    model.backbone = Outside(network, list(preset.mean), list(preset.std))
    model.replace_head(head, tuple(weights.meta["categories"]))
    return model.eval()


def _cached_path(name: str) -> Path:
    """Where torch keeps the file that it downloads."""
    return Path(torch.hub.get_dir()) / "checkpoints" / _weights(name).url.rpartition("/")[2]


def _weights(name: str) -> Any:
    """What torchvision knows of the best weights of a network."""
    from torchvision.models import get_model_weights

    _require_known(name)
    return get_model_weights(name.removeprefix(PUBLISHED_PREFIX)).DEFAULT


def _require_known(name: str) -> None:
    if name not in published_names():
        known = ", ".join(published_names()[:4])
        problem = "unknown model"
        if name.startswith(PUBLISHED_PREFIX + "squeezenet"):
            problem = "no linear last layer, which is what a transfer replaces, in model"
        raise SpecError(f"{problem} {name!r}: choose one of torchvision's classifiers, such as {known}")


def empty_network(name: str) -> Any:
    """The network as torchvision makes it, without storage and without the heads that only its training had."""
    from torchvision.models import get_model

    short = name.removeprefix(PUBLISHED_PREFIX)
    options: dict[str, Any] = {}
    if short.startswith(_WITH_AUXILIARY):  # and what their published weights expect, which came from another library
        options = {"aux_logits": False, "transform_input": True, "init_weights": False}
    counts = _CountsHere() if short.startswith("regnet") else nullcontext()
    with torch.device("meta"), counts:
        return get_model(short, weights=None, **options)


class _CountsHere(TorchFunctionMode):
    """Keeps numbers that are counted with on the CPU, where weights are made without storage: RegNet has such."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if function in (torch.arange, torch.tensor):
            kwargs.setdefault("device", "cpu")
        return function(*args, **kwargs)


def _without_auxiliary(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights that an application needs: those of auxiliary heads (GoogLeNet, Inception) taken out in place."""
    for key in [key for key in state if key.lower().startswith("aux")]:
        del state[key]
    return state


def _take_out_last(network: nn.Module) -> nn.Linear:
    """Puts the identity in place of the layer that gives the 1000 logits, and returns that layer."""
    return taken_out(network, last_layer_path(network))


def last_layer_path(network: nn.Module) -> str:
    """Where the layer is that gives the 1000 logits."""
    (path,) = (
        path
        for path, module in network.named_modules()
        if isinstance(module, nn.Linear) and module.out_features == NUM_IMAGENET_CLASSES
    )
    return path
