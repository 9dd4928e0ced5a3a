"""Code that makes a network of a file of weights with torch and safetensors alone, without this library."""

from __future__ import annotations

from typing import Final

_START: Final = """\
import torch
from safetensors.torch import load_file
from torch import nn
"""
_SMALL: Final = """

def block(num_in, num_out, stride):
    layers = nn.Conv2d(num_in, num_out, 3, stride, 1, bias=False), nn.BatchNorm2d(num_out), nn.ReLU()
    return nn.Sequential(*layers)


network = nn.Sequential()
network.blocks = nn.Sequential(block(3, 32, 2), block(32, 48, 2), block(48, 128, 2), block(128, 160, 1))
network.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
network.head = nn.Linear(160, NUM_CLASSES)
tensors = load_file("WEIGHTS")
network.load_state_dict({name.removeprefix("backbone."): tensor for name, tensor in tensors.items()})
"""
_RESNET: Final = """\
from torchvision.models import resnetDEPTH

network = resnetDEPTH(num_classes=NUM_CLASSES)
network.conv1, network.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
tensors = load_file("WEIGHTS")
names = {name: name.removeprefix("backbone.").replace("head.", "fc.") for name in tensors}
network.load_state_dict({names[name]: tensor for name, tensor in tensors.items()})
"""
_END: Final = """\
images = torch.rand(4, 3, SIZE, SIZE)  # RGB in [0, 1]
logits = network.eval()(images * 2 - 1)
"""
_TENSORS: Final = """\
from safetensors.torch import load_file

tensors = load_file("WEIGHTS")  # by name: backbone.* and the last layer, head.*
"""
_NETWORKS: Final = {
    "small": _SMALL,
    "resnet18": _RESNET.replace("DEPTH", "18"),
    "resnet50": _RESNET.replace("DEPTH", "50"),
}


def plain_torch(architecture: str, *, num_classes: int, image_size: int, weights: str) -> str:
    """Python code that makes ``network`` and ``logits``; of architectures with more parts, the tensors alone.

    Args:
        architecture: name of it.
        num_classes: outputs.
        image_size: side in pixels of the images of the example.
        weights: name of the file.
    """
    network = _NETWORKS.get(architecture)
    code = _TENSORS if network is None else _START + network + _END
    values = {"NUM_CLASSES": str(num_classes), "SIZE": str(image_size), "WEIGHTS": weights}
    for name, value in values.items():
        code = code.replace(name, value)
    return code
