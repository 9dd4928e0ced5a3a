"""Specs: round trips, identity, and one clear line for every bad value."""

import json
from dataclasses import replace

import pytest

from invariance.spec import (
    TRANSFORM_NAMES,
    DatasetSpec,
    FactorSpec,
    MeasureSpec,
    PretrainSpec,
    SpecError,
    TransferSpec,
    canonical_json,
    parse_transforms,
    run_from_dict,
    run_from_json,
)

PRETRAIN = PretrainSpec(data=DatasetSpec(transforms=("rotate", "hue"), classes=("a", "b")), epochs=3)
SPECS = [
    PRETRAIN,
    TransferSpec(source=PRETRAIN.run_id, data=DatasetSpec(num_samples=200)),
    MeasureSpec(sources=(PRETRAIN.run_id,)),
    FactorSpec(sources=(PRETRAIN.run_id,), factors=("class", "translate.x"), vary="together"),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
def test_round_trip_keeps_the_identity(spec):
    again = run_from_json(canonical_json(spec))
    assert again == spec and again.run_id == spec.run_id and len(spec.run_id) == 16


def test_identity_is_pinned():
    """Stored runs are found by it: this value may only change together with SCHEMA_VERSION."""
    text = '{"data":{"transforms":["rotate"]},"kind":"pretrain","schema":2}'
    spec = PretrainSpec(data=DatasetSpec(transforms=("rotate",)))
    assert canonical_json(spec) == text and spec.run_id == "eac5b18a83a71d72"


DATA = DatasetSpec(transforms=("rotate", "hue", "blur", "noise"))
SOURCE = ("eac5b18a83a71d72",)
IDENTITIES = {
    "c0a64f9c18a53e53": PretrainSpec(data=DATA),
    "278cc5847e0fbc83": PretrainSpec(
        data=DatasetSpec(transforms=("occlude", "blur", "pose"), seed=3), model="resnet18", seed=3
    ),
    "a8d762bc4f67a435": PretrainSpec(
        data=DatasetSpec(transforms=TRANSFORM_NAMES, num_samples=None), objective="simclr"
    ),
    "473026dc55e6625e": PretrainSpec(data=DATA, optimizer="muon", schedule="linear", learning_rate=0.02, batch_size=64),
    "192c0e6186dbece0": TransferSpec(source=SOURCE[0], data=DatasetSpec(transforms=("scale",), num_samples=200)),
    "7010eae8ce20b649": MeasureSpec(sources=SOURCE, transforms=("hue", "blur")),
    "4e992a1bea63da71": MeasureSpec(sources=SOURCE),
    "a6bb76f15a499b69": MeasureSpec(sources=SOURCE, measure="features"),
    "f768a8fa78df668e": FactorSpec(sources=SOURCE, factors=("class", "translate.x"), vary="together"),
    "d3d8bfcfe9b24e0f": FactorSpec(sources=SOURCE),
}


@pytest.mark.parametrize("run_id", IDENTITIES)
def test_identities_of_all_kinds_are_pinned(run_id):
    assert IDENTITIES[run_id].run_id == run_id
    assert run_from_json(canonical_json(IDENTITIES[run_id])) == IDENTITIES[run_id]


@pytest.mark.parametrize(("spec", "name"), [(MeasureSpec, "transforms"), (FactorSpec, "factors")])
def test_a_default_that_lists_what_there_is_is_always_written(spec, name):
    """Else a table of 18 columns and one of 19 would be one run."""
    every = spec(sources=SOURCE)
    assert json.loads(canonical_json(every))[name] == list(getattr(every, name))
    assert replace(every, **{name: (*getattr(every, name), "pose")}).run_id != every.run_id


def test_identity_follows_the_content():
    assert replace(PRETRAIN, seed=1).run_id != PRETRAIN.run_id
    assert replace(PRETRAIN, data=replace(PRETRAIN.data, transforms=("hue", "rotate"))).run_id != PRETRAIN.run_id
    assert replace(PRETRAIN, seed=0).run_id == PRETRAIN.run_id


def test_dependencies():
    assert [spec.depends_on for spec in SPECS] == [(), *[(PRETRAIN.run_id,)] * 3]


def test_parse_transforms():
    assert parse_transforms("hue, rotate") == ("hue", "rotate")
    assert parse_transforms("none") == parse_transforms("") == ()
    assert parse_transforms("all") == TRANSFORM_NAMES


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: parse_transforms("rotate,wobble"), "unknown transformation 'wobble'"),
        (lambda: parse_transforms("rotate,rotate"), "given twice"),
        (lambda: DatasetSpec(classes=("mug",)), "at least 2 classes"),
        (lambda: DatasetSpec(strength=1.5), "strength = 1.5: expected a number from 0 to 1"),
        (lambda: DatasetSpec(num_samples=0), "num_samples = 0"),
        (lambda: DatasetSpec(backgrounds="#12345"), "#rrggbb"),
        (lambda: DatasetSpec(image_size=4), "image_size = 4"),
        (lambda: DatasetSpec(seed=-1), "seed = -1"),
        (lambda: DatasetSpec(transforms="rotate"), "list of names"),
        (lambda: replace(PRETRAIN, epochs=-1), "epochs = -1: expected a whole number from 0"),
        (lambda: replace(PRETRAIN, model="vgg99"), "model = 'vgg99'"),
        (lambda: replace(PRETRAIN, learning_rate=float("nan")), "learning_rate = nan"),
        (lambda: TransferSpec(source="x", data=DatasetSpec(num_samples=None)), "finite"),
        (lambda: TransferSpec(source="x", data=DatasetSpec(), method="magic"), "linear-probe or fine-tune"),
        (lambda: MeasureSpec(sources=()), "at least one run"),
        (lambda: MeasureSpec(sources=("x",), data=DatasetSpec(transforms=("hue",))), "data.transforms"),
        (lambda: FactorSpec(sources=()), "at least one run"),
        (lambda: FactorSpec(sources=("x",), factors=("wobble",)), "unknown factor 'wobble': choose from all, class"),
        (lambda: FactorSpec(sources=("x",), factors=("hue", "hue")), "each one once"),
        (lambda: FactorSpec(sources=("x",), vary="two"), "vary = 'two': expected one or together"),
        (lambda: FactorSpec(sources=("x",), num_folds=1), "num_folds = 1"),
        (lambda: FactorSpec(sources=("x",), data=DatasetSpec(transforms=("hue",))), "data.transforms"),
        (lambda: run_from_dict({"kind": "dance"}), "kind = 'dance'"),
        (lambda: run_from_dict({"kind": "pretrain", "data": {"sauce": 1}}), "unknown field sauce"),
        (lambda: run_from_dict({"kind": "pretrain"}), "data"),
        (lambda: run_from_dict({"kind": "pretrain", "schema": 99}), "schema = 99"),
    ],
)
def test_bad_values_give_one_line(make, message):
    with pytest.raises(SpecError, match=None) as caught:
        make()
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_an_image_too_small_for_the_network_is_refused_before_any_work() -> None:
    with pytest.raises(SpecError, match="image_size = 16: vgg11_bn needs at least 32 px"):
        PretrainSpec(data=DatasetSpec(image_size=16), model="vgg11_bn")
    assert PretrainSpec(data=DatasetSpec(image_size=16), model="resnet18").model == "resnet18"
