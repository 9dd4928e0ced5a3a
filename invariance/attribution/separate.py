"""A copy of a network in which each activation is a module of its own, and none works in place."""

from __future__ import annotations

import copy

import torch
from torch import fx, nn
from torch.nn import functional

from invariance.models import Classifier

_RELU_FUNCTIONS = (torch.relu, torch.relu_, functional.relu, functional.relu_)


def separate_activations(model: nn.Module) -> nn.Module:
    """The same function with one ``nn.ReLU`` for every place where a ReLU stands.

    Rules that are hooked onto modules need that: ResNet's blocks use one ReLU twice, DenseNet calls the function at its
    end, and most networks overwrite what goes into a ReLU. A max-pool gets a copy of its input, since two hooks on one
    tensor, the ReLU's and its own, run in the wrong order (seen in Captum 0.9: completeness is lost). The copy of the
    network also takes the hooks, so that one that several people look at keeps none.

    Args:
        model: in eval mode; it is copied, weights and all, and stays as it is.
    """
    twin = copy.deepcopy(model)
    if isinstance(twin, Classifier):  # its own forward asks for the images' size, which a symbolic trace cannot know
        twin.backbone = _separated(twin.backbone)
        return twin.eval()
    return _separated(twin).eval()


def leaf_modules(model: nn.Module) -> list[nn.Module]:
    """The modules of which a separated network is made, in the order in which they are registered."""
    inner = (module for module in model.modules() if not isinstance(module, fx.GraphModule))
    return [module for module in inner if not any(True for _ in module.children())]


def _separated(module: nn.Module) -> nn.Module:
    if isinstance(module, nn.ReLU):
        return nn.ReLU()
    traced = fx.GraphModule(module, _Tracer().trace(module))
    for number, node in enumerate(list(traced.graph.nodes)):
        if node.op == "call_module" and isinstance(traced.get_submodule(str(node.target)), nn.MaxPool2d):
            with traced.graph.inserting_before(node):
                node.replace_input_with(node.all_input_nodes[0], traced.graph.call_method("clone", node.args[:1]))
        if not _is_relu(node, traced):
            continue
        name = f"separate_relu_{number}"
        traced.add_submodule(name, nn.ReLU())
        with traced.graph.inserting_after(node):
            own = traced.graph.call_module(name, (node.args[0] if node.args else node.kwargs["input"],))
        node.replace_all_uses_with(own)
        traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced


class _Tracer(fx.Tracer):
    """Leaves every kind of attention whole, as fx leaves torch's own: what it does depends on the device."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """See the parent's."""
        return isinstance(m, nn.MultiheadAttention) or super().is_leaf_module(m, module_qualified_name)


def _is_relu(node: fx.Node, traced: fx.GraphModule) -> bool:
    if node.op == "call_module":
        return isinstance(traced.get_submodule(str(node.target)), nn.ReLU)
    if node.op == "call_method":
        return node.target in ("relu", "relu_")
    return node.op == "call_function" and node.target in _RELU_FUNCTIONS
