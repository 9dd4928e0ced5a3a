"""A gallery is built by the same code as the shipped one, and the shipped one is whole."""

import shutil

import pytest

from invariance.runs.gallery import damaged, entries, entry, sens_table
from invariance.runs.gallery_build import Recipe, build
from invariance.runs.store import Store
from invariance.spec import TRANSFORM_NAMES, SpecError
from invariance.training.checkpoint import load_weights

RECIPE = Recipe(
    objects="noise",
    backgrounds="noise",
    epochs=1,
    samples_per_epoch=256,
    num_classes=2,
    transforms=("hue",),
    num_pairs=32,
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    store = Store(folder / "runs")
    list(build(RECIPE, store, folder / "out", device="cpu", on_event=lambda *_: None))
    return folder / "out", store


def test_build_makes_loadable_half_precision_models(built):
    folder, _ = built
    names = [model.name for model in entries(folder)]
    assert names == ["none", "hue", "matched", "disjoint", "matched-transfer", "disjoint-transfer"]
    assert damaged(folder) == []
    model = load_weights(entry("hue", folder).path)
    assert model.class_names == entry("hue", folder).class_names
    assert "transfer_accuracy" in entry("matched-transfer", folder).metrics
    assert entry("matched-transfer", folder).spec.source == entry("matched", folder).run_id


def test_build_measures_the_pretrained_ones(built):
    folder, _ = built
    table = sens_table(folder)
    assert list(table["model"]) == ["none", "hue", "matched", "disjoint", "untrained small (seed 0)"]
    assert set(table["transform"]) == {"hue"}
    # And on each other type of data that is to be had for networks pretrained on noise objects on noise.
    for shift in ("same-pictures", "new-noise", "drawn-pictures"):
        other = sens_table(folder, shift=shift)
        assert list(other["model"]) == list(table["model"]) and not other["sens"].equals(table["sens"])
    assert sens_table(folder, shift="noise-noise").empty


def test_build_again_runs_nothing_again(built):
    folder, store = built
    before = {model.name: (model.sha256, model.seconds) for model in entries(folder)}
    events = []
    list(build(RECIPE, store, folder, device="cpu", on_event=lambda *event: events.append(event)))
    assert {model.name: (model.sha256, model.seconds) for model in entries(folder)} == before


def test_damage_is_noticed(built, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(built[0], folder)
    path = entry("hue", folder).path
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    assert damaged(folder) == ["hue"]


def test_unknown_model_and_no_gallery(built, tmp_path):
    with pytest.raises(SpecError, match="no gallery model 'x'"):
        entry("x", built[0])
    assert entries(tmp_path) == () and len(sens_table(tmp_path)) == 0


# The shipped gallery


def test_shipped_gallery_is_whole_and_small():
    names = {model.name for model in entries()}
    assert {"none", "matched", "disjoint", "matched-transfer", "disjoint-transfer", *TRANSFORM_NAMES} == names
    assert damaged() == []
    assert sum(model.path.stat().st_size for model in entries()) <= 15_000_000
    for model in entries():
        assert load_weights(model.path).class_names == model.class_names


def test_shipped_models_learnt_their_task():
    for model in entries():
        if model.spec.kind == "pretrain":
            assert model.metrics["test_accuracy"] > 0.5, model.name
    gap = (
        entry("matched-transfer").metrics["transfer_accuracy"] - entry("disjoint-transfer").metrics["transfer_accuracy"]
    )
    assert gap >= 0.2


def test_the_diagonal_is_lowest_in_its_column():
    """A model trained with one transformation is the least sensitive to it of the models trained with one or none."""
    table = sens_table()
    singles = table[table["model"].isin(["none", *TRANSFORM_NAMES])]
    grid = singles.pivot(index="model", columns="transform", values="sens")
    lowest = grid.idxmin()
    assert sum(lowest[name] == name for name in TRANSFORM_NAMES) >= 15
    assert grid.notna().all(axis=None)
