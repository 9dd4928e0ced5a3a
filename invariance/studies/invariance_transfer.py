"""Study C: does an invariance hold on data that the network never saw (paper, section 4.2)?

One network for each transformation and one for none, pretrained on pictures, and again on squares of noise. Each is
measured for every transformation, on the objects of pretraining, on new ones, and on data of other types; beside them
the network that their trainings started from, since first weights may be invariant too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

from invariance.numbers import format_number
from invariance.statistics import Interval, ratio_interval, t_interval
from invariance.studies.findings import NOT_IN_THE_PAPER, Contrast, Finding, Measured, Published, told
from invariance.studies.invariance_transfer_grid import COLUMNS, RELATIONS, SCALES, UNTRAINED, sheets
from invariance.studies.own_data import Groups
from invariance.studies.published import INVARIANCE_TRANSFER as PUBLISHED
from invariance.studies.published import difference, mean, ratio, read
from invariance.studies.study import Design
from invariance.studies.verdicts import judge
from invariance.vocabulary.shifts import SHIFTS

OWN: Final = "same-pictures"
NEW: Final = "new-pictures"
FAR: Final = "noise-noise"
DRAWN: Final = "drawn-pictures"
NOISE_OWN: Final = "same-noise"
"""What was pretrained on noise was pretrained on."""
PUBLISHED_NAMES: Final = {
    OWN: "same-objects",
    NEW: "new-objects",
    FAR: "noise-objects-on-noise",
    "cifar10": "cifar10",
    "cifar100": "cifar100",
}
"""Types of data that the paper's table has, and what they are called there."""
WHERE: Final = {
    OWN: "the objects of pretraining",
    NEW: "new objects",
    "new-noise": "new objects on noise",
    FAR: "squares of noise on noise",
}
"""Types of data on which columns are counted, in words."""


def relation_means(table: pd.DataFrame, *, score: str = "sens") -> pd.DataFrame:
    """Mean scores by seed, pretraining and type of data, with a column for each of :data:`RELATIONS`.

    Args:
        table: results.
        score: column of it.
    """
    means = table.pivot_table(index=["pretraining", "data", "seed"], columns="relation", values=score)
    return means.reindex(columns=list(RELATIONS))


def lowest_columns(table: pd.DataFrame, data: str) -> pd.DataFrame:
    """Whose sens-score is lower, in every column: a transformation on one type of data, after pretraining on pictures.

    Args:
        table: results.
        data: type of data.

    Returns:
        One row a seed and transformation. ``own``: whether the network of that transformation has the lowest score of
        all that were trained. ``untrained``: whether the first weights have a lower score than the own network; NaN
        where they were not measured. ``own_of_all``: whether the own network is the lowest of them too; NaN likewise.
    """
    columns = ["seed", "transform"]
    chosen = table[(table["pretraining"] == "pictures") & (table["data"] == data)]
    own, first = (chosen[chosen["relation"] == one].set_index(columns)["sens"] for one in ("same", UNTRAINED))
    others = chosen[chosen["relation"].isin(["other", "none"])].groupby(columns)["sens"].min()
    first = first.reindex(own.index)
    is_lowest, known = own < others.reindex(own.index), first.notna()
    return pd.DataFrame(
        {
            "own": is_lowest.astype(float),
            "untrained": (first < own).where(known),
            "own_of_all": (is_lowest & (own < first)).where(known),
        },
        dtype=float,
    )


def conclude(table: pd.DataFrame) -> list[Finding]:
    """How much of a learnt invariance there is on new objects and on noise, and whether it is to its own alone."""
    means = relation_means(table)
    rows = {data: _of(means, "pictures", data) for data in dict.fromkeys((OWN, NEW, FAR, *sorted(set(table["data"]))))}
    drawn, trained_on = (_of(means, "noise", data) for data in (DRAWN, NOISE_OWN))
    return judge(
        [
            _kept(table, rows, NEW, "kept_on_new_objects"),
            _kept(table, rows, FAR, "kept_on_noise"),
            _trained(rows[OWN], "trained_invariance", f"On {WHERE[OWN]}", _first(table, OWN), OWN),
            # What is kept there has these differences as its numerators, and is judged already.
            _trained(rows[NEW], "holds_on_new_objects", f"On {WHERE[NEW]}", _first(table, NEW), NEW, judged=False),
            _trained(rows[FAR], "holds_in_part_on_noise", f"On {WHERE[FAR]}", _first(table, FAR), FAR, judged=False),
            _other_is_like_none(rows[OWN], rows[NEW], rows[FAR]),
            _weaker(rows, OWN, NEW, "weaker_on_new_objects"),
            _weaker(rows, NEW, FAR, "weaker_on_noise"),
            *_kept_elsewhere(rows),
            _trained(
                drawn,
                "noise_teaches_pictures",
                "On drawn objects, after pretraining on noise",
                _first(table, DRAWN, "noise"),
                taught=trained_on,
                judged=False,
            ),
            _counted(
                table, "own", "own_network_is_lowest", "Of {num} trained networks a transformation's own is the lowest"
            ),
            _counted(table, "untrained", "untrained_is_lower", "First weights are lower than the own network"),
        ]
    )


