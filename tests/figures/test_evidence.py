"""Bars of Shapley values hold the table's numbers."""

from __future__ import annotations

import pandas as pd

from invariance.figures.evidence import evidence_bars

TABLE = pd.DataFrame(
    {
        "model": ["first", "first", "a <b>", "a <b>"],
        "player": ["object", "sticker"] * 2,
        "shapley": [2.0, -1.0, 0.5, 0.0],
    }
)


def test_a_bar_for_each_part_and_network_with_room_for_its_number() -> None:
    bars = evidence_bars(TABLE, title="logits", colours=["#111111", "#222222"])
    first, second = bars.data
    assert list(first.x) == ["object", "sticker"] and list(first.y) == [2.0, -1.0] and first.name == "first"
    assert list(second.y) == [0.5, 0.0] and list(first.text) == ["+2.0", "−1.0"]
    assert (first.marker.color, second.marker.color) == ("#111111", "#222222")
    assert "&lt;" in second.hovertemplate
    low, high = bars.layout.yaxis.range
    assert low < -1.0 and high > 2.0
