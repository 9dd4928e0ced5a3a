from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from invariance.models import create_model


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ["small_vit", "vit"])
def test_attention_by_matrix_products_is_attention(name: str, training: bool) -> None:
    model = create_model(name, 3, seed=0).train(training)
    blocks = [module for module in model.modules() if isinstance(module, nn.MultiheadAttention)]
    assert blocks and all(type(block) is not nn.MultiheadAttention for block in blocks)
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    found = []
    for usual in (False, True):
        if usual:  # torch's own way with the same weights
            for block in blocks:
                block.__class__ = nn.MultiheadAttention
        model.zero_grad()
        logits = model(images)
        logits.square().sum().backward()
        found.append((logits.detach(), *(parameter.grad.clone() for parameter in model.parameters())))
    for mine, theirs in zip(*found, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-4 * float(theirs.abs().max()))


def test_the_fused_kernel_is_not_asked_on_a_cpu() -> None:
    model = create_model("small_vit", 3, seed=0)
    images = torch.rand(2, 3, 32, 32)
    with sdpa_kernel([SDPBackend.CUDNN_ATTENTION]):  # which no CPU has: to ask would fail
        assert model(images).shape == (2, 3)
        with pytest.raises(RuntimeError):
            nn.functional.scaled_dot_product_attention(*(torch.rand(1, 1, 4, 8) for _ in range(3)))
