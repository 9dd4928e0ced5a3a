"""What a network computes in each of its named layers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from torch import Tensor, nn

from invariance.models.classifier import Classifier
from invariance.models.layers import Layer
from invariance.models.outputs import CLASS_TOKEN, MAP, MAP_CHANNELS_LAST, MEAN_TOKEN, key_of, part, pooled


def layer_features(model: Classifier, images: Tensor, *, flatten: bool = False) -> dict[str, Tensor]:
    """The features of all named layers, from one forward pass.

    Spatial maps are averaged over their positions, as the networks here do themselves before the last layer: vectors
    of some hundred channels instead of up to 65,536 values, comparable between layers of different resolution, and a
    question about *what* is there. Averaging leaves out *where*: but for the borders a moved map has the same mean, so
    an early layer looks more invariant to moves than its maps are. With ``flatten`` every position counts.

    Args:
        model: in the mode it is to be looked at; it stays as it is, and other threads may use it meanwhile.
        images: (B, 3, H, W), bytes (uint8) or float in [0, 1].
        flatten: whether maps and tokens are kept whole.

    Returns:
        Name of each layer of ``model.layers`` to (B, F) float, in their order: of maps (B, C, H, W) the mean over
        positions, of tokens (B, T, D) the class token or their mean, of vectors themselves; with ``flatten`` all their
        values. No hook is left on the model, even after an exception.
    """
    found: dict[str, Tensor] = {}
    owner = threading.get_ident()  # a server's visitors share a model, and a hook sees the passes of all of them

    def keeping(layer: Layer) -> Callable[[nn.Module, Any, Any], None]:
        def keep(module: nn.Module, args: Any, output: Any) -> None:
            if threading.get_ident() == owner:
                output = part(output, key_of(output))
                # Copied at once: an activation that works in place may overwrite what a layer gave.
                found[layer.name] = output.flatten(1).clone() if flatten else _one_vector(output, layer)

        return keep

    with ExitStack() as hooks:
        for layer in model.layer_table:
            handle = model.layers[layer.name].register_forward_hook(keeping(layer))
            hooks.callback(handle.remove)
        model.representation(images)
    return {layer.name: found[layer.name] for layer in model.layer_table}


def _one_vector(output: Tensor, layer: Layer) -> Tensor:
    """(B, F) of a layer's maps, tokens or vectors."""
    if output.dim() == 4:
        return pooled(output, MAP_CHANNELS_LAST if layer.channels_last else MAP)
    if output.dim() == 3:
        return pooled(output, MEAN_TOKEN if layer.mean_of_tokens else CLASS_TOKEN).clone()
    return output.clone()
