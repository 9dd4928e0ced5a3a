"""Which pixels a network's decision rests on: Captum behind one verb, and scores of what comes out."""

from __future__ import annotations

from invariance.attribution.attribute import BASELINES, METHODS, Attribution, attribute, make_baseline
from invariance.attribution.compare import Comparison, Explanation, compare
from invariance.attribution.scores import ObjectShare, share_on_object

__all__ = [
    "BASELINES",
    "METHODS",
    "Attribution",
    "Comparison",
    "Explanation",
    "ObjectShare",
    "attribute",
    "compare",
    "make_baseline",
    "share_on_object",
]
