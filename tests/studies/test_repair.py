"""The study of repair: its runs, and what tables with a gap, without one, and with a large one say."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from invariance.spec import FactorSpec, MeasureSpec, PretrainSpec, TransferSpec
from invariance.studies.findings import NOT_IN_THE_PAPER
from invariance.studies.registry import make_study
from invariance.studies.repair import Repairs, conclude
from invariance.studies.repair_grid import SCALES
from invariance.studies.telling import tally
from invariance.vocabulary.verdicts import Verdict
from tests.studies.fabricated import outcomes_of

QUICK = make_study("repair", seeds=(7,))


def test_three_networks_are_trained_on_the_same_images_in_the_same_ways() -> None:
    trained = [spec for spec in QUICK.runs if isinstance(spec, PretrainSpec)]
    matched, mismatched, untrained = trained
    tunings = [spec for spec in QUICK.runs if isinstance(spec, TransferSpec) and spec.method == "fine-tune"]
    assert untrained.epochs == 0 and not set(matched.data.transforms) & set(mismatched.data.transforms)
    assert {spec.data.transforms for spec in tunings} == {matched.data.transforms}
    assert not set(matched.data.classes) & set(tunings[0].data.classes)
    ways = {
        source.run_id: {
            (spec.trainable, spec.data, spec.epochs, spec.batch_size, spec.learning_rates)
            for spec in tunings
            if spec.source == source.run_id
        }
        for source in trained
    }
    first, *others = ways.values()
    assert len(first) == 2 * 4 and all(other == first for other in others)
    # As many steps on few images as on many, up to the end of an epoch.
    scale = SCALES["quick"]
    steps = {num: scale.epochs(num) * -(-num // scale.batch_size) for num in scale.nums_images}
    assert steps == {10: 150, 100: 150, 1_000: 160, 5_000: 158}


def test_every_network_that_was_trained_on_target_images_is_measured_beside_the_mismatched_one() -> None:
    sens, factors = QUICK.runs[-2:]
    assert isinstance(sens, MeasureSpec) and isinstance(factors, FactorSpec)
    tuned = {spec.run_id for spec in QUICK.runs if isinstance(spec, TransferSpec) and spec.method == "fine-tune"}
    assert sens.sources == factors.sources and set(sens.sources) == tuned | {QUICK.runs[9].run_id}
    assert sens.transforms == factors.factors == QUICK.runs[0].data.transforms


def test_scores_are_means_over_the_targets_transformations_of_known_objects() -> None:
    mismatched = [spec for spec in QUICK.runs if isinstance(spec, PretrainSpec)][1]
    known = dict(zip(QUICK.runs[0].data.transforms, (-0.3, 0.3, 0.6), strict=True))
    outcomes = outcomes_of(QUICK, sens=lambda own, name, spec: known[name] + (own == mismatched))
    table = QUICK.tabulate(outcomes)
    rows = table[(table["source"] == "mismatched") & (table["num_images"] == 10)].set_index("trained")
    assert rows.loc["nothing", ["sens", "skill"]].to_list() == pytest.approx([1.2, 1.2])
    # Worse than guessing is guessing.
    assert rows.loc["all", ["sens", "skill"]].to_list() == pytest.approx([0.2, 0.3])


NUMS = (10, 1_000)
LEVELS = {"matched": 0.9, "mismatched": 0.8, "untrained": 0.6}


def results(
    draws: np.random.Generator, *, as_it_is: float = 0.5, levels: dict[str, float] | None = None, num_seeds: int = 6
) -> pd.DataFrame:
    """Accuracies of networks after training, and of the mismatched one as it is; what a seed moves, it moves alike."""
    rows = []
    for seed in range(num_seeds):
        shared = 0.05 * draws.normal()
        for (source, level), trained, num in product((levels or LEVELS).items(), ("all", "last-block"), NUMS):
            accuracy, sens = level + shared + 0.02 * draws.normal(), 0.4 + 0.02 * draws.normal()
            rows.append((source, trained, num, seed, accuracy, sens, 0.3 + 0.02 * draws.normal()))
        before = as_it_is + shared
        rows += [("mismatched", "nothing", num, seed, before + 0.02 * draws.normal(), 0.6, 0.3) for num in NUMS]
    return pd.DataFrame(rows, columns=["source", "trained", "num_images", "seed", "accuracy", "sens", "skill"])


def test_what_was_stated_is_found_where_it_is_so_and_is_said_to_be_of_no_paper() -> None:
    table = results(np.random.default_rng(0))
    found = {finding.name: finding for finding in conclude(table)}
    for name in ("gap", "repair_helps", "all_weights_make_good", "beats_untrained", "invariance_returns"):
        assert found[name].verdict is Verdict.SAME_DIRECTION and found[name].size is None, name
    assert found["all_weights_make_good"].effect == pytest.approx(0.75, abs=0.05)
    assert [part.name for part in found["beats_untrained"].parts] == ["10 images", "1,000 images"]
    assert found["values_fade"].verdict is None
    assert all(NOT_IN_THE_PAPER in one.statement and one.published is None for one in found.values())
    said = tally(list(found.values()))
    assert said.startswith("6 seeds: 9 confirmatory findings, none of them in the paper: ") and "published" not in said


def test_a_share_is_told_of_a_gap_that_exceeds_a_tenth_with_its_interval() -> None:
    near = results(np.random.default_rng(0), as_it_is=0.79)
    gap = Repairs(near).gap("all", 1_000)
    assert gap.mean() > 0.1 > gap.mean() - 2 * gap.std() / np.sqrt(6), "above it, but not with its interval"
    found = {finding.name: finding for finding in conclude(near)}
    assert "all_weights_make_good" not in found and "exceeds 0.10 with its interval" in found["gap"].statement
    assert Repairs(near).share("all", 1_000) is None
    assert Repairs(results(np.random.default_rng(0), num_seeds=1)).share("all", 1_000) is None
    table = results(np.random.default_rng(0))
    partial = table[(table["source"] != "matched") | (table["seed"] < 4)]
    share = Repairs(partial).share("all", 1_000)
    assert share is not None and share.num == 4


def test_of_tables_without_any_effect_at_most_one_in_twenty_has_a_direction() -> None:
    """The whole of it, whether a share is told among it; three standard errors of so many tables."""
    draws, num, directional = np.random.default_rng(1), 40, 0
    same = dict.fromkeys(LEVELS, 0.5)
    for _ in range(num):
        table = results(draws, levels=same).assign(sens=lambda rows: 0.4 + 0.02 * draws.normal(size=len(rows)))
        directional += any(one.verdict in (Verdict.SAME_DIRECTION, Verdict.OPPOSITE) for one in conclude(table))
    assert directional <= num * (0.05 + 3 * np.sqrt(0.05 * 0.95 / num))
