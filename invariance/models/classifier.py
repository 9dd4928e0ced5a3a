"""The one protocol of every network here: images -> representation -> logits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from invariance.models.layers import ROOT, Layer
from invariance.models.wrapping import Wrapping
from invariance.spec import SpecError

BATCH_SIZE = 512
"""Images that go through a network at once where no gradient is needed."""
_LARGEST_SIDE = 64  # of images of which so many fit into a laptop's memory


class Classifier(nn.Module):
    """A backbone that maps images to vectors, and a linear head on top of it.

    The head is one linear layer whatever the architecture, so a linear probe replaces ``head`` and leaves the rest
    alone, and no caller needs to know which network it holds.

    Attributes:
        name: for people and tables; that of the architecture unless another was given.
        architecture: a declared one (:mod:`invariance.vocabulary.architectures`), a published network, or who makes it.
        num_classes: outputs of the head; 0 for a network of another maker that has none.
        num_features: F, length of the representation.
        backbone: maps (B, 3, H, W) in [-1, 1] to (B, F).
        head: ``nn.Linear(F, num_classes)``.
        input_size: side in pixels that images are brought to first; None for a network that takes any.
        resize_size: side in pixels that images are resized to, of which the central ``input_size`` are kept; the same
            as that where nothing is cut off, as in all but published networks.
        interpolation: ``bilinear`` or ``bicubic``.
        layer_table: where its named layers are, first to last; the last is the representation.
        class_names: names of the outputs in label order; empty for a network that was not loaded from a file.
        layout: order in memory of the images that the backbone is given.
        wrapping: how a module of another maker is fed and read; None for a network that is made here.
        blueprint: what its maker needs beside the architecture's name to make it again.
    """

    class_names: tuple[str, ...] = ()
    wrapping: Wrapping | None = None
    blueprint: str = ""
    layout: torch.memory_format = torch.channels_last

    def __init__(
        self,
        name: str,
        backbone: nn.Module,
        num_features: int,
        num_classes: int,
        *,
        input_size: int | None = None,
        resize_size: int | None = None,
        interpolation: str = "bilinear",
        layers: tuple[Layer, ...] = (Layer("representation", ROOT),),
    ) -> None:
        super().__init__()
        self._in_eval_mode: tuple[nn.Module, ...] = ()
        self.name = self.architecture = name
        self.input_size = input_size
        self.resize_size = resize_size or input_size
        self.interpolation = interpolation
        self.layer_table = layers
        self.num_classes = num_classes
        self.num_features = num_features
        self.backbone = backbone
        self.head = last_layer(num_features, num_classes)

    @property
    def layers(self) -> dict[str, nn.Module]:
        """The module of each named layer, first to last, 4 to 8 in all networks that ship or are published."""
        return {layer.name: self.backbone.get_submodule(layer.path) for layer in self.layer_table}

    @property
    def batch_size(self) -> int:
        """Images that go through it at once where no gradient is needed: fewer where it makes them large."""
        return batch_size_at(self.input_size)

    @property
    def normalisation(self) -> str:
        """What becomes of an image before the backbone sees it, in words."""
        steps = "channels from [0, 1] to [-1, 1]"
        if (mean_and_std := getattr(self.backbone, "normalisation", None)) is not None:
            steps = mean_and_std
        if self.input_size is None or self.resize_size is None:
            return f"{steps}, at any size"
        cut = "" if self.seen_share == 1.0 else f", of {self.resize_size} px the centre"
        return f"{steps}, at {self.input_size} px ({self.interpolation}{cut})"

    def require_head(self, what: str) -> None:
        """Refuses what needs classes; raises SpecError where the network has no last layer."""
        if not self.num_classes:
            raise SpecError(
                f"{self.name} has no last linear layer, so no class that {what} could be about: transfer it to a task "
                "first, or ask for its representation"
            )

    @property
    def seen_share(self) -> float:
        """Part of an image's side that it looks at, in (0, 1]: a published network may cut the borders off."""
        return 1.0 if self.input_size is None or self.resize_size is None else self.input_size / self.resize_size

    def representation(self, images: Tensor) -> Tensor:
        """The penultimate layer: after global average pooling, or a transformer's class token (the paper's f(x)).

        Args:
            images: (B, 3, H, W), bytes (uint8) or float in [0, 1]; normalised to [-1, 1] here and nowhere else.

        Returns:
            (B, F); not negative where the last operation before the pooling is a ReLU, as in all but transformers.
        """
        values = to_unit_range(images) if images.dtype == torch.uint8 else images
        centred = self._fitted(values).mul(2.0).sub_(1.0)
        features: Tensor = self.backbone(centred.contiguous(memory_format=self.layout))
        return features

    def _fitted(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) at the size that the backbone takes: resized, and the centre of that."""
        if self.input_size is None or self.resize_size is None:
            return images
        if images.shape[-1] != self.resize_size:
            size = (self.resize_size, self.resize_size)
            images = functional.interpolate(
                images, size=size, mode=self.interpolation, antialias=True, align_corners=False
            )
            if self.interpolation == "bicubic":
                images = images.clamp(0.0, 1.0)  # it overshoots at edges, which a picture's bytes do not
        start = round((self.resize_size - self.input_size) / 2)
        return images[..., start : start + self.input_size, start : start + self.input_size]

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, num_classes) of images (B, 3, H, W), bytes or float in [0, 1]."""
        logits: Tensor = self.head(self.representation(images))
        return logits

    def keep_in_eval_mode(self, modules: Iterable[nn.Module]) -> None:
        """Has parts of it, which are frozen, in eval mode from now on, also while the rest is trained."""
        self._in_eval_mode = tuple(modules)

    def train(self, mode: bool = True) -> Self:
        """As of torch, but for what is kept in eval mode."""
        super().train(mode)
        for module in self._in_eval_mode:
            module.eval()
        return self

    def take_tensors(self, tensors: Mapping[str, Tensor], *, assign: bool = False) -> None:
        """Loads the tensors of a network of this architecture, by the names of its ``state_dict``.

        MNASNet refuses a state without the versions that torch keeps beside it, which no file here carries along.

        Args:
            tensors: all of them.
            assign: whether they take the place of this network's own, as on the ``meta`` device they must.
        """
        state = self.state_dict()
        state.update(tensors)
        self.load_state_dict(state, assign=assign)

    def replace_head(self, head: nn.Linear, class_names: tuple[str, ...]) -> None:
        """Puts another last layer on the same backbone.

        Args:
            head: maps F features to ``len(class_names)`` logits.
            class_names: names of its outputs, in label order.
        """
        assert head.in_features == self.num_features and head.out_features == len(class_names)
        self.head = head
        self.num_classes = head.out_features
        self.class_names = class_names


