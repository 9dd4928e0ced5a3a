"""A CUDA device for a machine without one: tensors say ``cuda:0`` and compute on the CPU.

What it shows: operations that mix devices (they raise, and name the line of the project), how many kernels are
launched, how often the processor waits for the device, and what happens where factors of products are rounded to TF32.
What it cannot show: missing kernels, cuDNN's choices, real times, real memory.

:func:`install` changes torch for good, so it is for a process of its own::

    python -m pytest -p tests.devices.emulated_cuda tests/devices/on_cuda/*.py
"""

from __future__ import annotations

import functools
import threading
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from tests.devices.cuda_tensor import PRETENDED, CudaTensor, execute, is_cuda, loaded


class _Operations(TorchDispatchMode):
    """What makes tensors where none is given."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Torch would load its compiler only to keep it off, and ask it again in each call."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return execute(func, args, kwargs or {})


_autocast_state = threading.local()
_IN_HALF = {
    *(F.linear, F.conv1d, F.conv2d, torch.conv2d, F.scaled_dot_product_attention, torch.matmul, torch.mm, torch.bmm),
    F.multi_head_attention_forward,  # what it calls in its turn does not come by here
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
            return torch.device("cuda", 0) if found.type == PRETENDED else found
        if func == Tensor.is_cuda.__get__:
            return args[0].device.type == "cuda"
        if func in self._MAKERS:
            return self._make(func, args, kwargs)
        if func is Tensor.cuda:
            return args[0].to("cuda")
        if func is Tensor.__getitem__ and isinstance(args[1], list):
            args = (args[0], torch.tensor(args[1]))  # torch would make it where the tensor pretends to be
        if is_cuda(kwargs.get("device")):
            kwargs["device"] = torch.device(PRETENDED, 0)
        if func is Tensor.to and len(args) > 1 and isinstance(args[1], str | torch.device) and is_cuda(args[1]):
            args = (args[0], torch.device(PRETENDED, 0), *args[2:])
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
        if not is_cuda(device):
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
    torch.serialization.add_safe_globals([loaded])
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
