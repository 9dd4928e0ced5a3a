"""A tensor that says ``cuda:0`` and computes on the CPU, and a ledger of what its device was asked for."""

from __future__ import annotations

import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PRETENDED = "lazy"
"""The device that torch itself sees: one that is not the CPU and has no kernels of its own in any build."""

_MAY_MIX = {"copy_", "_to_copy", "_copy_from", "_foreach_copy_", "detach", "set_"}
_INDEXED = {"index", "index_put", "index_put_", "_index_put_impl_"}
_TAKE_NO_CPU_SCALAR = {"cat", "stack", "index_select", "gather", "scatter_", "mm", "bmm", "addmm", "embedding"}
_WAITING = {
    *("_local_scalar_dense", "nonzero", "masked_select", "unique_dim", "_unique2", "unique_consecutive"),
    *("equal", "bincount", "is_nonzero", "repeat_interleave"),
}
_WITHOUT_KERNEL = {
    *("detach", "alias", "lift_fresh", "_unsafe_view", "_local_scalar_dense", "_fused_sdp_choice"),
    *("empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided"),
}
_PRODUCTS = {"mm", "bmm", "addmm", "baddbmm"}


class MixedDevicesError(RuntimeError):
    """An operation was given tensors of several devices."""


@dataclass
class Ledger:
    """What the device was asked for, by operation and by line of the project.

    Attributes:
        launches: name of an operation to how often a kernel was launched for it.
        waits: ``operation @ file:line`` to how often the processor had to wait.
        rounded: products whose factors were rounded to TF32.
    """

    launches: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    rounded: Counter[str] = field(default_factory=Counter)


_ledgers: list[Ledger] = []


@contextmanager
def counted() -> Iterator[Ledger]:
    """Counts what the device is asked for inside the context."""
    _ledgers.append(ledger := Ledger())
    try:
        yield ledger
    finally:
        _ledgers.remove(ledger)


def _line(depth: int = 3) -> str:
    """The innermost lines of the project that are being executed."""
    frames = [
        f"{os.path.relpath(frame.filename, ROOT)}:{frame.lineno}"
        for frame in reversed(traceback.extract_stack())
        if frame.filename.startswith(ROOT + "/")
        and os.path.dirname(frame.filename) != os.path.dirname(__file__)
        and "site-packages" not in frame.filename
    ]
    return " < ".join(frames[:depth])


def _note(kind: str, name: str, *, where: bool = False) -> None:
    if _ledgers:
        key = f"{name} @ {_line()}" if where else name
        for ledger in _ledgers:
            getattr(ledger, kind)[key] += 1


def _waits(name: str) -> None:
    _note("waits", name, where=True)


class CudaTensor(Tensor):
    """A tensor that says ``cuda:0``.

    Attributes:
        inner: the tensor on the CPU that holds its numbers.
    """

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> CudaTensor:
        made: CudaTensor = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            layout=inner.layout,
            device=torch.device(PRETENDED, 0),
        )
        made.inner = inner
        return made

    device = property(lambda self: torch.device("cuda", 0))  # type: ignore[assignment]
    is_cuda = property(lambda self: True)  # type: ignore[assignment]
    is_cpu = property(lambda self: False)  # type: ignore[assignment]

    def cpu(self, *args: Any, **kwargs: Any) -> Tensor:
        return self.to("cpu")

    def cuda(self, *args: Any, **kwargs: Any) -> Tensor:
        return self

    def get_device(self) -> int:
        return 0

    def tolist(self) -> Any:
        _waits("tolist")
        return self.inner.tolist()

    def numpy(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"can't convert a cuda:0 tensor to numpy, use Tensor.cpu() first, at {_line()}")

    __array__ = numpy  # type: ignore[assignment]

    def data_ptr(self) -> int:
        raise RuntimeError(f"memory of a cuda:0 tensor was asked for, at {_line()}")

    def __repr__(self, **kwargs: Any) -> str:
        return f"CudaTensor({self.inner!r})"

    def __reduce_ex__(self, protocol: Any) -> tuple[Callable[[Tensor], Tensor], tuple[Tensor]]:
        return loaded, (self.inner.detach().clone(),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) not in memo:
            memo[id(self)] = self.detach().clone().requires_grad_(self.requires_grad)
            if getattr(self, "_is_param", False):
                memo[id(self)]._is_param = True
        return memo[id(self)]

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func == Tensor.data.__set__ and isinstance(args[0], CudaTensor):
            if not isinstance(args[1], CudaTensor):
                raise MixedDevicesError(f"data of a cuda:0 tensor set to a CPU tensor at {_line()}")
            args[0].inner = args[1].inner
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return execute(func, args, kwargs or {})


