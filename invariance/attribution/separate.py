"""A copy of a network in which each activation is a module of its own, and none works in place."""

from __future__ import annotations

import copy
from typing import Any, Final

import torch
from torch import fx, nn
from torch.nn import functional

from invariance.attribution.windows import Windows
from invariance.models import Classifier
from invariance.spec import SpecError
from invariance.spec.checks import one_line, require

ACTIVATIONS: Final = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.Sigmoid, nn.Tanh, nn.Softplus)
"""Those that are separated: what a rule of multipliers is known for."""
_FUNCTIONS: Final[dict[Any, type[nn.Module]]] = {
    **dict.fromkeys((torch.relu, torch.relu_, functional.relu, functional.relu_, "relu", "relu_"), nn.ReLU),
    **dict.fromkeys((torch.sigmoid, functional.sigmoid, "sigmoid", "sigmoid_"), nn.Sigmoid),
    **dict.fromkeys((torch.tanh, functional.tanh, "tanh", "tanh_"), nn.Tanh),
    **dict.fromkeys((torch.max_pool2d, functional.max_pool2d), nn.MaxPool2d),
}
"""Functions, and methods of tensors by their names, that stand for a module."""


def separate_activations(model: nn.Module) -> nn.Module:
    """The same function with a module of its own for every place where an activation or a max-pool stands.

    Rules that are hooked onto modules need that: ResNet's blocks use one ReLU twice, DenseNet calls the function at its
    end, many networks pool with one max-pool throughout, and most overwrite what goes into a ReLU. Where two of them
    follow each other, and before every max-pool, the second gets a copy of its input, since two hooks on one tensor run
    in the wrong order (seen in Captum 0.9: completeness is lost). Windows of a max-pool that overlap are laid side by
    side. The copy of the network also takes the hooks, so that one that several people look at keeps none.

    Args:
        model: in eval mode; it is copied, weights and all, and stays as it is.

    Raises:
        SpecError: what the network computes depends on its input's values or shape, so that it cannot be taken apart.
    """
    twin = copy.deepcopy(model)
    if isinstance(twin, Classifier):  # its own forward asks for the images' size, which a symbolic trace cannot know
        twin.backbone = _separated(twin.backbone)
        return twin.eval()
    return _separated(twin).eval()


def mixing_modules(model: nn.Module) -> list[str]:
    """Kinds of modules that make a network no convolutional one: every kind of attention, and layer norms."""
    require(isinstance(model, nn.Module), "model", model, "an nn.Module, into whose layers this method looks")
    kinds = {type(module) for module in model.modules()}
    return sorted(
        kind.__name__ for kind in kinds if issubclass(kind, nn.LayerNorm) or kind.__name__.endswith("Attention")
    )


def leaf_modules(model: nn.Module) -> list[nn.Module]:
    """The modules of which a separated network is made, in the order in which they are registered."""
    inner = (module for module in model.modules() if not isinstance(module, fx.GraphModule))
    return [module for module in inner if not any(True for _ in module.children())]


def _separated(module: nn.Module) -> nn.Module:
    if isinstance(module, ACTIVATIONS):
        return _own(module)
    traced = fx.GraphModule(module, _graph(module))
    separated: set[fx.Node] = set()
    for number, node in enumerate(list(traced.graph.nodes)):
        if (own := _module_for(node, traced)) is None:
            continue
        name, source = f"separate_{number}", node.args[0] if node.args else node.kwargs["input"]
        with traced.graph.inserting_before(node):
            if isinstance(own, nn.MaxPool2d) and (windows := Windows(own)).overlap:
                traced.add_submodule(f"{name}_windows", windows)
                source = traced.graph.call_module(f"{name}_windows", (source,))
                own = nn.MaxPool2d(windows.kernel)
            elif isinstance(own, nn.MaxPool2d) or source in separated:
                source = traced.graph.call_method("clone", (source,))
            traced.add_submodule(name, own)
            called = traced.graph.call_module(name, (source,))
        separated.add(called)
        node.replace_all_uses_with(called)
        traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced


class _Tracer(fx.Tracer):
    """Leaves every kind of attention whole, as fx leaves torch's own: what it does depends on the device."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """See the parent's."""
        return isinstance(m, nn.MultiheadAttention) or super().is_leaf_module(m, module_qualified_name)


def _graph(module: nn.Module) -> fx.Graph:
    try:
        return _Tracer().trace(module)
    except Exception as error:  # whatever the code of somebody's network does with what has no values
        told = one_line(error)
        raise SpecError(
            f"this network ({type(module).__name__}) cannot be taken apart into its layers, which deep-lift and "
            f"grad-cam need ({told}); choose integrated-gradients, which works for any"
        ) from error


def _module_for(node: fx.Node, traced: fx.GraphModule) -> nn.Module | None:
    """A new module that does what a node does, if it is an activation or a max-pool."""
    if node.op == "call_module":
        module = traced.get_submodule(str(node.target))
        return _own(module) if isinstance(module, (*ACTIVATIONS, nn.MaxPool2d)) else None
    kind = _FUNCTIONS.get(node.target) if node.op in ("call_function", "call_method") else None
    if kind is not nn.MaxPool2d:
        return None if kind is None else kind()
    given: dict[str, Any] = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}
    values: dict[str, Any] = dict(zip(("input", "kernel_size", *given), node.args, strict=False)) | dict(node.kwargs)
    return nn.MaxPool2d(values["kernel_size"], **{name: values.get(name, usual) for name, usual in given.items()})


def _own(module: nn.Module) -> nn.Module:
    """A copy of an activation or a max-pool that does not overwrite what it is given."""
    copied = copy.deepcopy(module)
    if hasattr(copied, "inplace"):
        setattr(copied, "inplace", False)  # noqa: B010 -- which types do not know
    return copied
