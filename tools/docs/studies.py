"""The part of the page of measurements on the studies: findings, other seeds, the paper's backgrounds, scores."""

from __future__ import annotations

import math
from typing import Any, Final

from invariance.numbers import format_number
from invariance.statistics import Interval
from invariance.vocabulary.studies import STUDY_NAMES
from invariance.vocabulary.transfer_scores import ACCURACIES, BASELINES, TRANSFER_SCORES
from tools.docs.findings import of_study, shipped
from tools.docs.records import (
    code,
    command,
    of_shared_backgrounds,
    record,
)
from tools.docs.text import paragraph, table


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
            *_foreseen_again(),
        ]
    )


def _foreseen_again() -> list[str]:
    """Whether the ranking holds on networks and tasks that do not ship."""
    found = record("fresh-scores")
    rows = found["scores"]
    held = [sum(row["holds"] for row in some) for some in (rows, [row for row in rows if _is_probe(row)])]
    [logme] = [row for row in rows if (row["networks"], row["score"]) == ("all", "logme") and _is_probe(row)]
    sizes = [f"{logme['fresh'][name]} {what}" for name, what in (("num_networks", "networks"), ("num_tasks", "tasks"))]
    firsts = [_first(rows, networks, side) for networks in ("all", "supervised") for side in ("shipped", "fresh")]
    missed = "; ".join(
        f"{(TRANSFER_SCORES | BASELINES)[row['score']].title} for {row['foresees']} among {row['networks']} networks "
        f"({_told(row['shipped'], 2, 'tau')}, then {_told(row['fresh'], 2, 'tau')})"
        for row in rows
        if not row["holds"]
    )
    head = ["networks", "score", "shipped", "other networks", "other less shipped", ""]
    return [
        paragraph(
            f"""**On other networks and tasks.** {" on ".join(sizes)} of another seed (other compositions, classes,
            images, initial weights and draws of tasks) were ranked again. By a rule written before they were trained,
            a score's tau holds where it has the same side and the 95 % interval of the difference includes 0:
            **{held[0]} of {len(rows)} hold**, {held[1]} of {len(rows) // 2} with a linear probe, which the table shows.
            Not: {missed}.
            Of the scores that look at the target's images the first over all networks is {firsts[0]} as shipped and
            {firsts[1]} on these; among supervised ones {firsts[2]} and {firsts[3]}. Made by
            `{found["made"]}`; {code(found)} compares."""
        ),
        table(
            head,
            [
                [
                    row["networks"],
                    (TRANSFER_SCORES | BASELINES)[row["score"]].title,
                    *(_told(row[side], row[side]["num_networks"], "tau") for side in ("shipped", "fresh")),
                    _told(row["difference"], 2, "tau"),
                    "" if row["holds"] else "**does not hold**",
                ]
                for row in rows
                if _is_probe(row)
            ],
        ),
    ]


def _first(rows: list[dict[str, Any]], networks: str, side: str) -> str:
    """The score with the highest tau with what a linear probe reaches, of those that look at the target."""
    chosen = [row for row in rows if row["networks"] == networks and row["score"] in TRANSFER_SCORES and _is_probe(row)]
    return TRANSFER_SCORES[max(chosen, key=lambda row: row[side]["tau"])["score"]].title


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
