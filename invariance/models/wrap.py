"""Anybody's module or function as a network of the one protocol."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import torch
from torch import Tensor, nn

from invariance.models import inspect
from invariance.models.classifier import Classifier
from invariance.models.outside import assemble
from invariance.models.wrapping import Wrapping
from invariance.spec import SpecError
from invariance.spec.checks import one_line, require

MODULE_PREFIX: Final = "module:"
"""Architectures of modules that were wrapped in this process begin with it."""
_SIDES: Final = (32, 224)
_LARGER_SIDE: Final = 64
"""Seen by a module that took the first of these: one that refuses it takes no other size."""
_FEW_LOOKS, _MANY_LOOKS = 2, 8
"""Before a network counts as the same each time; many where it has asked for random numbers."""
_OF_SIZE: Final = re.compile(r"size|shape|resolution|height|width|dimension|multiple|divisible|Error$", re.IGNORECASE)
_SKELETONS: dict[str, nn.Module] = {}
"""What was wrapped in this process, without its weights, so that a file of them can be read again."""

_MOST: Final = 4.0
"""Of a mean or a deviation of channels in [0, 1]; larger ones are of [0, 255]."""


def wrap(
    module: nn.Module | Callable[[Tensor], Any],
    *,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    input_size: int | None = None,
    layers: Mapping[str, str] | Sequence[str] | None = None,
    name: str | None = None,
    class_names: Sequence[str] | None = None,
) -> Classifier:
    """Puts a module or a function of another maker behind the protocol of all networks here.

    It looks at two images once, to see what it returns and where its layers are. The network is a copy in eval mode, on
    the CPU and in float32, with the weights that the module has now; the module itself stays as it is, in its mode.

    What is returned for images (B, 3, H, W) may be a tensor, or an object, a dict or a tuple: of those
    ``pooler_output``, ``last_hidden_state``, ``image_embeds`` or ``logits`` is taken, the first that is there. Of
    tokens (B, T, F) the class token is the representation, or their mean where there is none; of maps the mean over
    positions.
    If what is returned comes from a linear layer, that is the network's ``head``, and what goes into it is the
    representation; otherwise there is no head: a transfer gives one, and no class can be explained.

    Args:
        module: takes images (B, 3, H, W), float32.
        mean: of the channels of images in [0, 1], taken off before it sees them: one number, or three.
        std: likewise, divided by. None for both: what the module says of itself (timm's ``pretrained_cfg``), and images
            in [0, 1] unchanged if it says nothing.
        input_size: side in pixels that images are brought to; None for what the module says of itself, else for images
            as they are, or for 224 px where it refuses 32 px.
        layers: paths of its layers as of ``named_modules``, or names of one's own to paths; None for four to seven that
            are found, which are called by their paths. The representation is added as the last one.
        name: for tables; None for that of its class.
        class_names: of its outputs, in their order, for tables and figures; None for what is known of them.

    Raises:
        SpecError: an argument is none, or the module cannot be used; one line says why.
    """
    if isinstance(module, Classifier):
        return _renamed(module, name, class_names, mean, std, input_size, layers)
    if isinstance(module, type):
        raise SpecError(f"network = {module.__name__}: that is a class; give a network of it, {module.__name__}(...)")
    if isinstance(module, Mapping):
        raise SpecError(
            f"network = a {type(module).__name__} of {len(module)} entries: load a state dictionary into its module, "
            "or save it with safetensors.torch.save_file and give that FILE.safetensors with arch="
        )
    require(callable(module), "network", module, "a torch module, or a function of images (B, 3, H, W)")
    title = name or _name_of(module)
    network, own = _copied(module, title), own_preprocessing(module)
    if mean is None and std is None:
        mean, std = own.get("mean"), own.get("std")
    side = input_size if input_size is not None else own.get("input_size")
    if side is not None and (not isinstance(side, int) or not 1 <= side <= 4096):
        raise SpecError(f"input_size = {side!r}: expected a whole number of pixels from 1 to 4096")
    wrapping = see(network, side=side, layers=layers, title=title)
    means, stds = _three("mean", mean), _three("std", std)
    if means is not None or stds is not None:
        wrapping = replace(wrapping, mean=means or (0.0,) * 3, std=stds or (1.0,) * 3)
    if input_size is None and side is not None:
        wrapping = replace(wrapping, **{key: own[key] for key in ("resize_size", "interpolation") if key in own})
    architecture = _remember(network, type(module).__name__)
    return _renamed(finished(assemble(architecture, network, wrapping), title), None, class_names)


def finished(model: Classifier, name: str, class_names: Sequence[str] = ()) -> Classifier:
    """A network ready for use: named, in eval mode, its outputs named, if only by number."""
    fits = len(class_names) == model.num_classes and len(set(class_names)) == len(class_names)
    model.class_names = tuple(class_names) if fits else tuple(f"output {n}" for n in range(model.num_classes))
    model.name = name
    return model.eval()


def see(
    network: nn.Module,
    *,
    side: int | None,
    layers: Mapping[str, str] | Sequence[str] | None = None,
    title: str = "the network",
) -> Wrapping:
    """How a module is read, found by having it look at images; it stays as it is.

    Args:
        network: in eval mode.
        side: of the images in pixels; None to try.
        layers: as for :func:`wrap`.
        title: what errors call it.

    Raises:
        SpecError: it refuses the images, or what it returns cannot be read.
    """
    refusals: dict[int, inspect.LookFailed] = {}
    for tried in _SIDES if side is None else (side,):
        try:
            seen = inspect.look(network, tried)
            break
        except inspect.LookFailed as error:
            refusals[tried] = error
    else:
        raise _refused(network, title, refusals) from refusals[tried].__cause__
    if side is None and (tried != _SIDES[0] or not _takes(network, _LARGER_SIDE)):
        side = tried
    try:
        reading, vectors = inspect.reading_of(network, seen.output)
        found = inspect.head_of(seen, vectors)
        head, vectors_before = found or ("", vectors)
        if layers is None:
            kept = inspect.sensible_layers(network, seen, head)
        else:
            kept = inspect.chosen_layers(network, seen, layers)
        for seed in range(1, (_MANY_LOOKS if seen.has_drawn else _FEW_LOOKS) + 1):
            again = reading(inspect.look(network, tried, seed=seed).output)
            if not torch.allclose(vectors, again, rtol=1e-3, atol=1e-4 * float(vectors.abs().max())):
                raise SpecError("the same images give another answer each time, in eval mode too: leave the chance out")
    except SpecError as error:
        raise SpecError(f"{title}: {error}") from error
    return Wrapping(
        num_features=vectors_before.shape[1],
        reading=reading,
        head=head,
        input_size=side,
        layers=kept,
        giga_macs=seen.multiplications / 1e9,
    )


def _takes(network: nn.Module, side: int, *, channels: int = 3) -> bool:
    try:
        inspect.look(network, side, channels=channels)
    except inspect.LookFailed:
        return False
    return True


def _refused(network: nn.Module, title: str, refusals: Mapping[int, inspect.LookFailed]) -> SpecError:
    """One line for a module that took no images of some sides: whether that is their size, and what it is if not."""
    first, asked = next(iter(refusals.values())), " and ".join(map(str, refusals))
    if any(_takes(network, side, channels=1) for side in refusals):
        return SpecError(
            f"{title} takes images of one channel: give a function that makes them, such as "
            "lambda images: module(images.mean(dim=1, keepdim=True))"
        )
    reasons = set(map(str, refusals.values()))
    for side in _SIDES:
        if side not in refusals:
            try:
                inspect.look(network, side)
                return SpecError(
                    f"{title} refuses images of {asked} px ({first}) and takes {side} px: make it "
                    f"invariance.network(module, input_size={side})"
                )
            except inspect.LookFailed as error:
                reasons.add(str(error))
    # A message that is the same for every size, in numbers too, speaks of something else.
    if len(reasons) > 1 or (_OF_SIZE.search(first.reason) and not re.search(r"\d", first.reason)):
        return SpecError(
            f"{title} refuses images of {asked} px ({first}): say which side it takes, in pixels: make it "
            "invariance.network(module, input_size=SIDE)"
        )
    return SpecError(
        f"{title} fails on float images (B, 3, H, W) of {asked} px ({first}): mend that, make it "
        "invariance.network(module, input_size=SIDE) if it takes one size alone, or give a function of images that "
        "calls it"
    )


def own_preprocessing(module: Any) -> dict[str, Any]:
    """What a module says of the images that it was trained with: fields of a wrapping, as far as it says them.

    Raises:
        SpecError: it says that it takes none that are square.
    """
    made_for = getattr(getattr(module, "patch_embed", None), "img_size", None)  # timm, also where its weights differ
    if isinstance(made_for, tuple) and len(set(made_for)) == 2:
        raise SpecError(f"the network takes {made_for[0]} x {made_for[1]} px: expected one for squares")
    said = getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None)  # timm
    if isinstance(said, Mapping) and {"mean", "std", "input_size"} <= set(said):
        side = int(made_for[0] if isinstance(made_for, tuple) else said["input_size"][-1])
        interpolation = "bilinear" if said.get("interpolation") == "bilinear" else "bicubic"
        resized = int(side / (said.get("crop_pct") or 1.0))
        found: dict[str, Any] = {
            "mean": tuple(said["mean"]),
            "std": tuple(said["std"]),
            "input_size": side,
            "resize_size": resized,
        }
        return {**found, "interpolation": interpolation}
    image_size = getattr(getattr(module, "config", None), "image_size", None)  # transformers
    return {"input_size": image_size} if isinstance(image_size, int) else {}


def skeleton(architecture: str) -> nn.Module:
    """A copy of a module that was wrapped in this process, without its weights.

    Raises:
        SpecError: it was not.
    """
    if architecture not in _SKELETONS:
        raise SpecError(
            f"its network, {architecture.removeprefix(MODULE_PREFIX)}, was somebody's own module: in a program wrap "
            "that first with invariance.network(...), on the command line name FILE.py:function, which makes it"
        )
    return copy.deepcopy(_SKELETONS[architecture])


def _remember(network: nn.Module, title: str) -> str:
    """Keeps a module without its weights, under a name that tells its structure from others."""
    # Quantised layers hold what is no tensor.
    shapes = [(key, tuple(getattr(value, "shape", ()))) for key, value in network.state_dict().items()]
    digest = hashlib.sha256(f"{network!r}{shapes}".encode()).hexdigest()[:8]
    architecture = f"{MODULE_PREFIX}{title}-{digest}"
    without = {
        id(parameter): nn.Parameter(torch.empty_like(parameter, device="meta"), parameter.requires_grad)
        for parameter in network.parameters()
    }
    _SKELETONS[architecture] = copy.deepcopy(network, without)
    return architecture


_MIXES_DEVICES: Final = re.compile(r"same device|different devices?|on cpu", re.IGNORECASE)
"""What torch says of a product or a sum of tensors on two devices."""


class _Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any], owner: nn.Module | None) -> None:
        super().__init__()
        self.owner = owner
        self._function = function

    def forward(self, images: Tensor) -> Any:
        """What the function returns of images (B, 3, H, W)."""
        try:
            return self._function(images) if self.owner is None else self._function(self.owner, images)
        except RuntimeError as error:
            if images.device.type == "cpu" or not _MIXES_DEVICES.search(str(error)):
                raise
            raise SpecError(
                f"the function keeps tensors on the CPU while its images are on {images.device}: move them there "
                "(.to(images.device)), or ask for device cpu"
            ) from error

    def __deepcopy__(self, memo: dict[int, Any]) -> _Function:
        return _Function(self._function, copy.deepcopy(self.owner, memo))


def _copied(module: nn.Module | Callable[[Tensor], Any], title: str) -> nn.Module:
    """A copy in eval mode and float32; of a function the function itself, of a method one with a copy of its module."""
    owner = getattr(module, "__self__", None)
    if not isinstance(module, nn.Module):
        is_method = isinstance(owner, nn.Module)
        module = _Function(module.__func__ if is_method else module, owner if is_method else None)  # type: ignore[attr-defined]
    for inner in ("_orig_mod", "module") if type(module).__name__ in _SHELLS else ():
        module = getattr(module, inner, module)
    if any(one.is_meta for one in (*module.parameters(), *module.buffers())):
        raise SpecError(f"{title} is on the meta device, where there are no weights: load them first")
    try:
        found = copy.deepcopy(module)
    except Exception as error:  # whatever a module of somebody else's raises
        raise SpecError(
            f"{title} cannot be copied ({one_line(error)}): give a function of images that calls it"
        ) from error
    held = (*found.parameters(), *found.buffers())
    is_other = any(one.is_floating_point() and one.dtype != torch.float32 for one in held)
    found = found.float() if is_other else found
    is_elsewhere = any(one.device.type != "cpu" for one in held)
    return (found.cpu() if is_elsewhere else found).eval()


_SHELLS: Final = ("OptimizedModule", "DataParallel", "DistributedDataParallel")
"""Around a module: torch.compile's, and those of several GPUs."""


def _name_of(module: Any) -> str:
    if isinstance(module, nn.Module):
        return type(module).__name__
    return getattr(module, "__name__", type(module).__name__).strip("<>")


def _three(name: str, value: float | Sequence[float] | None) -> tuple[float, ...] | None:
    """Three numbers, for the channels."""
    if value is None:
        return None
    try:
        numbers = (float(value),) * 3 if isinstance(value, int | float) else tuple(map(float, value))
    except (TypeError, ValueError):
        numbers = ()
    if (
        len(numbers) != 3
        or (name == "std" and min(numbers) <= 0)
        or not all(abs(number) <= _MOST for number in numbers)
    ):
        positive = "above 0 " if name == "std" else ""
        raise SpecError(
            f"{name} = {value!r}: expected one number {positive}or three, of channels in [0, 1]; divide those of "
            "channels in [0, 255] by 255"
        )
    return numbers


def _renamed(model: Classifier, name: str | None, class_names: Sequence[str] | None, *others: Any) -> Classifier:
    """A network of the protocol itself, called otherwise."""
    if any(value is not None for value in others):
        raise SpecError(f"{model.name} has its own mean, std, input_size and layers: leave them out")
    if name is None and class_names is None:
        return model
    renamed = copy.copy(model)
    renamed.name = model.name if name is None else name
    if class_names is not None:
        named = () if isinstance(class_names, str) else tuple(class_names)
        is_fitting = len(named) == len(set(named)) == model.num_classes and all(isinstance(one, str) for one in named)
        require(is_fitting, "class_names", class_names, f"{model.num_classes} different names, one for each output")
        renamed.class_names = named
    return renamed
