"""What a card of two networks says: each sentence from one row, and what they must not be taken for."""

from __future__ import annotations

from collections.abc import Sequence

from invariance.numbers import format_number
from invariance.statistics import Interval
from invariance.studies.thrown_away_row import Row, Transferred
from invariance.vocabulary.factors import KNOWN
from invariance.vocabulary.thrown_away import CLASS_IS_READ, EVIDENCE, FACTOR, HARDLY, LESS, MORE

Names = tuple[str, str]
TrainedOn = tuple[tuple[str, ...] | None, tuple[str, ...] | None]
"""The transformations of either's pretraining; None where it is not known what a network was trained on."""


def sentence(row: Row, names: Names, trained_on: TrainedOn) -> str:
    """A reliable row in words, with both values, the difference with its interval, and n.

    Args:
        row: that is told.
        names: of the first network, A, and of the second, B.
        trained_on: the transformations of their pretrainings.
    """
    called = [f"{letter} (*{name}*)" for letter, name in zip("AB", names, strict=True)]
    values = [(row.first, row.first_low), (row.second, row.second_low)]
    lower = int(row.direction == LESS)  # position of the network that has less
    (less, low), (more, _) = values[lower], values[1 - lower]
    what = _what(row, called[lower], called[1 - lower], less, more, low, is_counter=row.direction == MORE)
    reason, only = "", only_varied_by(row, trained_on)
    if only is not None:
        reason = f"; {'' if only == lower else 'though '}only {'AB'[only]}'s training varied {_transform(row)}"
    difference = Interval(row.difference, row.low, row.high, row.num_images)
    return f"{what}{reason} (B − A = {difference}, n = {row.num_images:,})."


def only_varied_by(row: Row, trained_on: TrainedOn) -> int | None:
    """The network, 0 or 1, whose training alone varied what a row is about; None if both, neither, or who knows."""
    if None in trained_on:
        return None
    varied = [row.name.partition(".")[0] in (one or ()) for one in trained_on]
    return varied.index(True) if sum(varied) == 1 else None


def _transform(row: Row) -> str:
    return row.name.partition(".")[0].replace("_", " ")


def _what(row: Row, loser: str, keeper: str, less: float, more: float, low: float, *, is_counter: bool) -> str:
    values = f"{format_number(less)} against {format_number(more)}"
    if row.part == FACTOR and is_counter:
        return f"{loser} keeps *less* **{row.title}** than {keeper}, skill {values}"
    if row.part == FACTOR:
        can = "can no longer tell" if low <= 0 else "can hardly tell" if less < HARDLY * more else "tells less of"
        return f"{loser} {can} **{row.title}**: skill {values} of {keeper}"
    if row.part == EVIDENCE:
        beyond = "beyond what the same maps have on other images' objects"
        return f"{loser} rests its decisions less **on the object** than {keeper}: {values} of the evidence, {beyond}"
    return f"What **{row.title}** does can be foreseen less well in {loser} than in {keeper}: {values}"


def remarks(
    rows: Sequence[Row], names: Names, trained_on: TrainedOn, transferred: Transferred | None
) -> tuple[str, ...]:
    """What a reader would otherwise take the sentences for; none where there is no danger.

    Args:
        rows: all of the card.
        names: of both networks.
        trained_on: the transformations of their pretrainings.
        transferred: what both reached on a target task, if that is known.
    """
    factors = [row for row in rows if row.part == FACTOR]
    said = [*caveats(rows, names, trained_on)]
    is_class = next((row for row in factors if row.name == "class" and row.objects == KNOWN), None)
    if is_class is not None and min(is_class.first, is_class.second) >= CLASS_IS_READ:
        said.append(_class(is_class, transferred))
    return tuple(filter(None, said))


def caveats(rows: Sequence[Row], names: Names, trained_on: TrainedOn) -> tuple[str, ...]:
    """The first of these, which all sentences on factors are to be read under."""
    factors = [row for row in rows if row.part == FACTOR]
    return tuple(filter(None, (_general(factors, names, trained_on, better) for better in (LESS, MORE))))


def _general(factors: Sequence[Row], names: Names, trained_on: TrainedOn, direction: str) -> str:
    """Where one network is ahead in most factors."""
    ahead = [row for row in factors if row.direction == direction]
    if 2 * len(ahead) <= len(factors):
        return ""
    behind = sum(row.reliable for row in factors) - len(ahead)
    called = [f"{letter} (*{name}*)" for letter, name in zip("AB", names, strict=True)]
    said = (
        f"**Better general features raise most factors.** {called[direction != LESS]} is ahead in {len(ahead)} of "
        f"{len(factors)} factors and behind in {behind}"
    )
    if unknown := [name for name, known in zip(called, trained_on, strict=True) if known is None]:
        return (
            f"{said}. It is not known what {' and '.join(unknown)} {'was' if len(unknown) == 1 else 'were'} trained "
            "on, so it cannot be said whether anything was thrown away for that; nor does a task need all of it."
        )
    trained = {name for names_of in trained_on for name in names_of or ()}
    in_neither = sum(row.name.partition(".")[0] not in trained for row in ahead)
    return (
        f"{said}; {in_neither} of the {len(ahead)} varied in neither pretraining. So what the other "
        "tells less of was not all thrown away for what it was trained on, nor does a task need all of it."
    )


def _class(row: Row, transferred: Transferred | None) -> str:
    """Why a class that is read perfectly says nothing of a transfer."""
    reached = ""
    if transferred is not None:
        first, second = (f"{accuracy:.0%}" for accuracy in transferred.accuracies)
        task = ", ".join(transferred.transforms).replace("_", " ") or "untransformed images"
        reached = f" There ({task}) A reached {first} and B {second}."
    return (
        f"**A class that is read is not transfer accuracy.** Class is read at {format_number(row.first)} and "
        f"{format_number(row.second)} here: of objects that the probe knows, untransformed, before new backgrounds. "
        f"A transfer asks for new objects, under the target's transformations.{reached}"
    )
