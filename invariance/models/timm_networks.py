"""Networks of timm (PyTorch Image Models) with their published weights."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any, Final

import torch
from torch import nn

from invariance.extras import require_extra
from invariance.models.classifier import Classifier
from invariance.models.hub_patience import told_once
from invariance.models.outside import assemble
from invariance.models.published import NUM_IMAGENET_CLASSES, imagenet_classes
from invariance.models.wrap import finished, own_preprocessing, see
from invariance.spec import SpecError
from invariance.spec.checks import one_line
from invariance.vocabulary.architectures import TIMM_PREFIX

WITHOUT_HEAD: Final = "without head"
"""What is known of a network beside its name where its classifier was taken out."""


def timm_name(name: str) -> str:
    """The full name, ``timm:<architecture>.<weights>``, of which the last part may be left out.

    Raises:
        SpecError: timm is not installed, knows no such network, or has no weights for it.
    """
    timm = _timm_with(name)
    short = name.removeprefix(TIMM_PREFIX)
    architecture, _, tag = short.partition(".")
    try:
        said = timm.get_pretrained_cfg(short)
    except RuntimeError:
        said = None
    if said is None or not said.has_weights:
        start = f"{architecture}."
        have = [one.removeprefix(start) for one in timm.list_pretrained(f"{start}*") if one.startswith(start)]
        accepted = f"choose from {', '.join(have)}" if have else "choose another"
        raise SpecError(f"{name}: timm has no such weights of it; {accepted}")
    tag = tag or said.tag or ""
    return f"{TIMM_PREFIX}{architecture}" + (f".{tag}" if tag else "")


def make_timm(name: str, num_classes: int | None = None) -> nn.Module:
    """The network as timm makes it, with weights of no meaning; torch's global generator stays as it is.

    Args:
        name: ``timm:<name>``.
        num_classes: outputs, 0 for no classifier; None for as many as its published weights have.

    Raises:
        SpecError: timm is not installed, or knows no such network.
    """
    timm = _timm_with(name)
    options: dict[str, Any] = {} if num_classes is None else {"num_classes": num_classes}
    with torch.random.fork_rng(devices=[]):
        try:
            module: nn.Module = timm.create_model(name.removeprefix(TIMM_PREFIX), pretrained=False, **options)
        except (RuntimeError, ValueError) as error:
            raise SpecError(f"{name}: this version of timm cannot make it ({one_line(error)})") from error
    return module.eval()


def download_timm(name: str) -> Classifier:
    """A network of timm with its published weights, downloaded unless timm's own cache has them; never unpickled.

    Args:
        name: see :func:`timm_name`.

    Returns:
        In eval mode on the CPU; its outputs are named where they are ImageNet's 1000 classes.

    Raises:
        SpecError: it is unknown, or its weights cannot be had.
    """
    name = timm_name(name)
    import timm

    try:
        with torch.random.fork_rng(devices=[]), told_once(name):
            module: nn.Module = timm.create_model(name.removeprefix(TIMM_PREFIX), pretrained=True).eval()
    except (OSError, RuntimeError, ValueError) as error:
        raise SpecError(
            f"{name}: its weights cannot be had ({one_line(error)}); connect to the network and try again"
        ) from error
    return behind_protocol(name, module)


def behind_protocol(name: str, module: Any) -> Classifier:
    """A module of timm as a network, fed as its weights were trained."""
    own = own_preprocessing(module)
    wrapping = see(module, side=own.get("input_size"), title=name)
    if not wrapping.head and hasattr(module, "reset_classifier"):  # the mean of two heads, or a convolution
        module.reset_classifier(0)
        wrapping = see(module, side=own.get("input_size"), title=name)
    model = assemble(name, module, replace(wrapping, **own), blueprint="" if wrapping.head else WITHOUT_HEAD)
    names = imagenet_classes() if model.num_classes == NUM_IMAGENET_CLASSES and "in1k" in name else ()
    return finished(model, name, names)


def _timm_with(name: str) -> Any:
    """The package; raises SpecError where it is not installed, or knows no such architecture."""
    require_extra("timm", name)
    import timm

    architecture = name.removeprefix(TIMM_PREFIX).partition(".")[0]
    if not timm.is_model(architecture):
        near = difflib.get_close_matches(architecture, timm.list_models(), n=3)
        likely = ", ".join(TIMM_PREFIX + one for one in near or ("resnet18", "vit_tiny_patch16_224"))
        raise SpecError(f"unknown model {name!r}: timm has none of that name; such are {likely}")
    return timm


def classifier_paths(module: Any) -> tuple[str, ...]:
    """Where the last layers of a module of timm are; distilled ones have two."""
    said = (getattr(module, "pretrained_cfg", None) or {}).get("classifier") or ()
    return (said,) if isinstance(said, str) else tuple(said)
