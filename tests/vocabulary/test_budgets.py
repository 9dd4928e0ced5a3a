"""Which budget is usual for which networks, and what each asks for."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from invariance.spec import DatasetSpec, PretrainSpec, QuestionSpec
from invariance.vocabulary.architectures import ARCHITECTURES
from invariance.vocabulary.budgets import BUDGETS, usual_budget

ROOT = Path(__file__).parents[2]
MEASURED = ("small", "small_resnet", "small_vgg")


@pytest.mark.parametrize("model", ARCHITECTURES)
def test_instant_is_offered_and_usual_where_its_gaps_are_shown_to_be_equal(model: str) -> None:
    assert usual_budget(model).name == ("Instant" if model in MEASURED else "Quick")
    assert usual_budget(model, "simclr").name == "Quick"
    assert BUDGETS["Instant"].suits(model, "supervised") == (model in MEASURED)
    assert not BUDGETS["Instant"].suits(model, "simclr")
    assert [usual_budget(model, optimizer=name).name for name in ("adam", "muon")] == ["Quick", "Instant"]


def test_networks_of_a_question_have_one_budget_and_that_of_the_optimizer_if_one_is_asked_for() -> None:
    asked = QuestionSpec(sources=("hue", "none"), targets=("hue",), models=("small", "small_vit"), epochs=2)
    assert asked.training == BUDGETS["Quick"].settings | {"epochs": 2}, "architectures would differ in their budgets"
    assert replace(asked, models=("small",)).training == BUDGETS["Instant"].settings | {"epochs": 2}
    assert replace(asked, models=("small",), objectives=("supervised", "simclr")).training["optimizer"] == "adam"
    slow = replace(asked, optimizer="adam")
    assert slow.training == BUDGETS["Quick"].settings | {"epochs": 2}


@pytest.mark.parametrize("model", MEASURED)
def test_what_is_usual_is_what_the_benchmark_says(model: str) -> None:
    """The rule was written before: equal within .02 over six pairs of triples and three seeds."""
    name = "what-if-speed.json" if model == "small" else f"what-if-speed-{model.replace('_', '-')}.json"
    found = json.loads((ROOT / "benchmarks" / "results" / name).read_text())
    assert found["num_triples"] >= 6 and found["num_runs"] >= 18 and found["environment"]["model"] == model
    assert found["goals"]["gap"]["is_reached"] and found["matched"]["instant"] > found["matched"]["quick"]


def test_every_budget_is_one_that_a_pretraining_takes() -> None:
    data = DatasetSpec(num_samples=None)
    found = {name: PretrainSpec(data=data, **budget.settings) for name, budget in BUDGETS.items()}
    told = {
        name: (one.optimizer, one.schedule, one.batch_size, one.learning_rate, one.epochs * one.samples_per_epoch)
        for name, one in found.items()
    }
    assert told["Instant"] == ("muon", "linear", 64, 0.02, 10_000)
    assert told["Quick"] == ("adam", "constant", 128, 2e-3, 40_000)
