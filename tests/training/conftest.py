from collections.abc import Callable
from pathlib import Path

import pytest

from invariance.models import create_model
from invariance.spec import DatasetSpec, PretrainSpec
from invariance.training.checkpoint import save_weights

CLASSES = ("noise-00", "noise-01", "noise-02")


@pytest.fixture
def noise_data() -> DatasetSpec:
    """Small pictures of three classes that need no file."""
    return DatasetSpec(objects="noise", backgrounds="noise", classes=CLASSES, num_samples=70, image_size=8)


@pytest.fixture
def pretrain_spec(noise_data: DatasetSpec) -> PretrainSpec:
    """Twelve steps on 70 images, in batches of 23 or 24."""
    return PretrainSpec(data=noise_data, epochs=4, batch_size=32, num_test_samples=60, seed=5)


@pytest.fixture
def source(tmp_path: Path, pretrain_spec: PretrainSpec) -> Path:
    """Weights of an untrained network for three classes."""
    path = tmp_path / "source" / "weights.safetensors"
    save_weights(path, create_model("small", 3, seed=1), class_names=CLASSES, spec=pretrain_spec)
    return path


@pytest.fixture
def after() -> Callable[[int], Callable[[], bool]]:
    """A cancel flag that is set once it has been asked a number of times."""

    def make(num_answers: int) -> Callable[[], bool]:
        answers = iter([False] * num_answers)
        return lambda: next(answers, True)

    return make
