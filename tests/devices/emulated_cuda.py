"""A CUDA device for a machine without one: tensors say ``cuda:0`` and compute on the CPU.

What it shows: operations that mix devices (they raise, and name the line of the project), how many kernels are
launched, how often the processor waits for the device, and what happens where factors of products are rounded to TF32.
What it cannot show: missing kernels, cuDNN's choices, real times, real memory.

:func:`install` changes torch for good, so it is for a process of its own::

    python -m pytest -p tests.devices.emulated_cuda tests/devices/on_cuda/training.py
"""

from __future__ import annotations

import functools
import os
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_PRETENDED = "lazy"
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
        and frame.filename != __file__
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
            device=torch.device(_PRETENDED, 0),
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
        return _loaded, (self.inner.detach().clone(),)

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
        return _execute(func, args, kwargs or {})


def _loaded(inner: Tensor) -> Tensor:
    """What a saved tensor is read as: as with ``map_location="cpu"``, which all of the project asks for."""
    return inner


def _is_cuda(device: Any) -> bool:
    return device is not None and torch.device(device).type in ("cuda", _PRETENDED)


def _mapped(change: Callable[[Any], Any], value: Any) -> Any:
    """The arguments or results of an operation with each leaf changed; torch's own does this in ten times as long."""
    if isinstance(value, list | tuple):
        return type(value)([_mapped(change, part) for part in value])
    if isinstance(value, dict):
        return {name: _mapped(change, part) for name, part in value.items()}
    return change(value)


