"""The architectures of the networks that are trained here: what they are called, need and cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from invariance.vocabulary.attach import by_name

PUBLISHED_PREFIX: Final = "torchvision:"
"""Names of networks that others trained begin with it; torchvision says what there is to know of them."""
TIMM_PREFIX: Final = "timm:"
HF_PREFIX: Final = "hf:"
FILE_PREFIX: Final = "sha256:"
"""Of a file that was brought along: its name is the beginning of its SHA-256, wherever it lay."""
OUTSIDE_PREFIXES: Final = (PUBLISHED_PREFIX, TIMM_PREFIX, HF_PREFIX, FILE_PREFIX)
"""References of networks that no run has to make, and that do not ship, begin with one of them."""
COUNTED_AT_PX: Final = 32
"""Side of the image for which multiplications are declared."""
SMALL_GIGA_MACS: Final = 0.02
"""Up to here an operation is so short that threads which share it mostly wait for each other."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What a page, the command line or an estimate needs to know of a network before one is made.

    What it costs is declared, since a server estimates without torch; a test counts both numbers on the network itself.

    Attributes:
        name: in specs, links and files.
        title: for people.
        form: what it is made of, a phrase that begins a sentence.
        use: what it is good for, the end of that sentence.
        giga_macs: multiplications (and additions) of one forward pass on one image of 32 x 32 px, in 10^9.
        million_parameters: of the backbone, the last layer left out, in 10^6.
        input_size: side in pixels that every image is brought to; None for a network that takes any.
        smallest_image_px: side of the smallest image of which its poolings leave something.
        stackable: whether several are trained as one stack on a GPU unasked. It pays where a step is mostly launches of
            kernels, in small networks, and torch can do it, which it cannot with a transformer's attention.
        module: that registers it at run time; empty for those that are declared here.
        version: of a registered one, part of the identity of every run with it.
    """

    name: str
    title: str
    form: str
    use: str
    giga_macs: float
    million_parameters: float
    input_size: int | None = None
    smallest_image_px: int = 8
    stackable: bool = False
    module: str = ""
    version: int = 1

    @property
    def summary(self) -> str:
        """One sentence: form, size and use."""
        return f"{self.form}, {self.million_parameters:.2g} million parameters: {self.use}."

    @property
    def is_small(self) -> bool:
        """Whether all that a run does with it on a CPU is computed by one thread, however the run is asked for.

        Sums are split among threads. With one, the bits are those of any number of cores, and of a run beside others.
        """
        return self.giga_macs <= SMALL_GIGA_MACS

    def giga_macs_at(self, image_size: int) -> float:
        """Multiplications of one forward pass on one image of that side in pixels, in 10^9: they grow with its area."""
        return self.giga_macs * ((self.input_size or image_size) / COUNTED_AT_PX) ** 2


_ON_A_LAPTOP: Final = "for comparing architectures on a laptop"

ARCHITECTURES: Final[dict[str, Architecture]] = by_name(
    "architecture",
    Architecture(
        name="small",
        title="Small network",
        form="Four convolutions",
        use="trains in seconds on a laptop",
        giga_macs=0.00494,
        million_parameters=0.255,
        stackable=True,
    ),
    Architecture(
        name="resnet18",
        title="ResNet-18",
        form="The paper's network in its CIFAR form",
        use="wants a GPU",
        giga_macs=0.555,
        million_parameters=11.2,
    ),
    Architecture(
        name="resnet50",
        title="ResNet-50",
        form="Deeper",
        use="wants a GPU",
        giga_macs=1.30,
        million_parameters=23.5,
    ),
    Architecture(
        name="densenet",
        title="DenseNet",
        form="59 densely connected layers of growth 12",
        use="slow without a GPU",
        giga_macs=0.125,
        million_parameters=0.997,
    ),
    Architecture(
        name="vgg11_bn",
        title="VGG-11",
        form="Eight plain convolutions with batch norm",
        use="wants a GPU",
        giga_macs=0.153,
        million_parameters=9.23,
        smallest_image_px=32,
    ),
    Architecture(
        name="vit",
        title="Vision transformer",
        form="7 layers on patches of 4 px",
        use="wants a GPU and more data than the others",
        giga_macs=0.829,
        million_parameters=12.5,
        input_size=32,
    ),
    Architecture(
        name="small_resnet",
        title="Small residual network",
        form="A stem and two residual blocks",
        use=_ON_A_LAPTOP,
        giga_macs=0.00756,
        million_parameters=0.289,
        stackable=True,
    ),
    Architecture(
        name="small_vgg",
        title="Small VGG",
        form="Four plain convolutions with max-pooling",
        use=_ON_A_LAPTOP,
        giga_macs=0.00708,
        million_parameters=0.188,
        stackable=True,
    ),
    Architecture(
        name="small_vit",
        title="Small vision transformer",
        form="3 layers on patches of 8 px",
        use=_ON_A_LAPTOP,
        giga_macs=0.00422,
        million_parameters=0.245,
        input_size=32,
    ),
)
"""By name, in the order in which they are offered."""

MODEL_NAMES: Final = ARCHITECTURES.keys()
"""Those of what is registered later among them from then on."""


def are_small(names: Iterable[str | None]) -> bool:
    """Whether all of these networks are small; published ones, and those of which nothing is known (None), are not."""
    return all(name in ARCHITECTURES and ARCHITECTURES[name].is_small for name in names)
