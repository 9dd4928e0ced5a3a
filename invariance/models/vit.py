"""A small vision transformer, made of torchvision's class (Dosovitskiy et al. 2021, arXiv 2010.11929)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from invariance.models.builder import Builder
from invariance.models.layers import ROOT, Layer, numbered

if TYPE_CHECKING:
    from torchvision.models import VisionTransformer

IMAGE_SIZE = 32
"""Side in pixels that its position embedding is made for: the declared input size."""
_LAYERS = (
    Layer("patches", "conv_proj"),
    *numbered("block", tuple(f"encoder.layers.encoder_layer_{number}" for number in range(6))),
    Layer("class token", ROOT),
)
"""The class token after each block; after the last one it has been normalised."""


def vit_backbone() -> nn.Module:
    """Patches of 4 px, 7 layers, width 384, 8 heads, MLP 1536: (B, 3, 32, 32) in [-1, 1] to (B, 384).

    The representation is the class token after the last layer norm.
    """
    from torchvision.models import VisionTransformer

    network = VisionTransformer(
        image_size=IMAGE_SIZE, patch_size=4, num_layers=7, num_heads=8, hidden_dim=384, mlp_dim=1536
    )
    return as_backbone(network)


def as_backbone(transformer: VisionTransformer) -> nn.Module:
    """A ``VisionTransformer`` of torchvision without its head, and with an attention that a processor trains faster."""
    transformer.heads = nn.Identity()
    for module in transformer.modules():
        if isinstance(own := getattr(module, "self_attention", None), nn.MultiheadAttention):
            module.self_attention = _Attention(own.embed_dim, own.num_heads, batch_first=True)
    backbone: nn.Module = transformer
    return backbone


class _Attention(nn.MultiheadAttention):
    """Attention that on a CPU is plain matrix products.

    The fused kernel that torch prefers is made for long sequences. On the 17 and 65 tokens of the networks here its
    backward pass takes most of a step on a CPU: in bfloat16, two thirds of it. Asking for the attention weights makes
    torch compute them, and their gradient, by matrix products.
    """

    def forward(self, query: Tensor, *others: Any, **options: Any) -> tuple[Tensor, Tensor | None]:
        """As the parent's."""
        if query.device.type == "cpu":
            options |= {"need_weights": True, "average_attn_weights": False}
        attended: tuple[Tensor, Tensor | None] = super().forward(query, *others, **options)
        return attended


def initialise_vit(backbone: nn.Module, generator: torch.Generator) -> None:
    """The weights that torchvision gives its vision transformers, drawn from one generator.

    Patch embedding: truncated normal of variance 1 / fan-in; position embedding: normal of deviation 0.02; linear
    layers: Glorot and Bengio's uniform; class token and biases: zero.
    """
    for name, parameter in backbone.named_parameters():
        if name.startswith("conv_proj") and name.endswith("weight"):
            nn.init.trunc_normal_(parameter, std=math.sqrt(1 / parameter[0].numel()), generator=generator)
        elif name.endswith("pos_embedding"):
            nn.init.normal_(parameter, std=0.02, generator=generator)
        elif parameter.dim() == 2:
            nn.init.xavier_uniform_(parameter, generator=generator)
        else:
            nn.init.zeros_(parameter)
    for module in backbone.modules():
        if isinstance(module, nn.LayerNorm):
            module.reset_parameters()


BUILDERS = {"vit": Builder(vit_backbone, 384, _LAYERS, initialise_vit)}
