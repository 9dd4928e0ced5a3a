"""Fine-tuning that leaves all before the last block as it is."""

from __future__ import annotations

from invariance.models.classifier import Classifier
from invariance.models.layers import ROOT
from invariance.spec import SpecError


def freeze_before_last_block(model: Classifier) -> None:
    """Keeps a network's last block and its head trainable, and all before them as it is.

    What is frozen stays in eval mode, also while the rest is trained: the statistics of its batch norm do not move.

    Args:
        model: changed in place.

    Raises:
        SpecError: it has no block of its own with weights.
    """
    modules, trained = dict(model.backbone.named_modules()), last_block(model)
    model.backbone.requires_grad_(False)
    for name in trained:
        modules[name].requires_grad_(True)
    model.keep_in_eval_mode(module for name, module in modules.items() if not any(_holds(name, one) for one in trained))


def last_block(model: Classifier) -> tuple[str, ...]:
    """Paths in the backbone of the modules of its last named block, and of what follows it.

    Modules are taken in the order in which a network registers them, which is that of its layers. Where a block is
    named by the activation that ends it, it begins behind the block before.

    Raises:
        SpecError: it has no block of its own with weights.
    """
    modules = dict(model.backbone.named_modules())
    names, paths = list(modules), [layer.path for layer in model.layer_table if layer.path != ROOT]
    begins = [names.index(path) for path in paths[-1:]]
    begins += [max(place for place, name in enumerate(names) if _holds(path, name)) + 1 for path in paths[-2:-1]]
    for begin in begins:
        if any(True for name in names[begin:] for _ in modules[name].parameters()):
            return tuple(names[begin:])
    raise SpecError(f"{model.name} has no named block with weights of its own: fine-tune all of it")


def _holds(outer: str, inner: str) -> bool:
    """Whether a module is another, or has it inside, by their paths; the path of the backbone is empty."""
    return not outer or f"{inner}.".startswith(f"{outer}.")
