"""The transformations: what each is called, where its draws come from, what it draws, and what it does in a sentence.

The pixels are changed by a kernel of the same name in :mod:`invariance.data.transforms`. Everything else that names
transformations (specs, the sampler, sliders, plots of laws, pages, studies) reads the declarations below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invariance.vocabulary.laws import DEGREES, PIXELS, TIMES, Constant, Field, Law, Parameter, Switch, Uniform

GEOMETRIC: Final = "geometric"
PHOTOMETRIC: Final = "photometric"
CORRUPTION: Final = "corruption"
BEYOND: Final = "beyond 2-D"
REGISTERED: Final = "registered"
_GROUPS: Final = (GEOMETRIC, PHOTOMETRIC, CORRUPTION, BEYOND, REGISTERED)

MIN_BLUR_SIGMA_PX: Final = 0.1
PIXELATE_CELLS: Final = 9
BLEND: Final = (Switch(), Constant("amount", 1.0, neutral=0.0, title="Amount"))
"""With probability one half, a mix of the image and its changed form; at strength 1 the changed form alone."""


@dataclass(frozen=True, kw_only=True)
class Transformation:
    """What is declared of one transformation.

    Attributes:
        name: as in the paper, on the command line and in specs.
        title: for people.
        category: ``geometric``, ``photometric``, ``corruption``, ``beyond 2-D`` for what needs a second picture, which
            the engine looks up, or ``registered`` for what a module of the user's adds at run time.
        stream: number of the stream of its draws, see :mod:`invariance.vocabulary.streams`; never changed.
        parameters: what is drawn for a sample, in the order of the words of its stream; never reordered.
        summary: what is drawn and what it does, one sentence.
        place: -1 acts before all others and 1 after them, wherever a composition lists it; 0 acts where it is listed.
        module: that registers it; empty for those that are declared here.
        version: of a registered one, part of the identity of every run with it.
    """

    name: str
    title: str
    category: str
    stream: int
    parameters: tuple[Parameter, ...]
    summary: str
    place: int = 0
    module: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        if self.category not in _GROUPS:
            raise ImportError(f"transformation {self.name}: category {self.category!r}, expected {', '.join(_GROUPS)}")

    def laws(self, strength: float = 1.0) -> tuple[Law, ...]:
        """How its parameters are drawn at a strength."""
        return tuple(parameter.law(self.name, strength) for parameter in self.parameters)


_PAPER: Final = (
    Transformation(
        name="translate",
        title="Translate",
        category=GEOMETRIC,
        stream=16,
        parameters=(
            Uniform("x", 0.0, 1.0, neutral=0.5, title="Place, left to right", reach=(0.0, 1.5)),
            Uniform("y", 0.0, 1.0, neutral=0.5, title="Place, top to bottom"),
        ),
        summary="The object moves to a uniformly drawn place that keeps it inside the image (whole pixels).",
    ),
    Transformation(
        name="rotate",
        title="Rotate",
        category=GEOMETRIC,
        stream=17,
        parameters=(
            Uniform(
                "angle_deg", -180.0, 180.0, neutral=0.0, title="Angle, counter-clockwise", unit=DEGREES, period=360.0
            ),
        ),
        summary="The object turns about the image centre by an angle drawn uniformly from the full circle.",
    ),
    Transformation(
        name="scale",
        title="Scale",
        category=GEOMETRIC,
        stream=18,
        parameters=(Uniform("factor", 0.4, 1.0, neutral=1.0, title="Size", unit=TIMES, reach=(0.15, 1.4)),),
        summary="The object shrinks by a factor drawn uniformly from 0.4 to 1.",
    ),
    Transformation(
        name="v_flip",
        title="Vertical flip",
        category=GEOMETRIC,
        stream=19,
        parameters=(Switch(title="Upside down", scaled=True),),
        summary="With probability one half the object is upside down.",
    ),
    Transformation(
        name="h_flip",
        title="Horizontal flip",
        category=GEOMETRIC,
        stream=20,
        parameters=(Switch(title="Mirrored", scaled=True),),
        summary="With probability one half the object is mirrored.",
    ),
    Transformation(
        name="shear",
        title="Shear",
        category=GEOMETRIC,
        stream=21,
        parameters=(
            Uniform("x_deg", -50.0, 50.0, neutral=0.0, title="Slant along x", unit=DEGREES, reach=(-70.0, 70.0)),
            Uniform("y_deg", -50.0, 50.0, neutral=0.0, title="Slant along y", unit=DEGREES),
        ),
        summary="The object is sheared along x and y by angles drawn uniformly from -50 to 50 degrees.",
    ),
    Transformation(
        name="hue",
        title="Hue",
        category=PHOTOMETRIC,
        stream=22,
        parameters=(Uniform("shift", -0.5, 0.5, neutral=0.0, title="Way round the colour circle", circle=1.0),),
        summary="The hue moves round the colour circle by a uniformly drawn amount.",
    ),
    Transformation(
        name="brightness",
        title="Brightness",
        category=PHOTOMETRIC,
        stream=23,
        parameters=(Uniform("factor", 0.0, 2.0, neutral=1.0, title="Brightness", unit=TIMES, reach=(0.0, 4.0)),),
        summary="Colours are multiplied by a factor drawn uniformly from 0 to 2 and clipped.",
    ),
    Transformation(
        name="grayscale",
        title="Grayscale",
        category=PHOTOMETRIC,
        stream=24,
        parameters=BLEND,
        summary="With probability one half the colours become their luma.",
    ),
    Transformation(
        name="posterize",
        title="Posterize",
        category=PHOTOMETRIC,
        stream=25,
        parameters=BLEND,
        summary="With probability one half each channel keeps one bit.",
    ),
    Transformation(
        name="invert",
        title="Invert",
        category=PHOTOMETRIC,
        stream=26,
        parameters=BLEND,
        summary="With probability one half the colours are inverted.",
    ),
    Transformation(
        name="sharpen",
        title="Sharpen",
        category=PHOTOMETRIC,
        stream=27,
        parameters=(Switch(), Constant("factor", 7.0, neutral=1.0, title="Sharpness", unit=TIMES, reach=(1.0, 14.0))),
        summary="With probability one half the object's colours are sharpened by a factor of 7; its outline stays.",
    ),
    Transformation(
        name="blur",
        title="Blur",
        category=CORRUPTION,
        stream=28,
        parameters=(
            Uniform(
                "sigma_px",
                MIN_BLUR_SIGMA_PX,
                1.5,
                neutral=MIN_BLUR_SIGMA_PX,
                title="Width of the blur (sigma)",
                unit=PIXELS,
                reach=(MIN_BLUR_SIGMA_PX, 3.0),
            ),
        ),
        summary="The object is blurred by a Gaussian whose width is drawn uniformly from 0.1 to 1.5 pixels (at 32 px).",
    ),
    Transformation(
        name="noise",
        title="Noise",
        category=CORRUPTION,
        stream=29,
        parameters=(
            Field(title="Which noise"),
            Switch(),
            Constant("std", 1.0, neutral=0.0, title="Standard deviation", reach=(0.0, 2.0)),
        ),
        summary="With probability one half strong coloured noise is added to the object and wraps round.",
    ),
    Transformation(
        name="pixelate",
        title="Pixelate",
        category=CORRUPTION,
        stream=30,
        parameters=(
            Switch(),
            Constant(
                "side", PIXELATE_CELLS / 32, neutral=1.0, title="Resolution kept", unit=TIMES, reach=(4 / 32, 1.0)
            ),
        ),
        summary="With probability one half the image is reduced to 9 x 9 coarse pixels.",
    ),
    Transformation(
        name="elastic",
        title="Elastic",
        category=CORRUPTION,
        stream=31,
        parameters=(
            Field(title="Which warp"),
            Switch(),
            Constant("alpha", 150.0, neutral=0.0, title="Amount of the warp (alpha)", reach=(0.0, 300.0)),
        ),
        summary="With probability one half the object is warped by a smooth random displacement field.",
    ),
    Transformation(
        name="erasing",
        title="Erasing",
        category=CORRUPTION,
        stream=32,
        parameters=(
            Uniform("x", 0.0, 1.0, neutral=None, title="Place, left to right"),
            Uniform("y", 0.0, 1.0, neutral=None, title="Place, top to bottom"),
            Switch(),
            Constant("side_px", 14, neutral=0.0, title="Side of the square", unit=PIXELS, reach=(0.0, 24.0)),
        ),
        summary="With probability one half a square of 14 x 14 pixels (at 32 px) becomes transparent.",
    ),
    Transformation(
        name="contrast",
        title="Contrast",
        category=CORRUPTION,
        stream=33,
        parameters=(Uniform("factor", 0.0, 2.0, neutral=1.0, title="Contrast", unit=TIMES, reach=(0.0, 4.0)),),
        summary="The contrast to the mean is multiplied by a factor drawn uniformly from 0 to 2.",
    ),
)
"""The 18 of Transforms-2D in the order of the paper (arXiv 2407.04325, appendix B), which will not be more."""

_ADDED: Final = (
    Transformation(
        name="pose",
        title="Pose",
        category=BEYOND,
        stream=34,
        parameters=(Uniform("view", 0.0, 1.0, neutral=0.0, title="View, round the object", chooses=True),),
        summary="The object is seen from a viewpoint drawn uniformly from its pictures (not in the paper).",
        place=-1,
    ),
    Transformation(
        name="occlude",
        title="Occlude",
        category=BEYOND,
        stream=35,
        parameters=(
            Switch(),
            Uniform("other", 0.0, 1.0, neutral=None, title="Which other object", chooses=True),
            Uniform("x", 0.0, 1.0, neutral=None, title="Its place, left to right"),
            Uniform("y", 0.0, 1.0, neutral=None, title="Its place, top to bottom"),
            Constant("scale", 0.6, neutral=0.0, title="Its size", unit=TIMES, reach=(0.0, 1.0)),
        ),
        summary="With probability one half an object of another class stands in front, at a drawn place "
        "(not in the paper).",
        place=1,
    ),
)
"""What is not in the paper: what is new is declared here, at the end."""

_ALL: Final = (*_PAPER, *_ADDED)

TRANSFORMATIONS: Final[dict[str, Transformation]] = {one.name: one for one in _ALL}
"""All there are, by name, in the order in which they are offered."""
if len(TRANSFORMATIONS) < len(_ALL):
    raise ImportError("a transformation is declared more than once")

KNOWN_TRANSFORMS: Final = TRANSFORMATIONS.keys()
"""All names, those of what is registered later among them from then on."""

TRANSFORM_NAMES: Final[tuple[str, ...]] = tuple(one.name for one in _PAPER)
"""The paper's 18: what ``all`` means, and from which studies choose, so that an addition changes no seed's choice."""

BEYOND_2D: Final[tuple[str, ...]] = tuple(one.name for one in _ALL if one.category == BEYOND)
"""What needs a second picture; not in the paper, which names being two-dimensional as its limitation."""

_FLAT: Final = {name: one for name, one in TRANSFORMATIONS.items() if name not in BEYOND_2D}

FLAT_TRANSFORMS: Final = _FLAT.keys()
"""What needs nothing but the picture itself, likewise."""


def _by_category(declared: tuple[Transformation, ...]) -> dict[str, tuple[str, ...]]:
    found = {group: tuple(one.name for one in declared if one.category == group) for group in _GROUPS}
    return {group: names for group, names in found.items() if names}


CATEGORIES: Final[dict[str, tuple[str, ...]]] = _by_category(_PAPER)
"""The paper's 18, by category."""

ALL_CATEGORIES: Final[dict[str, tuple[str, ...]]] = _by_category(_ALL)
"""All there are, by category."""


def add_registered(declared: Transformation) -> None:
    """Offers a transformation that a module registers at run time, wherever those above are offered."""
    TRANSFORMATIONS[declared.name] = _FLAT[declared.name] = declared
    ALL_CATEGORIES[REGISTERED] = tuple(one.name for one in TRANSFORMATIONS.values() if one.module)
