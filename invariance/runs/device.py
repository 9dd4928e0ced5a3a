"""Which device executes a run, and which ones a server has: that one is told without loading torch."""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import os
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from invariance.runs.child import child_environment
from invariance.spec import SpecError

DEVICE_VARIABLE = "INVARIANCE_DEVICE"
_FORM: Final = re.compile(r"auto|(cpu|cuda)(:[0-9]{1,3})?")
_OLD_DRIVER: Final = re.compile(r"driver on your system is too old|driver version is insufficient")
_ASK_TIMEOUT_S = 120.0
"""For another process to load torch and to open every GPU; from a cold network disk that takes a minute."""
_log = logging.getLogger(__name__)


def wanted_device(name: str = "auto") -> str:
    """What is asked for, without a look at what is here.

    Args:
        name: a torch device, or ``auto`` for what ``INVARIANCE_DEVICE`` says.

    Returns:
        A torch device; ``auto`` where nobody says anything else.

    Raises:
        SpecError: neither ``auto`` nor a CPU or CUDA device, in ``name`` or in ``INVARIANCE_DEVICE``.
    """
    asked_by, name = _asked(name)
    if _FORM.fullmatch(name):
        return name
    if name.partition(":")[0] == "mps":
        raise SpecError(f"{asked_by} = {name!r}: an Apple GPU cannot train (it has no float64); use auto or cpu")
    raise SpecError(f"{asked_by} = {name!r}: expected auto, cpu, cuda or cuda:<number>")


def _asked(name: str) -> tuple[str, str]:
    """Who asks for a device, in words of a refusal, and for which."""
    said = os.environ.get(DEVICE_VARIABLE, "").strip() if name == "auto" else ""
    return (DEVICE_VARIABLE, said) if said else ("device", name)


def choose_device(name: str = "auto") -> str:
    """Turns a wish into a device that is here.

    Args:
        name: ``cpu``, ``cuda:1``, or ``cuda`` for the first CUDA GPU that computes; or ``auto`` for what
            ``INVARIANCE_DEVICE`` says, and if it says nothing for the same, or else the CPU. A GPU that is passed over
            is named in the log, once.

    Returns:
        The name of the device.

    Raises:
        SpecError: there is no such device here, or nothing can be computed on it.
    """
    import torch  # here, since the server's process asks for devices by name and never loads torch

    (asked_by, _), name = _asked(name), wanted_device(name)
    if name in ("auto", "cuda"):
        if usable := cuda_devices():
            return usable[0].removesuffix(":0")  # the first one is called as ever, since results record the name
        if name == "auto":
            return "cpu"
    kind, _, index = name.partition(":")
    number, num = int(index or 0), 1 if kind == "cpu" else torch.cuda.device_count()
    if number >= num:
        raise SpecError(f"{asked_by} = {name!r}: this machine has {num} of kind {kind}; use auto or cpu")
    if kind == "cuda" and (trouble := _trouble_now(f"cuda:{number}")):
        raise SpecError(f"{asked_by} = {name!r}: {trouble}, or use cpu")
    return name


def cuda_devices() -> list[str]:
    """All CUDA GPUs of this machine that compute."""
    return [gpu for gpu in _gpus() if not _passed_over(gpu)]


def spread(devices: list[str] | tuple[str, ...], num_workers: int | None) -> list[str]:
    """The device of each of some workers: all devices in turn; one worker for each device if no number is given."""
    return [devices[number % len(devices)] for number in range(num_workers or len(devices))]


def free_memory(device: str) -> None:
    """Gives the memory of a GPU that is not in use any more back to others that share it."""
    if device.startswith("cuda"):
        import torch

        gc.collect()  # what refers to itself, such as a generator in a traceback, is held until then
        torch.cuda.empty_cache()


def _gpus() -> list[str]:
    import torch

    return [f"cuda:{number}" for number in range(torch.cuda.device_count())]


def _trouble_now(gpu: str) -> str:
    """Why nothing can be computed on a GPU, with a remedy; empty where a tiny sum and product are what they should."""
    import torch

    try:
        return _trouble(gpu)
    except (RuntimeError, torch.cuda.DeferredCudaCallError) as error:
        return f"it cannot be used now ({_first_line(error)}): try again when it is free"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


