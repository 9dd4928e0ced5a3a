"""How a measured number is written for people: in sentences, cells, captions and on hovering, everywhere alike."""

from __future__ import annotations

import math

NOT_KNOWN = "–"


def format_number(value: float, digits: int = 2) -> str:
    """A number with fixed decimals and a true minus sign, as the axes of figures have it: 0.12, −0.05, 1.00.

    Args:
        value: NaN where there is none, which is written as a dash.
        digits: after the point. What rounds to zero has no sign.
    """
    if math.isnan(value):
        return NOT_KNOWN
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """A change: as :func:`format_number`, with a plus where it is more than nothing."""
    return f"{'+' * (round(float(value), digits) > 0)}{format_number(value, digits)}"
