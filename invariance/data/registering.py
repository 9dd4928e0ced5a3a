"""A user's own transformation, registered at run time by a module of theirs.

It is declared like the built-in ones and works wherever they do. What is written is only what changes a picture: where
its numbers come from, how an outline goes along and what is left where nothing is are seen to here.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from invariance.data.random import Draws
from invariance.data.transforms import TRANSFORMS, Transform
from invariance.data.transforms.base import change_where, no_margin, split_alpha, with_alpha
from invariance.data.transforms.frame import Frame
from invariance.data.transforms.parameters import Params, num_words, parameters_of_words
from invariance.spec.checks import SpecError, one_line, require, require_count
from invariance.spec.registrations import caller_module
from invariance.vocabulary.choices import PLAIN_FACTORS
from invariance.vocabulary.laws import Constant, Field, Parameter, Switch, Uniform
from invariance.vocabulary.transforms import REGISTERED, TRANSFORMATIONS, Transformation, add_registered

FIRST_STREAM: Final = 1000
"""Streams below are this project's own."""

Apply = Callable[[Tensor, Params], Tensor]
"""``(images, parameters) -> images``: (B, 3, S, S) float32 in [0, 1] and, by name, (B,) what was drawn; pure."""
Range = tuple[float, float] | tuple[float, float, float]
"""Both ends of what is drawn uniformly, and the value at which nothing changes: an end or the middle, else 0."""

_RESERVED: Final = ("all", "none", "features", *PLAIN_FACTORS)
_TRIED_SIZE: Final = 16
_TINY: Final = 1e-30  # a divisor for the colour 0 of clear pixels
_TOLERANCE: Final = 1e-4


def register_transform(
    name: str,
    apply: Apply,
    *,
    parameters: Mapping[str, Range | Parameter],
    stream: int,
    version: int = 1,
    geometric: bool = False,
    title: str = "",
    summary: str = "",
) -> None:
    """Adds a transformation to those that data sets, trainings, measures and the app know.

    Call it in a module of your own, at its top level: worker processes import that module, and a run says which it was.
    Called again by the same module, it replaces what was there. ``apply`` is tried on three small pictures first.

    Args:
        name: as in specs and on the command line: small letters, digits and underscores.
        apply: changes B pictures of the object alone, on black, before it is pasted on a background: ``(images,
            parameters) -> images`` with images (B, 3, S, S) float32 in [0, 1] on any device, and parameters by their
            names, (B,) each. It draws nothing itself, leaves what it is given as it is, and treats every picture alone.
            Where a parameter ``applied`` is a :class:`~invariance.vocabulary.laws.Switch`, it gets those that are on.
        parameters: what is drawn for each picture, in an order that is never changed: ``(low, high)`` or ``(low, high,
            neutral)`` for a number drawn uniformly, or a ``Uniform``, ``Switch``, ``Constant`` or ``Field`` of
            :mod:`invariance.vocabulary.laws`. Neutral is where nothing changes, which a data set's strength goes to.
        stream: from which its random numbers come, a literal from 1000 up that nothing else has: never changed.
        version: grows when the same parameters come to make other pictures; both are part of a run's identity.
        geometric: whether it moves or blurs pixels, so that the object's outline has to go along. Colours, and the
            outline as a grey picture, then go through ``apply`` alike; otherwise the outline stays.
        title: for people; made of the name unless given.
        summary: what is drawn and what it does, one sentence.

    Raises:
        SpecError: an argument cannot be used, the name or the stream is taken, or ``apply`` does not do what it should.
    """
    module = caller_module()
    _check_name(name, module)
    require_count("stream", stream, FIRST_STREAM, 2**31 - 1)
    for other in TRANSFORMATIONS.values():
        if other.stream == stream and other.name != name:
            raise SpecError(f"stream = {stream}: {other.name!r} draws from it; give another number from {FIRST_STREAM}")
    require_count("version", version, 1, 2**31 - 1)
    require(callable(apply), "apply", apply, "a function (images, parameters) -> images")
    declared = Transformation(
        name=name,
        title=title or name.replace("_", " ").capitalize(),
        category=REGISTERED,
        stream=stream,
        parameters=_laws(parameters),
        summary=summary or f"Registered by {module}.",
        module=module,
        version=version,
    )
    switched = any(isinstance(one, Switch) and one.name == "applied" for one in declared.parameters)
    kernel = Kernel(name, apply, is_geometric=geometric, is_switched=switched)
    transform = Transform(name, kernel, margin=_whole_canvas if geometric else no_margin)
    _try(transform, declared)
    add_registered(declared)
    TRANSFORMS[name] = transform


