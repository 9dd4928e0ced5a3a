"""Which pixels a network's decision rests on: Captum behind one verb, scores of the maps, and a test of trust."""

from __future__ import annotations

from invariance.attribution.attribute import Attribution, attribute
from invariance.attribution.baselines import make_baseline
from invariance.attribution.compare import Comparison, Explanation, compare
from invariance.attribution.methods import find_method
from invariance.attribution.scores import share_on_object
from invariance.vocabulary.methods import BASELINES, METHODS, Method, Parameter

__all__ = [
    "BASELINES",
    "METHODS",
    "Attribution",
    "Comparison",
    "Explanation",
    "Method",
    "Parameter",
    "attribute",
    "compare",
    "find_method",
    "make_baseline",
    "share_on_object",
]
