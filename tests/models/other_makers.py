"""Networks of timm and transformers, tiny and with random weights, made by the makers' own code."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

TIMM: dict[str, dict[str, Any]] = {
    "test_resnet": {},
    "test_vit": {"img_size": 32},
    "test_convnext": {},
    "test_efficientnet": {},
    "test_mambaout": {},
    "test_nfnet": {},
    "test_byobnet": {},
    "deit_tiny_distilled_patch16_224": {"img_size": 32, "depth": 4, "embed_dim": 48},
    "swin_tiny_patch4_window7_224": {"img_size": 32, "window_size": 4, "embed_dim": 24, "depths": (1, 1, 2, 1)},
    "mixer_s32_224": {"img_size": 32},
    "resmlp_12_224": {"img_size": 32},
    "xcit_nano_12_p16_224": {"img_size": 32, "depth": 4, "embed_dim": 32},
    "beit_base_patch16_224": {"img_size": 32, "depth": 4, "embed_dim": 48},
    "levit_128s": {"img_size": 64},
    "densenet121": {"growth_rate": 8, "block_config": (1, 1, 2, 1)},
    "mobilenetv3_small_050": {},
    "regnetx_002": {},
    "lcnet_035": {},
    "edgenext_xx_small": {},
    "ghostnet_050": {},
}
"""Twenty architectures of as many families, and what makes them small."""
TRANSFORMERS = ("ViT", "Dinov2", "ConvNext", "CLIPVision", "ResNet")
NUM_CLASSES = 7


def timm_module(name: str) -> nn.Module:
    """A network of timm in eval mode."""
    import timm

    with torch.random.fork_rng():
        torch.manual_seed(0)
        module: nn.Module = timm.create_model(name, pretrained=False, num_classes=NUM_CLASSES, **TIMM[name])
    return module.eval()


def transformers_module(kind: str) -> nn.Module:
    """A network of transformers in eval mode: a classifier, or a backbone without a last layer."""
    import transformers as hf

    layers = {"num_hidden_layers": 4, "num_attention_heads": 2, "hidden_size": 32, "intermediate_size": 64}
    small = {**layers, "image_size": 32, "patch_size": 8}
    stages = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 2, 1]}
    make = {
        "ViT": lambda: hf.ViTForImageClassification(hf.ViTConfig(**small, num_labels=NUM_CLASSES)),
        "Dinov2": lambda: hf.Dinov2Model(hf.Dinov2Config(**small)),
        "ConvNext": lambda: hf.ConvNextModel(hf.ConvNextConfig(**stages)),
        "CLIPVision": lambda: hf.CLIPVisionModel(hf.CLIPVisionConfig(**small)),
        "ResNet": lambda: hf.ResNetForImageClassification(
            hf.ResNetConfig(**stages, embedding_size=8, layer_type="basic", num_labels=NUM_CLASSES)
        ),
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make[kind]().eval()
