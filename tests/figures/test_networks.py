"""A network has one colour everywhere."""

from __future__ import annotations

from invariance.figures.networks import network_colours
from invariance.figures.palette import CATEGORICAL, MATCHED, MISMATCHED, NEUTRAL
from invariance.runs.gallery_build import DISJOINT
from invariance.runs.gallery_build import MATCHED as ROTATE_HUE_ERASING


def test_the_two_that_are_compared_have_their_colours_and_no_others_do() -> None:
    assert network_colours([ROTATE_HUE_ERASING, DISJOINT, None]) == [MATCHED, MISMATCHED, NEUTRAL]
    rows = network_colours([(), ("translate",), ("rotate",), ("hue",), ("blur",)])
    assert len({*rows}) == 5 and not {MATCHED, MISMATCHED, NEUTRAL} & {*rows}


def test_a_colour_does_not_depend_on_what_stands_beside_unless_it_is_taken() -> None:
    (alone,) = network_colours([("hue",)])
    assert network_colours([(), ("hue",)])[1] == alone
    several = network_colours([("hue",)] * len(CATEGORICAL))
    assert several[0] == alone and len({*several}) == len(CATEGORICAL)
