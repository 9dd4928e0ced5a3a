"""In which numbers a network computes. Parameters, Adam's means, losses and everything stored are float32 always."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Final, TypeVar

import torch

from invariance.data.products import float32_products

T = TypeVar("T")

_INSTRUCTIONS = ("avx512_bf16", "amx_bf16")
"""Of x86 processors that multiply bfloat16: AMD from Zen 4, Intel servers from Cooper Lake."""
_FIRST_CAPABILITY = (8, 0)
"""Of NVIDIA's cards that multiply bfloat16: from Ampere on. A T4 or an RTX 20 (7.5) only emulates it."""


@dataclass(frozen=True)
class Precision:
    """A policy, one of ``invariance.spec.PRECISIONS``.

    ``bfloat16``: convolutions and matrix products in bfloat16 (autocast), half the memory traffic, and several times
    the speed on a GPU's tensor cores; its exponent is that of float32, so losses need no scaling. ``float32``: these
    products too in full. ``auto``: bfloat16 where it is faster (:func:`auto_precision`), float32 elsewhere.

    Networks and images are in channels-last order under every policy (see ``models``). ``torch.compile`` is not used:
    it compiles for longer than most trainings here last, and a compiled step need not give the bits of a plain one.
    """

    name: str = "auto"

    def name_on(self, device: torch.device) -> str:
        """``bfloat16`` or ``float32``: what a network's products are computed in on a device."""
        return auto_precision(str(device)) if self.name == "auto" else self.name

    def autocast(self, device: torch.device) -> torch.autocast:
        """The context of a forward pass."""
        return torch.autocast(device.type, dtype=torch.bfloat16, enabled=self.name_on(device) == "bfloat16")

    def products(self, device: str | torch.device) -> AbstractContextManager[None]:
        """The context of a training on a GPU: what is left in float32 may use TF32, unless float32 is asked for.

        TF32 keeps 10 bits of the mantissa, 3 more than bfloat16. Samples are made in full float32 inside it too
        (:func:`invariance.data.products.product`). The settings of the process are put back afterwards.
        """
        if torch.device(device).type != "cuda":
            return nullcontext()
        return float32_products("ieee" if self.name == "float32" else "tf32")

    def during(self, device: str | torch.device, events: Generator[T, None, None]) -> Generator[T, None, None]:
        """The events of a training whose work is done inside :meth:`products`, while whoever hears of them is outside.

        A generator that nobody goes on with would otherwise leave the settings of the process as the training's.
        """
        with closing(events):
            while True:
                with self.products(device):
                    try:
                        event = next(events)
                    except StopIteration:
                        return
                yield event


AUTO: Final = Precision()
FULL: Final = Precision("float32")
"""Of everything that is measured: rounded to bfloat16, a network answers two images that it hardly tells apart with the
same numbers or with numbers as far apart as rounding goes, and a small sens-score is that of the rounding."""


class _Tuned:
    """How many threads are in a step of a training: the first begins to try ways, the last puts the setting back."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._num = 0
        self._before = False

    def begin(self) -> None:
        """A step more."""
        cudnn: Any = torch.backends.cudnn
        with self._lock:
            if not self._num:
                self._before = cudnn.benchmark
                cudnn.benchmark = True
            self._num += 1

    def end(self) -> None:
        """A step less."""
        cudnn: Any = torch.backends.cudnn
        with self._lock:
            self._num -= 1
            if not self._num:
                cudnn.benchmark = self._before


_TUNED: Final = _Tuned()


@contextmanager
def tuned_convolutions(device: torch.device) -> Iterator[None]:
    """The context of a training step: on a GPU cuDNN tries its ways for each convolution once, and keeps the fastest.

    Steps have one shape or two, so that it pays; evaluations, which have more, are outside. Which way wins may differ
    from run to run, and the last digits with it, as on a GPU they do anyway. Whoever asks torch for deterministic
    algorithms gets those that it chooses without trying. The setting of the process is put back afterwards.
    """
    cudnn: Any = torch.backends.cudnn
    if device.type != "cuda" or cudnn.deterministic or torch.are_deterministic_algorithms_enabled():
        yield
        return
    _TUNED.begin()
    try:
        yield
    finally:
        _TUNED.end()


@lru_cache
def auto_precision(device: str) -> str:
    """What ``auto`` is on a torch device such as ``cpu`` or ``cuda:1``: ``bfloat16`` where it has instructions for it.

    A processor without them converts every number to float32 and back, and is slower than with float32 alone. Networks
    of mostly depthwise convolutions (MobileNet, EfficientNet) are trained faster in float32 on any processor.
    """
    kind, _, index = device.partition(":")
    if kind == "cuda":
        # Of a GPU that is not in this machine, whose results are looked at here, nothing is known: most have them.
        is_here = int(index or 0) < torch.cuda.device_count()
        has_instructions = not is_here or torch.cuda.get_device_capability(device) >= _FIRST_CAPABILITY
    else:
        # Older versions of torch cannot tell what a processor has.
        capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
        has_instructions = any(capabilities.get(name, False) for name in _INSTRUCTIONS)
    return "bfloat16" if has_instructions else "float32"
