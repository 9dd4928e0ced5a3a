"""Study C once more."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.studies.recomputed.again import READ, Again, Values, fieller, told

SAME, OTHER, NONE = "same", "other", "none"
PUBLISHED = {
    "same-pictures": (0.12, 0.40, 0.39),
    "new-pictures": (0.21, 0.41, 0.42),
    "noise-noise": (0.56, 0.69, 0.69),
}
"""Type of data to the published sens-scores of same, other and none."""
COUNTED = ("same-pictures", "new-pictures", "new-noise", "noise-noise")


def again(table: pd.DataFrame) -> dict[str, Again]:
    def score(relation: str, data: str, pretraining: str = "pictures") -> Values:
        rows = table[(table.relation == relation) & (table.data == data) & (table.pretraining == pretraining)]
        return rows.groupby("seed").sens.mean().to_numpy()

    def trained(data: str, pretraining: str = "pictures") -> Again:
        same, other, none = (score(relation, data, pretraining) for relation in (SAME, OTHER, NONE))
        theirs = PUBLISHED.get(data)
        below = None if theirs is None else theirs[2] - theirs[0]
        return Again(
            numbers=[
                *[same.mean(), other.mean(), none.mean()],
                *told(none - same),
                *([] if theirs is None else [*theirs, theirs[2] - theirs[0]]),
            ],
            values=none - same,
            parts=[(other - same, False), (none - same, False), (none - other, True)],
            published=below,
            confirmatory=below is not None,
        )

    def kept(data: str) -> Again:
        here, there = (score(NONE, where) - score(SAME, where) for where in ("same-pictures", data))
        near, far = (PUBLISHED[where][2] - PUBLISHED[where][0] for where in ("same-pictures", data))
        return Again(
            numbers=[*told(there, here), there.mean(), here.mean(), far / near, far, near],
            values=there,
            below=here,
            published=far / near,
            error=far / near * (2 * READ / far + 2 * READ / near),
            retention=True,
        )

    both = {
        relation: (score(relation, "same-pictures") + score(relation, "new-pictures")) / 2
        for relation in (SAME, OTHER, NONE)
    }
    little, much = both[NONE] - both[OTHER], both[NONE] - both[SAME]
    share = [little.mean() / much.mean(), *(end for end in fieller(little, much) if not np.isnan(end))]
    own, new, far = (score(SAME, data) for data in PUBLISHED)
    return {
        "kept_on_new_objects": kept("new-pictures"),
        "kept_on_noise": kept("noise-noise"),
        "trained_invariance": trained("same-pictures"),
        "holds_on_new_objects": trained("new-pictures"),
        "holds_in_part_on_noise": trained("noise-noise"),
        "noise_teaches_pictures": trained("drawn-pictures", "noise"),
        "other_is_like_none": Again(
            numbers=[*told(little), *share, 0.00, -0.01, 0.01], values=little, published=0.0, equivalence=True
        ),
        "weaker_far_away": Again(
            numbers=[own.mean(), new.mean(), far.mean(), *told(far - own), 0.12, 0.21, 0.56, 0.44],
            values=far - own,
            parts=[(new - own, False), (far - new, False)],
            published=0.44,
        ),
        "own_network_is_lowest": _counted(table, untrained=False),
        "untrained_is_lower": _counted(table, untrained=True),
    }


def _counted(table: pd.DataFrame, *, untrained: bool) -> Again:
    numbers: list[float] = []
    shares = np.empty(0)
    for data in COUNTED:
        held: dict[int, list[bool]] = {}
        for (seed, _), rows in table[(table.data == data) & (table.pretraining == "pictures")].groupby(
            ["seed", "transform"]
        ):
            own = rows[rows.relation == SAME].sens.item()
            against = rows[rows.relation == "untrained"] if untrained else rows[rows.relation.isin([OTHER, NONE])]
            if len(against):
                lowest = against.sens.min()
                held.setdefault(seed, []).append(lowest < own if untrained else own < lowest)
        numbers += [sum(map(sum, held.values())), sum(map(len, held.values()))]
        if data == "new-pictures":
            shares = np.array([np.mean(found) for found in held.values()])
    return Again(numbers=[*numbers, *(told(shares) if len(shares) else [])], values=shares, confirmatory=False)
