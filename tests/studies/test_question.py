"""A question as data: the runs of its cells, what it refuses, and effects that anybody can recompute from the table."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from invariance.numbers import format_number
from invariance.spec import PretrainSpec, QuestionSpec, SpecError, TransferSpec, canonical_json
from invariance.spec.question import composition_of, parse_listed
from invariance.studies.question import COLUMNS, question_of
from invariance.studies.question_effects import INTERACTION, MATCHING, SIMPLE, Effect, baseline_of, effects_of
from invariance.studies.question_grid import NamedNetwork
from invariance.studies.question_report import question_report
from invariance.studies.study import RunOutcome
from invariance.studies.what_if import what_if

NOISE = {"objects": "noise", "backgrounds": "noise"}


def asked(sources: str, targets: str, **others: object) -> QuestionSpec:
    texts = {"sources": parse_listed(sources, "sources"), "targets": parse_listed(targets, "targets")}
    return QuestionSpec(**{**NOISE, **texts, **others})


def test_a_question_is_its_canonical_json() -> None:
    spec = asked(" rotate, hue ;none;untrained", "blur", seeds=[2, 1])
    assert (spec.sources, spec.seeds) == (("rotate,hue", "none", "untrained"), (2, 1))
    written = json.loads(canonical_json(spec))
    assert written["sources"] == ["rotate,hue", "none", "untrained"] and "models" not in written, (
        "defaults are left out"
    )
    assert spec.run_id == asked("rotate,hue;none;untrained;", "blur;", seeds=(2, 1)).run_id
    assert spec.run_id != replace(spec, seeds=(1,)).run_id


def test_the_runs_of_a_what_if_are_those_that_they_were() -> None:
    """Their identities were written down when a what-if built them by itself, and there was no Muon."""
    cases = (
        (("hue",), ("rotate",), {}),
        (("rotate", "hue", "erasing"), ("scale", "invert", "pixelate"), {"seed": 3, "model": "small_vit"}),
        (("hue",), (), {"method": "fine-tune"}),
        (("hue",), ("blur",), {"objective": "simclr", "num_classes": 5}),
    )
    studies = [what_if(first, second, optimizer="adam", **options, **NOISE) for first, second, options in cases]
    found = [run.run_id for study in studies for run in study.runs]
    assert len(found) == 9 + 9 + 6 + 6
    assert hashlib.sha256(" ".join(found).encode()).hexdigest()[:16] == "b1d9e0d5d67f12b9"


def test_cells_are_the_runs_of_what_ifs() -> None:
    spec = asked("hue;blur;none", "hue;blur", models=("small", "small_vit"), methods=("fine-tune",), seeds=(0, 3))
    mine = {run for cell in question_of(spec).cells for run in cell.runs}
    theirs = [
        what_if(("hue",), ("blur",), seed=seed, model=model, method="fine-tune", optimizer="adam", **NOISE)  # of both
        for model, seed in product(spec.models, spec.seeds)
    ]
    assert mine == {run for one in theirs for run in one.runs}


def test_every_source_meets_every_target_in_every_setting_and_relations_are_true() -> None:
    known = NamedNetwork("0123456789abcdef", "matched", "small", "supervised", ("hue", "rotate"), 0.9)
    outside = NamedNetwork("torchvision:resnet18", "torchvision:resnet18", "torchvision:resnet18")
    spec = asked(
        "hue;rotate,hue;none;untrained;matched;torchvision:resnet18",
        "hue;blur",
        objectives=("supervised", "simclr"),
        methods=("linear-probe", "fine-tune"),
        num_images=(50, 500),
        seeds=(4, 5),
    )
    question = question_of(spec, {"matched": known, "torchvision:resnet18": outside})
    relations = {(cell.source, cell.target): cell.relation for cell in question.cells}
    assert relations == {
        ("hue", ("hue",)): "same",
        ("hue", ("blur",)): "disjoint",
        ("rotate,hue", ("hue",)): "superset",
        ("rotate,hue", ("blur",)): "disjoint",
        ("none", ("hue",)): "none",
        ("none", ("blur",)): "none",
        ("untrained", ("hue",)): "untrained",
        ("untrained", ("blur",)): "untrained",
        ("matched", ("hue",)): "superset",
        ("matched", ("blur",)): "disjoint",
        ("torchvision:resnet18", ("hue",)): "unknown",
        ("torchvision:resnet18", ("blur",)): "unknown",
    }
    # Two of the sources learn under both objectives, none under one, and the others are there already.
    assert len(question.cells) == (2 * 2 + 1 + 1 + 2) * 2 * 2 * 2 * 2
    for cell in question.cells:
        assert isinstance(cell.transfer, TransferSpec)
        if cell.network is not None:
            assert (cell.pretraining, cell.transfer.source) == (None, cell.network.reference)
            chosen = "validation" if cell.network is outside else "prior"
            assert cell.transfer.regularisation == chosen
        else:
            assert isinstance(cell.pretraining, PretrainSpec) and cell.transfer.source == cell.pretraining.run_id
            assert (cell.pretraining.epochs == 0) == (cell.source == "untrained")
    seen: set[str] = set()
    for run in question.runs:
        assert run.run_id not in seen, "each once"
        assert set(run.depends_on) <= {*seen, known.reference, outside.reference}, "after what it builds on"
        seen.add(run.run_id)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"sources": ()}, r"sources = \(\): expected at least one"),
        ({"sources": ("hue,blur", "none", "blur,hue")}, "hue,blur and blur,hue are the same; name each once"),
        ({"sources": ("hue,blurr",)}, r"unknown transformation 'blurr' \(the nearest is blur\)"),
        ({"sources": ("hue,hue",)}, "is given twice"),
        ({"targets": ("nois",)}, r"unknown transformation 'nois' \(the nearest is noise\)"),
        ({"targets": ("untrained",)}, "unknown transformation 'untrained'"),
        ({"seeds": ("x",)}, "seeds = 'x': expected a whole number"),
        ({"seeds": (1, 1)}, "seeds: 1 and 1 are the same"),
        ({"seeds": "0,1"}, "seeds = '0,1': expected a list of different whole numbers"),
        ({"num_images": (0,)}, "num_images = 0: expected a whole number from 1"),
        ({"models": ("small", "vgg99")}, "model = 'vgg99': expected"),
        ({"methods": "fine-tune"}, "give a list of names"),
        ({"epochs": 0}, "epochs = 0: expected a whole number from 1"),
        ({"sources": ("none",), "objectives": ("simclr",)}, "learns from transformations alone"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(change: dict[str, object], line: str) -> None:
    with pytest.raises(SpecError, match=line) as refused:
        question_of(QuestionSpec(**{**NOISE, "sources": ("hue", "none"), "targets": ("blur",), **change}))
    assert "\n" not in str(refused.value)


def test_texts_of_sources() -> None:
    assert parse_listed("hue, blur ; none;", "sources") == ("hue, blur", "none")
    for text in ("", ";hue", "hue;;blur"):
        with pytest.raises(SpecError, match="one of them is empty"):
            parse_listed(text, "sources")
    assert composition_of("none") == () and composition_of("all") is not None and composition_of("matched") is None


def fabricated(spec: QuestionSpec, seed: int = 0, *, gain: float = 0.3) -> pd.DataFrame:
    """A table of accuracies: own transformations help by a gain, all else is noise."""
    draw = np.random.default_rng(seed)
    rows = []
    for cell in question_of(spec).cells:
        accuracy = 0.4 + gain * (cell.relation == "same") + draw.normal(0, 0.02)
        place = (cell.source, ",".join(cell.target), cell.relation, cell.model, cell.objective, cell.transfer.method)
        rows.append((*place, cell.transfer.data.num_samples, cell.seed, 0.9, accuracy, 0.0, 1.0, "run", "run"))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_effects_are_recomputed_from_the_table() -> None:
    """In plain numpy and scipy: differences within seeds, Student's intervals and tests, Holm over what is judged."""
    several = {"models": ("small", "small_vit"), "seeds": tuple(range(4)), "num_test_samples": 1000}
    spec = asked("blur;noise;none", "noise;blur", **several)
    table = fabricated(spec)
    accuracies = {
        model: {
            place: cells.sort_values("seed")["transfer_accuracy"].to_numpy()
            for place, cells in rows.groupby(["source", "target"])
        }
        for model, rows in table.groupby("model")
    }
    expected, tested = {}, {}
    for model, of in accuracies.items():
        logits = {place: np.log((1000 * a + 0.5) / (1000 - 1000 * a + 0.5)) for place, a in of.items()}
        for first, second in (("blur", "noise"), ("blur", "none"), ("noise", "none")):
            on = {target: of[first, target] - of[second, target] for target in ("blur", "noise")}
            for target, difference in on.items():
                expected[model, SIMPLE, first, second, target] = difference
                if second == "none":
                    tested[model, SIMPLE, first, second, target] = stats.ttest_1samp(difference, 0).pvalue
            if second == "noise":
                expected[model, MATCHING, first, second, "blur,noise"] = (on["blur"] - on["noise"]) / 2
                contrasts = [
                    scale[own, own] - scale[other, own]
                    for scale in (of, logits)
                    for own, other in (("blur", "noise"), ("noise", "blur"))
                ]
                assert all(contrast.mean() > 0 for contrast in contrasts)
                # All have to pass, so the largest p-value counts.
                tested[model, MATCHING, first, second, "blur,noise"] = max(
                    stats.ttest_1samp(contrast, 0).pvalue for contrast in contrasts
                )
            else:
                expected[model, INTERACTION, first, second, "noise,blur"] = (on["noise"] - on["blur"]) / 2
    adjusted, highest = {}, 0.0
    for rank, place in enumerate(sorted(tested, key=tested.__getitem__)):
        highest = max(highest, min(1.0, (len(tested) - rank) * tested[place]))
        adjusted[place] = highest
    report = question_report(question_of(spec), table)
    found = {(one["model"], one["kind"], *one["sources"], ",".join(one["targets"])): one for one in report["effects"]}
    assert found.keys() == expected.keys()
    for place, values in expected.items():
        one, half = found[place], stats.t.ppf(0.975, 3) * values.std(ddof=1) / 2
        assert list(one["per_seed"].values()) == pytest.approx(values, abs=1e-12)
        ends = (values.mean(), values.mean() - half, values.mean() + half)
        assert (one["effect"], one["low"], one["high"]) == pytest.approx(ends)
        assert (one["n"], one["exploratory"]) == (4, place not in tested)
        if place not in tested:
            assert (one["p"], one["verdict"]) == (None, None)
            continue
        assert one["p"] == pytest.approx(adjusted[place]) and one["preliminary"]
        tight = abs(values.mean()) + stats.t.ppf(0.95, 3) * values.std(ddof=1) / 2 < 0.05
        away = "helps" if values.mean() > 0 else "harms"
        calm = "no difference" if tight and one["kind"] == SIMPLE else "undecided"
        assert one["verdict"] == (away if adjusted[place] < 0.05 else calm)
    verdicts = {one["verdict"] for one in report["effects"]}
    assert {"helps", "no difference"} <= verdicts, "both are in what is tested here"


