"""The parts of the page of measurements on networks: what was learnt, and how far to trust it all."""

from __future__ import annotations

from typing import Any

import pandas as pd

from invariance.runs.gallery import sens_table
from invariance.runs.study_files import findings_of
from invariance.statistics import Interval
from invariance.studies.invariance_transfer import OWN
from invariance.vocabulary.budgets import BUDGETS
from invariance.vocabulary.shifts import SHIFTS
from tools.docs.findings import shipped
from tools.docs.records import (
    code,
    gallery_rows,
    percent,
    record,
    two_digits,
)
from tools.docs.text import bullet, table


def overview() -> str:
    """Networks and pages in one table."""
    rows = [
        _what_if_row(),
        _random_pairs_row(),
        *_instant_rows(),
        *_gallery_rows(),
        _factor_row(),
        _evidence_row(),
        _distance_row(),
        _measuring_row(),
        _page_row(),
        *_class_rows(),
    ]
    gallery = record("gallery")
    made = f"{gallery['minutes']} minutes, {gallery['megabytes']} MB"
    what = f"the gallery, {gallery['pretrained']} networks and {gallery['transfers']} transfers of each of "
    what += f"{gallery['seeds']} seeds, and its tables"
    rows.append([what, made, code(gallery)])
    return "## Networks and pages\n\n" + table(["what", "result", "how"], rows)


def _what_if_row() -> list[str]:
    found = record("what-if")
    low, high = found["matched"]
    other_low, other_high = found["mismatched"]
    gain, least, most = found["gain"]
    return [
        f"matched against disjoint transfer of one favourable pair, seeds {found['seeds'][0]} to {found['seeds'][1]}",
        f"{low:.3f} to {high:.3f} against {other_low:.3f} to {other_high:.3f}; gap at least {found['smallest_gap']} "
        f"on every seed; mean of both ways round {gain:.2f}, {least:.2f} to {most:.2f}",
        code(found),
    ]


def _random_pairs_row() -> list[str]:
    [result] = [one for one in shipped() if one.name == "transforms-vs-other"]
    [found] = [one for one in findings_of(result.summary) if one.name == "matching_helps"]
    gaps = found.per_seed.values()
    return [
        f"the gain from matching, mean of both ways round, over {found.n} pairs drawn at random, none in both",
        f"{Interval(found.effect, found.low, found.high, found.n)}, {min(gaps):.2f} to {max(gaps):.2f}",
        f"`{result.summary['provenance']['command'].removeprefix('python -m ')}`",
    ]


def _instant_rows() -> list[list[str]]:
    """The budget Instant beside Quick for each network it is offered for, and whether what was asked is reached."""
    rows = []
    for model in BUDGETS["Instant"].measured_on or ():
        found = record("what-if-speed" + f"-{model.replace('_', '-')}" * (model != "small"))

        def both(value: str, digits: int, found: dict[str, Any] = found) -> str:
            return " against ".join(f"{found[value][budget]:.{digits}f}" for budget in ("instant", "quick"))

        gap = found["gap"]["over_triples"]
        wider = Interval(gap["estimate"], gap["low"], gap["high"], found["num_triples"])
        goals = {name: "reached" if goal["is_reached"] else "not reached" for name, goal in found["goals"].items()}
        what = f"a what-if of `{model}` at *Instant* against *Quick*, {found['num_triples']} random pairs of triples × "
        what += f"{found['num_runs'] // found['num_triples']} seeds, in turns"
        result = f"matched {both('matched', 2)}, mismatched {both('mismatched', 2)}: the gap is {wider} wider (equal "
        result += (
            f"within {found['goals']['gap']['at_most']:.2f}: {goals['gap']}); {both('processor_seconds', 0)} s of "
        )
        result += f"processor time, {found['processor_seconds']['times_faster']:.1f} times less"
        if model == "small":
            result += f" ({found['goals']['seconds']['at_most']:.0f} s on two cores: {goals['seconds']})"
        rows.append([what, result, code(found)])
    return rows


