"""From what the Train page asks to the runs it submits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from invariance.spec import CATEGORIES, RunSpec, SpecError
from invariance.studies.what_if import published_transfer, transferred, what_if
from pages.shared.sources import named_source


def disjoint_from(transforms: tuple[str, ...]) -> tuple[str, ...]:
    """As many other transformations, one category after the other: a competitor that shares none.

    Fewer than asked for if there are not that many left.
    """
    rows = [[name for name in names if name not in transforms] for names in CATEGORIES.values()]
    width = max(len(row) for row in rows)
    others = [row[column] for column in range(width) for row in rows if column < len(row)]
    return tuple(others[: max(1, len(transforms))])


def planned_runs(
    target: tuple[str, ...],
    pretrainings: list[tuple[str, ...]],
    *,
    objects: str,
    backgrounds: str,
    published: str | None = None,
    both_ways: bool = False,
    **options: Any,
) -> list[RunSpec]:
    """A pretraining for each composition and its transfer to the same target task, sources first.

    What is asked for both ways round follows them, then a network of others that is put to the target task.

    Args:
        target: transformations of the target task.
        pretrainings: transformations of each pretraining.
        objects: source, perhaps a relative folder.
        backgrounds: source, perhaps a relative folder.
        published: reference of a network that others trained, or None.
        both_ways: whether two compositions, of which the first is the target's, are each a source and a target, with a
            network that is pretrained on none: all of :func:`~invariance.studies.what_if.what_if`.
        options: see :func:`invariance.studies.what_if.what_if`.

    Raises:
        SpecError: a value cannot be used.
    """
    objects, backgrounds = named_source(objects, "objects"), named_source(backgrounds, "backgrounds")
    if len({frozenset(transforms) for transforms in pretrainings}) < len(pretrainings):
        raise SpecError("both networks would be pretrained on the same transformations: choose others for the rival")
    is_pair = len(pretrainings) == 2 and pretrainings[0] == target
    other = pretrainings[1] if is_pair else disjoint_from(target)
    study = what_if(target, other, objects=objects, backgrounds=backgrounds, **options)
    runs: list[RunSpec] = []
    if is_pair and both_ways:
        runs += study.runs
    else:
        for transforms in pretrainings:
            data = replace(study.matched_pretraining.data, transforms=transforms)
            cell = transferred(replace(study.matched_pretraining, data=data), study.matched)
            runs += [cell.pretraining, cell.transfer]
    return runs if published is None else [*runs, published_transfer(study.matched, published)]