def loaded(inner: Tensor) -> Tensor:
    """What a saved tensor is read as: as with ``map_location="cpu"``, which all of the project asks for."""
    return inner


def is_cuda(device: Any) -> bool:
    """Whether a device, or its name, is the pretended one."""
    return device is not None and torch.device(device).type in ("cuda", PRETENDED)


def _mapped(change: Callable[[Any], Any], value: Any) -> Any:
    """The arguments or results of an operation with each leaf changed; torch's own does this in ten times as long."""
    if isinstance(value, list | tuple):
        return type(value)([_mapped(change, part) for part in value])
    if isinstance(value, dict):
        return {name: _mapped(change, part) for name, part in value.items()}
    return change(value)


def execute(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """One operation of torch: checked, counted, and computed on the CPU."""
    name = func._schema.name.removeprefix("aten::")
    tensors: list[Tensor] = []
    _mapped(lambda value: tensors.append(value) if isinstance(value, Tensor) else None, (args, kwargs))
    on_cuda = [tensor for tensor in tensors if isinstance(tensor, CudaTensor)]
    on_cpu = [tensor for tensor in tensors if not isinstance(tensor, CudaTensor)]
    wanted = kwargs.get("device")
    if not on_cuda and not is_cuda(wanted):
        return func(*args, **kwargs)
    _refuse_mixed(name, args, on_cuda, on_cpu)
    _note_waits(name, args, kwargs, on_cuda, on_cpu)
    if not func.is_view and name not in _WITHOUT_KERNEL:
        _note("launches", name)
    if name == "_fused_sdp_choice":
        return 0
    if name in ("is_pinned", "_pin_memory"):
        return False if name == "is_pinned" else args[0]
    given = {**kwargs, "device": torch.device("cpu")} if is_cuda(wanted) else kwargs
    rounds = name in _PRODUCTS and on_cuda and torch.backends.cuda.matmul.fp32_precision == "tf32"
    if rounds:
        _note("rounded", name, where=True)

    def inner(value: Any) -> Any:
        value = value.inner if isinstance(value, CudaTensor) else value
        return _tf32(value) if rounds and isinstance(value, Tensor) and value.dtype == torch.float32 else value

    result = func(*_mapped(inner, args), **_mapped(inner, given))
    if name == "copy_":
        return args[0]
    if wanted is not None and not is_cuda(wanted):
        return result
    known = {id(tensor.inner): tensor for tensor in on_cuda}

    def wrapped(value: Any) -> Any:
        if not isinstance(value, Tensor) or isinstance(value, CudaTensor):
            return value
        return known[id(value)] if id(value) in known else CudaTensor(value)

    return _mapped(wrapped, result)


def _refuse_mixed(name: str, args: Any, on_cuda: list[CudaTensor], on_cpu: list[Tensor]) -> None:
    """Raises where CUDA would: a CPU tensor may only be a number, an index, or what is copied."""
    if not on_cuda or name in _MAY_MIX:
        return
    if name in _INDEXED:
        mixed = not isinstance(args[0], CudaTensor)
    else:
        mixed = any(tensor.dim() > 0 or name in _TAKE_NO_CPU_SCALAR for tensor in on_cpu)
    if mixed:
        shapes = [("cuda" if isinstance(one, CudaTensor) else "cpu", tuple(one.shape)) for one in (*on_cuda, *on_cpu)]
        raise MixedDevicesError(f"{name}: Expected all tensors to be on the same device, got {shapes} at {_line()}")


def _note_waits(name: str, args: Any, kwargs: Any, on_cuda: list[CudaTensor], on_cpu: list[Tensor]) -> None:
    """Counts an operation for which the processor waits, or has to bring something to the device first."""
    if name == "_to_copy":
        leaves = bool(on_cuda) and kwargs.get("device") is not None and not is_cuda(kwargs["device"])
        arrives = not on_cuda and not kwargs.get("non_blocking")
        if leaves or arrives:
            _waits("to cpu" if leaves else "to cuda")
    elif (
        (name == "copy_" and on_cuda and on_cpu and not kwargs.get("non_blocking"))
        or (name in _WAITING and on_cuda)
        or (name in _INDEXED and on_cpu and any(tensor.dim() > 0 for tensor in on_cpu))
    ):
        _waits(name)
    elif name in _INDEXED and any(index is not None and index.dtype == torch.bool for index in args[1]):
        _waits(f"{name} by a mask")


def _tf32(values: Tensor) -> Tensor:
    """Float32 with the mantissa rounded to 10 bits."""
    bits = values.contiguous().view(torch.int32)
    return ((bits + 0x1000) & ~0x1FFF).view(torch.float32).view(values.shape)
