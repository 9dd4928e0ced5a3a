"""The card of two networks: its rows, what they say, and its form as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import pandas as pd

from invariance.measures.factor_strip import Strip
from invariance.spec import DatasetSpec
from invariance.studies.thrown_away_row import Row, Transferred
from invariance.studies.thrown_away_words import TrainedOn, caveats, only_varied_by, remarks, sentence
from invariance.vocabulary.thrown_away import MORE


@dataclass(frozen=True)
class ThrownAway:
    """The card.

    Attributes:
        names: of the first network (A), which keeps, and of the second (B).
        trained_on: the transformations of their pretrainings; None where they are not known.
        data: objects and backgrounds of all images.
        rows: every comparison, told or not.
        strips: of each factor that is told, largest difference first.
        transferred: what both reached on a common target task, where that is known.
    """

    names: tuple[str, str]
    trained_on: TrainedOn
    data: DatasetSpec
    rows: tuple[Row, ...]
    strips: tuple[Strip, ...]
    transferred: Transferred | None = None

    @property
    def told(self) -> tuple[Row, ...]:
        """The rows that are told: what the second threw away, then the counter-cases.

        First of each what only the loser's training varied, which is what the question is about; then largest first.
        """

        def place(row: Row) -> tuple[bool, bool, float]:
            is_counter = row.direction == MORE
            only = only_varied_by(row, self.trained_on)
            return is_counter, only != (0 if is_counter else 1), -abs(row.difference)

        return tuple(sorted((row for row in self.rows if row.reliable), key=place))

    @property
    def sentences(self) -> tuple[str, ...]:
        """One for each row that is told; a single one where there is none."""
        if said := tuple(sentence(row, self.names, self.trained_on) for row in self.told):
            return said
        first, second = self.names
        return (
            f"Nothing separates A (*{first}*) and B (*{second}*): of {len(self.rows)} comparisons on the same images "
            "none shows a difference.",
        )

    @property
    def caveats(self) -> tuple[str, ...]:
        """Those of the remarks that come before the sentences."""
        return caveats(self.rows, self.names, self.trained_on) if self.told else ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the sentences must not be taken for; none where nothing is told."""
        return remarks(self.rows, self.names, self.trained_on, self.transferred) if self.told else ()

    def table(self) -> pd.DataFrame:
        """The rows."""
        return pd.DataFrame([asdict(row) for row in self.rows], columns=[each.name for each in fields(Row)])


def card_json(card: ThrownAway) -> dict[str, Any]:
    """A card as plain values, with what it says."""
    return {
        "first": card.names[0],
        "second": card.names[1],
        "trained_on": [None if names is None else list(names) for names in card.trained_on],
        "sentences": list(card.sentences),
        "remarks": list(card.remarks),
        "transferred": None if card.transferred is None else asdict(card.transferred),
        "rows": [
            {name: None if value != value else value for name, value in asdict(row).items()}  # JSON has no NaN
            for row in card.rows
        ],
        "strips": [asdict(strip) for strip in card.strips],
    }


def card_from_json(values: Mapping[str, Any], data: DatasetSpec) -> ThrownAway:
    """The card that :func:`card_json` wrote of images of ``data``; null stands for a number that there is not."""
    first, second = (None if names is None else tuple(names) for names in values["trained_on"])
    moved = values["transferred"]
    rows: list[dict[str, Any]] = [
        {key: math.nan if each is None else each for key, each in row.items()} for row in values["rows"]
    ]
    strips: list[dict[str, Any]] = [
        {key: tuple(each) if isinstance(each, list) else each for key, each in strip.items()}
        for strip in values["strips"]
    ]
    return ThrownAway(
        names=(values["first"], values["second"]),
        trained_on=(first, second),
        data=data,
        rows=tuple(Row(**row) for row in rows),
        strips=tuple(Strip(**strip) for strip in strips),
        transferred=None
        if moved is None
        else Transferred((moved["accuracies"][0], moved["accuracies"][1]), tuple(moved["transforms"])),
    )
