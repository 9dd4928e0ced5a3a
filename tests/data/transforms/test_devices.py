"""The same samples on a graphics processor: parameters bit for bit, pictures but for the rounding of sums."""

from dataclasses import replace

import pytest
import torch

from invariance.data.engine import Engine
from invariance.spec import TRANSFORM_NAMES, DatasetSpec

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no CUDA device: the CPU has nothing to agree with"
)
NUM = 256
SPEC = DatasetSpec(seed=9, num_prototypes=4)


@pytest.fixture(scope="module")
def engines() -> tuple[Engine, Engine]:
    return Engine(SPEC, "cpu"), Engine(SPEC, "cuda")


@pytest.mark.parametrize("resampling", ["bilinear", "nearest"])
@pytest.mark.parametrize("name", [*TRANSFORM_NAMES, "rotate+elastic+translate", "scale+hue+blur"])
def test_samples_are_those_of_the_cpu(engines, name, resampling):
    cpu, cuda = (
        engine.with_spec_changes(transforms=tuple(name.split("+")), resampling=resampling) for engine in engines
    )
    indices = cpu.indices("test", NUM)
    one, other = cpu.batch(indices), cuda.batch(indices)
    for field in ("labels", "prototypes", "backgrounds"):
        assert torch.equal(getattr(one, field), getattr(other, field).cpu()), field
    for parameter, values in one.parameters.items():
        assert torch.equal(values, other.parameters[parameter].cpu()), parameter
    torch.testing.assert_close(other.boxes.cpu(), one.boxes, atol=1e-4, rtol=0)
    difference = (other.images.cpu() - one.images).abs()
    # A reading exactly between two pixels, a colour on posterize's threshold or a sum next to the wrap of noise may go
    # either way; all else is the order of additions.
    decided = resampling == "bilinear" and name not in ("noise", "posterize")
    assert difference.max() < 1e-5 if decided else (difference > 1e-5).float().mean() < 1e-3


def test_noise_sources_are_those_of_the_cpu(engines):
    spec = replace(SPEC, objects="noise", backgrounds="noise", num_prototypes=1)
    one, other = (Engine(spec, device).batch(torch.arange(64)) for device in ("cpu", "cuda"))
    torch.testing.assert_close(other.images.cpu(), one.images, atol=1e-6, rtol=0)
