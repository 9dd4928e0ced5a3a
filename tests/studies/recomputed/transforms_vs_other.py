"""Study A once more."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.studies.recomputed.again import Again, Values, student, told
from tests.studies.recomputed.printed import numbers_in

PUBLISHED = {
    "class_relationship": {
        "subset": (0.954, 0.773),
        "disjoint": (0.983, 0.862),
        "same": (1.00, 0.907),
        "superset": (1.00, 0.923),
    },
    "architecture": {
        "resnet18": (0.984, 0.870),
        "resnet50": (0.989, 0.899),
        "densenet": (0.975, 0.834),
        "vgg11_bn": (0.967, 0.832),
        "vit": (0.977, 0.836),
    },
    "pretraining_samples": {
        "1000": (0.946, 0.810),
        "10000": (0.978, 0.836),
        "50000": (0.985, 0.833),
        "100000": (0.984, 0.826),
        "500000": (0.985, 0.838),
    },
}
"""Factor and value to the published accuracy with the same and with disjoint transformations."""
P, Q = 0, 1


def again(table: pd.DataFrame) -> dict[str, Again]:
    found = {"matching_helps": _matching_helps(table), **_none(table)}
    for factor in dict.fromkeys(table.factor):
        if factor != "usual":
            found[f"gap_{factor}"] = _gap(table, factor)
        if factor in ("architecture", "pretraining_samples"):
            found[f"gap_over_{factor}"] = _gap_over(table, factor)
    own = table[table.factor != "transfer_samples"].dropna(subset=["sens"]).drop_duplicates("run")
    return {
        **found,
        "gap_at_equal_pretraining_accuracy": _at_equal_accuracy(own),
        "sens_predicts_transfer": _sens_predicts(own),
    }


def _accuracies(table: pd.DataFrame, factor: str) -> tuple[list[str], NDArray[np.float64]]:
    """Values of a factor, and accuracies by seed, value, source and target."""
    rows = table[(table.factor == factor) & table.source.isin(["P", "Q"])]
    values = list(dict.fromkeys(rows.value.astype(str)))
    place = rows.assign(place=rows.value.astype(str).map(values.index)).sort_values(
        ["seed", "place", "source", "target"]
    )
    return values, place.transfer_accuracy.to_numpy().reshape(-1, len(values), 2, 2)


def _effects(accuracy: NDArray[np.float64]) -> NDArray[np.float64]:
    """By seed, value and target: from its own source less from the other one."""
    return np.stack([accuracy[..., P, P] - accuracy[..., Q, P], accuracy[..., Q, Q] - accuracy[..., P, Q]], axis=-1)


def _ends(values: Values, level: float = 0.95) -> list[float]:
    return [float(values.mean()), *student(values, level)]


def _with_reversals(table: pd.DataFrame, factor: str, gap: list[float]) -> list[float]:
    values, accuracy = _accuracies(table, factor)
    effects, seeds = _effects(accuracy), sorted(set(table[table.factor == factor].seed))
    found = [(seeds[seed], values[value]) for seed, value, _ in np.argwhere(effects < 0)]
    if not found:
        return [*gap, effects.size]
    if len(found) <= 3:
        which = [number for seed, value in found for number in (*_numbers(value), seed)]
    else:
        counts = Counter(value for _, value in found)
        which = [number for value, count in counts.items() for number in (*_numbers(value), count)]
    return [len(found), effects.size, *which, *gap]


def _numbers(value: str) -> list[float]:
    return [one.value for one in numbers_in(value)]


def _matching_helps(table: pd.DataFrame) -> Again:
    _, accuracy = _accuracies(table, "usual")
    num = table[table.factor == "usual"].num_test_samples.max()
    right = accuracy * num
    logits = np.log((right + 0.5) / (num - right + 0.5))
    parts = [_effects(scale)[:, 0, target] for scale in (accuracy, logits) for target in (P, Q)]
    gaps = _effects(accuracy).mean(axis=(1, 2))
    shown = [student(values)[0] > 0 for values in parts]
    depends = not all(shown) and (all(shown[:2]) or student(gaps)[0] > 0) and len(gaps) >= 3
    told_all = [*told(gaps), *(number for values in parts for number in _ends(values)), *([0] if depends else [])]
    return Again(
        numbers=[*_with_reversals(table, "usual", told_all), 0.121],
        values=gaps,
        parts=[(values, False) for values in parts],
        published=0.121,
    )


def _none(table: pd.DataFrame) -> dict[str, Again]:
    rows = table[table.factor == "usual"]
    wide = rows.groupby(["seed", "relation"]).transfer_accuracy.mean().unstack()
    means = [wide[relation].mean() for relation in ("none", "same", "disjoint")]
    found = {}
    for high, low in (("none", "disjoint"), ("same", "none")):
        values = (wide[high] - wide[low]).to_numpy()
        found[f"{high}_over_{low}"] = Again(numbers=[*means, *told(values)], values=values, confirmatory=False)
    return found


def _published_gap(factor: str) -> float | None:
    known = PUBLISHED.get(factor)
    return None if known is None else float(np.mean([same - disjoint for same, disjoint in known.values()]))


def _gap(table: pd.DataFrame, factor: str) -> Again:
    gaps = _effects(_accuracies(table, factor)[1]).mean(axis=(1, 2))
    theirs = _published_gap(factor)
    moved = [0.923 - 0.773] if factor == "class_relationship" else []
    return Again(
        numbers=[*_with_reversals(table, factor, told(gaps)), *([] if theirs is None else [theirs]), *moved],
        values=gaps,
        published=theirs,
        confirmatory=factor != "objective",
    )


def _gap_over(table: pd.DataFrame, factor: str) -> Again:
    values, accuracy = _accuracies(table, factor)
    gaps = _effects(accuracy).mean(axis=(1, 2))
    levels = {
        0: (accuracy[..., P, P] + accuracy[..., Q, Q]) / 2,  # same
        1: (accuracy[..., Q, P] + accuracy[..., P, Q]) / 2,  # disjoint
    }
    moves = {
        (relation, high, low): level[:, high] - level[:, low]
        for relation, level in levels.items()
        for high in range(len(values))
        for low in range(len(values))
        if high != low
    }
    left = {key: gaps - move for key, move in moves.items()}
    relation, high, low = worst = min(left, key=lambda key: left[key].mean())
    level = 1 - 0.05 / len(moves)
    ends: list[float] = []
    for place in (low, high):
        known = PUBLISHED[factor].get(values[place])
        ends += [levels[relation][:, place].mean(), *_numbers(values[place])]
        ends += [] if known is None else [known[relation]]
    most = [max(column) - min(column) for column in zip(*PUBLISHED[factor].values(), strict=True)]
    return Again(
        numbers=[
            *_ends(moves[worst], level),
            *ends,
            *_ends(left[worst], level),
            *told(gaps),
            *[sum(student(one)[0] > 0 for one in left.values()), len(left)],
            sum(student(one, level)[0] > 0 for one in left.values()),
            *most,
        ],
        values=gaps,
        parts=[(one, False) for one in left.values()],
    )


def _at_equal_accuracy(own: pd.DataFrame) -> Again:
    own = own[own.relation.isin(["same", "disjoint"])]
    gaps, slopes = [], []
    for _, of_seed in own.groupby("seed"):
        distances = []
        for _, rows in of_seed.groupby("target"):
            both = {name: rows[rows.relation == name] for name in ("same", "disjoint")}
            x, y = (
                {name: one[column].to_numpy() for name, one in both.items()}
                for column in ("pretraining_accuracy", "transfer_accuracy")
            )
            spread = sum(((one - one.mean()) ** 2).sum() for one in x.values())
            together = sum(((x[name] - x[name].mean()) * (y[name] - y[name].mean())).sum() for name in both)
            slope = together / spread if spread > 1e-15 else np.nan
            slopes.append(slope)
            gained = x["same"].mean() - x["disjoint"].mean()
            gap = y["same"].mean() - y["disjoint"].mean()
            distances.append(gap if abs(gained) < 1e-9 else gap - slope * gained)
        gaps.append(np.mean(distances))
    known = np.array(slopes)[~np.isnan(slopes)]
    plain = own.groupby(["seed", "relation"]).transfer_accuracy.mean().unstack()
    values = np.array(gaps)
    return Again(
        numbers=[
            *[own.pretraining_accuracy.min(), own.pretraining_accuracy.max()],
            known.mean() if len(known) else 0.0,
            *told(values),
            (plain.same - plain.disjoint).mean(),
        ],
        values=values,
        confirmatory=False,
    )


def _sens_predicts(own: pd.DataFrame) -> Again:
    """R² in each seed of lines through the other seeds' networks: by relation, by sens-score, by both."""
    shares: dict[str, list[float]] = {"label": [], "sens": [], "both": []}
    for seed in sorted(set(own.seed)):
        left, others = own[own.seed == seed], own[own.seed != seed]
        by_relation = others.groupby("relation")[["sens", "transfer_accuracy"]].mean()
        label = by_relation.transfer_accuracy[left.relation].to_numpy()
        # One slope within relations, by what is left of both once the relation's means are taken off.
        away = others[["sens", "transfer_accuracy"]] - by_relation.loc[others.relation].to_numpy()
        within = (away.sens * away.transfer_accuracy).sum() / (away.sens**2).sum()
        predicted = {
            "label": label,
            "sens": np.polyval(np.polyfit(others.sens, others.transfer_accuracy, 1), left.sens),
            "both": label + within * (left.sens.to_numpy() - by_relation.sens[left.relation].to_numpy()),
        }
        around = ((left.transfer_accuracy - others.transfer_accuracy.mean()) ** 2).sum()
        for name, expected in predicted.items():
            shares[name].append(1 - ((left.transfer_accuracy - expected) ** 2).sum() / around)
    gains = np.array(shares["both"]) - np.array(shares["label"])
    return Again(
        numbers=[*(float(np.mean(share)) for share in shares.values()), *told(gains)],
        values=gains,
        confirmatory=False,
    )
