"""How long runs take and how much disk they need, told before they begin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from invariance.models import published_facts, published_names
from invariance.runs.estimate import checkpoint_bytes, estimate_seconds
from invariance.spec import DatasetSpec, PretrainSpec, TransferSpec
from tests.runs.tiny import tiny_pretrain

DATA = DatasetSpec(num_samples=2000)
PROBE = TransferSpec(source="torchvision:resnet50", data=DATA, regularisation="validation")


def test_a_published_network_takes_what_it_multiplies_at_its_own_size() -> None:
    # 2000 to train and 2000 to test, 1000 to validate, and the first 2000 again; 4.1e9 products each at 50e9 a second.
    assert estimate_seconds(PROBE) == pytest.approx(7000 * 4.089 / 50, rel=0.02)
    larger = replace(PROBE, data=replace(DATA, image_size=64))
    assert estimate_seconds(larger) == estimate_seconds(PROBE), "it brings all images to its own size"
    assert estimate_seconds(PROBE, model="resnet18") == estimate_seconds(PROBE), "its source is known"
    assert estimate_seconds(replace(PROBE, source="torchvision:vit_b_16")) > 4 * estimate_seconds(PROBE)
    assert estimate_seconds(replace(PROBE, method="fine-tune")) > 8 * estimate_seconds(PROBE)


def test_light_networks_take_longer_than_their_products_say() -> None:
    light = replace(PROBE, source="torchvision:mobilenet_v3_small")
    assert estimate_seconds(light) > 2 * 7000 * published_facts(light.source).giga_macs / 50


def test_there_is_an_estimate_for_every_published_network() -> None:
    seconds = [estimate_seconds(replace(PROBE, source=name)) for name in published_names()]
    assert min(seconds) > 1.0 and max(seconds) < 7 * 86_400


def test_two_views_take_twice_as_long() -> None:
    spec: PretrainSpec = replace(tiny_pretrain(), epochs=1000)
    views = replace(spec, objective="simclr", data=replace(spec.data, transforms=("hue",)))
    assert estimate_seconds(views) == pytest.approx(2 * estimate_seconds(spec), rel=0.1)


def test_a_probe_keeps_the_weights_alone() -> None:
    weights = 4 * published_facts(PROBE.source).num_parameters
    assert checkpoint_bytes(PROBE) == weights
    assert checkpoint_bytes(replace(PROBE, method="fine-tune")) == 7 * weights