@lru_cache
def _trouble(gpu: str) -> str:
    """The same of what stays as it is; what may be over the next time is raised as torch does, and not remembered.

    A wheel of torch has kernels for some generations of cards; on others the first one that is launched fails.
    """
    import torch

    try:
        ones = torch.ones(8, 8, device=gpu)
        is_right = (ones @ ones).add(1).sum().item() == 64 * 9
    except RuntimeError as error:
        said = _first_line(error)
        if _OLD_DRIVER.search(said):
            return f"the driver is too old for torch {torch.__version__}: update it, or install a torch made for it"
        if "no kernel image" not in said:
            raise
        major, minor = torch.cuda.get_device_capability(gpu)
        card = f"{torch.cuda.get_device_name(gpu)} (compute capability {major}.{minor})"
        return f"torch {torch.__version__} has no kernels for {card}: install a version that has"
    return "" if is_right else "it adds and multiplies wrongly: have it checked"


@lru_cache
def _passed_over(gpu: str) -> str:
    """As :func:`_trouble_now`, which is logged, once; a GPU that a process passed over it does not take later."""
    if trouble := _trouble_now(gpu):
        _log.warning("%s is not used: %s", gpu, trouble)
    return trouble


@dataclass(frozen=True)
class ServerDevices:
    """What a server computes on.

    Attributes:
        names: a torch device for each run that is executed at once.
        title: what it is, for people: ``CPU``, or the names of the cards.
        note: what is to be said of GPUs that are here and not used; empty where there are none.
    """

    names: tuple[str, ...] = ("cpu",)
    title: str = "CPU"
    note: str = ""


def server_devices(name: str = "auto") -> ServerDevices:
    """The devices of a server: all GPUs if there are some that compute, else the CPU; torch is not loaded here.

    Where there may be a GPU another process looks, once: it loads torch, tries each GPU, and frees its memory as it
    ends.

    Args:
        name: as for :func:`choose_device`; ``cuda`` means all GPUs.

    Raises:
        SpecError: as :func:`choose_device`.
    """
    wanted = wanted_device(name)
    if wanted == "cpu" or (wanted == "auto" and not _may_have_gpu()):
        return ServerDevices()
    found = _found_elsewhere(wanted)
    if "refused" in found:
        raise SpecError(found["refused"])
    return ServerDevices(**{**found, "names": tuple(found["names"])})


def _may_have_gpu() -> bool:
    """Whether it is worth while to look for a GPU: without the library of a driver torch finds none."""
    with suppress(OSError):
        ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
        return True
    if Path("/dev/kfd").exists():  # AMD's driver, whose GPUs torch calls cuda too
        return True
    torch: Any = sys.modules.get("torch")  # where it is loaded already it knows best
    return hasattr(torch, "cuda") and bool(torch.cuda.device_count())


@lru_cache
def _found_elsewhere(wanted: str) -> dict[str, Any]:
    """What :func:`_find` finds in another process: the fields of :class:`ServerDevices`, or ``refused``."""
    command = [sys.executable, "-m", "invariance.runs.device", wanted]
    try:
        ended = subprocess.run(
            command, env=child_environment(), capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=True
        )
        found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        _log.warning("no GPU could be looked for: %s", error)
        trouble = f"looking for GPUs failed ({type(error).__name__})"
        if wanted == "auto":
            return asdict(ServerDevices(note=f"{trouble}, so the CPU is used"))
        return {"refused": f"device = {wanted!r}: {trouble}; use cpu"}
    return found


def _find(wanted: str) -> ServerDevices:
    """As :func:`server_devices`, in this process."""
    import torch

    looked_at = _gpus() if wanted in ("auto", "cuda") else []
    names = [gpu for gpu in looked_at if not _passed_over(gpu)] or [choose_device(wanted)]
    note = "; ".join(f"{gpu} is not used: {trouble}" for gpu in looked_at if (trouble := _passed_over(gpu)))
    if not names[0].startswith("cuda"):
        return ServerDevices(tuple(names), note=note)
    cards = [torch.cuda.get_device_name(name) for name in names]
    counts = {card: cards.count(card) for card in cards}
    title = ", ".join(card if num == 1 else f"{num} x {card}" for card, num in counts.items())
    return ServerDevices(tuple(names), title, note)


def main() -> None:
    """Prints what :func:`server_devices` asks for, or why it is refused, as JSON."""
    try:
        print(json.dumps(asdict(_find(sys.argv[1]))))
    except SpecError as error:
        print(json.dumps({"refused": str(error)}))


if __name__ == "__main__":
    main()