def last_layer(num_features: int, num_classes: int) -> nn.Linear:
    """A linear layer, also one without outputs."""
    return nn.Linear(num_features, num_classes) if num_classes else _NoHead(num_features, 0)


class _NoHead(nn.Linear):
    """A last layer without outputs, of which torch would warn that there is nothing to initialise."""

    def reset_parameters(self) -> None:
        """Nothing."""


def to_unit_range(images: Tensor) -> Tensor:
    """uint8 images to float32 in [0, 1]."""
    return images.to(torch.float32).div_(255.0)


def images_at_once(apply: Callable[[Tensor], Tensor], images: Tensor, most: int = BATCH_SIZE) -> int:
    """How many images a network, or a method of one, is given at once: at most so many, and as many as it takes.

    A network that takes any size makes large images no smaller, so that a GPU gets fewer of them. A CPU, which has more
    memory, gets as many as ever, since last digits follow from that.
    """
    network = getattr(apply, "__self__", apply)
    if not isinstance(network, Classifier):
        return most
    is_given_size = network.input_size is None and images.device.type != "cpu"
    return min(most, batch_size_at(images.shape[-1]) if is_given_size else network.batch_size)


def batch_size_at(input_size: int | None) -> int:
    """Images that go through a network at once where no gradient is needed.

    Args:
        input_size: side in pixels that images are brought to first; None for a network that takes any.

    Returns:
        512, or as many as have no more pixels than 512 images of 64 px: VGG-11's widest layer keeps 0.5 GB at 224 px.
    """
    if input_size is None or input_size <= _LARGEST_SIDE:
        return BATCH_SIZE
    return max(1, BATCH_SIZE * _LARGEST_SIDE**2 // input_size**2)
