"""Numbers in texts, and whether each is what it is said to be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"(?<![\w.])(?<!\w-)[−-]?\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")


@dataclass(frozen=True)
class Printed:
    """A number as it stands in a text.

    Attributes:
        text: as it is written.
        value: that it says.
        decimals: that it has.
    """

    text: str
    value: float
    decimals: int

    def says(self, value: float) -> bool:
        """Whether a value is printed so: to half of the last digit."""
        return abs(self.value - value) <= 0.5 * 10**-self.decimals + 1e-9


def numbers_in(text: str) -> list[Printed]:
    """All numbers of a text in their order, with their signs; digits of words such as ``resnet18`` are none."""
    found = []
    for match in _NUMBER.findall(text):
        plain = match.replace("−", "-").replace(",", "")
        found.append(Printed(match, float(plain), len(plain.partition(".")[2])))
    return found


def unexplained(text: str, values: Sequence[float]) -> list[str]:
    """What is wrong with a text whose numbers should be these, in this order; nothing where all is right."""
    numbers = numbers_in(text)
    wrong = [
        f"{one.text} is {value:.4g}" for one, value in zip(numbers, values, strict=False) if not one.says(float(value))
    ]
    if len(numbers) != len(values):
        wrong.append(f"{len(numbers)} numbers, of which {len(values)} are explained")
    return wrong
