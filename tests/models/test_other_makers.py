"""Networks of other makers pass everything that networks are asked here, each made once."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path

import pytest
import torch
from torch import nn

from invariance.attribution.attribute import attribute
from invariance.attribution.distance import along_path
from invariance.attribution.shapley import evidence
from invariance.data.engine import Engine
from invariance.measures.factor_table import probe_factors
from invariance.measures.feature_table import measure_features
from invariance.measures.task import Task
from invariance.measures.transform_table import measure_transforms
from invariance.models import Classifier, layer_features
from invariance.models.wrap import wrap
from invariance.spec import DatasetSpec, FactorSpec, MeasureSpec, SpecError
from invariance.training.checkpoint import load_weights, save_weights
from invariance.vocabulary.methods import METHODS
from tests.models.other_makers import NUM_CLASSES, TIMM, TRANSFORMERS, timm_module, transformers_module

pytest.importorskip("timm", reason="timm is not installed: pip install -r requirements-networks.txt")
pytest.importorskip("transformers", reason="transformers is not installed: pip install -r requirements-networks.txt")

NAMES = (*TIMM, *TRANSFORMERS)
WITHOUT_HEAD = {"levit_128s", "deit_tiny_distilled_patch16_224", "Dinov2", "ConvNext", "CLIPVision"}
"""Distilled ones give the mean of two last layers, backbones what is before any."""
PARAMETERS = {
    "integrated-gradients": {"steps": 2},
    "gradient-shap": {"samples": 1},
    "smooth-grad": {"samples": 1},
    "occlusion": {"window": 16, "stride": 16},
    "feature-ablation": {"patches": 2},
}
NEED_SIMPLE_LAYERS = ("deep-lift", "grad-cam")
CLASSES = ("noise-00", "noise-01", "noise-02")
DATA = DatasetSpec(objects="noise", backgrounds="#808080", classes=CLASSES, num_samples=8)
IMAGES = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@lru_cache
def module_of(name: str) -> nn.Module:
    return timm_module(name) if name in TIMM else transformers_module(name)


@lru_cache
def network_of(name: str) -> Classifier:
    side = TIMM.get(name, {}).get("img_size", 32)
    return wrap(module_of(name), mean=0.5, std=0.25, input_size=side, name=name)


@lru_cache
def classifier_of(name: str) -> Classifier:
    """The network with a last layer as of a transfer: some makers' first weights of it are 0."""
    path, model = Path(PATHS[name]), network_of(name)
    save_weights(path, model, class_names=model.class_names, spec=None)
    loaded = load_weights(path)
    with torch.inference_mode():
        torch.testing.assert_close(loaded.representation(IMAGES), model.representation(IMAGES), atol=1e-5, rtol=1e-4)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        loaded.replace_head(nn.Linear(loaded.num_features, 2), ("a", "b"))
    return loaded.eval()


PATHS: dict[str, Path] = {}


@pytest.fixture(autouse=True, scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> None:
    PATHS.update({name: tmp_path_factory.mktemp("weights") / f"{name}.safetensors" for name in NAMES})


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_same_function_with_layers_in_it(name: str) -> None:
    model = network_of(name)
    with torch.inference_mode():
        features = layer_features(model, IMAGES)
        if name in WITHOUT_HEAD:
            assert model.num_classes == 0
        else:
            fed = nn.functional.interpolate(
                IMAGES, size=(model.input_size,) * 2, mode="bilinear", antialias=True, align_corners=False
            )
            output = module_of(name)((fed - 0.5) / 0.25)
            torch.testing.assert_close(model(IMAGES), getattr(output, "logits", output), atol=1e-4, rtol=1e-3)
            assert model.num_classes == NUM_CLASSES
    assert 4 <= len(features) <= 8
    assert all(one.shape[0] == 8 and one.dim() == 2 and bool(one.isfinite().all()) for one in features.values())
    assert features["representation"].shape == (8, model.num_features)


@pytest.mark.parametrize("name", NAMES)
def test_every_attribution_method_explains_it_or_says_why_not(name: str) -> None:
    model, images = classifier_of(name), IMAGES
    if name in WITHOUT_HEAD:
        with pytest.raises(SpecError, match="has no last linear layer, so no class that attribution could be about"):
            attribute(network_of(name), images)
    refusals = {}
    for method in METHODS:
        try:
            found = attribute(model, images, method=method, **PARAMETERS.get(method, {}))
        except SpecError as error:
            refusals[method] = str(error)
            continue
        assert found.relevance.shape == (8, 32, 32) and bool(found.relevance.isfinite().all()), method
        if method == "integrated-gradients":  # random weights may be too faint for a window to count
            assert bool((found.relevance != 0).any())
    assert set(refusals) <= set(NEED_SIMPLE_LAYERS)
    assert all("choose integrated-gradients" in said and "\n" not in said for said in refusals.values())
    path = torch.stack([IMAGES[0] * share for share in (0.0, 0.5, 1.0)])
    assert along_path(model.representation, path, unit=1.0, num_points=2).relevance.shape[-2:] == (32, 32)


@pytest.mark.slow
def test_all_are_measured_probed_and_shared_out_at_once() -> None:
    engine = Engine(DATA)
    task = Task(engine, {name: network_of(name) for name in NAMES}, {}, lambda: False, time.monotonic())
    twins = {"sources": NAMES, "data": DATA, "num_pairs": 8}
    for work in (
        measure_transforms(MeasureSpec(transforms=("hue", "translate"), **twins), task),
        measure_features(MeasureSpec(measure="features", **twins), task),
        probe_factors(FactorSpec(sources=NAMES, factors=("class", "hue"), data=DATA, num_images=50, num_folds=2), task),
    ):
        table = finished(work)
        assert set(NAMES) <= set(table["model"])
        assert table[table["model"].isin(NAMES)].select_dtypes("number").notna().any(axis=1).all()
    shares = evidence([classifier_of(name) for name in NAMES], engine, num=2, num_references=1)
    assert all(bool(one.worth.isfinite().all()) for one in shares)


def finished(work):
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value[0]
