"""How long a run will take, before it has begun: what the network has to multiply, over what a device multiplies.

An estimate for planning, good to a factor of two or so; once runs of the same study are done, their true durations
correct it (:mod:`invariance.runs.study_progress`). Reads what is declared of architectures and objectives, so that a
server estimates without torch; only of networks from outside it asks their files, or torchvision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from invariance.spec import DatasetSpec, FactorSpec, MeasureSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.vocabulary.architectures import ARCHITECTURES, OUTSIDE_PREFIXES, are_small
from invariance.vocabulary.measures import FEATURES
from invariance.vocabulary.objectives import OBJECTIVES

if TYPE_CHECKING:
    from invariance.runs.added import OutsideFacts

STATES_KEPT: Final = 2
"""The newest checkpoint and the one before."""

GIGA_MACS_PER_SECOND: Final[dict[str, float]] = {"cpu": 50.0, "cuda": 16_000.0}
"""Of training. CPU: measured on two cores (``bench train``). GPU: assumed, 10,000 images a second of ResNet-18."""

_ONE_THREAD = 0.5
"""Of that, for small networks on a CPU: one thread computes them, see :mod:`invariance.training.threads`."""

SECONDS_PER_IMAGE: Final[dict[str, float]] = {"cpu": 3e-5, "cuda": 5e-6}
"""For drawing an image and taking it through a network that costs nothing."""

SECONDS_PER_RUN: Final[dict[str, float]] = {"cpu": 1.0, "cuda": 2.0}

_BACKWARD = 3.0  # a step of training costs about three forward passes
_LIGHT: Final = ("efficientnet", "maxvit", "mnasnet", "mobilenet", "regnet", "shufflenet")
_LIGHT_FACTOR = 4.0
"""Published networks of many small operations take this much longer for as many multiplications: measured on two cores
were 8 (MNASNet), 10, 17, 21 and 24 (MaxViT) times 10^9 a second, against 40 (Swin) to 73 (ResNet-18) of all others."""
_NUM_VALIDATED = 1_000


def estimate_seconds(spec: RunSpec, device: str = "cpu", model: str = "small") -> float:
    """Seconds that a run takes.

    Args:
        spec: the run.
        device: a torch device; all but CUDA count as two cores of a CPU.
        model: architecture of its sources, for a run that is built on others; a published one's is known.
    """
    kind = "cuda" if device.startswith("cuda") else "cpu"
    num_images, num_forward = _work(spec)
    names = [spec.model if isinstance(spec, PretrainSpec) else _outside_source(spec) or model]
    if isinstance(spec, FactorSpec | MeasureSpec):  # each of its networks sees all images
        names = [name if name.startswith(OUTSIDE_PREFIXES) else model for name in spec.sources]
    of_a_pass = sum(_seconds_of_pass(name, _image_size(spec), kind) for name in names) / len(names)
    return SECONDS_PER_RUN[kind] + num_images * SECONDS_PER_IMAGE[kind] + num_forward * of_a_pass


def seconds_of_passes(model: str, num: float, *, image_size: int = 32, device: str = "cpu") -> float:
    """Seconds that a network takes for so many forward passes of one image each.

    Args:
        model: architecture, or the reference of a network from outside.
        num: passes; a gradient counts as more than one.
        image_size: side in pixels of what is given to it.
        device: as for :func:`estimate_seconds`.
    """
    kind = "cuda" if device.startswith("cuda") else "cpu"
    return num * (SECONDS_PER_IMAGE[kind] + _seconds_of_pass(model, image_size, kind))


def _seconds_of_pass(model: str, image_size: int, kind: str) -> float:
    """Of a network, for one image."""
    share = _ONE_THREAD if kind == "cpu" and are_small([model]) else 1.0
    return _giga_macs(model, image_size) / (GIGA_MACS_PER_SECOND[kind] * share)


def _outside_source(spec: RunSpec) -> str | None:
    """The network from outside that a run is built on, if it is; of several, the one that takes longest."""
    names = [name for name in spec.depends_on if name.startswith(OUTSIDE_PREFIXES)]
    return max(names, key=lambda name: _giga_macs(name, 0), default=None)


def _giga_macs(model: str, image_size: int) -> float:
    """What a forward pass on one image is worth, in 10^9 multiplications of a plain network."""
    if model in ARCHITECTURES:
        return ARCHITECTURES[model].giga_macs_at(image_size)
    is_light = model.partition(":")[2].startswith(_LIGHT)
    return _outside_facts(model).giga_macs * (_LIGHT_FACTOR if is_light else 1.0)  # at its own size, whatever comes


def _work(spec: RunSpec) -> tuple[float, float]:
    """Images to draw or read, and forward passes or what costs as much."""
    match spec:
        case PretrainSpec():
            num_trained = spec.epochs * (spec.data.num_samples or spec.samples_per_epoch)
            objective = OBJECTIVES[spec.objective]
            num_views = num_trained * objective.num_views
            num_forward = _BACKWARD * num_views * objective.passes_per_view
            return num_views + spec.num_test_samples, num_forward + spec.num_test_samples
        case TransferSpec():
            num_samples = spec.data.num_samples or 0
            num_validated = 0 if spec.method == "linear-probe" and spec.regularisation == "prior" else _NUM_VALIDATED
            num_tunings = max(1, len(spec.learning_rates)) if spec.method == "fine-tune" else 0
            num_tuned = num_tunings * spec.epochs * num_samples
            num_seen = num_samples + spec.num_test_samples + num_validated
            # The training samples once for the probe, and once more for the accuracy on them.
            return num_seen + num_tuned, num_seen + num_samples + _BACKWARD * num_tuned
        case MeasureSpec():
            num_differences = len(FEATURES if spec.measure == "features" else spec.transforms)
            num_twins = 2.0 * spec.num_pairs * num_differences
            return num_twins, num_twins * len(spec.sources)
        case FactorSpec():
            num_decoded = float(spec.num_images * len(spec.factors))
            return num_decoded, num_decoded * len(spec.sources)
    return 0.0, 0.0


def _image_size(spec: RunSpec) -> int:
    data = getattr(spec, "data", None)
    return data.image_size if isinstance(data, DatasetSpec) else 32


def checkpoint_bytes(spec: RunSpec) -> int:
    """Disk that a run needs for its checkpoints: weights and Adam's two moments in float32, twice, and the weights."""
    if isinstance(spec, FactorSpec | MeasureSpec):
        return 0
    if (outside := _outside_source(spec)) is not None:
        num_kept = 1 if isinstance(spec, TransferSpec) and spec.method == "linear-probe" else 3 * STATES_KEPT + 1
        return 4 * _outside_facts(outside).num_parameters * num_kept
    # The source of a transfer may be any of them.
    could_be = [ARCHITECTURES[spec.model]] if isinstance(spec, PretrainSpec) else ARCHITECTURES.values()
    parameters = max(one.million_parameters for one in could_be) * 1e6
    return int(4 * parameters * (3 * STATES_KEPT + 1))


def _outside_facts(name: str) -> OutsideFacts:
    from invariance.runs.added import outside_facts  # here, since all else is estimated without torch

    return outside_facts(name)
