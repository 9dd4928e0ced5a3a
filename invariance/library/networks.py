"""The networks that a program is about: named, or its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from invariance.models import Classifier
from invariance.models.wrap import wrap
from invariance.runs.locate import load_network
from invariance.runs.store import Store, default_root
from invariance.spec import SpecError

Network = str | Path | nn.Module | Callable[[Tensor], Any]
"""What can be named or given as a network."""


def network(
    network: Network,
    *,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    input_size: int | None = None,
    layers: Mapping[str, str] | Sequence[str] | None = None,
    name: str | None = None,
    class_names: Sequence[str] | None = None,
    arch: str | None = None,
) -> Classifier:
    """A network to be measured, probed or explained: a published one, one of a run or a file, or anybody's module.

    Args:
        network: a gallery name, a run id or its first 6 digits, ``torchvision:NAME``, ``timm:NAME``,
            ``hf:OWNER/NAME``, ``FILE.safetensors`` or ``FILE.py:function`` (which is executed); or an ``nn.Module``,
            or a function of images (B, 3, H, W). Weights that are not here are downloaded once.
        mean: of the channels of images in [0, 1], for a module, see :func:`invariance.models.wrap.wrap`; None for what
            the module says of itself, and images in [0, 1] unchanged if it says nothing.
        std: likewise.
        input_size: side in pixels that images are brought to; None for what the module says of itself, else any.
        layers: paths of the module's layers, or names of one's own to paths; None for those that are found.
        name: for tables; None for the name that it has.
        class_names: of its outputs, in their order, for tables and figures; None for what is known of them.
        arch: architecture of a state dictionary that says nothing of it: a declared one, ``torchvision:NAME``,
            ``timm:NAME``.

    Returns:
        The network in eval mode on the CPU: ``representation(images)``, ``head``, ``layers``, ``normalisation``. A
        module stays as it is, and the network keeps the weights that it has now.

    Raises:
        SpecError: there is none of that name, or it cannot be used; one line says why.
    """
    if not isinstance(network, str | Path):
        if arch is not None:
            raise SpecError(f"arch = {arch!r}: a module is its own architecture; leave it out")
        found: Any = network
    else:
        found = load_network(str(network), _store(), arch=arch, code=True)
    return wrap(found, mean=mean, std=std, input_size=input_size, layers=layers, name=name, class_names=class_names)


def as_networks(networks: Network | Sequence[Network] | Mapping[str, Network]) -> dict[str, Classifier]:
    """One or several networks by their names, which are what rows of tables are called.

    Args:
        networks: one; a sequence; or a dict from names to networks. What is the same name twice is numbered.

    Raises:
        SpecError: there is none, or one cannot be used.
    """
    if isinstance(networks, Mapping):
        found = [network(one, name=name) for name, one in networks.items()]
    elif isinstance(networks, Sequence) and not isinstance(networks, str):
        found = [network(one) for one in networks]
    else:
        found = [network(networks)]
    if not found:
        raise SpecError("networks: there is none; name or give at least one")
    named: dict[str, Classifier] = {}
    for one in found:
        number, name = 1, one.name
        while name in named:
            number, name = number + 1, f"{one.name} {number + 1}"
        named[name] = one
    return named


def _store() -> Store | None:
    """Where runs are looked up: the store of this machine, if there is one."""
    root = default_root()
    return Store(root) if (root / "store.sqlite").is_file() else None
