"""The parts of the page of measurements on networks: what was learnt, the studies, and how far to trust it all."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd

from invariance.numbers import format_number
from invariance.runs.gallery import sens_table
from invariance.runs.study_files import findings_of
from invariance.statistics import Interval
from invariance.studies.invariance_transfer import OWN
from invariance.vocabulary.shifts import SHIFTS
from invariance.vocabulary.studies import STUDY_NAMES
from invariance.vocabulary.transfer_scores import ACCURACIES, BASELINES, TRANSFER_SCORES
from tools.docs.findings import of_study, shipped
from tools.docs.records import (
    code,
    command,
    gallery_rows,
    of_shared_backgrounds,
    percent,
    record,
    two_digits,
)
from tools.docs.text import bullet, paragraph, table


def overview() -> str:
    """Networks and pages in one table."""
    rows = [
        _what_if_row(),
        _random_pairs_row(),
        _instant_row(),
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


def _instant_row() -> list[str]:
    """The budget Instant beside Quick, and whether what was asked of it is reached."""
    found = record("what-if-speed")

    def both(value: str, digits: int) -> str:
        return " against ".join(f"{found[value][budget]:.{digits}f}" for budget in ("instant", "quick"))

    gap = found["gap"]["over_triples"]
    wider = Interval(gap["estimate"], gap["low"], gap["high"], found["num_triples"])
    goals = {name: "reached" if goal["is_reached"] else "not reached" for name, goal in found["goals"].items()}
    return [
        f"a what-if at *Instant* against *Quick*, {found['num_triples']} random pairs of triples × "
        f"{found['num_runs'] // found['num_triples']} seeds, in turns",
        f"matched {both('matched', 2)}, mismatched {both('mismatched', 2)}: the gap is {wider} wider (equal within "
        f"{found['goals']['gap']['at_most']:.2f}: {goals['gap']}); {both('processor_seconds', 0)} s of processor time, "
        f"{found['processor_seconds']['times_faster']:.1f} times less (5 s on two cores: {goals['seconds']})",
        code(found),
    ]


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
        f"{found['seconds']} s, {found['cpu_seconds']} s of processor time; in float32 {found['float32_seconds']} s on "
        "the same day",
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
                f"{load['sessions']} visitors at once, each acting every 2 to 8 s, beside a training: median wait "
                "(95th percentile)",
                f"{', '.join(waits)}; {len(load['failures']) or 'no'} failures; training at "
                f"{percent(load['training']['share'])} of its pace; the server at most "
                f"{load['server_mb']['most'] / 1000:.1f} GB{_drained(load)}",
                code(load),
            ]
        )
    return rows


def studies() -> str:
    """What the shipped studies found."""
    return "\n\n".join(
        [
            "## The four studies",
            paragraph(
                """`invariance study NAME --scale quick` repeats a study of the paper with small networks; a fifth,
                `repair`, is not the paper's. The quick results ship (`invariance/studies/results/`) and fill the
                Studies page. Findings are judged by [one rule](rule.md), which has a log of its changes, and what
                disagrees with the paper comes first. In brackets 95 % intervals over seeds; beside them the published
                effect with the margin
                within which one counts as equally large. How long one takes here is what `--dry-run` tells."""
            ),
            *(of_study(result) for result in shipped()),
            *_not_run(),
            _fresh_seeds(),
            _shared_backgrounds(),
            "### How they are to be read",
            paragraph(
                """Here, networks are small, trained for minutes, on drawn objects, and tell what they tell about
                those. In general, that is for larger networks and photographs, the paper's results hold as far as its
                ten seeds reach; published accuracies pool the training split and are inflated, so gaps compare and
                levels do not. *Undecided* and *no difference* are not the same: the first says that these seeds
                cannot tell. A p-value is corrected over the confirmatory findings of its study; exploratory ones have
                none, whatever their interval looks like."""
            ),
            _architectures(),
            _foreseen(),
        ]
    )


def _not_run() -> list[str]:
    """Studies of which nothing ships, and how they are run."""
    missing = [name for name in STUDY_NAMES if name not in {one.name for one in shipped()}]
    return [
        f"### {name}, not run yet\n\n"
        + paragraph(f"""No result of it ships. `invariance study {name} --scale quick --out {name}` makes one.""")
        for name in missing
    ]


def _fresh_seeds() -> str:
    """Whether the findings hold on seeds that do not ship."""
    found = record("fresh-seeds")
    findings = [(name, one) for name, study in found["studies"].items() for one in study["findings"]]
    rows = [
        [
            f"*{name}*",
            one["name"].replace("_", " "),
            *(_told(told, told["n"]) for told in both),
            _told(one["difference"], 2),
            "" if one["holds"] else "**does not hold**",
            one["fresh"]["verdict"] if one["confirmatory"] else "",
        ]
        for name, one in findings
        for both in [(one["shipped"], one["fresh"])]
    ]
    seeds = sorted({seed for study in found["studies"].values() for seed in study["seeds"]})
    judged = [one for _, one in findings if one["confirmatory"]]
    held = [sum(one["holds"] for one in some) for some in (judged, [one for _, one in findings])]
    same = sum(one["shipped"]["verdict"] == one["fresh"]["verdict"] for one in judged)
    names = ", ".join(f"*{name}*" for name in found["studies"])
    head = ["study", "finding", "shipped", "other seeds", "other less shipped", "", "verdict of the other seeds"]
    return "\n\n".join(
        [
            "### On other seeds",
            paragraph(
                f"""Seeds {seeds[0]} to {seeds[-1]}, which do not ship, gave other objects, transformations, images and
                initial weights to {names}. By a rule written before they were run, a finding holds where its effect
                has the same side and the 95 % interval of the difference includes 0; of findings that are as they
                were, one in twenty does not. **{held[0]} of {len(judged)} confirmatory findings hold** ({held[1]} of
                {len(findings)} with exploratory ones). Six seeds give a verdict of their own, which has less to
                rest on: it is the shipped one, to the word, in {same} of {len(judged)}. That so few fail is owed to the
                design too: each block of six seeds has every transformation, so that blocks lie closer together than
                the spread of their seeds says. {code(found)} makes the table from results with `--seeds`."""
            ),
            table(head, rows),
        ]
    )


def _told(found: dict[str, Any], num: int, name: str = "effect", ends: tuple[str, str] = ("low", "high")) -> str:
    """An estimate with its interval as a record has them; null for what there is not."""
    numbers = (math.nan if found[key] is None else float(found[key]) for key in (name, *ends))
    estimate, low, high = numbers
    return str(Interval(estimate, low, high, num))


def _foreseen() -> str:
    """Which scores foresee transfer."""
    found = record("transferability")
    sens = {part: _score(found[part], "sens") for part in ("ranking", "supervised")}
    others = _score(found["supervised"], "other_tasks")
    taus = [row["tau"] for row in found["supervised"] if row["score"] in TRANSFER_SCORES and _is_probe(row)]
    looking = f"{format_number(min(taus))} to {format_number(max(taus))}"
    ends = {name: f"{one['least']:.2f} to {one['most']:.2f}" for name, one in found["mean_accuracy"].items()}
    num = found["mean_accuracy"]["supervised"]["networks"]
    return "\n\n".join(
        [
            "### Can transfer be foreseen?",
            paragraph(
                f"""{found["num_networks"]} small networks (those of the gallery, and four architectures under three
                objectives on four compositions) were put to {found["num_tasks"]} tasks; the benchmark ships
                (`checkpoints/transferability/`). Of each score: weighted Kendall tau with the accuracies that it is to
                foresee, over all networks and among those of one architecture, and how much of the best network's
                accuracy the one that it chooses has; 95 % intervals resample networks and tasks. *The other tasks*,
                *relation* and *a second probe* are no scores but what a score is held against. {code(found)}."""
            ),
            paragraph(
                f"""**Invariance foresees transfer only among networks that learnt something.** Over all networks the
                mean sens-score to the task's transformations ranks them the wrong way round, {sens["ranking"]}: at
                this budget SimCLR's networks transfer with {ends["simclr"]} (guessing is {found["guessing"]:.2f}), and
                who tells nothing apart is invariant to everything. Among the {num} supervised ones
                ({ends["supervised"]}) it is {sens["supervised"]}, without an image of the target, beside {others} of
                the accuracies on the other tasks; scores that look at the target's images have
                {looking}."""
            ),
            table(_RANKED, _ranked(found["ranking"])),
            paragraph(f"The {num} supervised networks alone (`--objective supervised`):"),
            table(_RANKED, _ranked(found["supervised"])),
        ]
    )


_RANKED: Final = ("score", "foresees", "tau", "within an architecture", "share of the best", "networks x tasks")


def _ranked(rows: list[dict[str, Any]]) -> list[list[str]]:
    return [
        [
            (TRANSFER_SCORES | BASELINES)[row["score"]].title,
            row["foresees"],
            *(
                _told(row, row["num_networks"], column, (f"{column}_low", f"{column}_high"))
                for column in ("tau", "tau_within", "share_of_best")
            ),
            f"{row['num_networks']} x {row['num_tasks']}",
        ]
        for row in rows
    ]


def _is_probe(row: dict[str, Any]) -> bool:
    return str(row["foresees"]) == ACCURACIES["transfer_accuracy"]


def _score(rows: list[dict[str, Any]], name: str) -> str:
    """A score's tau with what a linear probe reaches."""
    [row] = [one for one in rows if one["score"] == name and _is_probe(one)]
    return _told(row, row["num_networks"], "tau", ("tau_low", "tau_high"))


