"""What can be seen of a module of another maker by having it look at two images once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from invariance.models.layers import Layer
from invariance.models.outputs import CLASS_TOKEN, MAP_CHANNELS_LAST, MEAN_TOKEN, Reading, form_of, key_of, part, pooled
from invariance.spec import SpecError
from invariance.spec.checks import one_line, require

NUM_IMAGES: Final = 2
FEWEST_LAYERS, MOST_LAYERS = 4, 7
"""Of a module's own; the representation comes on top."""
_DOMINANT = 0.8
_CLASS_TOKENS: Final = ("cls_token", "class_token", "class_embedding", "cls")


@dataclass
class Seen:
    """What happened while a module looked at some images.

    Attributes:
        inside: paths of the modules that it is in, outermost first; what is left when one of them fails.
        output: what it returned.
        outputs: of each of its modules that gave something for each image, by path, in the order in which they ended.
        linear: path, input and output of each linear layer, in that order.
        multiplications: of one image.
        has_drawn: whether a global generator of random numbers, of torch, numpy or Python, was asked.
    """

    inside: list[str] = field(default_factory=list)
    output: Any = None
    outputs: dict[str, Tensor] = field(default_factory=dict)
    linear: list[tuple[str, Tensor, Tensor]] = field(default_factory=list)
    multiplications: float = 0.0
    has_drawn: bool = False


class LookFailed(Exception):
    """A module took no images.

    Attributes:
        reason: what it raised, one line; the message of this error also says in which of its layers.
    """

    def __init__(self, reason: str, layer: str) -> None:
        super().__init__(reason + layer)
        self.reason = reason


def look(module: nn.Module, side: int, *, seed: int = 0, channels: int = 3) -> Seen:
    """Has a module in eval mode look at two images of noise, by hooks that are gone afterwards.

    Args:
        module: stays as it is.
        side: of the images in pixels; they are the same each time.
        seed: of the global generators of torch, numpy and Python, which are as before afterwards.
        channels: of the images.

    Raises:
        LookFailed: the module raises something.
    """
    seen = Seen()
    device = next((tensor.device for tensor in module.parameters()), torch.device("cpu"))
    images = torch.rand(NUM_IMAGES, channels, side, side, generator=torch.Generator().manual_seed(0)).to(device)
    with _hooks(module, seen), torch.no_grad(), _seeded(seed):
        before = _generators()
        try:
            seen.output = module(images)
        except Exception as error:  # whatever a module of somebody else's raises
            raise _failed(error, module, seen) from error
        seen.has_drawn = _generators() != before
    return seen


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """The global generators begin at a seed in the body, and are as before afterwards."""
    python, others = random.getstate(), np.random.get_state()  # noqa: NPY002 -- what networks of others may use
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(others)  # noqa: NPY002


def _failed(error: Exception, module: nn.Module, seen: Seen) -> LookFailed:
    path = seen.inside[-1] if seen.inside else ""
    return LookFailed(
        one_line(error, kind=True), f" in layer {path} ({type(module.get_submodule(path)).__name__})" if path else ""
    )


def _generators() -> tuple[Any, ...]:
    """Where the global generators of random numbers stand."""
    _, words, position, *_ = np.random.get_state(legacy=True)  # noqa: NPY002 -- what networks of others may use
    return torch.get_rng_state().numpy().tobytes(), np.asarray(words).tobytes(), position, random.getstate()


@contextmanager
def _hooks(module: nn.Module, seen: Seen) -> Iterator[None]:
    def keeping(path: str) -> Callable[[nn.Module, Any, Any], None]:
        def keep(one: nn.Module, args: Any, output: Any) -> None:
            seen.inside.pop()
            if isinstance(output, Tensor):
                seen.multiplications += _multiplications(one, output) / NUM_IMAGES
                if isinstance(one, nn.Linear) and args:
                    seen.linear.append((path, args[0], output))
            if (found := _tensor_of(output)) is not None and path:
                seen.outputs.pop(path, None)
                seen.outputs[path] = found

        return keep

    def entering(path: str) -> Callable[[nn.Module, Any], None]:
        return lambda one, args: seen.inside.append(path)

    handles: list[Any] = []
    for path, one in module.named_modules():
        if isinstance(one, torch.jit.ScriptModule):  # has no hooks, so that nothing in it is seen
            continue
        handles += one.register_forward_pre_hook(entering(path)), one.register_forward_hook(keeping(path))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _tensor_of(output: Any) -> Tensor | None:
    """What a module gave for each image, if it is something to look at."""
    try:
        found = part(output, key_of(output))
    except SpecError:
        return None
    fits = (
        isinstance(found, Tensor) and 2 <= found.dim() <= 4 and len(found) == NUM_IMAGES and found.is_floating_point()
    )
    return found if fits else None


def _multiplications(module: nn.Module, output: Tensor) -> float:
    if isinstance(module, nn.Linear):
        return float(output.numel() * module.in_features)
    if isinstance(module, nn.Conv2d):
        return float(output.numel() * module.weight[0].numel())
    return 0.0