def _execute(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """One operation of torch: checked, counted, and computed on the CPU."""
    name = func._schema.name.removeprefix("aten::")
    tensors: list[Tensor] = []
    _mapped(lambda value: tensors.append(value) if isinstance(value, Tensor) else None, (args, kwargs))
    on_cuda = [tensor for tensor in tensors if isinstance(tensor, CudaTensor)]
    on_cpu = [tensor for tensor in tensors if not isinstance(tensor, CudaTensor)]
    wanted = kwargs.get("device")
    if not on_cuda and not _is_cuda(wanted):
        return func(*args, **kwargs)
    _refuse_mixed(name, args, on_cuda, on_cpu)
    _note_waits(name, args, kwargs, on_cuda, on_cpu)
    if not func.is_view and name not in _WITHOUT_KERNEL:
        _note("launches", name)
    if name == "_fused_sdp_choice":
        return 0
    if name in ("is_pinned", "_pin_memory"):
        return False if name == "is_pinned" else args[0]
    given = {**kwargs, "device": torch.device("cpu")} if _is_cuda(wanted) else kwargs
    rounds = name in _PRODUCTS and on_cuda and torch.backends.cuda.matmul.fp32_precision == "tf32"
    if rounds:
        _note("rounded", name, where=True)

    def inner(value: Any) -> Any:
        value = value.inner if isinstance(value, CudaTensor) else value
        return _tf32(value) if rounds and isinstance(value, Tensor) and value.dtype == torch.float32 else value

    result = func(*_mapped(inner, args), **_mapped(inner, given))
    if name == "copy_":
        return args[0]
    if wanted is not None and not _is_cuda(wanted):
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
        raise MixedDevicesError(f"{name}: expected all tensors on one device, got {shapes} at {_line()}")


def _note_waits(name: str, args: Any, kwargs: Any, on_cuda: list[CudaTensor], on_cpu: list[Tensor]) -> None:
    """Counts an operation for which the processor waits, or has to bring something to the device first."""
    if name == "_to_copy":
        leaves = bool(on_cuda) and kwargs.get("device") is not None and not _is_cuda(kwargs["device"])
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


class _Operations(TorchDispatchMode):
    """What makes tensors where none is given."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _execute(func, args, kwargs or {})


_autocast_state = threading.local()
_IN_HALF = {
    *(F.linear, F.conv1d, F.conv2d, torch.conv2d, F.scaled_dot_product_attention, torch.matmul, torch.mm, torch.bmm),
    *(torch.addmm, torch.baddbmm, Tensor.matmul, Tensor.__matmul__, Tensor.__rmatmul__),
}
_IN_FULL = {
    *(torch.sum, Tensor.sum, F.softmax, torch.softmax, F.log_softmax, F.layer_norm, torch.layer_norm),
    *(F.cross_entropy, torch.norm, Tensor.norm),
}


class _Autocast:
    """``torch.autocast("cuda")``: products in a half type, sums in float32."""

    def __init__(self, dtype: torch.dtype, enabled: bool) -> None:
        self._dtype = dtype if enabled else None

    def __enter__(self) -> None:
        self._before = getattr(_autocast_state, "dtype", None)
        _autocast_state.dtype = self._dtype

    def __exit__(self, *error: object) -> None:
        _autocast_state.dtype = self._before


def _cast(value: Any, dtype: torch.dtype) -> Any:
    if not isinstance(value, Tensor) or not value.is_floating_point() or value.dtype in (torch.float64, dtype):
        return value
    return value.to(dtype)


class _Functions(TorchFunctionMode):
    """Functions of torch with a device among their arguments, and autocast."""

    _MAKERS = (torch.tensor, torch.as_tensor, torch.asarray, Tensor.new_tensor)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func == Tensor.device.__get__:  # of a tensor that vmap or grad wraps, too
            found = func(*args)
            return torch.device("cuda", 0) if found.type == _PRETENDED else found
        if func == Tensor.is_cuda.__get__:
            return args[0].device.type == "cuda"
        if func in self._MAKERS:
            return self._make(func, args, kwargs)
        if func is Tensor.cuda:
            return args[0].to("cuda")
        if func is Tensor.__getitem__ and isinstance(args[1], list):
            args = (args[0], torch.tensor(args[1]))  # torch would make it where the tensor pretends to be
        if _is_cuda(kwargs.get("device")):
            kwargs["device"] = torch.device(_PRETENDED, 0)
        if func is Tensor.to and len(args) > 1 and isinstance(args[1], str | torch.device) and _is_cuda(args[1]):
            args = (args[0], torch.device(_PRETENDED, 0), *args[2:])
        half = getattr(_autocast_state, "dtype", None)
        if half is not None and any(isinstance(arg, Tensor) and arg.device.type == "cuda" for arg in args):
            dtype = half if func in _IN_HALF else torch.float32 if func in _IN_FULL else None
            if dtype is not None:
                args = tuple(_cast(arg, dtype) for arg in args)
                kwargs = {name: _cast(value, dtype) for name, value in kwargs.items()}
        return func(*args, **kwargs)

    def _make(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Makes a tensor of plain values on the CPU and brings it to the device, as torch does."""
        device = kwargs.get("device")
        if device is None and args and isinstance(args[0], CudaTensor):
            if func is not Tensor.new_tensor:
                return args[0].to(dtype=kwargs.get("dtype") or args[0].dtype)
            device = "cuda"
        if not _is_cuda(device):
            return func(*args, **kwargs)
        needs_grad = kwargs.pop("requires_grad", False)
        if func is Tensor.new_tensor:
            func, args = torch.tensor, args[1:]
        made = func(*args, **{**kwargs, "device": "cpu"})
        return made.to("cuda").requires_grad_(needs_grad)


def _start_emulating() -> None:
    """Of the calling thread, for as long as it lives."""
    _Operations().__enter__()
    _Functions().__enter__()


@functools.cache
def install() -> None:
    """Makes this process one with a CUDA device, for good."""
    torch._C._ensureCUDADeviceGuardSet()
    torch.serialization.add_safe_globals([_loaded])
    cuda: Any = torch.cuda
    for name, answer in {
        "_lazy_init": None,
        "is_available": True,
        "is_initialized": True,
        "device_count": 1,
        "current_device": 0,
        "get_device_name": "emulated",
        "get_device_capability": (9, 0),
        "is_bf16_supported": True,
        "is_current_stream_capturing": False,
        "synchronize": None,
        "empty_cache": None,
        "mem_get_info": (70 * 2**30, 80 * 2**30),
        "get_rng_state": torch.zeros(16, dtype=torch.uint8),
        "set_rng_state": None,
        "manual_seed": None,
        "manual_seed_all": None,
    }.items():
        setattr(cuda, name, lambda *args, answer=answer, **kwargs: answer)

    class Autocast(torch.autocast):
        def __new__(cls, device_type: str, dtype: Any = None, enabled: bool = True, **kwargs: Any) -> Any:
            if device_type == "cuda":
                return _Autocast(dtype or torch.float16, enabled)
            return real(device_type, dtype=dtype, enabled=enabled, **kwargs)

    real = torch.autocast
    torch.autocast = torch.amp.autocast = Autocast  # type: ignore[misc, assignment]
    bootstrap = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]

    def emulating(thread: threading.Thread) -> None:
        _start_emulating()
        bootstrap(thread)

    threading.Thread._bootstrap_inner = emulating  # type: ignore[attr-defined]
    _start_emulating()


def pytest_configure() -> None:
    """As a plugin of pytest."""
    install()


def pytest_collection_finish() -> None:
    """Of work as small as in these tests, threads make more."""
    torch.set_num_threads(1)
