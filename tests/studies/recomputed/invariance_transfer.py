"""Study C once more."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.studies.recomputed.again import READ, Again, Values, fieller, student, told

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

    def first(data: str, pretraining: str) -> list[float]:
        there = score("untrained", data, pretraining)
        return [there.mean()] if len(there) else []

    def lowered(data: str, pretraining: str = "pictures") -> Values:
        return score(NONE, data, pretraining) - score(SAME, data, pretraining)

    def ends(data: str) -> list[float]:
        rows = table[(table.data == data) & (table.pretraining == "pictures")]
        by = [
            each[each.relation == NONE].sens.mean() - each[each.relation == SAME].sens.mean()
            for _, each in rows.groupby("transform")
        ]
        return [min(by), max(by)] if len(by) > 1 else []

    def trained(data: str, pretraining: str = "pictures") -> Again:
        same, other, none = (score(relation, data, pretraining) for relation in (SAME, OTHER, NONE))
        theirs = PUBLISHED.get(data)
        below = None if theirs is None else theirs[2] - theirs[0]
        return Again(
            numbers=[
                *[same.mean(), other.mean(), none.mean()],
                *told(none - same),
                *([] if pretraining == "pictures" else [lowered("same-noise", pretraining).mean()]),
                *first(data, pretraining),
                *([] if theirs is None else [*theirs, theirs[2] - theirs[0]]),
            ],
            values=none - same,
            parts=[(other - same, False), (none - same, False), (none - other, True)],
            published=below,
            confirmatory=data == "same-pictures",
        )

    def kept(data: str) -> Again:
        here, there = lowered("same-pictures"), lowered(data)
        near, far = (PUBLISHED[where][2] - PUBLISHED[where][0] for where in ("same-pictures", data))
        return Again(
            numbers=[*told(there, here), there.mean(), *ends(data), here.mean(), far / near, far, near],
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
    far_other = score(NONE, "noise-noise") - score(OTHER, "noise-noise")
    by_share = sorted(
        ((lowered(data), lowered("same-pictures")) for data in ("same-noise", "new-noise", "noise-pictures")),
        key=lambda each: each[0].mean() / each[1].mean(),
    )
    return {
        "kept_on_new_objects": kept("new-pictures"),
        "kept_on_noise": kept("noise-noise"),
        "trained_invariance": trained("same-pictures"),
        "holds_on_new_objects": trained("new-pictures"),
        "holds_in_part_on_noise": trained("noise-noise"),
        "noise_teaches_pictures": trained("drawn-pictures", "noise"),
        "other_is_like_none": Again(
            numbers=[*told(little), *share, far_other.mean(), *student(far_other), 0.00, -0.01, 0.01],
            values=little,
            published=0.0,
            equivalence=True,
        ),
        "weaker_on_new_objects": Again(
            numbers=[new.mean(), own.mean(), *told(new - own), 0.21, 0.12, 0.09], values=new - own, published=0.09
        ),
        "weaker_on_noise": Again(
            numbers=[far.mean(), new.mean(), *told(far - new), 0.56, 0.21, 0.35], values=far - new, published=0.35
        ),
        "kept_elsewhere": Again(
            numbers=[*told(*by_share[0]), *(there.mean() / here.mean() for there, here in by_share[1:])],
            values=by_share[0][0],
            below=by_share[0][1],
            confirmatory=False,
        ),
        "own_network_is_lowest": _counted(table, untrained=False),
        "untrained_is_lower": _counted(table, untrained=True),
    }


def _counted(table: pd.DataFrame, *, untrained: bool) -> Again:
    numbers: list[float] = []
    with_first: list[int] = []
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
        if not untrained:
            trained = table[(table.data == data) & (table.pretraining == "pictures")]
            with_first.append(
                sum(
                    (rows.sens.drop(rows.index[rows.relation == SAME]) > rows[rows.relation == SAME].sens.item()).all()
                    for _, rows in trained.groupby(["seed", "transform"])
                    if (rows.relation == "untrained").any()
                )
            )
        if data == "new-pictures":
            shares = np.array([np.mean(found) for found in held.values()])
    if not untrained:
        kinds = table[(table.pretraining == "pictures") & (table.relation != "untrained")]
        numbers = [kinds.groupby("seed").model.nunique().max(), *numbers, *(with_first if any(with_first) else [])]
    ends = [max(end, 0.0) if end < 0.5 else min(end, 1.0) for end in student(shares) if not np.isnan(end)]
    numbers += [np.mean(shares), *ends, len(shares)] if len(shares) else []
    return Again(numbers=numbers, values=shares, confirmatory=False, is_share=True)