def reading_of(module: nn.Module, output: Any) -> tuple[Reading, Tensor]:
    """How a module's output is read, and what that gives, (B, F).

    Raises:
        SpecError: it cannot be, or gives nothing for each image.
    """
    key = key_of(output)
    values = part(output, key)
    if values.dim() == 0 or len(values) != NUM_IMAGES or not values.numel():
        raise SpecError(
            f"the network returns a tensor of shape {tuple(values.shape)} for two images: expected one row an image"
        )
    if values.is_complex() or not bool(values.isfinite().all()):
        kind = "complex values" if values.is_complex() else "values that are not finite"
        raise SpecError(f"the network returns {kind} for two images: expected finite real ones; mend its weights")
    reading = Reading(key, form_of(values, has_class_token=has_class_token(module)))
    return reading, pooled(values, reading.form)


def has_class_token(module: nn.Module) -> bool:
    """Whether the first token stands for the image, told by the name of its parameter."""
    return any(name.rpartition(".")[2] in _CLASS_TOKENS for name, _ in module.named_parameters())


def head_of(seen: Seen, vectors: Tensor) -> tuple[str, Tensor] | None:
    """Path of the linear layer whose output is what the module returns, and its input; None if there is none."""
    for path, taken, given in seen.linear:
        is_last = given.shape == vectors.shape and given.data_ptr() == vectors.data_ptr()
        if is_last and taken.dim() == 2 and sum(path == other for other, _, _ in seen.linear) == 1:
            return path, taken
    return None


def chosen_layers(module: nn.Module, seen: Seen, layers: Mapping[str, str] | Sequence[str]) -> tuple[Layer, ...]:
    """The layers that a user names, in their order.

    Args:
        module: whose they are.
        seen: what it did.
        layers: paths as of ``named_modules``; or names of one's own to paths.

    Raises:
        SpecError: one of them is none, or gives nothing for each image.
    """
    require(
        isinstance(layers, Iterable) and not isinstance(layers, str),
        "layers",
        layers,
        "a list of paths, or a dict from names to paths",
    )
    named = dict(layers) if isinstance(layers, Mapping) else {path: path for path in layers}
    for path in named.values():
        if path not in seen.outputs:
            raise SpecError(
                f"layers: {path!r} gives no vectors, tokens or maps of the network; choose from "
                f"{', '.join(list(seen.outputs)[:12])}"
            )
    return tuple(_layer(module, seen, name, path) for name, path in named.items())


def sensible_layers(module: nn.Module, seen: Seen, head: str = "") -> tuple[Layer, ...]:
    """Four to seven layers of a trunk, first to last: its stages, or evenly spread blocks; fewer where there are fewer.

    From the outside inwards: what holds the last layer, or most of the weights, is taken apart until there are enough.

    Args:
        module: whose they are.
        seen: what it did.
        head: path of the last linear layer, which is none of them.
    """
    modules, order = dict(module.named_modules()), list(seen.outputs)
    sizes = {path: sum(parameter.numel() for parameter in modules[path].parameters()) for path in order}
    inside: dict[str, list[str]] = {}
    for path in order:
        if sizes[path] and path != head and not _is_normalisation(modules[path]):
            inside.setdefault(_parent(path, sizes), []).append(path)
    found = inside.get("", [])
    while (next_one := _to_take_apart(found, inside, sizes, head)) is not None:
        at = found.index(next_one)
        found = [*found[:at], *inside.get(next_one, ()), *found[at + 1 :]]
    if len(found) > MOST_LAYERS:
        steps = MOST_LAYERS - 1
        found = [found[round(number * (len(found) - 1) / steps)] for number in range(MOST_LAYERS)]
    return tuple(_layer(module, seen, path, path) for path in sorted(found, key=order.index))


def _to_take_apart(
    found: Sequence[str], inside: Mapping[str, Sequence[str]], sizes: Mapping[str, int], head: str
) -> str | None:
    """Which of the layers found so far gives way to those inside it; None if they are good."""
    for path in found:
        if head.startswith(f"{path}."):
            return path
    few = len(found) < FEWEST_LAYERS
    fitting = [path for path in found if len(inside.get(path, ())) > (0 if few else 1)]
    largest = max(fitting, key=sizes.__getitem__, default=None)
    dominates = largest is not None and sizes[largest] >= _DOMINANT * sum(map(sizes.__getitem__, found))
    return largest if few or dominates else None


def _is_normalisation(module: nn.Module) -> bool:
    """Whether a module only scales and moves what comes: it has vectors for weights."""
    return all(parameter.dim() < 2 for parameter in module.parameters())


def _parent(path: str, executed: Mapping[str, int]) -> str:
    """The nearest module around another that gave something itself; empty for the whole."""
    while path := path.rpartition(".")[0]:
        if path in executed:
            return path
    return ""


def _layer(module: nn.Module, seen: Seen, name: str, path: str) -> Layer:
    form = form_of(seen.outputs[path], has_class_token=has_class_token(module))
    assert form != CLASS_TOKEN or seen.outputs[path].dim() == 3
    return Layer(name, path, channels_last=form == MAP_CHANNELS_LAST, mean_of_tokens=form == MEAN_TOKEN)
