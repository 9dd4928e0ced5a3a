"""A user's own architecture, registered at run time by a module of theirs, to be trained like the built-in ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from invariance.models.builder import Builder
from invariance.models.layers import ROOT, Layer
from invariance.models.registry import BUILDERS
from invariance.spec.checks import SpecError, one_line, require, require_count
from invariance.spec.registrations import caller_module
from invariance.vocabulary.architectures import ARCHITECTURES, COUNTED_AT_PX, Architecture

Build = Callable[[], nn.Module]
"""Makes a backbone with its first weights: (B, 3, H, W) in [-1, 1] to (B, F)."""

_REPRESENTATION: Final = Layer("representation", ROOT)


def register_architecture(
    name: str,
    builder: Build,
    *,
    version: int = 1,
    input_size: int | None = None,
    smallest_image_px: int = 8,
    layers: Sequence[str] = (),
    title: str = "",
) -> None:
    """Adds an architecture to those that can be trained, transferred, measured and explained.

    Call it in a module of your own, at its top level: worker processes import that module, and a run says which it was.
    Called again by the same module, it replaces what was there. One network is made, and shown two images, to learn
    what it needs and costs.

    Args:
        name: as in specs and on the command line: small letters, digits and underscores.
        builder: without arguments, makes the part of the network before its last layer, with its first weights, which
            are drawn from torch's global generator: a seed is set for it and what was there is put back. It maps images
            (B, 3, H, W) float32 in [-1, 1] to (B, F), here F features; the linear layer behind it is added.
        version: grows when the same name comes to mean another network; both are part of a run's identity.
        input_size: side in pixels that images are brought to first; None for a network that takes any.
        smallest_image_px: side of the smallest images that it takes.
        layers: names of submodules that figures of layers look at, first to last, as of ``nn.Module.get_submodule``;
            the representation comes last by itself.
        title: for people; made of the name unless given.

    Raises:
        SpecError: an argument cannot be used, the name is taken, or the network does not do what it should.
    """
    module = caller_module()
    is_word = isinstance(name, str) and name.isidentifier() and name.islower() and name.isascii()
    require(is_word, "name", name, "small letters, digits and underscores")
    if (other := ARCHITECTURES.get(name)) is not None and other.module != module:
        owner = f"registered by module {other.module}" if other.module else "a built-in architecture"
        raise SpecError(f"name = {name!r}: that is {owner}; choose another")
    require_count("version", version, 1, 2**31 - 1)
    require_count("smallest_image_px", smallest_image_px, 1, 512)
    if input_size is not None:
        require_count("input_size", input_size, 1, 1024)
    require(callable(builder), "builder", builder, "a function without arguments that makes an nn.Module")
    backbone = _built(builder, name, seed=0)
    features, macs = _shown(backbone, name, input_size or max(COUNTED_AT_PX, smallest_image_px))
    known = dict(backbone.named_modules())
    require(not isinstance(layers, str), "layers", layers, "a list of names of submodules")
    for path in layers:
        require(path in known, "layers", path, f"a submodule, such as {', '.join(list(known)[1:6])}")
    table = (*(Layer(path, path) for path in layers if path), _REPRESENTATION)

    def first_weights(network: nn.Module, generator: torch.Generator) -> None:
        network.load_state_dict(_built(builder, name, seed=generator.initial_seed()).state_dict())

    BUILDERS[name] = Builder(lambda: _built(builder, name, seed=0).to("meta"), features, table, first_weights)
    ARCHITECTURES[name] = Architecture(
        name=name,
        title=title or name.replace("_", " ").capitalize(),
        form=f"Registered by {module}",
        use="not one of this project's",
        giga_macs=macs,
        million_parameters=sum(one.numel() for one in backbone.parameters()) / 1e6,
        input_size=input_size,
        smallest_image_px=smallest_image_px,
        module=module,
        version=version,
    )


def _built(builder: Build, name: str, *, seed: int) -> nn.Module:
    """A network with first weights that follow from the seed, on the CPU; torch's generator is left as it was."""
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.manual_seed(seed)
        try:
            network = builder()
        except Exception as error:  # whatever somebody's code raises
            raise SpecError(f"the builder of model {name!r} failed ({one_line(error, kind=True)})") from error
    require(isinstance(network, nn.Module), f"builder of {name!r}", type(network).__name__, "it to make an nn.Module")
    kept = set(network.state_dict())
    if lost := [key for key, _ in (*network.named_buffers(), *network.named_parameters()) if key not in kept]:
        raise SpecError(f"model {name!r}: its buffer {lost[0]!r} is not stored with its weights: make it persistent")
    return network


def _shown(backbone: nn.Module, name: str, side: int) -> tuple[int, float]:
    """How many features come out of images of that side, and 10^9 multiplications for one of 32 px."""
    images = torch.zeros(2, 3, side, side)
    was_training = backbone.training
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            found = backbone.eval()(images)
            again = backbone(images)
    except Exception as error:  # whatever somebody's code raises
        raise SpecError(
            f"model {name!r} failed on images (2, 3, {side}, {side}) ({one_line(error, kind=True)})"
        ) from error
    backbone.train(was_training)
    is_rows = isinstance(found, Tensor) and found.dim() == 2 and len(found) == 2 and found.is_floating_point()
    got = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
    require(is_rows, f"output of model {name!r}", got, "(B, F), the representation without the last layer")
    if not torch.allclose(found, again, equal_nan=True):
        raise SpecError(f"model {name!r} draws random numbers in eval mode: leave them to training")
    return found.shape[1], counter.get_total_flops() / 2 / 2 / len(images) / 1e9 * (COUNTED_AT_PX / side) ** 2
