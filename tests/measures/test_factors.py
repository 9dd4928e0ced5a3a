"""Factors follow the declared parameters, and their targets what was drawn."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from invariance.data.engine import Engine
from invariance.measures.factors import known_factors, Factor, _parameter_factors, resolve_factors, target_of
from invariance.spec import KNOWN_TRANSFORMS, DatasetSpec, SpecError
from invariance.vocabulary.laws import Constant, Field, Parameter, Switch, Uniform
from invariance.vocabulary.transforms import TRANSFORMATIONS, Transformation

BY_NAME = {factor.name: factor for factor in known_factors()}
DATA = DatasetSpec(objects="noise", backgrounds="#204060", classes=("noise-00", "noise-01", "noise-02"), image_size=16)


def test_every_transformation_but_pose_has_a_factor_for_all_that_it_draws() -> None:
    for transform in TRANSFORMATIONS.values():
        drawn = [one for one in transform.parameters if isinstance(one, Switch | Uniform)]
        ordered = [one for one in drawn if isinstance(one, Switch) or not one.chooses]
        expected = [f"{transform.name}.{one.name}" for one in ordered]
        assert [factor.name for factor in known_factors() if factor.transform == transform.name] == expected
    assert {factor.transform for factor in known_factors()} == {"", *KNOWN_TRANSFORMS} - {"pose"}
    assert len({factor.title for factor in known_factors()}) == len(known_factors())


def test_known_factors() -> None:
    assert BY_NAME["rotate.angle_deg"] == Factor("rotate.angle_deg", "rotate", "circle", "rotate", 360.0)
    assert BY_NAME["hue.shift"] == Factor("hue.shift", "hue", "circle", "hue", 1.0)
    assert BY_NAME["shear.x_deg"] == Factor("shear.x_deg", "shear x", "number", "shear")
    assert BY_NAME["v_flip.applied"] == Factor("v_flip.applied", "v flip", "choice", "v_flip")
    assert BY_NAME["erasing.x"].given == "erasing.applied" and BY_NAME["erasing.applied"].given is None


def declared(name: str, *parameters: Parameter) -> Transformation:
    return Transformation(
        name=name, title="New", category="photometric", stream=99, parameters=parameters, summary="New."
    )


def test_a_new_transformation_has_its_factors_from_its_declaration_alone() -> None:
    phase = Uniform("phase", -1.0, 1.0, neutral=0.0, circle=2.0, title="Phase")
    new = declared("warp", phase, Uniform("amount_px", 0.0, 1.0, neutral=0.0, title="Amount"), Field())
    assert list(_parameter_factors(new)) == [
        Factor("warp.phase", "warp phase", "circle", "warp", 2.0),
        Factor("warp.amount_px", "warp amount", "number", "warp"),
    ]
    sometimes = declared("dim", Switch(), Constant("to", 0.5, neutral=1.0, title="To"))
    assert [factor.kind for factor in _parameter_factors(sometimes)] == ["choice"]


def test_names_of_transformations_stand_for_all_their_factors() -> None:
    names = [factor.name for factor in resolve_factors(("translate", "class", "erasing.x"))]
    assert names == ["class", "translate.x", "translate.y", "erasing.x"]
    with pytest.raises(SpecError, match=r"unknown factor .translate\.z.: choose from all, class, background"):
        resolve_factors(("translate.z",))


def test_targets_are_what_was_drawn() -> None:
    engine = Engine(replace(DATA, transforms=("translate", "rotate", "hue", "v_flip", "erasing")))
    batch = engine.batch(torch.arange(40))
    drawn = batch.parameters
    x = target_of(BY_NAME["translate.x"], batch)
    assert torch.equal(x.columns[:, 0], drawn["translate.x"].to(torch.float64)) and bool(x.defined.all())
    angle = target_of(BY_NAME["rotate.angle_deg"], batch).columns
    radians = drawn["rotate.angle_deg"].to(torch.float64) * math.pi / 180
    assert torch.allclose(angle, torch.stack((radians.cos(), radians.sin()), dim=1))
    hue = target_of(BY_NAME["hue.shift"], batch).columns
    assert torch.allclose(torch.atan2(hue[:, 1], hue[:, 0]) / (2 * math.pi), drawn["hue.shift"].to(torch.float64))
    flip = target_of(BY_NAME["v_flip.applied"], batch)
    assert flip.labels is not None and torch.equal(flip.labels.bool(), drawn["v_flip.applied"])
    assert torch.equal(target_of(BY_NAME["erasing.y"], batch).defined, drawn["erasing.applied"])
    classes = target_of(BY_NAME["class"], batch)
    assert classes.labels is not None and torch.equal(classes.labels, batch.objects)
    assert torch.equal(classes.columns.sum(dim=1), torch.ones(40, dtype=torch.float64))


def test_classes_that_do_not_occur_have_no_column() -> None:
    batch = Engine(DATA).batch(torch.arange(40))
    object.__setattr__(batch, "backgrounds", torch.tensor([7, 3] * 20))
    target = target_of(BY_NAME["background"], batch)
    assert target.columns.shape == (40, 2) and target.labels is not None and target.labels[:2].tolist() == [1, 0]
    assert target.values[:2].tolist() == [7.0, 3.0]
