"""Study D once more."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.studies.recomputed.again import Again, student, told


def again(table: pd.DataFrame) -> dict[str, Again]:
    keys = ["seed", "num_pretraining_transforms", "num_transfer_transforms"]
    seeds, counts = sorted(set(table.seed)), sorted(set(table.num_transfer_transforms))
    size = len(counts)
    # Seed, pretraining, task.
    accuracy = table.sort_values(keys).accuracy.to_numpy().reshape(len(seeds), size, size)
    few, many = counts[0], counts[-1]
    diagonal = accuracy[:, range(size), range(size)]
    more = [(own, task) for own in range(size) for task in range(size) if own > task]
    exact = np.mean([diagonal[:, task] for _, task in more], axis=0)
    covered = np.mean([accuracy[:, own, task] for own, task in more], axis=0)
    cells = [accuracy[:, own, task] - 0.9 * diagonal[:, task] for own, task in more]
    weakest = int(np.argmin([values.mean() for values in cells]))
    ends = [student(values, 1 - 0.05 / len(cells)) for values in cells]
    alone, together = sum(student(values)[0] > 0 for values in cells), sum(low > 0 for low, _ in ends)
    names = [counts[place] for place in more[weakest]]
    first = np.mean([diagonal[:, task] - accuracy[:, task - 1, task] for task in range(1, size)], axis=0)
    steps = [
        np.mean(
            [
                accuracy[:, task - missing + 1, task] - accuracy[:, task - missing, task]
                for task in range(missing, size)
            ],
            axis=0,
        )
        for missing in range(1, size)
    ]
    lacking = [(own, task) for own in range(size) for task in range(size) if own <= task]
    missed = [task - own for own, task in lacking]
    slopes = np.array(
        [np.polyfit(missed, [one[task, task] - one[own, task] for own, task in lacking], 1)[0] for one in accuracy]
    )
    step_ends = [student(values, 1 - 0.05 / len(steps)) for values in steps]
    least = int(np.argmin([values.mean() for values in steps]))
    costs = [diagonal[:, task] - accuracy[:, own, task] for own, task in more]
    dearest = int(np.argmax([values.mean() for values in costs]))
    left, full = accuracy[:, 0, -1], diagonal[:, -1]
    guess = 1 / table.groupby("seed").num_classes.first().sort_index().to_numpy()
    fall = diagonal[:, 0] - full
    return {
        "exact_stays": Again(
            numbers=[diagonal[:, 0].mean(), few, full.mean(), many, *told(fall), 0.98, 1.00],
            values=fall,
            published=0.0,
            equivalence=True,
        ),
        "superset_as_exact": Again(
            numbers=[
                *[covered.mean(), exact.mean(), *told(exact - covered)],
                *[costs[dearest].mean(), *student(costs[dearest], 1 - 0.05 / len(costs))],
                *[*(counts[place] for place in more[dearest]), 0.98, 1.00],
            ],
            values=exact - covered,
            published=0.0,
            equivalence=True,
        ),
        "superset_suffices": Again(
            numbers=[
                *told(covered, exact),
                *[1.00, 0.90, alone, len(cells), together, sum(values.mean() < 0 for values in cells), *names],
                *[cells[weakest].mean(), *ends[weakest]],
            ],
            values=covered,
            below=exact,
            above=0.9,
            parts=[(values, False) for values in cells],
            published=1.0,
            error=2 * 0.01 / 0.99,
            retention=True,
        ),
        "first_missing_costs": Again(
            numbers=[*told(first), diagonal[:, 1:].mean(), 0.05, 0.10], values=first, published=0.075, error=0.025
        ),
        "missing_costs": Again(
            numbers=[
                *[*told(slopes), *(values.mean() for values in steps), 0.33],
                *[sum(student(values)[0] > 0 for values in steps), len(steps), sum(low > 0 for low, _ in step_ends)],
                *[least + 1, steps[least].mean(), *step_ends[least]],
            ],
            values=slopes,
            parts=[(values, False) for values in steps],
        ),
        "furthest_mismatch": Again(
            numbers=[few, many, left.mean(), full.mean(), *told(full - left), 0.33, 0.66],
            values=full - left,
            published=0.66,
            error=0.02,
        ),
        "furthest_keeps": Again(
            numbers=[few, many, *told(left - guess, full - guess), guess.mean(), (0.33 - 1 / 30) / (0.99 - 1 / 30), 30],
            values=left - guess,
            below=full - guess,
            confirmatory=False,
        ),
    }
