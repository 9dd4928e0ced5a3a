"""What of each architecture is its last block, and that all before it stays as it is."""

from __future__ import annotations

import pytest
from torch import nn

from invariance.models import create_model
from invariance.models.last_block import freeze_before_last_block, last_block
from invariance.models.wrap import wrap
from invariance.spec import SpecError
from invariance.vocabulary.architectures import ARCHITECTURES

BEGINS = {
    "small": "blocks.3",
    "resnet18": "layer4",
    "densenet": "features.denseblock4",
    "small_resnet": "stages.1",
    "small_vgg": "features.11",  # behind the pooling that follows block 3
    "small_vit": "encoder.layers.encoder_layer_2",
}


@pytest.mark.parametrize("name", BEGINS)
def test_a_part_of_the_weights_is_trained_and_the_rest_is_frozen(name: str) -> None:
    model = create_model(name, 2, seed=0)
    assert name in ARCHITECTURES and last_block(model)[0] == BEGINS[name]
    freeze_before_last_block(model)
    trained = {path for path, weight in model.backbone.named_parameters() if weight.requires_grad}
    assert trained and all(path.startswith(last_block(model)) for path in trained)
    assert len(trained) < len(list(model.backbone.parameters())) and model.head.weight.requires_grad
    model.train()
    norms = {path: module for path, module in model.backbone.named_modules() if isinstance(module, nn.BatchNorm2d)}
    assert {path for path, module in norms.items() if module.training} == set(norms) & set(last_block(model))
    assert model.training and not model.eval().training


def test_a_network_without_named_blocks_is_refused_in_one_line() -> None:
    model = wrap(lambda images: images.mean(dim=(2, 3)))
    with pytest.raises(SpecError, match="has no named block with weights of its own: fine-tune all of it"):
        freeze_before_last_block(model)
