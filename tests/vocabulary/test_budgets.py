"""Which budget is usual for which networks, and what each asks for."""

import pytest

from invariance.spec import DatasetSpec, PretrainSpec, QuestionSpec
from invariance.studies.what_if import what_if
from invariance.vocabulary.architectures import ARCHITECTURES
from invariance.vocabulary.budgets import BUDGETS, usual_budget

MEASURED = ("small", "small_resnet", "small_vgg")


@pytest.mark.parametrize("model", ARCHITECTURES)
def test_instant_is_usual_where_it_was_measured_and_quick_elsewhere(model: str) -> None:
    assert usual_budget([model]).name == ("Instant" if model in MEASURED else "Quick")
    assert usual_budget([model], ["simclr"]).name == "Quick"
    assert [usual_budget([model], optimizer=name).name for name in ("adam", "muon")] == ["Quick", "Instant"]


def test_networks_of_one_question_are_trained_alike() -> None:
    assert usual_budget(["small", "small_vit"]).name == "Quick"
    assert usual_budget(["small"], ["supervised", "vicreg"]).name == "Quick"
    asked = QuestionSpec(sources=("hue", "none"), targets=("hue",), models=("small", "small_vit"), epochs=2)
    assert asked.training == BUDGETS["Quick"].settings | {"epochs": 2}


def test_every_budget_is_one_that_a_pretraining_takes() -> None:
    data = DatasetSpec(num_samples=None)
    found = {name: PretrainSpec(data=data, **budget.settings) for name, budget in BUDGETS.items()}
    told = {
        name: (one.optimizer, one.schedule, one.batch_size, one.learning_rate, one.epochs * one.samples_per_epoch)
        for name, one in found.items()
    }
    assert told["Instant"] == ("muon", "linear", 64, 0.02, 10_000)
    assert told["Quick"] == ("adam", "constant", 128, 2e-3, 40_000)


def test_adam_asks_for_the_runs_that_were_usual_before_there_was_muon() -> None:
    study = what_if(("hue",), ("rotate",), objects="noise", backgrounds="noise", seed=4, optimizer="adam")
    assert [run.run_id for run in study.runs[:2]] == PINNED


PINNED = ["ea0a6e9052ecffa1", "b94442480e0ed727"]
"""Of stored what-ifs; asked for again they are found."""