def _shared_backgrounds() -> str:
    """What it does that tests show the backgrounds of training."""
    found = record("shared-backgrounds")
    rows = [
        [
            f"*{name}*",
            one["name"].replace("_", " "),
            *("" if one[side] is None else format_number(one[side]) for side in ("own", "shared")),
            "" if one["difference"] is None else str(Interval(one["difference"], one["low"], one["high"], len(seeds))),
        ]
        for name, study in found["studies"].items()
        for seeds in [study["seeds"]]
        for one in study["findings"]
    ]
    seeds = sorted({seed for study in found["studies"].values() for seed in study["seeds"]})
    head = ["study", "finding", "backgrounds of their own", "shared", "shared less own"]
    return "\n\n".join(
        [
            "### With the backgrounds of training",
            paragraph(
                f"""Test images here show backgrounds of their own; those of the paper show the backgrounds of
                training. Run both ways with seeds {", ".join(map(str, seeds))}, effects are as follows, differences
                within seeds with 95 % intervals (none within a seed for ratios): numbers without a verdict.
                {code(found)} makes the table from results with `--shared-backgrounds`."""
            ),
            table(head, rows),
        ]
    )


def _architectures() -> str:
    found = record("architectures")
    rows = [
        [
            row["model"],
            f"{row['images']:,}",
            row["precision"],
            *(f"{row[name]:.2f}" for name in ("same", "others", "same_200_samples")),
        ]
        for row in found["rows"]
    ]
    head = ["accuracy after transfer", "images in pretraining", "precision", "same", "others", "same, 200 samples"]
    early = found["vit_after_16000"]
    first_half, second_half = command(found).split("--model", 1)
    second_half = f"--model{second_half}"
    return "\n\n".join(
        [
            "### The full architectures",
            paragraph(
                f"""The full forms of the five architectures were run with one seed each ({found["num_classes"]}
                classes), so these are numbers without a verdict. In each, accuracy was higher after pretraining on
                the same transformations than on others, and with a tenth of the {found["num_transfer_samples"]:,}
                transfer samples still higher than on others with all of
                them.{" Test images showed the backgrounds of training." * of_shared_backgrounds(found)}"""
            ),
            table(head, rows),
            f"    {first_half}\\\n        {second_half}",
            paragraph(
                f"""gives the first row, with `{found["options_of_few"]}` its last number; the vision transformer had
                `{found["options_of_vit"]}`, {found["vit_minutes"]} minutes on two cores for each pretraining.
                After 16,000 images it had {early["same"]}, {early["others"]} and
                {early["same_200_samples"]}: a transformer needs more of them."""
            ),
        ]
    )


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