def _gallery_rows() -> list[list[str]]:
    """Where the diagonal of the heatmap is lowest, on every type of data, and where an untrained network is lower."""
    own: list[str] = []
    untrained: list[str] = []
    found = {shift.title: sens_table(shift=None if shift.name == OWN else shift.name) for shift in SHIFTS}
    tables = {title: table for title, table in found.items() if not table.empty}
    for title, scores in tables.items():
        names = sorted(set(scores["transform"]))
        lowest = _lowest(scores, names, "sens")
        conditional = _lowest(scores, names, "sens_conditional")
        both = f"{lowest}" if lowest == conditional else f"{lowest} ({conditional} conditional)"
        own.append(f"{both} of {len(names)} on {title}")
        untrained.append(f"{_untrained_below(scores, names)} of {len(names)} on {title}")
    seeds = int(scores["num_seeds"].max()) if "num_seeds" in scores else 1
    mean = f", mean over {seeds} seeds" if seeds > 1 else ""
    how = (
        f"`checkpoints/sens*.csv`, {len(names) + 1} trained networks × {len(names)} transformations, "
        f"{int(scores['num_pairs'].max()):,} twins{mean}"
    )
    return [
        ["columns in which the network trained on that transformation has the lowest sens-score", "; ".join(own), how],
        [
            "columns in which an untrained network, which knows no object, has a lower one than that network",
            "; ".join(untrained),
            "the same",
        ],
    ]


def _lowest(rows: pd.DataFrame, names: list[str], score: str) -> int:
    """Transformations for which, of the networks trained on one and on none, their own has the lowest score."""
    scores = rows.pivot(index="model", columns="transform", values=score).loc[["none", *names], names]
    return int((scores.idxmin() == names).sum())


def _untrained_below(rows: pd.DataFrame, names: list[str]) -> int:
    scores = rows.pivot(index="model", columns="transform", values="sens")[names]
    untrained = scores.loc[rows.loc[rows["untrained"], "model"].unique()].min()
    return sum(untrained[name] < scores.loc[name, name] for name in names)


def _factor_row() -> list[str]:
    rows = [
        row
        for row in gallery_rows("factors.csv")
        if row["factor"].startswith("hue.") and row.get("objects") != "held_out"
    ]
    plain = next(row for row in rows if row["model"] == "none")
    own = next(row for row in rows if row["model"] == "hue")
    skill, low, high = (two_digits(own[name]) for name in ("skill", "low", "high"))
    return [
        "hue decoded from the representation, of objects that the probe knows (0 guessing, 1 perfect)",
        f"{two_digits(plain['skill'])} after training on nothing, {skill} [{low}, {high}] after hue; from pixels "
        f"{two_digits(plain['pixels'])}, untrained {two_digits(plain['untrained'])}",
        "`checkpoints/factors.csv`",
    ]


def _evidence_row() -> list[str]:
    found = record("evidence")
    every, right = (_shares(found[name]) for name in ("object_share_percent", "object_share_both_right_percent"))
    accuracies = " and ".join(f"{percent} %" for percent in found["right_percent"].values())
    difference, low, high = found["difference_both_right_points"]
    return [
        f"evidence that lies on the object, {found['num']} images",
        f"on the {found['num_both_right']} that both name rightly {right}: difference {difference} points [{low}, "
        f"{high}]; over all {every}, where they are right on {accuracies}",
        code(found),
    ]


def _shares(found: dict[str, list[int]]) -> str:
    return ", ".join(f"{name} {mean} % [{low}, {high}]" for name, (mean, low, high) in found.items())


def _distance_row() -> list[str]:
    found = record("distance")
    what = f"distance of one image and the same rotated by {found['angle_deg']}°, in units of random pairs"
    return [what, ", ".join(f"{name} {value}" for name, value in found["distance"].items()), code(found)]


def _measuring_row() -> list[str]:
    found = record("measuring")
    return [
        f"a table of {found['networks']} networks × {found['transforms']} transformations × "
        f"{found['num_pairs']:,} twins",
        f"{found['seconds']} s, {found['cpu_seconds']} s of processor time; of equivariance "
        f"{found['equivariance_seconds']} s",
        code(found),
    ]


def _page_row() -> list[str]:
    found = record("page-response")
    return [
        "a page's answer to a slider while a training runs",
        f"median {found['training_seconds']} s, on an idle server {found['idle_seconds']} s (n = {found['num']})",
        code(found),
    ]


