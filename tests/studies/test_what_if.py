"""The what-if as data: runs that differ in what they should and in nothing else."""

from dataclasses import replace

import pytest

from invariance.spec import SpecError
from invariance.studies.what_if import arranged, published_transfer, split_classes, what_if


def test_networks_and_tasks_differ_only_in_their_transformations():
    study = what_if(("hue",), ("rotate",), objects="noise", backgrounds="noise", seed=4)
    data, task = study.matched_pretraining.data, study.matched.data
    assert data.transforms == task.transforms == ("hue",)
    assert [(cell.source, cell.target, cell.relation) for cell in study.cells] == [
        (("hue",), ("hue",), "same"),
        (("rotate",), ("hue",), "disjoint"),
        ((), ("hue",), "none"),
        (("hue",), ("rotate",), "disjoint"),
        (("rotate",), ("rotate",), "same"),
        ((), ("rotate",), "none"),
    ]
    for cell in study.cells:
        assert replace(cell.pretraining, data=data) == study.matched_pretraining
        assert replace(cell.pretraining.data, transforms=("hue",)) == data
        assert replace(cell.transfer, source=study.matched.source, data=task) == study.matched
        assert replace(cell.transfer.data, transforms=("hue",)) == task
        assert cell.transfer.source == cell.pretraining.run_id
    assert (study.mismatched, study.mismatched_pretraining.data.transforms) == (study.cells[1].transfer, ("rotate",))


def test_three_networks_and_six_transfers_each_once():
    study = what_if(("hue",), ("rotate",), objects="noise")
    assert [run.kind for run in study.runs].count("transfer") == 6 and len(study.runs) == 9
    assert [one.data.transforms for one in study.pretrainings] == [("hue",), ("rotate",), ()]
    assert [run.run_id for run in study.runs[:4]] == [
        study.matched_pretraining.run_id,
        study.matched.run_id,
        study.mismatched_pretraining.run_id,
        study.mismatched.run_id,
    ], "what is asked first is answered first"


def test_none_is_no_third_network_where_it_is_one_already_or_cannot_be():
    assert len(what_if(("hue",), (), objects="noise").runs) == 6
    assert len(what_if(("hue",), ("rotate",), objects="noise", objective="simclr").runs) == 6


def test_each_run_comes_after_what_it_builds_on():
    seen = set()
    for spec in what_if(("hue",), ("rotate",), objects="noise").runs:
        assert set(spec.depends_on) <= seen
        seen.add(spec.run_id)


def test_classes_are_disjoint_where_there_are_enough():
    pretraining, target = split_classes("noise", None, seed=1)
    assert len(pretraining) == len(target) == 30 and not set(pretraining) & set(target)
    assert split_classes("noise", None, seed=2) != (pretraining, target)
    pretraining, target = split_classes("noise", 40, seed=1)
    assert pretraining == target and len(target) == 40
    words = [what_if(("hue",), (), objects="noise", num_classes=num).words_of_classes for num in (7, 40)]
    assert words == [
        "7 classes to pretrain on and 7 others of the target tasks.",
        "40 classes, the same to pretrain on and of the target tasks.",
    ]


def test_pretraining_and_target_draw_under_different_keys():
    study = what_if(("hue",), ("rotate",), objects="noise", seed=4)
    assert study.matched.data.seed != study.matched_pretraining.data.seed


def test_pictures_of_each_class_and_objective_reach_the_runs():
    study = what_if(("hue",), ("rotate",), objects="noise", num_prototypes=3, objective="vicreg")
    assert {spec.data.num_prototypes for spec in study.runs} == {3}
    assert {study.matched_pretraining.objective, study.mismatched_pretraining.objective} == {"vicreg"}


def test_precision_is_that_of_all_runs_and_auto_renames_none():
    study = what_if(("hue",), ("rotate",), objects="noise", precision="float32")
    assert {run.precision for run in study.runs} == {"float32"}
    plain = what_if(("hue",), ("rotate",), objects="noise")
    assert plain == what_if(("hue",), ("rotate",), objects="noise", precision="auto") != study


def test_equal_sides_are_refused():
    with pytest.raises(SpecError, match="different transformations"):
        what_if(("hue", "blur"), ("blur", "hue"), objects="noise")


def test_a_published_network_is_put_to_the_same_task_with_a_penalty_of_its_own():
    transfer = what_if(("hue",), ("rotate",), objects="noise").matched
    probe = published_transfer(transfer, "torchvision:resnet18")
    assert probe == replace(transfer, source="torchvision:resnet18", regularisation="validation")
    tuned = published_transfer(replace(transfer, method="fine-tune"), "torchvision:resnet18")
    assert tuned.data == transfer.data
    assert (tuned.batch_size, tuned.learning_rate) == (32, 1e-4)
    large = published_transfer(replace(transfer, method="fine-tune"), "torchvision:efficientnet_b7")
    assert large.batch_size == 5, "at 600 px no more fit"
    with pytest.raises(SpecError, match="unknown model 'torchvision:resnet9'"):
        published_transfer(transfer, "torchvision:resnet9")


def test_cells_are_arranged_whatever_their_order():
    study = what_if(("hue",), ("rotate",), objects="noise")
    first, *others = study.cells
    assert arranged([first, *reversed(others)]) == study
    assert arranged(study.cells[:3]) is None, "one target"
    assert arranged([*study.cells[:2], study.cells[3]]) is None, "Q's network was not put to Q"
    other = what_if(("hue",), ("rotate",), objects="noise", seed=1)
    assert arranged([*study.cells[:3], *other.cells[3:]]) is None, "other tasks"
    assert arranged([]) is None
