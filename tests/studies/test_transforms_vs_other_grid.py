"""The runs of study A, and the rows that they give."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest

from invariance.spec import CATEGORIES, MeasureSpec, PretrainSpec, QuestionSpec, SpecError, TransferSpec
from invariance.studies.choices import one_per_category
from invariance.studies.question import question_of
from invariance.studies.registry import make_study
from invariance.studies.study import Study
from invariance.studies.transforms_vs_other_grid import (
    FACTORS,
    PAPER_FACTORS,
    SCALES,
    one_seed,
)
from tests.studies.fabricated import outcomes_of

QUICK = make_study("transforms-vs-other", seeds=(7,))


def pretrainings() -> list[PretrainSpec]:
    return [spec for spec in QUICK.runs if isinstance(spec, PretrainSpec)]


def transfers() -> list[TransferSpec]:
    return [spec for spec in QUICK.runs if isinstance(spec, TransferSpec)]


def test_what_factors_share_is_one_run() -> None:
    # Relationships 4 x 2, architectures and sample sizes all but the usual one: (3 + 3) x 2; and one without any.
    assert len(pretrainings()) == 8 + 12 + 1
    # Two targets each; of the four transfer sizes the usual one is shared with the relationship "same".
    assert len(transfers()) == 2 * 21 + 3 * 4


def test_every_value_has_both_compositions_as_sources_and_as_targets() -> None:
    (seed,) = one_seed(SCALES["quick"], 7)
    first, second = one_per_category(2, 7)
    compositions = {"P": first, "Q": second, "none": ()}
    squares: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for cell in seed.cells:
        squares.setdefault((cell.factor, cell.value), []).append((cell.source, cell.target, cell.relation))
        assert cell.pretraining is not None
        assert cell.pretraining.data.transforms == compositions[cell.source]
        assert cell.transfer.data.transforms == compositions[cell.target]
    both = [("P", "P", "same"), ("P", "Q", "disjoint"), ("Q", "P", "disjoint"), ("Q", "Q", "same")]
    assert squares.pop(("usual", "usual")) == [*both, ("none", "P", "none"), ("none", "Q", "none")]
    assert len(squares) == 16 and all(square == both for square in squares.values())


@pytest.mark.parametrize("name", SCALES)
def test_a_square_is_a_question(name: str) -> None:
    """The runs of a question that is asked with the scale's budget are the study's own, by their identities."""
    scale, seed = SCALES[name], 3
    (part,) = one_seed(scale, seed)
    targets = [",".join(names) for names in one_per_category(2, seed)]
    squares: dict[tuple[str, str], list[str]] = {}
    for cell in part.cells:
        squares.setdefault((cell.factor, cell.value), []).append(cell.transfer.run_id)

    def asked(sources: list[str], **changed: object) -> set[str]:
        own = {field.name for field in fields(QuestionSpec)}
        budget = {key: value for key, value in asdict(scale.budget).items() if key in own - {"seeds"}}
        num_images, num_classes = (scale.budget.transfer_samples,), scale.num_classes
        values = {
            **budget,
            "optimizer": "adam",
            "models": (scale.budget.model,),
            "num_images": num_images,
            "num_classes": num_classes,
        }
        values |= {"sources": sources, "targets": targets, "seeds": (seed,), **changed}
        return {cell.transfer.run_id for cell in question_of(QuestionSpec(**values)).cells}

    assert asked([*targets, "none"]) == set(squares["usual", "usual"])
    for model in scale.models:
        is_same = asked(targets, models=(model,)) == set(squares["architecture", model])
        assert is_same is (model not in scale.model_settings)
    num, epochs = next(iter(scale.pretraining_samples.items()))
    size = {"num_samples": num, "epochs": epochs, "batch_size": min(num, scale.budget.batch_size)}
    assert asked(targets, **size) == set(squares["pretraining_samples", str(num)])


def test_sources_differ_in_their_transformations_and_in_nothing_else() -> None:
    first, second, none = pretrainings()[:3]
    assert len({replace(spec, data=replace(spec.data, transforms=())) for spec in (first, second, none)}) == 1
    assert not set(first.data.transforms) & set(second.data.transforms) and none.data.transforms == ()
    for transforms in (first.data.transforms, second.data.transforms):
        assert all(name in names for name, names in zip(transforms, CATEGORIES.values(), strict=True))


def test_sources_of_other_compositions_can_stand_in() -> None:
    target, other, third, fourth = one_per_category(4, 7)
    usual = replace(SCALES["quick"], factors=("usual",))
    (seed,) = one_seed(usual, 7, sources={"P": third, "Q": fourth})
    assert [(cell.source, cell.target) for cell in seed.cells] == [("P", "P"), ("P", "Q"), ("Q", "P"), ("Q", "Q")]
    assert {cell.pretraining.data.transforms for cell in seed.cells if cell.pretraining} == {third, fourth}
    assert {cell.transfer.data.transforms for cell in seed.cells} == {target, other}


def test_classes_are_related_as_they_say() -> None:
    (seed,) = one_seed(replace(SCALES["quick"], factors=("class_relationship",)), 7)
    target = set(seed.cells[0].transfer.data.classes)
    subset, disjoint, same, superset = (
        set(cell.pretraining.data.classes) for cell in seed.cells[::4] if cell.pretraining is not None
    )
    assert len(target) == 30 and same == target
    assert len(subset) == 10 and subset < target
    assert len(disjoint) == 30 and not disjoint & target
    assert superset == disjoint | target


def test_targets_are_drawn_under_another_key_than_pretraining() -> None:
    assert not {spec.data.seed for spec in transfers()} & {spec.data.seed for spec in pretrainings()}


def test_every_quick_training_sees_as_many_images() -> None:
    assert {num * epochs for num, epochs in SCALES["quick"].pretraining_samples.items()} == {40_000}


def test_the_papers_settings() -> None:
    study = make_study("transforms-vs-other", scale="paper", seeds=(0,))
    vit = next(spec for spec in study.runs if isinstance(spec, PretrainSpec) and spec.model == "vit")
    assert (vit.weight_decay, vit.schedule, vit.epochs, vit.batch_size) == (5e-5, "cosine", 50, 512)
    sizes = {spec.data.num_samples for spec in study.runs if isinstance(spec, PretrainSpec)}
    assert sizes == {1_000, 10_000, 50_000, 100_000, 500_000}


def test_the_table_has_a_row_for_each_value_source_and_target() -> None:
    outcomes = outcomes_of(
        QUICK, accuracy=lambda source, task: 0.9 if source.data.transforms == task.data.transforms else 0.3
    )
    table = QUICK.tabulate(outcomes)
    assert set(table["sens"]) == {0.5}
    assert table.groupby("factor").size().to_dict() == dict.fromkeys(PAPER_FACTORS, 16) | {"usual": 6}
    assert dict(table.groupby("relation")["transfer_accuracy"].unique().map(list)) == {
        "same": [0.9],
        "disjoint": [0.3],
        "none": [0.3],
    }
    assert set(table["pretraining_accuracy"]) == {0.75} and set(table["num_test_samples"]) == {1_000}
    first, second = (",".join(names) for names in one_per_category(2, 7))
    told = table.groupby(["source", "target"])[["source_transforms", "target_transforms"]].agg(["nunique", "first"])
    assert told.loc[("P", "Q")].to_list() == [1, first, 1, second]
    assert told.loc[("none", "P")].to_list() == [1, "none", 1, first]


def test_each_network_is_measured_for_both_targets() -> None:
    study = make_study("transforms-vs-other", seeds=(7,), factors=("usual",))
    table = study.tabulate(
        outcomes_of(
            study,
            sens=lambda model, name, spec: 0.25 if set(spec.transforms) <= set(model.data.transforms) else 0.5,
        )
    )
    assert table.groupby("relation")["sens"].unique().map(list).to_dict() == {
        "same": [0.25],
        "disjoint": [0.5],
        "none": [0.5],
    }


def test_rows_whose_runs_are_missing_are_left_out() -> None:
    outcomes = outcomes_of(QUICK)
    usual = next(spec for spec in QUICK.runs if isinstance(spec, TransferSpec))
    del outcomes[usual.source]
    # P as the usual source stands in the usual setting and in three factors, for two targets.
    assert len(QUICK.tabulate(outcomes)) == 70 - 4 * 2


def beyond(factor: str, seeds: tuple[int, ...] = (7,), scale: str = "quick") -> Study:
    return make_study("transforms-vs-other", scale=scale, seeds=seeds, factors=(factor,))


def test_small_scales_vary_what_the_paper_varied_and_large_ones_more() -> None:
    assert PAPER_FACTORS == ("class_relationship", "architecture", "pretraining_samples", "transfer_samples")
    assert {name: scale.factors for name, scale in SCALES.items()} == {
        "quick": ("usual", *PAPER_FACTORS),
        "standard": tuple(FACTORS),
        "paper": tuple(FACTORS),
    }


@pytest.mark.parametrize("scale", SCALES)
def test_every_objective_is_compared_with_both_sources(scale: str) -> None:
    specs = [spec for spec in beyond("objective", scale=scale).runs if isinstance(spec, PretrainSpec)]
    objectives = ["supervised", "simclr", "vicreg", "rotation"]
    assert [spec.objective for spec in specs] == [name for name in objectives for _ in range(2)]
    assert len({spec.data.transforms for spec in specs}) == 2
    assert len({(spec.model, spec.epochs, spec.data.classes) for spec in specs}) == 1


def test_a_target_with_pose_and_occluders_shares_its_disjoint_network_with_the_plain_one() -> None:
    study = beyond("beyond_2d")
    plain, disjoint, same = [spec for spec in study.runs if isinstance(spec, PretrainSpec)]
    targets = {(spec.source, spec.data.transforms) for spec in study.runs if isinstance(spec, TransferSpec)}
    first, photometric, last = same.data.transforms
    assert (first, last) == ("pose", "occlude") and photometric == plain.data.transforms[1]
    assert photometric in CATEGORIES["photometric"] and not set(disjoint.data.transforms) & set(same.data.transforms)
    assert targets == {
        *((spec.run_id, target.data.transforms) for spec in (plain, disjoint) for target in (plain, disjoint)),
        *((spec.run_id, target.data.transforms) for spec in (same, disjoint) for target in (same, disjoint)),
    }
    measured = {spec.transforms: set(spec.sources) for spec in study.runs if isinstance(spec, MeasureSpec)}
    assert measured == {
        plain.data.transforms: {plain.run_id, disjoint.run_id},
        disjoint.data.transforms: {plain.run_id, disjoint.run_id, same.run_id},
        same.data.transforms: {same.run_id, disjoint.run_id},
    }


def test_published_networks_that_are_here_are_sources_beside_our_own(two_published: list[str]) -> None:
    study = beyond("published")
    transfers = [spec for spec in study.runs if isinstance(spec, TransferSpec)]
    assert [spec.source for spec in transfers[4:]] == [name for name in two_published for _ in range(2)]
    assert len({spec.data for spec in transfers}) == 2
    measurements = [spec for spec in study.runs if isinstance(spec, MeasureSpec)]
    assert [spec.sources[2:] for spec in measurements] == [tuple(two_published)] * 2


def test_without_published_networks_the_others_are_run_and_alone_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path))
    both = make_study("transforms-vs-other", seeds=(7,), factors=("published", "beyond_2d"))
    assert both.runs == beyond("beyond_2d").runs
    with pytest.raises(SpecError, match="python -m invariance download torchvision:resnet18"):
        beyond("published")


def test_factors_that_cannot_be_used() -> None:
    with pytest.raises(SpecError, match="unknown factor 'colour': choose from usual, class_relationship"):
        beyond("colour")
    with pytest.raises(SpecError, match="factors = objective,objective: give each once"):
        make_study("transforms-vs-other", factors=("objective", "objective"))
    with pytest.raises(SpecError, match="only transforms-vs-other has some"):
        make_study("mismatch", factors=("objective",))