def _drained(load: dict[str, Any]) -> str:
    """How long a queue takes, where that was measured."""
    if not load.get("drain"):
        return ""
    idle, loaded = (load[name]["seconds"] for name in ("drain", "drain_under_load"))
    num = load["drain"]["what_ifs"]
    return f"; {num} different what-ifs are done {idle:.0f} s after the first, with the class there {loaded:.0f} s"


def _class_rows() -> list[list[str]]:
    rows = []
    for load in record("class-load")["loads"]:
        waits = [
            f"{name.replace('_', ' ')} {load['actions'][name]['p50']:.1f} s ({load['actions'][name]['p95']:.1f})"
            for name in ("first_page", "page", "slider", "submit")
        ]
        rows.append(
            [
                f"{load['sessions']} visitors at once for {load['seconds']:.0f} s, each acting every 2 to 8 s, beside "
                "a training: median wait (95th percentile)",
                f"{', '.join(waits)}; {len(load['failures']) or 'no'} failures; training at "
                f"{percent(load['training']['share'])} of its pace; the server at most "
                f"{load['server_mb']['most'] / 1000:.1f} GB{_drained(load)}",
                code(load),
            ]
        )
    return rows


def _null() -> str:
    """How often the rule of verdicts sees what is not there."""
    found, whole = record("null-tables"), record("null-study")
    rows = [row for study in found["studies"].values() for row in study]
    seen = max(row["directional"] for row in rows)
    at_margin = max(share for row in rows for share in row["called_none_at_margin"].values())
    sizes = ", ".join(str(size) for size in sorted({row["num_seeds"] for row in rows}))
    verdicts = ", ".join(f"{name.replace('_', ' ')} *{verdict}*" for name, verdict in whole["verdicts"].items())
    return f"""The rule of verdicts was tried where there is nothing to see. Of {rows[0]["num_tables"]:,} synthetic
        tables with the residual covariance of each shipped study and no effect ({sizes} seeds) it sees a direction in
        at most {100 * seen:.1f} % of studies, and calls none what lies at its margin in at most
        {100 * at_margin:.1f} % ({code(found)}). Run end to end on {whole["num_seeds"]} seeds with two foreign
        compositions that chance called P and Q, study A finds: {verdicts} ({code(whole)})."""


def trust() -> str:
    """How far to trust the numbers."""
    images = record("published-images")
    closer = images["bilinear_closer_percent"]
    points = [
        """Test accuracy is the mean of per-class accuracies on a split that no training index can reach, used once:
        objects as in training, new backgrounds (of the paper's scale: those of training, as published).""",
        """Every measure of a cell is taken from the same twins and features; sens-scores have bootstrap 95 % intervals
        over twins.""",
        """The sens-score is given raw, as in the paper, and conditional on the twins differing: a transformation
        applied with probability one half leaves up to half of the twins identical, which flatters its raw score.""",
        """A sens-score says how far twins are apart, and not whether their difference can be foreseen. Equivariance
        says that: ridge regressions foresee the change on objects left out, untold and told the parameters, with
        shuffled ones as the control ([columns](formats.md#a-table-of-equivariance)); the verdict follows a rule fixed
        beforehand. Of fields of noise nothing can be told. The local equivariance error speaks of the smallest steps,
        where no map is fitted.""",
        f"""The images were compared with an independent, sample-by-sample implementation of the published pipeline, on
        photographs and on the built-in objects: per-pixel means and spreads, coverage, luminance quantiles and twin
        distances of all {images["transforms"]} transformations (`tests/data/transforms/test_published_statistics.py`).
        They agree within sampling error but for bilinear reading, our default, which smooths what nearest neighbour
        leaves jagged (twins of {" and ".join(closer)} are {" and ".join(map(str, closer.values()))} % closer;
        `--resampling nearest` brings them within {images["nearest_within_percent"]} %), and for `scale`, whose
        published corner is rounded down.""",
        """Published absolute accuracies pool the training split and are inflated; compare orderings and gaps with
        them.""",
        _null(),
    ]
    return "## How far to trust the numbers\n\n" + "\n".join(map(bullet, points))
