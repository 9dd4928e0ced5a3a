"""What maps and shares of evidence are scored by, what each score is compared with, and what the tables' columns mean.

No score has a verdict without its null: what it would be if nothing of what it asks for were there. A map has that of
other images' objects, which are as central as its own; a map of a trained network that of untrained ones among
themselves; two networks' shares that of images on which both are equally right.
"""

from __future__ import annotations

from typing import Final

from invariance.vocabulary.columns import Column

MASK_SCORES: Final[dict[str, str]] = {
    "mass": "share of the positive relevance on the object",
    "rank": "share of the most relevant pixels (as many as the object has) on the object",
    "pointing": "the most relevant pixel is on the object",
}
"""What tells how much of a map lies on the object: name and meaning, for people."""

MAP_PARTS: Final[dict[str, str]] = {
    "strength": "which pixels matter, whatever the sign",
    "signed": "the maps as they are",
}
"""What of two maps is correlated in the randomisation test: name and meaning; the first one gives the verdict."""

HIGHER: Final = "higher"
LOWER: Final = "lower"
UNDECIDED: Final = "undecided"

_MODEL: Final = Column(name="model", meaning="the name that was given")
_VERDICT: Final = f"{HIGHER} or {LOWER} where the interval of the difference leaves out 0, otherwise {UNDECIDED}"
_SCORE: Final = "over the images where it is defined, with its 95 % interval over images"
_DIFFERENCE: Final = "score less null, with its 95 % interval over images"

SCORE_TABLE: Final = (
    _MODEL,
    Column(name="score", meaning="; ".join(f"{name}: {meaning}" for name, meaning in MASK_SCORES.items())),
    Column(name="mean", meaning=_SCORE),
    Column(name="low", meaning=_SCORE),
    Column(name="high", meaning=_SCORE),
    Column(name="null", meaning="the same maps scored against the object's mask of every other of the images"),
    Column(name="difference", meaning=_DIFFERENCE),
    Column(name="difference_low", meaning=_DIFFERENCE),
    Column(name="difference_high", meaning=_DIFFERENCE),
    Column(name="verdict", meaning=_VERDICT),
    Column(name="area", meaning="share of the image that the object covers, a plain fact and no level of chance"),
    Column(name="num", meaning="images where it is defined"),
)
"""Of maps against masks: a row for each network and score."""

_TRAINED: Final = "mean rank correlation of the network's maps with those of untrained ones, and its 95 % interval"
_UNTRAINED: Final = "the same of untrained networks with one another: what image and architecture alone have in common"
_LESS: Final = "the first less the second, with its 95 % interval over images and untrained networks"

RANDOMISATION_TABLE: Final = (
    _MODEL,
    Column(name="maps", meaning="; ".join(f"{name}: {meaning}" for name, meaning in MAP_PARTS.items())),
    Column(name="trained", meaning=_TRAINED),
    Column(name="trained_low", meaning=_TRAINED),
    Column(name="trained_high", meaning=_TRAINED),
    Column(name="null", meaning=_UNTRAINED),
    Column(name="null_low", meaning=_UNTRAINED),
    Column(name="null_high", meaning=_UNTRAINED),
    Column(name="difference", meaning=_LESS),
    Column(name="difference_low", meaning=_LESS),
    Column(name="difference_high", meaning=_LESS),
    Column(name="verdict", meaning=f"{_VERDICT}; only {LOWER} shows that a map depends on what was learnt"),
    Column(name="num", meaning="images on which no network's map is the same everywhere"),
    Column(name="num_untrained", meaning="untrained networks"),
)
"""Of the randomisation test: a row for each network and part of the maps."""

ALL_CLASSES: Final = "all"
ALL_IMAGES: Final = "all"
ALL_RIGHT: Final = "right"
ALL_WRONG: Final = "wrong"

_VALUE: Final = "mean value and its 95 % interval over images"
_SHARE: Final = "|value| over the sum of |values|, and its 95 % interval over images"
_PLAYER: Final = Column(name="player", meaning="object, background or sticker")
_IMAGES: Final = (
    f"{ALL_IMAGES}; {ALL_RIGHT} and {ALL_WRONG}: those that every network, and that none, names rightly; "
    "only NAME: those that this one alone does"
)
_OF_SHARES: Final = "mean difference of the two shares within images, and its 95 % interval over them"

EVIDENCE_TABLE: Final = (
    _MODEL,
    Column(name="images", meaning=_IMAGES),
    Column(name="class", meaning=f"class of the images, or {ALL_CLASSES}"),
    _PLAYER,
    Column(name="shapley", meaning=_VALUE),
    Column(name="low", meaning=_VALUE),
    Column(name="high", meaning=_VALUE),
    Column(name="share", meaning=_SHARE),
    Column(name="share_low", meaning=_SHARE),
    Column(name="share_high", meaning=_SHARE),
    Column(name="num", meaning="images"),
)
"""Of Shapley values: a row for each network, group of images, class and part."""

_NETWORKS: Final = "the two networks that are compared"

EVIDENCE_DIFFERENCES: Final = (
    Column(name="first", meaning=_NETWORKS),
    Column(name="second", meaning=_NETWORKS),
    Column(name="images", meaning=_IMAGES),
    _PLAYER,
    Column(name="difference", meaning=_OF_SHARES),
    Column(name="low", meaning=_OF_SHARES),
    Column(name="high", meaning=_OF_SHARES),
    Column(name="verdict", meaning=f"on images that both name rightly, {_VERDICT}; empty elsewhere"),
    Column(name="num", meaning="images"),
)
"""Of two networks' shares: a row for each pair, group of images and part."""
