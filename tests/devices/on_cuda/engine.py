"""Samples made on an emulated CUDA device: the CPU's, in few launches, in whatever precision a network computes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from PIL import Image

from invariance.data.engine import Engine
from invariance.data.transforms import TRANSFORMS
from invariance.spec import DatasetSpec
from invariance.training.precision import Precision
from invariance.vocabulary.transforms import BEYOND_2D
from tests.devices.cuda_tensor import counted

FLAT = tuple(name for name in TRANSFORMS if name not in BEYOND_2D)
COMPOSITIONS = [
    *((name,) for name in TRANSFORMS),
    ("rotate", "translate"),
    ("translate", "scale", "shear"),
    ("scale", "elastic", "rotate", "blur"),
    FLAT,
    ("pose", *FLAT, "occlude"),
]
MOST_LAUNCHES = 250
DATA = DatasetSpec(transforms=("rotate", "hue", "erasing"))


def named(transforms: tuple[str, ...]) -> str:
    return "+".join(transforms) if len(transforms) < 5 else f"{len(transforms)} transformations"


@pytest.fixture(scope="module")
def engines() -> tuple[Engine, Engine]:
    """On the CPU and on the device, with pictures that serve all compositions."""
    spec = replace(DATA, transforms=("pose",), num_prototypes=2)
    return Engine(spec, "cpu"), Engine(spec, "cuda")


@pytest.mark.parametrize("transforms", COMPOSITIONS, ids=named)
def test_a_sample_is_the_same_on_the_device_and_in_any_precision(
    engines: tuple[Engine, Engine], transforms: tuple[str, ...]
) -> None:
    on_cpu, on_cuda = (engine.with_spec_changes(transforms=transforms) for engine in engines)
    expected, batch = on_cpu.batch(torch.arange(24)), on_cuda.batch(torch.arange(24))
    assert batch.images.device.type == "cuda"
    for key, values in expected.parameters.items():
        assert torch.equal(batch.parameters[key].cpu(), values), key
    torch.testing.assert_close(batch.images.cpu(), expected.images, atol=2e-5, rtol=0)
    with Precision("auto").products("cuda"), counted() as ledger:
        again = on_cuda.batch(torch.arange(24))
    assert not ledger.rounded, "products of the engine are exact inside a training, too"
    assert torch.equal(again.images.cpu(), batch.images.cpu()) and torch.equal(again.boxes.cpu(), batch.boxes.cpu())


def test_rounding_to_tf32_would_be_seen(monkeypatch: pytest.MonkeyPatch, engines: tuple[Engine, Engine]) -> None:
    """The emulation rounds what is not protected: the test above can fail."""
    monkeypatch.setattr("invariance.data.transforms.corruption.product", torch.matmul)
    on_cuda = engines[1].with_spec_changes(transforms=("elastic",))
    exact = on_cuda.batch(torch.arange(24)).images.cpu()
    with Precision("auto").products("cuda"), counted() as ledger:
        rounded = on_cuda.batch(torch.arange(24)).images.cpu()
    assert ledger.rounded and not torch.equal(exact, rounded)


WITH_DRAWS = {
    "stream": {},
    "finite": {"num_samples": 64},
    "noise": {"objects": "noise", "backgrounds": "noise"},
    "stickers": {
        "stickers": "noise",
        "sticker_place": "anywhere",
        "sticker_correlation": 0.5,
        "sticker_availability": 0.5,
        "sticker_seed": 7,
    },
}


@pytest.mark.parametrize("kind", WITH_DRAWS)
def test_a_batch_takes_few_launches_and_never_waits(kind: str) -> None:
    engine = Engine(replace(DATA, **WITH_DRAWS[kind]), "cuda")
    indices = engine.indices("train", 16)
    # All that is drawn is one evaluation of Philox; fields of noise, grown from drawn keys, are another.
    num_evaluations, more = {"noise": (2, 70), "stickers": (1, 30)}.get(kind, (1, 0))
    for make in (engine.batch, engine.render):
        make(indices)  # constants are brought to the device once
        with counted() as ledger:
            make(indices + 16)
        assert not ledger.waits
        assert ledger.launches["flip"] == 10 * num_evaluations, "once a round"
        assert ledger.launches.total() <= MOST_LAUNCHES + more, ledger.launches.most_common(12)


@pytest.mark.parametrize("name", FLAT)
def test_no_transformation_waits(engines: tuple[Engine, Engine], name: str) -> None:
    engine = engines[1].with_spec_changes(transforms=(name,))
    engine.render(engine.indices("train", 4))
    with counted() as ledger:
        engine.render(engine.indices("train", 4))
    assert not ledger.waits


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Whole pictures of two classes."""
    root = tmp_path_factory.mktemp("pictures")
    for split in ("train", "test"):
        for label in ("bright", "dark"):
            (root / split / label).mkdir(parents=True)
            for number in range(6):
                colour = (number * 20, 200 if label == "bright" else 20, number)
                Image.new("RGB", (16, 16), colour).save(root / split / label / f"{number}.png")
    return f"images:{root}"


SOURCES = {
    "noise": {"objects": "noise", "backgrounds": "noise"},
    "colour": {"backgrounds": "#336699", "fg_availability": 0.5},
    "stickers": {"stickers": "noise", "sticker_place": "anywhere", "sticker_correlation": 0.5},
    "pictures": {"objects": "PICTURES", "transforms": ("h_flip", "noise")},
    "pictures behind": {"backgrounds": "PICTURES", "fg_bg_correlation": 0.5},
    "told by the background": {"backgrounds": "PICTURES", "label": "background", "transforms": ("translate",)},
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_serves_the_device_without_waiting(source: str, folder: str) -> None:
    changes = {key: folder if value == "PICTURES" else value for key, value in SOURCES[source].items()}
    spec = replace(DATA, image_size=16, **changes)
    on_cpu, on_cuda = Engine(spec, "cpu"), Engine(spec, "cuda")
    (images, labels), indices = on_cuda.render(on_cuda.indices("validation", 12)), on_cpu.indices("validation", 12)
    expected = on_cpu.render(indices)
    assert torch.equal(labels.cpu(), expected[1]) and torch.equal(on_cuda.labels(indices).cpu(), expected[1])
    assert (images.cpu().int() - expected[0].int()).abs().max() <= 1
    on_device = on_cuda.indices("validation", 12)
    with counted() as ledger:
        on_cuda.render(on_device)
    assert not ledger.waits