@dataclass(frozen=True)
class Kernel:
    """What stands between premultiplied pixels of a frame and a function of whole pictures.

    Attributes:
        name: of the transformation.
        apply: the user's.
        is_geometric: whether the outline goes along.
        is_switched: whether only samples are changed whose ``applied`` is on.
    """

    name: str
    apply: Apply
    is_geometric: bool
    is_switched: bool

    def __call__(self, rgba: Tensor, params: Params, frame: Frame) -> Tensor:
        """See :data:`~invariance.data.transforms.base.Change`."""
        whole = frame.on_canvas(rgba)
        change = self._warped if self.is_geometric else self._coloured
        changed = change_where(params["applied"], whole, params, change) if self.is_switched else change(whole, params)
        return changed if self.is_geometric else frame.of(changed)

    def _warped(self, rgba: Tensor, params: Params) -> Tensor:
        rgb, alpha = split_alpha(rgba)
        both = {name: torch.cat((value, value)) for name, value in params.items()}
        changed = self._applied(torch.cat((rgb, alpha.expand_as(rgb))), both)
        colours, outline = changed.chunk(2)
        return with_alpha(colours.contiguous(), outline[:, :1])

    def _coloured(self, rgba: Tensor, params: Params) -> Tensor:
        rgb, alpha = split_alpha(rgba)
        straight = (rgb / alpha.clamp(min=_TINY)).clamp_(max=1.0)
        return torch.cat((self._applied(straight, params) * alpha, alpha), dim=1)

    def _applied(self, images: Tensor, params: Params) -> Tensor:
        found = self.apply(images, params)
        expected = f"(B, 3, S, S) float32, here {tuple(images.shape)}"
        is_alike = isinstance(found, Tensor) and found.shape == images.shape and found.dtype == images.dtype
        got = f"{tuple(found.shape)} {found.dtype}" if isinstance(found, Tensor) else type(found).__name__
        if not is_alike:
            raise SpecError(f"apply of transform {self.name!r} returned {got}: expected images {expected}")
        return found.clamp(0.0, 1.0)


def _whole_canvas(size: int) -> int:
    return size


def _check_name(name: str, module: str) -> None:
    is_word = isinstance(name, str) and name.isidentifier() and name.islower() and name.isascii()
    is_word = is_word and not keyword.iskeyword(name) and name not in _RESERVED
    require(is_word, "name", name, "small letters, digits and underscores, and none of the words that lists have")
    if (other := TRANSFORMATIONS.get(name)) is not None and other.module != module:
        owner = f"registered by module {other.module}" if other.module else "a built-in transformation"
        raise SpecError(f"name = {name!r}: that is {owner}; choose another")


def _laws(parameters: Mapping[str, Range | Parameter]) -> tuple[Parameter, ...]:
    accepted = "names with (low, high) or (low, high, neutral), such as {'angle_deg': (-90, 90)}"
    require(isinstance(parameters, Mapping) and bool(parameters), "parameters", parameters, accepted)
    found: list[Parameter] = []
    for name, law in parameters.items():
        require(isinstance(name, str) and name.isidentifier(), "parameters", name, accepted)
        if isinstance(law, Uniform | Switch | Constant | Field):
            found.append(replace(law, name=name))
            continue
        ends = tuple(law) if isinstance(law, tuple | list) else ()
        is_range = len(ends) in (2, 3) and all(type(end) in (int, float) for end in ends) and ends[0] < ends[1]
        require(is_range, f"parameters[{name!r}]", law, "(low, high) or (low, high, neutral), low below high")
        low, high, neutral = (float(end) for end in (*ends, 0.0)[:3])
        fits = neutral in (low, high, (low + high) / 2)
        require(fits, f"neutral value of {name!r}", neutral, f"{low:g}, {high:g} or the middle: (low, high, neutral)")
        title = name.replace("_", " ").capitalize()
        found.append(Uniform(name, low, high, neutral=neutral, title=title))
    return tuple(found)


def _try(transform: Transform, declared: Transformation) -> None:
    """Raises SpecError unless the function can make samples: of the right kind, by itself, and the same again."""
    name = declared.name
    pictures = torch.rand(3, 4, _TRIED_SIZE, _TRIED_SIZE, generator=torch.Generator().manual_seed(0))
    rgba = torch.cat((pictures[:, :3] * pictures[:, 3:], pictures[:, 3:]), dim=1)
    words = Draws(0, torch.arange(3), declared.stream).words(num_words(declared.parameters))
    params = parameters_of_words(declared.parameters, words, strength=1.0)
    if "applied" in params:
        params["applied"] = torch.ones_like(params["applied"])
    frame, given, drawn = Frame.whole(_TRIED_SIZE), rgba.clone(), {key: value.clone() for key, value in params.items()}
    kernel = transform.change
    assert kernel is not None
    try:
        with torch.no_grad():
            first, again = kernel(rgba, params, frame), kernel(rgba, params, frame)
            single = kernel(rgba[1:2], {key: value[1:2] for key, value in params.items()}, frame)
    except SpecError:
        raise
    except Exception as error:  # whatever somebody's code raises
        told = one_line(error, kind=True)
        raise SpecError(
            f"apply of transform {name!r} failed on 3 images of {_TRIED_SIZE} px ({told}): it gets images (B, 3, S, S) "
            f"and parameters (B,), of which images want [:, None, None, None]"
        ) from error
    faults = {
        "changes what it is given": not torch.equal(rgba, given) or any(not drawn[k].equal(params[k]) for k in drawn),
        "returns numbers that are not finite": not bool(first.isfinite().all()),
        "draws random numbers of its own": not torch.equal(first, again),
        "mixes the images of a batch": not torch.allclose(first[1:2], single, atol=_TOLERANCE),
    }
    for fault, is_so in faults.items():
        if is_so:
            raise SpecError(f"apply of transform {name!r} {fault}: a sample has to follow from its parameters alone")
