"""How long runs take and how much disk they need, told before they begin."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from invariance.models import published_facts, published_names
from invariance.runs.estimate import checkpoint_bytes, estimate_seconds
from invariance.spec import DatasetSpec, PretrainSpec, TransferSpec
from tests.runs.tiny import tiny_pretrain

ROOT = Path(__file__).parents[2]
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


def test_what_is_declared_is_what_a_step_takes() -> None:
    """Of 10^9 multiplications on a CPU 50 take a second, a step costs three forward passes, turns come four times."""
    data = DatasetSpec(num_samples=10_000, transforms=("hue",))
    spec = PretrainSpec(data=data, model="resnet18", epochs=1, num_test_samples=1)
    assert estimate_seconds(spec) == pytest.approx(10_000 * (3 * 0.555 / 50 + 3e-5) + 1, rel=0.01)
    smaller = replace(spec, data=replace(data, image_size=16))
    assert estimate_seconds(smaller) == pytest.approx(10_000 * (3 * 0.555 / 4 / 50 + 3e-5) + 1, rel=0.01)
    assert estimate_seconds(replace(spec, objective="rotation")) == pytest.approx(4 * estimate_seconds(spec), rel=0.01)


def test_a_small_network_takes_twice_as_long_on_the_one_thread_that_it_has() -> None:
    spec = PretrainSpec(data=DatasetSpec(num_samples=10_000), model="small", epochs=10, num_test_samples=1)
    assert estimate_seconds(spec) == pytest.approx(100_000 * (3 * 0.00494 / 25 + 3e-5) + 1, rel=0.01)
    assert estimate_seconds(spec, "cuda") == pytest.approx(100_000 * (3 * 0.00494 / 16_000 + 5e-6) + 2, rel=0.01)


def test_a_transformer_takes_what_it_multiplies_at_its_own_size() -> None:
    spec = PretrainSpec(data=DatasetSpec(), model="vit")
    assert estimate_seconds(replace(spec, data=DatasetSpec(image_size=64))) == estimate_seconds(spec)


def test_a_server_estimates_without_torch() -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'torchvision', 'pandas'): sys.modules[name] = None\n"
        "from invariance.runs.estimate import checkpoint_bytes, estimate_seconds\n"
        "from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec, TransferSpec\n"
        "spec = PretrainSpec(data=DatasetSpec(), model='resnet50', objective='rotation')\n"
        "for one in (spec, TransferSpec(source='hue', data=DatasetSpec()), MeasureSpec(sources=('hue',))):\n"
        "    assert estimate_seconds(one) > 0 and checkpoint_bytes(one) >= 0\n"
        "print(checkpoint_bytes(spec))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)
    assert int(done.stdout) == 4 * 23_500_000 * 7


def test_a_probe_keeps_the_weights_alone() -> None:
    weights = 4 * published_facts(PROBE.source).num_parameters
    assert checkpoint_bytes(PROBE) == weights
    assert checkpoint_bytes(replace(PROBE, method="fine-tune")) == 7 * weights
