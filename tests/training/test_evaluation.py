import math

import pytest
import torch

from invariance.events import Cancelled
from invariance.measures.profile import features_of_layers
from invariance.models import create_model, to_unit_range
from invariance.training import precision
from invariance.training.evaluation import evaluate, in_batches, mean_class_accuracy
from invariance.training.feed import Rendered


def test_accuracy_is_the_mean_over_classes_not_over_samples() -> None:
    # Class 0: 1 of 4 right; class 2: 1 of 1; class 1 does not occur. Over samples it would be 2/5.
    predictions, labels = torch.tensor([0, 1, 1, 2, 2]), torch.tensor([0, 0, 0, 0, 2])
    assert mean_class_accuracy(predictions, labels) == pytest.approx((0.25 + 1.0) / 2)


def test_accuracy_of_nothing_is_unknown() -> None:
    assert math.isnan(mean_class_accuracy(torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64)))


def test_batches_make_no_difference() -> None:
    images = torch.randint(256, (1100, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    model = create_model("small", 3, seed=0).eval()
    with torch.no_grad():
        expected = model.representation(to_unit_range(images))
    torch.testing.assert_close(in_batches(model.representation, images), expected)


def test_what_is_measured_is_rounded_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two images that differ by a grey level: in bfloat16 their distance would be that of the rounding."""
    monkeypatch.setattr(precision, "auto_precision", lambda device: "bfloat16")
    images = torch.full((2, 3, 8, 8), 200, dtype=torch.uint8)
    images[1, 0, 0, 0] += 1
    model = create_model("small", 3, seed=0).eval()
    with torch.no_grad():
        expected = model.representation(to_unit_range(images))
    for caller in (False, True):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=caller):
            found = in_batches(model.representation, images), features_of_layers(model, images)["pooled"]
        for one in found:
            assert one.diff(dim=0) == pytest.approx(expected.diff(dim=0), rel=1e-4)
    with precision.AUTO.autocast(torch.device("cpu")), torch.no_grad():
        rounded = model.representation(to_unit_range(images)).float().diff(dim=0)
    assert (rounded - expected.diff(dim=0)).norm() > expected.diff(dim=0).norm(), "this is what would be read"


def test_evaluation_changes_nothing_of_the_network_and_reports_the_known_loss() -> None:
    model = create_model("small", 4, seed=0).train()
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.copy_(torch.tensor([0.0, 0.0, 0.0, 1.0]))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    samples = Rendered(torch.zeros(8, 3, 8, 8, dtype=torch.uint8), torch.tensor([3, 3, 3, 3, 3, 3, 0, 0]))
    result = evaluate(model, samples)
    assert result.accuracy == 0.5
    assert result.loss == pytest.approx(math.log(3 + math.e) - 0.75)
    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_the_mode_is_put_back_after_a_cancel() -> None:
    model = create_model("small", 4, seed=0).train()
    samples = Rendered(torch.zeros(8, 3, 8, 8, dtype=torch.uint8), torch.zeros(8, dtype=torch.int64))
    with pytest.raises(Cancelled):
        evaluate(model, samples, cancelled=lambda: True)
    assert model.training
