"""The numbers that comparisons come to, on known input."""

import pytest
import torch

from benchmarks.gpu.agreement import largest_difference
from benchmarks.gpu.images import COMPOSITIONS, difference
from benchmarks.gpu.launches import counted, idle_share
from benchmarks.gpu.machine import missing
from benchmarks.gpu.values import apart
from benchmarks.gpu_share import measure_share, seconds_a_call
from invariance.spec import TRANSFORM_NAMES


def test_difference_counts_bytes_levels_and_images():
    one = torch.zeros(2, 3, 2, 2, dtype=torch.uint8)
    other = one.clone()
    other[0, 0, 0, 0], other[0, 1, 0, 1], other[0, 2, 1, 1] = 1, 2, 255
    found = difference(one, other)
    assert found == difference(other, one)
    assert found["share"] == pytest.approx(3 / 24) and found["share_beyond_one_level"] == pytest.approx(2 / 24)
    assert found["share_of_images"] == 0.5 and found["largest_levels"] == 255
    assert set(difference(one, one).values()) == {0.0}


def test_every_transformation_is_compared_alone_and_all_together():
    assert {(name,) for name in TRANSFORM_NAMES} < set(COMPOSITIONS) and COMPOSITIONS[0] == TRANSFORM_NAMES


def test_series_and_tensors_are_apart_relative_to_the_first():
    assert largest_difference([2.0, 4.0], [2.0, 3.0]) == 0.25
    assert apart(torch.tensor([1.0, -4.0]), torch.tensor([1.5, -4.0])) == 0.125
    assert apart(torch.zeros(2), torch.zeros(2)) == 0.0


@pytest.mark.parametrize(
    ("spans", "share"),
    [
        ([], None),
        ([(0.0, 1.0)], 0.0),
        ([(3.0, 4.0), (0.0, 1.0), (0.5, 2.0)], 0.25),
        ([(0.0, 4.0), (1.0, 2.0), (6.0, 8.0)], 0.25),
    ],
)
def test_idle_is_the_time_in_which_no_kernel_runs(spans, share):
    assert idle_share(spans) == share


def test_operations_are_counted_an_act():
    values = torch.ones(3)
    assert counted(lambda: values.add(1).mul(2), "cpu", times=4)["operations"] == 2.0


def test_a_package_that_is_not_there_is_missing(monkeypatch):
    from benchmarks.gpu import machine

    monkeypatch.setattr(machine, "OPTIONAL", ("torch", "there_is_no_such_package"))
    assert missing() == ["there_is_no_such_package"]


def test_a_call_is_timed_over_as_many_as_are_asked_for():
    calls = []
    assert seconds_a_call(lambda: calls.append(0), "cpu", seconds=0.0, least=4) >= 0
    assert len(calls) == 3 + 4


def test_a_share_is_of_its_own_batch_and_step():
    found = measure_share(("hue",), "cpu", image_size=8, seconds=0.0, model="small", batch_size=4, least=1)
    assert found["share"] == pytest.approx(found["batch_ms"] / found["step_ms"])
