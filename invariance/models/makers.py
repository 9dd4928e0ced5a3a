"""Who makes the module that a file of weights of another maker's network is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torch import nn

from invariance.models.code_networks import CODE_PREFIX, make_from_code
from invariance.models.hf_networks import make_hf
from invariance.models.timm_networks import WITHOUT_HEAD, make_timm
from invariance.models.wrap import MODULE_PREFIX, skeleton
from invariance.spec import SpecError
from invariance.vocabulary.architectures import HF_PREFIX, TIMM_PREFIX

_MAKERS: Final[dict[str, Callable[[str, str], nn.Module]]] = {
    TIMM_PREFIX: lambda name, blueprint: make_timm(name, 0 if blueprint == WITHOUT_HEAD else None),
    HF_PREFIX: lambda name, blueprint: make_hf(name, blueprint),
    CODE_PREFIX: lambda name, blueprint: make_from_code(name, blueprint),
    MODULE_PREFIX: lambda name, blueprint: skeleton(name),
}


def make_module(architecture: str, blueprint: str) -> nn.Module:
    """A module with whatever weights, which those of a file then replace.

    Args:
        architecture: name that begins with who makes it.
        blueprint: what that needs beside the name.

    Raises:
        SpecError: nobody here makes it, or a package or a file that it needs is not here.
    """
    for prefix, make in _MAKERS.items():
        if architecture.startswith(prefix):
            return make(architecture, blueprint).eval()
    raise SpecError(f"nobody here makes a network {architecture!r}: expected one of {', '.join(_MAKERS)}")