def _of(means: pd.DataFrame, pretraining: str, data: str) -> pd.DataFrame:
    """One row a seed that has all relations."""
    chosen = means.reset_index()
    chosen = chosen[(chosen["pretraining"] == pretraining) & (chosen["data"] == data)]
    return chosen.set_index("seed")[list(RELATIONS)].astype(float).dropna()


def _published(relation: str, data: str) -> Published:
    return read(PUBLISHED[relation][PUBLISHED_NAMES[data]][0])


def _published_invariance(data: str) -> Published:
    """How much lower the sens-score is after pretraining with the transformation than without any."""
    return difference(_published("none", data), _published("same", data))


def _first(table: pd.DataFrame, data: str, pretraining: str = "pictures") -> float:
    """Mean sens-score of the first weights; NaN where they were not measured."""
    chosen = (table["pretraining"] == pretraining) & (table["data"] == data) & (table["relation"] == UNTRAINED)
    return float(table.loc[chosen, "sens"].mean())


def _lowered(rows: Mapping[str, pd.DataFrame], data: str) -> tuple[pd.Series, pd.Series]:
    """By how much the right transformation lowers the score, there and on pretraining's: none less same."""
    there, here = (rows[each]["none"] - rows[each]["same"] for each in (data, OWN))
    both: tuple[pd.Series, pd.Series] = there.align(here, join="inner")
    return both


def _by_transform(table: pd.DataFrame, data: str) -> pd.Series:
    """By how much each transformation lowers its own score there, mean over seeds."""
    chosen = table[(table["pretraining"] == "pictures") & (table["data"] == data)]
    means = chosen.pivot_table(index="transform", columns="relation", values="sens").reindex(columns=list(RELATIONS))
    return (means["none"] - means["same"]).dropna().sort_values()


def _kept(table: pd.DataFrame, rows: Mapping[str, pd.DataFrame], data: str, name: str) -> Measured:
    """What is left of the invariance elsewhere."""
    there, here = _lowered(rows, data)
    far, near = _published_invariance(data), _published_invariance(OWN)
    published = ratio(far, near)

    def say(measured: Interval) -> str:
        return (
            f"On {WHERE[data]} {told(measured)} of the invariance is kept: the right transformation lowers the "
            f"sens-score by {format_number(there.mean())}{_ends(_by_transform(table, data))}, on {WHERE[OWN]} by "
            f"{format_number(here.mean())}; published: {format_number(published.value)} ({format_number(far.value)}, "
            f"{format_number(near.value)})"
        )

    return Measured(name=name, say=say, per_seed=there, denominators=here, published=published, retention=True)


def _ends(by_transform: pd.Series) -> str:
    """The least and the most of several, in brackets."""
    if len(by_transform) < 2:
        return ""
    least, most = (
        f"{format_number(by_transform.iloc[place])} ({str(by_transform.index[place]).replace('_', ' ')})"
        for place in (0, -1)
    )
    return f" (from {least} to {most})"


def _kept_elsewhere(rows: Mapping[str, pd.DataFrame]) -> Iterator[Measured]:
    """What is kept on data that no published row is held against, the least first."""
    shares = {}
    for shift in SHIFTS:
        if shift.name in (OWN, NEW, FAR) or shift.name not in rows or rows[shift.name].empty:
            continue
        there, here = _lowered(rows, shift.name)
        if len(there) and here.mean():
            shares[shift] = (there, here)
    if not shares:
        return
    least, *others = sorted(shares, key=lambda shift: float(shares[shift][0].mean() / shares[shift][1].mean()))

    def say(measured: Interval) -> str:
        listed = [
            f"{format_number(there.mean() / here.mean())} on {shift.title}"
            for shift in others
            for there, here in [shares[shift]]
        ]
        return (
            f"On {least.title} {told(measured)} of the invariance is kept{', and ' * bool(listed)}"
            f"{', '.join(listed)}; no finding holds these against published ones"
        )

    there, here = shares[least]
    yield Measured(name="kept_elsewhere", say=say, per_seed=there, denominators=here, confirmatory=False)


