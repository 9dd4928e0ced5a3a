"""Packages that the library does without: each is what an extra of the package brings."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from invariance.spec.checks import SpecError

EXTRA_OF: Final = {
    "streamlit": "app",
    "plotly": "app",
    "jinja2": "app",
    "segno": "app",
    "captum": "attribution",
    "huggingface_hub": "hub",
    "pyarrow": "hub",
    "ray": "cluster",
    "tensorboard": "tensorboard",
    "timm": "networks",
    "transformers": "networks",
}
"""By the name that is imported. The ``requirements`` files tell their versions."""


def has(package: str) -> bool:
    """Whether one of these packages is installed."""
    assert package in EXTRA_OF, package
    return find_spec(package) is not None


def install_line(package: str) -> str:
    """What installs a package."""
    return f'pip install "invariance-lab[{EXTRA_OF[package]}]"'


def require_extra(package: str, what: str) -> None:
    """Refuses what cannot be done without a package.

    Raises:
        SpecError: the package is not installed.
    """
    if not has(package):
        raise SpecError(f"{what} needs {package}, which is not installed: {install_line(package)}")
