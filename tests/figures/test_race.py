"""The race: curves on axes that stay as they are."""

from invariance.figures.race import race_curves, race_table

LOOK = {"colours": ["#111111", "#222222"], "guessing": 0.1}


def test_axes_and_guessing_stay_while_curves_grow() -> None:
    points = [(0.0, 0.1), (0.5, 0.4)]
    begun = race_curves({"Same": [], "Disjoint": []}, {}, **LOOK)
    grown = race_curves({"Same": points, "Disjoint": points[:1]}, {"Same": 0.6}, **LOOK)
    for axis in ("xaxis", "yaxis"):
        assert begun.layout[axis].range == grown.layout[axis].range is not None
    assert [trace.name for trace in begun.data] == ["Same", "Disjoint", "guessing (10%)"]
    assert all(len(trace.x) for trace in begun.data), "all are in the legend from the start"
    assert list(grown.data[0].y) == [0.1, 0.4] and list(grown.data[1].y) == [0.6], "the transfer itself follows"
    assert grown.data[0].line.color == grown.data[1].marker.color == "#111111" != grown.data[2].line.color
    assert grown.data[0].line.dash != grown.data[2].line.dash, "colour is not the only difference"
    assert race_table({"Same": points}).to_numpy().tolist() == [["Same", 0.0, 0.1], ["Same", 0.5, 0.4]]