def decided(effect: dict[str, Any]) -> str:
    """What decides that there is no difference, as the sentence has it: the 90 % interval, from numpy and scipy."""
    if effect["verdict"] != "no difference":
        return ""
    values = np.array([*effect["per_seed"].values()])
    half = stats.t.ppf(0.95, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    ends = values.mean() - half, values.mean() + half
    assert (effect["low_90"], effect["high_90"]) == pytest.approx(ends) and -0.05 < ends[0] < ends[1] < 0.05
    words = f", 90 % interval [{format_number(ends[0])}, {format_number(ends[1])}] within ±0.05"
    assert effect["statement"].endswith(f"{words}.")
    return words


def test_no_difference_tells_the_interval_that_decides_it_where_the_other_reaches_further() -> None:
    spec = asked("blur;none", "noise", seeds=(0, 1, 2))
    table = fabricated(spec)
    ahead = {0: 0.0295, 1: 0.01, 2: -0.0095}  # Student's half-widths are 0.033 at 90 % and 0.048 at 95 %
    table["transfer_accuracy"] = [
        0.4 + (ahead[seed] if source == "blur" else 0.0)
        for source, seed in zip(table["source"], table["seed"], strict=True)
    ]
    report = question_report(question_of(spec), table)
    (one,) = report["effects"]
    assert one["verdict"] == "no difference" and one["high"] > 0.05 > one["high_90"]
    assert report["sentence"] == (
        "Over 3 seeds, preliminary: on noise, blur is no different from none, with a difference of 0.01 [−0.04, 0.06] "
        "(90 % interval [−0.02, 0.04] within ±0.05)."
    )
    assert decided(one)


def test_the_sentence_has_the_numbers_of_its_effects() -> None:
    spec = asked("blur;none", "noise;blur", models=("small", "small_vit"), seeds=tuple(range(6)))
    report = question_report(question_of(spec), fabricated(spec))
    said = report["sentence"]
    assert said.startswith("Over 6 seeds: ") and "preliminary" not in said
    judged = [one for one in report["effects"] if not one["exploratory"]]
    for one in judged:
        number = f"{one['effect']:.2f} [{one['low']:.2f}, {one['high']:.2f}]".replace("-", "−")
        assert f"{number} ({one['model'].replace('_', ' ')}{decided(one)})" in said
    words = {one["verdict"] for one in judged}
    assert words == {"helps", "no difference"}
    for one in report["effects"]:
        if one["verdict"] != "no difference":
            assert (one["low_90"], one["high_90"]) == (None, None) and "90 %" not in one["statement"]
    assert said.index("is no different from") < said.index("on blur, blur is ahead of none by"), (
        "first what does not help"
    )
    few = question_report(question_of(replace(spec, seeds=(0,))), fabricated(replace(spec, seeds=(0,))))
    assert few["sentence"].startswith("Numbers only, from 1 seed: on noise, blur less none is")
    some = question_report(question_of(spec), fabricated(spec).query("seed < 3"))
    assert some["sentence"].startswith("Over 3 seeds, preliminary: ")
    alone = asked("blur", "noise")
    assert "blur on noise: 0.4" in question_report(question_of(alone), fabricated(alone))["sentence"]
    nothing = question_report(question_of(spec), fabricated(spec).head(0))
    assert (nothing["sentence"], nothing["cells"], nothing["effects"]) == ("Nothing has finished yet.", [], [])


def test_what_all_pretrainings_were_made_with_is_told() -> None:
    def told(spec: QuestionSpec, networks: dict[str, NamedNetwork] | None = None) -> dict[str, object]:
        question = question_of(spec, networks)
        training: dict[str, object] = question_report(question, fabricated(spec).head(0))["training"]
        assert all(
            cell.pretraining is None or training["optimizer"] == cell.pretraining.optimizer for cell in question.cells
        )
        return training

    assert told(asked("hue;none", "blur"))["optimizer"] == "muon"
    # What else is asked decides, since all have one budget.
    assert told(asked("hue;none", "blur", models=("small", "small_vit"), epochs=3)) | {"schedule": ""} == {
        "optimizer": "adam",
        "epochs": 3,
        "samples_per_epoch": 10_000,
        "batch_size": 128,
        "learning_rate": 0.002,
        "schedule": "",
    }
    known = NamedNetwork("0123456789abcdef", "matched", "small", "supervised", ("hue",), 0.9)
    spec = asked("matched", "blur")
    assert question_report(question_of(spec, {"matched": known}), pd.DataFrame(columns=list(COLUMNS)))["training"] == {}


def test_networks_that_are_there_and_first_weights_take_part_in_every_setting() -> None:
    known = NamedNetwork("0123456789abcdef", "matched", "small", "supervised", ("hue",), 0.9)
    spec = asked("untrained;hue;matched", "blur", models=("small", "small_vit"), seeds=(0, 1, 2))
    question = question_of(spec, {"matched": known})
    rows = []
    for number, cell in enumerate(question.cells):
        place = (cell.source, "blur", cell.relation, cell.model, cell.objective, "linear-probe", 2000, cell.seed)
        rows.append((*place, 0.9, 0.5 + 0.1 * number % 0.3, 0.0, 1.0, "run", "run"))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    assert baseline_of(spec.sources) == "untrained"
    effects = effects_of(spec, table, question.titles)
    pairs = {(one.setting.model, *one.sources) for one in effects}
    assert pairs == {
        (model, first, second)
        for model in spec.models
        for first, second in (("hue", "untrained"), ("matched", "untrained"), ("hue", "matched"))
    }
    assert {one.finding.confirmatory for one in effects if "untrained" in one.sources} == {True}
    (mine,) = (one for one in effects if one.sources == ("hue", "matched") and one.setting.model == "small_vit")
    here = table[table["model"] == "small_vit"].set_index(["source", "seed"])["transfer_accuracy"]
    there = table[table["source"] == "matched"].set_index("seed")["transfer_accuracy"]
    assert dict(mine.finding.per_seed) == pytest.approx({seed: here["hue", seed] - there[seed] for seed in (0, 1, 2)})
    assert not math.isnan(mine.finding.effect)


def test_two_networks_of_one_name_are_an_error_and_the_last_of_files_is_a_baseline() -> None:
    spec = asked("sha256:0123456789abcdef;sha256:fedcba9876543210", "blur", seeds=(0, 1, 2))

    def effects(*titles: str) -> list[Effect]:
        known = {
            reference: NamedNetwork(reference, title, "small")
            for reference, title in zip(spec.sources, titles, strict=True)
        }
        question = question_of(spec, known)
        rows = []
        for cell in question.cells:
            accuracy = 0.9 if cell.transfer.source == spec.sources[0] else 0.3
            place = (cell.source, "blur", cell.relation, cell.model, cell.objective, "linear-probe", 2000, cell.seed)
            rows.append((*place, 0.9, accuracy + cell.seed / 100, 0.0, 1.0, "run", "run"))
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        return effects_of(spec, table, dict(zip(spec.sources, titles, strict=True)))

    (one,) = effects("net.py:wide", "net.py:narrow")
    assert one.sources == ("net.py:wide", "net.py:narrow") and one.finding.effect == pytest.approx(0.6)
    assert one.finding.confirmatory, "the last source is what the others are held against, whatever it is called"
    with pytest.raises(AssertionError, match="several cells in one place"):
        effects("net", "net")


def test_undecided_tells_the_corrected_p_value_and_what_has_not_finished_is_left_out() -> None:
    spec = asked("blur,hue;none", "noise;blur,hue", seeds=(0, 1, 2))
    table = fabricated(spec, gain=0.03)
    report = question_report(question_of(spec), table)
    (one,) = (one for one in report["effects"] if one["kind"] == SIMPLE and one["verdict"] == "undecided")
    told = f"(p = {one['p']:.2f} after Holm)"
    assert "whether blur + hue differs from none is undecided" in report["sentence"] and told in report["sentence"]
    # Of a cell of which one run is not done nothing is said.
    question = question_of(spec)
    first, second = question.cells[:2]
    outcomes = {first.pretraining.run_id: RunOutcome({"test_accuracy": 0.75})}  # type: ignore[union-attr]
    assert question.tabulate(outcomes).empty
    outcomes |= {cell.transfer.run_id: RunOutcome({"transfer_accuracy": 0.5}) for cell in (first, second)}
    row = question.tabulate(outcomes).to_dict("records")
    assert [(each["source"], each["transfer_accuracy"], each["pretraining_accuracy"]) for each in row] == [
        ("blur,hue", 0.5, 0.75)
    ]
    assert question_report(question, question.tabulate(outcomes))["cells"][0]["low"] is None, "no answers, no interval"