def _trained(
    rows: pd.DataFrame,
    name: str,
    where: str,
    first: float,
    data: str = "",
    taught: pd.DataFrame | None = None,
    *,
    judged: bool = True,
) -> Measured:
    """Same below other and below none, which are alike.

    Args:
        rows: a row a seed, scores of every relation.
        name: of the finding.
        where: on which data, in words.
        first: score of the first weights there.
        data: type of data, where the paper has it.
        taught: the same as ``rows`` on the data of pretraining, where that is told beside.
        judged: whether it is confirmatory.
    """
    published = _published_invariance(data) if data else None
    theirs = "not in the published table"
    if published is not None:
        listed = ", ".join(format_number(_published(relation, data).value) for relation in RELATIONS)
        theirs = f"published: {listed}, {format_number(published.value)} below"

    def say(measured: Interval) -> str:
        same, other, none = (format_number(rows[relation].mean()) for relation in RELATIONS)
        begun = "" if math.isnan(first) else f"; first weights have {format_number(first)}"
        beside = ""
        if taught is not None and len(taught):
            beside = f", where it is {format_number((taught['none'] - taught['same']).mean())} on that noise"
        return (
            f"{where}, the sens-score is {same} with the same transformation in pretraining, {other} with another and "
            f"{none} with none: {told(measured)} below none{beside}{begun}; {theirs}"
        )

    return Measured(
        name=name,
        say=say,
        per_seed=rows["none"] - rows["same"],
        contrasts=(
            Contrast("same below other", rows["other"] - rows["same"]),
            Contrast("same below none", rows["none"] - rows["same"]),
            Contrast("other as none", rows["none"] - rows["other"], equivalent=True),
        ),
        published=published,
        confirmatory=judged,
    )


def _other_is_like_none(own: pd.DataFrame, new: pd.DataFrame, far: pd.DataFrame) -> Measured:
    """An invariance is to its own transformation: other as none, on the objects of pretraining and on new ones."""
    rows = (own + new).dropna() / 2
    little, much = rows["none"] - rows["other"], rows["none"] - rows["same"]
    theirs = [difference(_published("none", data), _published("other", data)) for data in (OWN, NEW)]
    published = mean(*theirs)

    def say(measured: Interval) -> str:
        share = ratio_interval(little, much)
        ends = f" [{format_number(share.low)}, {format_number(share.high)}]" if math.isfinite(share.low) else ""
        on_noise = t_interval(far["none"] - far["other"])
        noise = f" (on {WHERE[FAR]} by {on_noise})" if on_noise.num > 1 else ""
        return (
            f"Pretraining with another transformation lowers the sens-score by {told(measured)}, "
            f"{format_number(share.estimate)}{ends} of what the same one does{noise}; published: "
            f"{format_number(published.value)} ({' and '.join(format_number(one.value) for one in theirs)} on "
            f"{WHERE[OWN]} and on new ones)"
        )

    return Measured(name="other_is_like_none", say=say, per_seed=little, published=published, equivalence=True)


def _weaker(rows: Mapping[str, pd.DataFrame], nearer: str, further: str, name: str) -> Measured:
    """The score for the own transformation, on data a step further from that of pretraining."""
    same = pd.DataFrame({data: rows[data]["same"] for data in (nearer, further)}).dropna()
    theirs = [_published("same", data) for data in (nearer, further)]
    published = difference(theirs[1], theirs[0])

    def say(measured: Interval) -> str:
        near, far = (format_number(same[data].mean()) for data in same.columns)
        near_then, far_then = (format_number(one.value) for one in theirs)
        return (
            f"On {WHERE[further]} the sens-score for the own transformation is {far} where it is {near} on "
            f"{WHERE[nearer]}, {told(measured)} higher; published: {far_then} and {near_then}, "
            f"{format_number(published.value)} higher"
        )

    return Measured(name=name, say=say, per_seed=same[further] - same[nearer], published=published)


def _counted(table: pd.DataFrame, whose: str, name: str, what: str) -> Measured:
    """In how many columns, a transformation under a seed each, something holds; as a share on new objects."""
    columns = {data: lowest_columns(table, data) for data in WHERE}
    found = {data: each[whose].dropna() for data, each in columns.items()}
    of_all = {data: each["own_of_all"].dropna() for data, each in columns.items()} if whose == "own" else {}
    trained = table[(table["pretraining"] == "pictures") & (table["relation"] != UNTRAINED)]

    def say(measured: Interval) -> str:
        listed = ", ".join(f"{int(held.sum())} of {len(held)} on {WHERE[data]}" for data, held in found.items())
        num = trained.groupby("seed")["model"].nunique().max()
        if any(len(held) for held in of_all.values()):
            besides = ", ".join(f"{int(held.sum())}" for held in of_all.values())
            listed += f" (with first weights among them {besides})"
        return f"{what.format(num=num)} in {listed}: on {WHERE[NEW]} a share of {told(measured)}; {NOT_IN_THE_PAPER}"

    shares = found[NEW].groupby(level="seed").mean()
    return Measured(name=name, say=say, per_seed=shares, confirmatory=False, is_share=True)


DESIGN: Final = Design(
    scales=SCALES,
    columns=COLUMNS,
    parts=sheets,
    conclude=conclude,
    groups=Groups(("to pretrain on", "that are new to the networks")),
)
