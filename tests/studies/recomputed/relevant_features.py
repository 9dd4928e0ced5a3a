"""Study B once more."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.studies.recomputed.again import READ, Again, Values, told


def again(table: pd.DataFrame) -> dict[str, Again]:
    def accuracy(trained_on: str, probed_on: str) -> Values:
        rows = table[(table.trained_on == trained_on) & (table.probed_on == probed_on)]
        return rows.sort_values("seed").accuracy.to_numpy()

    def sens(trained_on: str, feature: str) -> Values:
        rows = table[(table.trained_on == trained_on) & (table.probed_on == "c")]
        return rows.sort_values("seed")[f"sens_{feature}"].to_numpy()

    lost_c = accuracy("co_c", "co_c") - accuracy("co_o", "co_c")
    lost_o = accuracy("co_o", "co_o") - accuracy("co_c", "co_o")
    worse = accuracy("c", "co_o") - accuracy("co_c", "co_o")
    needs_c = sens("co_c", "c") - sens("co_c", "o")
    needs_o = sens("co_o", "o") - sens("co_o", "c")
    shown = [np.mean(sens(network, feature)) for network in ("co_c", "co_o") for feature in ("c", "o")]
    by_sens, by_need = _explained(table, "sens"), _explained(table, "needed")
    for_c = table[(table.label == "c") & (table.trained_on != "c")].sort_values("seed")

    def along(column: str, probed_on: str, rows: pd.DataFrame) -> dict[float, Values]:
        groups = rows[rows.probed_on == probed_on].groupby(column)
        return {float(str(key)): each.accuracy.to_numpy() for key, each in groups}

    correlated, c_then = (along("correlation", f"co_{one}", for_c[for_c.availability == 1]) for one in "oc")
    seldom, c_seldom = (along("availability", f"co_{one}", for_c[for_c.correlation == 0]) for one in "oc")
    (none, weakest), (least, always) = list(correlated)[:2], (min(seldom), max(seldom))
    gain, spared = correlated[weakest] - correlated[none], seldom[least] - seldom[always]
    return {
        "irrelevant_c_is_lost": Again(
            numbers=[
                *[accuracy("co_o", "co_c").mean(), accuracy("co_c", "co_c").mean()],
                *told(lost_c),
                *[0.24, 0.98, 0.74],
            ],
            values=lost_c,
            published=0.74,
        ),
        "irrelevant_o_is_lost": Again(
            numbers=[
                *[accuracy("co_c", "co_o").mean(), accuracy("co_o", "co_o").mean()],
                *told(lost_o),
                *[0.53, 1.00, 0.47],
            ],
            values=lost_o,
            published=0.47,
            error=float(np.hypot(0.05, READ)),
            known=True,
        ),
        "unneeded_is_worse_than_unseen": Again(
            numbers=[accuracy("c", "co_o").mean(), accuracy("co_c", "co_o").mean(), *told(worse), 0.80, 0.53, 0.27],
            values=worse,
            published=0.27,
            error=float(np.hypot(0.04, 0.05)),
            known=True,
        ),
        "sensitive_to_the_needed": Again(
            numbers=[*told((needs_c + needs_o) / 2), *shown[:2], 1.00, 0.08, *shown[2:], 0.11, 0.99],
            values=(needs_c + needs_o) / 2,
            parts=[(needs_c, False), (needs_o, False)],
            published=(1.00 - 0.08 + 0.99 - 0.11) / 2,
        ),
        "sens_predicts_probe": Again(
            numbers=[by_sens.mean(), by_need.mean(), *told(by_sens - by_need)],
            values=by_sens - by_need,
            confirmatory=False,
        ),
        "correlated_is_kept": Again(
            numbers=[*_listed(correlated), *told(gain), weakest, none, *_listed(c_then)],
            values=gain,
            confirmatory=False,
        ),
        "seldom_is_kept": Again(
            numbers=[*_listed(seldom), *told(spared), least, always, *_listed(c_seldom)],
            values=spared,
            confirmatory=False,
        ),
    }


def _listed(accuracies: dict[float, Values]) -> list[float]:
    return [number for key, values in accuracies.items() for number in (values.mean(), key)]


def _explained(table: pd.DataFrame, predictor: str) -> Values:
    """R² of a line through the other seeds' networks, each of the four with both features."""
    four = table[table.trained_on.isin(["c", "co_c", "co_o", "o"]) & table.probed_on.isin(["co_c", "co_o"])]
    feature = four.probed_on.str.removeprefix("co_")
    points = pd.DataFrame(
        {
            "seed": four.seed,
            "accuracy": four.accuracy,
            "sens": np.where(feature == "c", four.sens_c, four.sens_o),
            "needed": (feature == four.label).astype(float),
        }
    )
    found = []
    for seed in sorted(set(points.seed)):
        left, others = points[points.seed == seed], points[points.seed != seed]
        line = np.polyfit(others[predictor], others.accuracy, 1)
        errors = left.accuracy - np.polyval(line, left[predictor])
        found.append(1 - (errors**2).sum() / ((left.accuracy - others.accuracy.mean()) ** 2).sum())
    return np.array(found)
