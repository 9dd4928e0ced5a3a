"""How long a run will take, before it has begun: what the network has to multiply, over what a device multiplies.

An estimate for planning, good to a factor of two or so; once runs of the same study are done, their true durations
correct it (:mod:`invariance.runs.study_progress`).
"""

from __future__ import annotations

from typing import Final

from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec, RunSpec, TransferSpec

GIGA_MACS: Final[dict[str, float]] = {
    "small": 0.005,
    "resnet18": 0.555,
    "resnet50": 1.298,
    "densenet": 0.125,
    "vgg11_bn": 0.153,
    "vit": 0.538,
    "small_resnet": 0.0076,
    "small_vgg": 0.0071,
    "small_vit": 0.0022,
}
"""Multiplications (and additions) of one forward pass on one image of 32 x 32 pixels, in 10^9, counted by torch."""

MILLION_PARAMETERS: Final[dict[str, float]] = {
    "small": 0.3,
    "resnet18": 11.2,
    "resnet50": 23.6,
    "densenet": 1.0,
    "vgg11_bn": 9.3,
    "vit": 12.5,
    "small_resnet": 0.3,
    "small_vgg": 0.2,
    "small_vit": 0.3,
}
_MOST_MILLION_PARAMETERS = 25.0  # of networks that are not listed
STATES_KEPT: Final = 2
"""The newest checkpoint and the one before."""

GIGA_MACS_PER_SECOND: Final[dict[str, float]] = {"cpu": 50.0, "cuda": 16_000.0}
"""Of training. CPU: measured on two cores (``bench train``). GPU: assumed, 10,000 images a second of ResNet-18."""

SECONDS_PER_IMAGE: Final[dict[str, float]] = {"cpu": 3e-5, "cuda": 5e-6}
"""For drawing an image and taking it through a network that costs nothing."""

SECONDS_PER_RUN: Final[dict[str, float]] = {"cpu": 1.0, "cuda": 2.0}
NUM_FEATURES: Final = 4
"""That twins differ in when no transformation is measured."""

_BACKWARD = 3.0  # a step of training costs about three forward passes
_UNKNOWN_GIGA_MACS = 4.0  # of published networks at their own 224 px: ResNet-50 has 4.1, ResNet-18 1.8, ViT-B/16 17


def estimate_seconds(spec: RunSpec, device: str = "cpu", model: str = "small") -> float:
    """Seconds that a run takes.

    Args:
        spec: the run.
        device: a torch device; all but CUDA count as two cores of a CPU.
        model: architecture of its sources, for a run that is built on others.
    """
    kind = "cuda" if device.startswith("cuda") else "cpu"
    num_images, num_forward = _work(spec)
    giga_macs = GIGA_MACS.get(getattr(spec, "model", model), _UNKNOWN_GIGA_MACS) * (_image_size(spec) / 32) ** 2
    multiplying = num_forward * giga_macs / GIGA_MACS_PER_SECOND[kind]
    return SECONDS_PER_RUN[kind] + num_images * SECONDS_PER_IMAGE[kind] + multiplying


def _work(spec: RunSpec) -> tuple[float, float]:
    """Images to draw or read, and forward passes or what costs as much."""
    match spec:
        case PretrainSpec():
            num_trained = spec.epochs * (spec.data.num_samples or spec.samples_per_epoch)
            return num_trained + spec.num_test_samples, _BACKWARD * num_trained + spec.num_test_samples
        case TransferSpec():
            num_seen = (spec.data.num_samples or 0) + spec.num_test_samples
            num_tuned = spec.epochs * (spec.data.num_samples or 0) if spec.method == "fine-tune" else 0
            return num_seen + num_tuned, num_seen + _BACKWARD * num_tuned
        case MeasureSpec():
            num_twins = 2.0 * spec.num_pairs * (len(spec.transforms) or NUM_FEATURES)
            return num_twins, num_twins * len(spec.sources)
    return 0.0, 0.0


def _image_size(spec: RunSpec) -> int:
    data = getattr(spec, "data", None)
    return data.image_size if isinstance(data, DatasetSpec) else 32


def checkpoint_bytes(spec: RunSpec) -> int:
    """Disk that a run needs for its checkpoints: weights and Adam's two moments in float32, twice, and the weights."""
    if isinstance(spec, MeasureSpec):
        return 0
    parameters = MILLION_PARAMETERS.get(getattr(spec, "model", ""), _MOST_MILLION_PARAMETERS) * 1e6
    return int(4 * parameters * (3 * STATES_KEPT + 1))
