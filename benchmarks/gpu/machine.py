"""Versions and card, and which optional packages are not there."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.util import find_spec
from typing import Any, Final

import torch
import torchvision

from benchmarks.data_speed import cpu_model
from benchmarks.gpu.work import Work

OPTIONAL: Final = ("numba", "captum", "plotly", "streamlit", "kornia", "triton", "ray")
"""Packages that the project does without."""


def machine(work: Work) -> dict[str, Any]:
    """What every other number depends on."""
    import numpy

    found: dict[str, Any] = {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": work.threads,
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "cuda": torch.version.cuda,
        "missing": missing(),
    }
    return found | _card(work.device) if work.is_gpu else found


def missing() -> list[str]:
    """The optional packages that are not installed."""
    return [name for name in OPTIONAL if find_spec(name) is None]


def _card(device: str) -> dict[str, Any]:
    properties = torch.cuda.get_device_properties(device)
    major, minor = torch.cuda.get_device_capability(device)
    return {
        "card": torch.cuda.get_device_name(device),
        "num_cards": torch.cuda.device_count(),
        "memory_bytes": properties.total_memory,
        "multiprocessors": properties.multi_processor_count,
        "compute_capability": f"{major}.{minor}",
        "has_bfloat16": major >= 8,
        "architectures": torch.cuda.get_arch_list(),
        "cudnn": torch.backends.cudnn.version(),
        "driver": driver(),
    }


def driver() -> str | None:
    """Version of NVIDIA's driver, as its own tool says it; None where that is not there."""
    if (tool := shutil.which("nvidia-smi")) is None:
        return None
    words = [tool, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        said = subprocess.run(words, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return said.splitlines()[0].strip() if said.strip() else None
