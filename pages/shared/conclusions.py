"""What a comparison of pretrainings came to, in a sentence: none is called better that the test does not show to be.

A difference comes with its interval over the objects and backgrounds of the test images, see
:mod:`invariance.measures.accuracy`.
"""

from __future__ import annotations

from invariance.runs.describe import transforms_title
from invariance.statistics import Interval
from invariance.studies.relations import RELATIONS, relation
from invariance.studies.two_by_two import points

Composition = tuple[str, ...]


def conclusion(
    pretrained_on: list[Composition], accuracies: list[float], target: Composition, difference: Interval | None = None
) -> str:
    """What one network reaches, or how two compare on one target task.

    Args:
        pretrained_on: transformations of each pretraining, one or two.
        accuracies: of the transfers, in [0, 1].
        target: transformations of the target task.
        difference: of the first accuracy less the second; None where it has no interval.
    """
    names = [f"**{transforms_title(transforms)}**" for transforms in pretrained_on]
    if len(names) == 1:
        return f"Pretrained on {names[0]}, the network reaches **{accuracies[0]:.1%}** on {transforms_title(target)}."
    if difference is None or difference.side == 0:
        said = f"Pretrained on {names[0]} a network reaches {accuracies[0]:.1%}, on {names[1]} {accuracies[1]:.1%}."
        if difference is None:
            return f"{said} Their answers to single images were not kept, so nothing says how sure the difference is."
        return f"{said} Which is better is **undecided**: the difference is {_points(difference)}."
    ahead, behind = (0, 1) if difference.side > 0 else (1, 0)
    shared = RELATIONS[relation(pretrained_on[ahead], target)]
    margin = difference if ahead == 0 else -difference
    return (
        f"On this run pretraining on {names[ahead]}, {shared}, transfers **{_points(margin)}** better than on "
        f"{names[behind]}: {accuracies[ahead]:.1%} against {accuracies[behind]:.1%}, the mean over the task's classes."
    )


def published_conclusion(name: str, accuracy: float, others: list[tuple[Composition, Interval | None]]) -> str:
    """A network that was trained elsewhere beside those that were pretrained here.

    Args:
        name: of the network.
        accuracy: of its transfer, in [0, 1].
        others: what each of the others was pretrained on, and the accuracy of the first less that one's.
    """
    said = [f"**{name}**, trained elsewhere, reaches **{accuracy:.1%}**, the mean over the task's classes."]
    for transforms, margin in others:
        other = f"the network of **{transforms_title(transforms)}**"
        if margin is None:
            said.append(f"How sure a difference from {other} is is not known: answers to single images were not kept.")
        elif margin.side == 0:
            said.append(f"Which of it and {other} is better is **undecided**: the difference is {_points(margin)}.")
        elif margin.side > 0:
            said.append(f"On this run it is **{_points(margin)}** better than {other}.")
        else:
            said.append(f"On this run it is **{_points(-margin)}** worse than {other}.")
    return " ".join(said)


def _points(difference: Interval) -> str:
    """As :func:`points`, in Markdown, where a bracket may begin a link."""
    return points(difference).replace("[", r"\[")
