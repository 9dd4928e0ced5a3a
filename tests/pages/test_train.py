"""The Train page without a browser: what it submits, what it refuses, what it shows of runs that have ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from invariance.runs import slots
from invariance.runs.store import Store
from invariance.spec import CATEGORIES, TRANSFORM_NAMES, PretrainSpec, RunSpec, SpecError, TransferSpec
from invariance.statistics import Interval
from invariance.studies.what_if import what_if
from invariance.vocabulary.budgets import BUDGETS
from pages.shared.conclusions import conclusion
from pages.shared.literal import literal
from pages.shared.plan import disjoint_from, planned_runs
from pages.shared.run_state import progress_line
from tests.runs.tiny import tiny_pretrain, wait_until

TARGET = ("rotate", "hue", "erasing")
OPTIONS: dict[str, Any] = {"batch_size": 32, "objects": "noise", "backgrounds": "noise", "num_classes": 2}


def test_the_competitor_shares_no_transformation() -> None:
    assert disjoint_from(TARGET) == ("translate", "brightness", "blur")
    for names in (*CATEGORIES.values(), TRANSFORM_NAMES[:17], ()):
        others = disjoint_from(names)
        assert not set(others) & set(names)
        assert 1 <= len(others) <= max(1, len(names))


def test_a_plan_is_two_pretrainings_and_their_transfers_to_one_task() -> None:
    first, transfer, second, other_transfer = planned_runs(TARGET, [TARGET, ("blur",)], **OPTIONS)
    assert isinstance(first, PretrainSpec) and isinstance(second, PretrainSpec)
    assert isinstance(transfer, TransferSpec) and isinstance(other_transfer, TransferSpec)
    assert (first.data.transforms, second.data.transforms) == (TARGET, ("blur",))
    assert (transfer.source, other_transfer.source) == (first.run_id, second.run_id)
    assert transfer.data == other_transfer.data and transfer.data.transforms == TARGET
    assert not set(first.data.classes) & set(transfer.data.classes)
    assert first.batch_size == 32


def run_ids(specs: Iterable[RunSpec]) -> list[str]:
    return [spec.run_id for spec in specs]


def test_the_usual_budget_asks_for_the_runs_of_the_command_line(app: AppTest, store: Store) -> None:
    open_train(app, rate_muon="0.02")
    assert BUDGETS["Instant"].summary in texts(app)
    app.button(key="go").click().run()
    assert not app.exception and not app.error
    expected = what_if(TARGET, disjoint_from(TARGET), objects="noise", backgrounds="noise").runs
    assert set(run_ids(expected)) == {run.id for run in store.list()}
    assert {run.optimizer for run in expected if isinstance(run, PretrainSpec)} == {"muon"}


def test_a_link_that_names_a_field_of_adam_is_of_the_budget_that_was_usual_then(app: AppTest, store: Store) -> None:
    open_train(app, rate="0.002").button(key="go").click().run()
    assert not app.exception and not app.error
    expected = what_if(TARGET, disjoint_from(TARGET), objects="noise", backgrounds="noise", optimizer="adam").runs
    assert set(run_ids(expected)) == {run.id for run in store.list()}


def test_a_budget_is_offered_for_the_networks_on_which_it_was_measured(app: AppTest, store: Store) -> None:
    def offered() -> tuple[list[str], str]:
        group = next(group for group in app.button_group if group.key == "budget")
        return list(group.options), str(group.value)

    open_train(app)
    assert offered() == (["Instant", "Quick", "Standard", "Long"], "Quick"), "the link names a rate of Adam's"
    assert BUDGETS["Quick"].summary in texts(app)
    app.selectbox(key="model").select("small_vit").run()
    assert not app.exception and offered() == (["Quick", "Standard", "Long"], "Quick")
    assert (app.number_input(key="epochs_Quick").value, app.number_input(key="rate").value) == (4, 1e-3)
    app.selectbox(key="model").select("small_resnet").run()
    assert "Instant" in offered()[0]
    next(group for group in app.button_group if group.key == "budget").select("Instant").run()
    app.button(key="go").click().run()
    assert not app.exception and offered()[1] == "Instant"
    instant = what_if(
        TARGET, disjoint_from(TARGET), model="small_resnet", optimizer="muon", objects="noise", backgrounds="noise"
    )
    assert set(run_ids(instant.runs)) == {run.id for run in store.list()}


def test_both_ways_need_a_source_that_is_the_target() -> None:
    for pretrainings in ([TARGET], [("hue",), ("blur",)]):
        asked = planned_runs(TARGET, pretrainings, both_ways=True, **OPTIONS)
        assert len(asked) == 2 * len(pretrainings) and {spec.data.transforms for spec in asked[1::2]} == {TARGET}


def test_a_plan_refuses_what_makes_no_sense() -> None:
    with pytest.raises(SpecError, match="pretrained on the same transformations"):
        planned_runs(TARGET, [TARGET, TARGET[::-1]], **OPTIONS)
    with pytest.raises(SpecError, match="objects: write the path of a folder, or choose builtin"):
        planned_runs(TARGET, [TARGET], **(OPTIONS | {"objects": " "}))


def interval(low: float, high: float) -> Interval:
    return Interval((low + high) / 2, low, high, 100)


def test_a_network_is_better_only_where_the_interval_says_so() -> None:
    names = [TARGET, ("blur",)]
    assert conclusion(names, [0.8, 0.6], TARGET, interval(0.1, 0.3)) == (
        "On this run pretraining on **rotate, hue, erasing**, the target's transformations and no others, transfers "
        r"**20.0 points \[10.0, 30.0]** better than on **blur**: 80.0% against 60.0%, the mean over the task's classes."
    )
    other = conclusion(names, [0.6, 0.8], TARGET, interval(-0.3, -0.1))
    assert other.startswith("On this run pretraining on **blur**, none of the target's transformations, but others,")
    assert r"**20.0 points \[10.0, 30.0]** better than on **rotate, hue, erasing**: 80.0% against 60.0%" in other
    undecided = conclusion(names, [0.8, 0.7], TARGET, interval(-0.05, 0.25))
    assert undecided.endswith(r"Which is better is **undecided**: the difference is 10.0 points \[−5.0, 25.0].")
    unknown = conclusion(names, [0.8, 0.6], TARGET)
    assert "better" not in unknown and "80.0%" in unknown and "60.0%" in unknown
    assert "reaches **80.0%**" in conclusion([TARGET], [0.8], TARGET)


def test_progress_in_a_line() -> None:
    progress = {"epoch": 1, "num_epochs": 2, "images_per_second": 1234.5, "eta_seconds": 12.4}
    assert progress_line(progress, "cpu") == "epoch 2 of 2 · 1,234 images/s · 12 s left · on cpu"
    assert progress_line(progress | {"epoch": 2, "images_per_second": 0.0}, None) == "epoch 2 of 2"


def open_train(app: AppTest, **query: str) -> AppTest:
    app.run()
    rate = {} if "rate_muon" in query else {"rate": "0.001"}  # that the fake finishes
    link = {"objects_source": "noise", "backgrounds_source": "noise", **rate}
    for name, value in (link | query).items():
        app.query_params[name] = value
    return app.switch_page("pages/train/page.py").run()


def texts(app: AppTest) -> str:
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([*(one.value for one in [*app.markdown, *app.caption, *app.error, *app.subheader]), *html])


def test_the_page_opens_and_says_what_will_happen(app: AppTest) -> None:
    open_train(app)
    assert not app.exception
    assert "One network learns on **rotate, hue, erasing**" in texts(app)
    assert "The other learns on **translate, brightness, blur**" in texts(app)
    assert not any(button.key == "cancel" for button in app.button)


def test_one_press_submits_all_runs_and_shows_how_they_ended(app: AppTest, store: Store) -> None:
    query = {
        "classes": "3",
        "epochs_Quick": "1",
        "samples_Quick": "512",
        "rate": "0.001",
    }  # a rate that ends, see FAKE_WORKER
    open_train(app, **query).button(key="go").click().run()
    assert not app.exception and not app.error
    assert app.expander[0].label == "Settings, and another race", (
        "the form has folded, and the networks take the screen"
    )
    runs = store.list()
    assert [run.kind for run in runs] == [*["pretrain", "transfer"] * 3, *["transfer"] * 3]
    pretraining = runs[0].spec
    assert isinstance(pretraining, PretrainSpec)
    assert (pretraining.epochs, pretraining.samples_per_epoch) == (1, 512)
    assert len(pretraining.data.classes) == 3
    wait_until(lambda: not any(run.is_active for run in store.list()))
    assert [(run.state, run.error) for run in store.list()] == [("done", None)] * 9
    app.run()
    assert not app.exception
    shown = texts(app)
    assert "Same: rotate, hue, erasing" in shown and "Disjoint: translate, brightness, blur" in shown
    assert "None: untransformed images" in shown and shown.count("To translate, brightness, blur") == 3
    assert app.query_params["runs"] == ",".join(run.id for run in runs if run.kind == "transfer")
    asked = f"view=thrown-away&first={runs[0].id}&second={runs[2].id}"
    assert any(asked in link.proto.query_string for link in app.get("page_link"))
    app.button(key="go").click().run()
    assert len(store.list()) == 9, "the same question is the same runs"


def test_a_relation_has_its_own_name(app: AppTest) -> None:
    link = {"suggested": "false", "competitor_geometric": "rotate", "competitor_photometric": "hue"}
    open_train(app, **link)
    assert "The other learns on **rotate, hue**: some of the target's transformations and no others (subset)." in texts(
        app
    )
    app.toggle(key="both_ways").set_value(False).run()
    app.button(key="go").click().run()
    assert not app.exception and not app.error
    assert "Subset: rotate, hue" in texts(app) and "ismatched" not in texts(app)


def test_a_random_pair_is_one_of_each_category_and_shares_none(app: AppTest) -> None:
    open_train(app, target_order="erasing").button(key="draw").click().run()
    assert not app.exception and not app.error and not app.warning
    chosen = {
        key: [name for category in CATEGORIES for name in app.button_group(key=f"{key}_{category}").value]
        for key in ("target", "competitor")
    }
    assert [len(names) for names in chosen.values()] == [3, 3] and len({*chosen["target"], *chosen["competitor"]}) == 6
    assert "(disjoint)" in texts(app)


def test_a_running_pair_can_be_cancelled_and_resumed(app: AppTest, store: Store) -> None:
    open_train(app, rate="0.002").button(key="go").click().run()
    wait_until(lambda: any(run.progress for run in store.list()))
    app.run()
    app.button(key="cancel").click().run()
    wait_until(lambda: {run.state for run in store.list()} == {"cancelled"})
    app.run()
    app.button(key="resume").click().run()
    wait_until(lambda: any(run.state == "running" for run in store.list()))
    assert not app.exception


def test_two_networks_of_a_what_if_are_shown_training_at_once(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "num_cores", lambda: 2)
    open_train(app, rate="0.002").button(key="go").click().run()  # a rate that goes on until it is stopped
    wait_until(lambda: sum(run.progress is not None for run in store.list(states=("running",))) == 2)
    app.run()
    assert not app.exception
    at_work = store.list(states=("running",))
    assert [run.spec for run in at_work] == [
        run.spec for run in store.list(kind="pretrain") if run.spec.data.transforms
    ], "the pair of the question, and not the network that is pretrained on none"
    assert texts(app).count("role=progressbar") == 3, "a bar for each, and for the one that waits"
    assert "Waits for its turn: number " in texts(app)


def test_a_mistake_is_one_line_and_nothing_is_lost(app: AppTest, store: Store) -> None:
    open_train(app, objects_source="folder", objects_folder="no/such/folder", seed="7").button(key="go").click().run()
    assert not app.exception
    (error,) = app.error
    assert literal("no/such/folder") in error.value and "\n" not in error.value
    assert app.number_input(key="seed").value == 7
    assert store.list() == []


def test_a_link_to_runs_that_are_not_here_is_one_line(app: AppTest) -> None:
    open_train(app, runs="feedfacecafebeef")
    assert not app.exception
    assert literal("'feedfacecafebeef' is not known here") in app.error[0].value


def test_a_link_to_a_pretraining_is_one_line(app: AppTest, store: Store) -> None:
    open_train(app, runs=store.submit(tiny_pretrain()).id)
    assert not app.exception
    assert "only transfers can be shown here" in app.error[0].value
