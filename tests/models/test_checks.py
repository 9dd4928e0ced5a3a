"""What is asked of networks and images, in one line each: at every entrance that takes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from invariance import DatasetSpec, Engine, MeasureSpec, PretrainSpec, SpecError
from invariance.attribution.attribute import attribute
from invariance.attribution.compare import compare
from invariance.attribution.shapley import evidence
from invariance.measures.cka import linear_cka
from invariance.measures.measure import measure
from invariance.measures.pairs import mean_pair_distance
from invariance.measures.representation import measure_representation
from invariance.models import create_model
from invariance.training.checkpoint import load_weights
from invariance.training.evaluation import in_batches
from invariance.training.loop import pretrain
from invariance.training.transfer import transfer

DATA = DatasetSpec(objects="noise", backgrounds="noise", classes=("noise-00", "noise-01"), image_size=16)
ENGINE = Engine(DATA)
TRAINING, READY = create_model("small", 2, seed=0), create_model("small", 2, seed=0).eval()
IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
BYTES = (IMAGES * 255).to(torch.uint8)
HERE = Path()

WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: Engine("rotate"), r"spec = 'rotate': expected a DatasetSpec, such as"),
    (lambda: Engine(PretrainSpec(data=DATA)), "spec = a PretrainSpec: expected a DatasetSpec"),
    (lambda: Engine(DATA, "gpu"), "device = 'gpu': expected cpu, cuda or cuda:<number>"),
    (lambda: ENGINE.indices("val", 3), "split = 'val': expected train or validation or test"),
    (lambda: ENGINE.indices("train", "3"), "num = '3': expected a whole number from 0"),
    (lambda: ENGINE.backgrounds_of("val"), "split = 'val': expected train"),
    (lambda: ENGINE.batch([0, 1]), r"indices = \[0, 1\]: expected a \(B,\) int64 tensor of indices, such as engine"),
    (lambda: ENGINE.render(range(2)), r"indices = range\(0, 2\): expected"),
    (lambda: ENGINE.labels(torch.rand(3)), r"indices = a Tensor \(3,\) of float32: expected"),
    (lambda: ENGINE.batch(torch.tensor([-3])), "indices = -3: expected 0 or more"),
    (lambda: ENGINE.twins(torch.arange(2), "rotate"), "transforms = 'rotate': give a list of names"),
    (lambda: DatasetSpec(transforms=None), "transforms = None: expected a list of names"),
    (lambda: DatasetSpec(classes=(1, 2)), r"classes = \(1, 2\): expected a list of names"),
    (lambda: DatasetSpec(objects=3), "objects = 3: expected a text"),
    (lambda: PretrainSpec(data="builtin"), "data = 'builtin': expected a DatasetSpec"),
    (lambda: PretrainSpec(data=DATA, model=["small"]), r"model = \['small'\]: expected small or resnet18"),
    (lambda: MeasureSpec(sources=("a",), data=None), "data = None: expected a DatasetSpec"),
    (lambda: create_model("small", 0, seed=0), "num_classes = 0: expected a whole number from 1"),
    (lambda: create_model(["small"], 2, seed=0), r"unknown model \['small'\]: choose from small"),
    (lambda: load_weights(None), "path = None: expected the path of a file of weights"),
    (lambda: list(pretrain("rotate", HERE)), "spec = 'rotate': expected a PretrainSpec"),
    (lambda: list(transfer(PretrainSpec(data=DATA), HERE, HERE)), "spec = a PretrainSpec: expected a TransferSpec"),
    (lambda: list(measure(MeasureSpec(sources=("a",)), [HERE], HERE)), "expected the file of weights of each model"),
    (lambda: attribute(TRAINING, IMAGES), "model = Classifier in training mode, .*: call its eval"),
    (lambda: attribute("small", IMAGES), "model = 'small': expected a network"),
    (lambda: attribute(READY, BYTES), r"images = a tensor \(2, 3, 16, 16\) uint8: expected .*images.float\(\) / 255"),
    (lambda: attribute(READY, IMAGES * 255), r"images = values from 0.* to 25\d: expected"),
    (lambda: attribute(READY, IMAGES[0]), r"images = a tensor \(3, 16, 16\) float32: expected"),
    (lambda: attribute(READY, IMAGES.numpy()), r"images = a ndarray \(2, 3, 16, 16\) of float32: expected"),
    (lambda: attribute(READY, IMAGES, target=7), "target = 7: expected None or whole numbers from 0 to 1"),
    (lambda: attribute(READY, IMAGES, target=torch.tensor([0, 1, 1])), r"target = \[0, 1, 1\]: expected"),
    (lambda: attribute(READY, IMAGES, baseline=IMAGES[:, :, :8]), r"baseline = a Tensor \(2, 3, 8, 16\) of"),
    (lambda: attribute(lambda x: x.flatten(1), IMAGES, method="deep-lift"), "expected an nn.Module, into whose layers"),
    (lambda: evidence(READY, ENGINE), "models = a Classifier: expected a list of networks"),
    (lambda: evidence([READY], ENGINE, num=2, split="val"), "split = 'val'"),
    (lambda: compare([TRAINING], ENGINE), "one of models = Classifier in training mode"),
    (lambda: compare([READY], DATA), "engine = a DatasetSpec: expected an Engine"),
    (lambda: mean_pair_distance(TRAINING, ENGINE, num=4), "model = Classifier in training mode"),
    (lambda: in_batches(TRAINING.representation, BYTES), "network = Classifier in training mode"),
    (
        lambda: linear_cka(torch.rand(4, 5), torch.rand(3, 5)),
        r"features_b = a Tensor .*: expected 4 samples, as",
    ),
    (
        lambda: measure_representation(torch.rand(4, 5), torch.rand(3, 5), torch.ones(4, dtype=torch.bool), seed=0),
        r"\(\(4, 5\), \(3, 5\), \(4,\)\): expected \(N, F\), \(N, F\) and \(N,\)",
    ),
]


@pytest.mark.parametrize(("call", "said"), WRONG, ids=[said.split(":")[0] for _, said in WRONG])
def test_a_wrong_argument_is_named_with_what_is_accepted(call: Callable[[], object], said: str) -> None:
    with pytest.raises(SpecError, match=said) as refused:
        call()
    assert "\n" not in str(refused.value)
