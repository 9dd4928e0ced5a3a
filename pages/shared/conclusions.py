"""What a comparison of pretrainings came to, in one sentence."""

from __future__ import annotations

from invariance.runs.describe import transforms_title


def conclusion(pretrained_on: list[tuple[str, ...]], accuracies: list[float], target: tuple[str, ...]) -> str:
    """One sentence on which pretraining transferred better, and by how much.

    Args:
        pretrained_on: transformations of each pretraining, one or two.
        accuracies: of the transfers, in [0, 1].
        target: transformations of the target task.
    """
    names = [transforms_title(transforms) for transforms in pretrained_on]
    if len(names) == 1:
        return (
            f"Pretrained on **{names[0]}**, the network reaches **{accuracies[0]:.1%}** on {transforms_title(target)}."
        )
    points = 100 * (accuracies[0] - accuracies[1])
    if abs(points) < 1:
        return f"**{names[0]}** and **{names[1]}** transfer equally well here: less than one point apart."
    better, worse = (0, 1) if points > 0 else (1, 0)
    shared = "what the target task varies" if set(pretrained_on[better]) == set(target) else "something else"
    return (
        f"Pretraining on **{names[better]}**, {shared}, transfers **{abs(points):.1f} points** better than "
        f"on **{names[worse]}**: {accuracies[better]:.1%} against {accuracies[worse]:.1%} of the test images."
    )


def published_conclusion(name: str, accuracy: float, ours: list[float]) -> str:
    """One sentence on a published network beside those that were pretrained here.

    Args:
        name: of the network.
        accuracy: of its transfer, in [0, 1].
        ours: accuracies of the others; may be none.
    """
    said = f"The published **{name}** reaches **{accuracy:.1%}**"
    if not ours:
        return f"{said} of the test images."
    best = "the better network" if len(ours) > 1 else "the network"
    points = 100 * (accuracy - max(ours))
    if abs(points) < 1:
        return f"{said}, as much as {best} pretrained here."
    return f"{said}: **{abs(points):.1f} points** {'more' if points > 0 else 'less'} than {best} pretrained here."
