"""See which invariances a neural network learnt, and what they do to transfer.

What is named here is loaded when it is first asked for: ``import invariance`` itself loads no torch.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from invariance.data.engine import Engine as Engine
    from invariance.data.registering import register_transform as register_transform
    from invariance.data.torch_dataset import Transforms2D as Transforms2D
    from invariance.library.ask import ask as ask
    from invariance.library.attribute import attribute as attribute
    from invariance.library.equivariance import equivariance as equivariance
    from invariance.library.factors import factors as factors
    from invariance.library.networks import network as network
    from invariance.library.sens import profile as profile
    from invariance.library.sens import sens as sens
    from invariance.library.shapley import shapley as shapley
    from invariance.library.what_if import what_if as what_if
    from invariance.models.registering import register_architecture as register_architecture
    from invariance.spec import DatasetSpec as DatasetSpec
    from invariance.spec import FactorSpec as FactorSpec
    from invariance.spec import MeasureSpec as MeasureSpec
    from invariance.spec import PretrainSpec as PretrainSpec
    from invariance.spec import SpecError as SpecError
    from invariance.spec import TransferSpec as TransferSpec

__version__ = "0.2.0"

_MODULE_OF = {
    "DatasetSpec": "invariance.spec",
    "Engine": "invariance.data.engine",
    "FactorSpec": "invariance.spec",
    "MeasureSpec": "invariance.spec",
    "PretrainSpec": "invariance.spec",
    "SpecError": "invariance.spec",
    "TransferSpec": "invariance.spec",
    "Transforms2D": "invariance.data.torch_dataset",
    "ask": "invariance.library.ask",
    "attribute": "invariance.library.attribute",
    "equivariance": "invariance.library.equivariance",
    "factors": "invariance.library.factors",
    "network": "invariance.library.networks",
    "profile": "invariance.library.sens",
    "register_architecture": "invariance.models.registering",
    "register_transform": "invariance.data.registering",
    "sens": "invariance.library.sens",
    "shapley": "invariance.library.shapley",
    "what_if": "invariance.library.what_if",
}
"""The public names; for those who check types they stand once more above, and a test compares the two."""

__all__ = ["__version__", *_MODULE_OF]

# Between two operations torch's threads wait awake, by libgomp's default for several milliseconds, in which they keep
# the cores from the threads that make samples. This is a third of a millisecond, more than a pause within a step. It
# counts where torch is imported later, as in the app, its workers and on the command line.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")


def __getattr__(name: str) -> Any:
    """A public name, when it is first asked for."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
