"""What a data set and a run are: frozen, validated, and identified by the hash of their content.

Everything that is done in this project is asked for with one of these dataclasses. They check their values when they
are made, are changed with :func:`dataclasses.replace`, and have a canonical JSON form whose SHA-256 names a run. A
field at its default is left out of that form, so that a field added later does not rename the runs made before it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

SCHEMA_VERSION = 1

CATEGORIES: dict[str, tuple[str, ...]] = {
    "geometric": ("translate", "rotate", "scale", "v_flip", "h_flip", "shear"),
    "photometric": ("hue", "brightness", "grayscale", "posterize", "invert", "sharpen"),
    "corruption": ("blur", "noise", "pixelate", "elastic", "erasing", "contrast"),
}
"""The 18 transformations of Transforms-2D by category, in the order of the paper (arXiv 2407.04325, appendix B)."""

TRANSFORM_NAMES: tuple[str, ...] = tuple(name for names in CATEGORIES.values() for name in names)

BEYOND_2D: tuple[str, ...] = ("pose", "occlude")
"""Transformations that are not in the paper, which names being two-dimensional as its limitation."""

ALL_CATEGORIES: dict[str, tuple[str, ...]] = {**CATEGORIES, "beyond 2-D": BEYOND_2D}

MODEL_NAMES: tuple[str, ...] = ("small", "resnet18", "resnet50", "densenet", "vgg11_bn", "vit")
SMALLEST_IMAGE_PX: dict[str, int] = {"vgg11_bn": 32}
"""Architectures whose poolings leave nothing of a smaller image."""

OBJECTIVES: tuple[str, ...] = ("supervised", "simclr", "vicreg", "rotation")
SCHEDULES: tuple[str, ...] = ("constant", "cosine")
TRANSFER_METHODS: tuple[str, ...] = ("linear-probe", "fine-tune")
REGULARISATIONS: tuple[str, ...] = ("prior", "validation")
MEASURE_NAMES: tuple[str, ...] = ("sens",)
RESAMPLINGS: tuple[str, ...] = ("bilinear", "nearest")
MAX_PROTOTYPES = 1000
LABELS: tuple[str, ...] = ("object", "background")

_HEX_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class SpecError(ValueError):
    """A value that a user gave and that cannot be used; the message names it, what is accepted, and the remedy."""


def _freeze(spec: Any, *names: str) -> None:
    """Turns lists (as read from JSON) into tuples, so that a spec stays hashable."""
    for name in names:
        value = getattr(spec, name)
        if isinstance(value, str):
            raise SpecError(f"{name} = {value!r}: give a list of names, not one text")
        object.__setattr__(spec, name, tuple(value))


def _require(holds: bool, name: str, value: Any, accepted: str) -> None:
    if not holds:
        raise SpecError(f"{name} = {value!r}: expected {accepted}")


def _require_count(name: str, value: Any, low: int, high: int) -> None:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    _require(is_count and low <= value <= high, name, value, f"a whole number from {low} to {high}")


def _require_number(name: str, value: Any, low: float, high: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    _require(is_number and low <= value <= high, name, value, f"a number from {low:g} to {high:g}")


def parse_transforms(text: str) -> tuple[str, ...]:
    """Reads a comma-separated list of transformations, as on the command line.

    Args:
        text: names separated by commas; ``none`` or an empty text is the empty composition, ``all`` the paper's 18.

    Returns:
        The names in the order given, which is the order of application.

    Raises:
        SpecError: a name is unknown or given twice.
    """
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if names == ("all",):
        return TRANSFORM_NAMES
    if names == ("none",):
        return ()
    check_transforms(names)
    return names


def check_transforms(names: tuple[str, ...]) -> None:
    """Raises SpecError unless every name is a transformation and none is given twice."""
    known = (*TRANSFORM_NAMES, *BEYOND_2D)
    for name in names:
        if name not in known:
            raise SpecError(f"unknown transformation {name!r}: choose from none, {', '.join(known)}")
    if len(set(names)) != len(names):
        raise SpecError(f"a transformation is given twice in {','.join(names)}: name each one once")


def order_transforms(names: tuple[str, ...]) -> tuple[str, ...]:
    """The composition in the order in which it acts: pose picks the picture first, an occluder comes in front last."""
    middle = [name for name in names if name not in BEYOND_2D]
    return (*(["pose"] if "pose" in names else []), *middle, *(["occlude"] if "occlude" in names else []))


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """A Transforms-2D data set D(O, T): objects O, changed by the composition T, pasted on backgrounds B.

    Attributes:
        objects: what is transformed: cut-outs (``builtin``, ``noise``, a folder ``<class>/<any>.png`` of images with
            alpha, ``hub`` or ``hub:<owner>/<name>`` for the authors' or another such set on the Hugging Face Hub) or
            whole pictures (``cifar10``, ``cifar100``, ``images:<folder>`` with ``<class>/<any>`` pictures).
        backgrounds: ``builtin``, ``noise``, a uniform colour ``#rrggbb``, a flat folder of images, ``hub``, or
            pictures with classes (``cifar10``, ``cifar100``, ``images:<folder>``).
        classes: names of the object classes used, in label order; empty means every class of the source.
        transforms: the composition, applied in this order; empty is the paper's "none". ``pose`` always comes first
            and ``occlude`` last, whatever their place in the list.
        strength: scales every transformation's range, in [0, 1]; 1 is the paper's.
        num_samples: size of a finite data set (images 0..N-1, the same in every epoch); None is an endless stream.
        seed: addresses every draw of object, prototype and background, in [0, 2^63).
        transform_seed: addresses the transformations' draws; None means ``seed``. Another one gives the twins.
        image_size: side of the square images, in pixels.
        num_prototypes: number of images used for each class (the paper: 1), in sorted order of their file names.
        resampling: ``bilinear`` on premultiplied alpha, or ``nearest`` as in the authors' code.
        fg_bg_correlation: probability that the object is the one paired with the background's class; otherwise it is
            drawn uniformly (so it may be the paired one by chance).
        fg_availability: probability that the object is pasted at all.
        label: what the class of an image is, its ``object`` or its ``background``.
    """

    objects: str = "builtin"
    backgrounds: str = "builtin"
    classes: tuple[str, ...] = ()
    transforms: tuple[str, ...] = ()
    strength: float = 1.0
    num_samples: int | None = 10_000
    seed: int = 0
    transform_seed: int | None = None
    image_size: int = 32
    num_prototypes: int = 1
    resampling: str = "bilinear"
    fg_bg_correlation: float = 0.0
    fg_availability: float = 1.0
    label: str = "object"

    def __post_init__(self) -> None:
        _freeze(self, "classes", "transforms")
        check_transforms(self.transforms)
        object.__setattr__(self, "transforms", order_transforms(self.transforms))
        _require(bool(self.objects), "objects", self.objects, "builtin, noise, cifar10, hub or a folder")
        if self.backgrounds.startswith("#"):
            colour = _HEX_COLOUR.fullmatch(self.backgrounds)
            _require(colour is not None, "backgrounds", self.backgrounds, "a colour written #rrggbb")
        _require(bool(self.backgrounds), "backgrounds", self.backgrounds, "builtin, noise, hub, #rrggbb or a folder")
        _require(len(set(self.classes)) == len(self.classes), "classes", self.classes, "each class once")
        if self.classes and len(self.classes) < 2:
            raise SpecError(f"classes = {', '.join(self.classes)}: at least 2 classes are needed to learn; add one")
        _require_number("strength", self.strength, 0.0, 1.0)
        if self.num_samples is not None:
            _require_count("num_samples", self.num_samples, 1, 2**40)
        _require_count("seed", self.seed, 0, 2**63 - 1)
        if self.transform_seed is not None:
            _require_count("transform_seed", self.transform_seed, 0, 2**63 - 1)
        _require_count("image_size", self.image_size, 8, 512)
        _require_count("num_prototypes", self.num_prototypes, 1, MAX_PROTOTYPES)
        _require(self.resampling in RESAMPLINGS, "resampling", self.resampling, " or ".join(RESAMPLINGS))
        _require_number("fg_bg_correlation", self.fg_bg_correlation, 0.0, 1.0)
        _require_number("fg_availability", self.fg_availability, 0.0, 1.0)
        _require(self.label in LABELS, "label", self.label, " or ".join(LABELS))


@dataclass(frozen=True, kw_only=True)
class _RunSpec:
    """What all kinds of run share: a canonical form and the identity that follows from it."""

    kind: ClassVar[str]

    @property
    def run_id(self) -> str:
        """The run's identity: the first 16 hexadecimal digits of the SHA-256 of the canonical JSON."""
        return hashlib.sha256(canonical_json(self).encode()).hexdigest()[:16]

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Identities of the runs whose weights this one needs."""
        return ()


@dataclass(frozen=True, kw_only=True)
class PretrainSpec(_RunSpec):
    """Training of a network from random weights.

    Attributes:
        data: the training set; its test split is used once, at the end.
        model: architecture, one of ``MODEL_NAMES``.
        epochs: number of passes over the data.
        samples_per_epoch: images in one epoch of an endless stream; ignored for a finite data set.
        batch_size: images in one step.
        learning_rate: of Adam, at the start.
        seed: initial weights and order of the samples.
        num_test_samples: size of the test split.
        objective: one of ``OBJECTIVES``. Other than ``supervised``, the last layer is solved on the frozen
            representation when training is over, so that there is an accuracy to compare.
        schedule: of the learning rate, one of ``SCHEDULES``: constant, or falling to zero along half a cosine.
        weight_decay: of Adam, as an L2 penalty on the weights.
    """

    kind: ClassVar[str] = "pretrain"
    data: DatasetSpec
    model: str = "small"
    epochs: int = 10
    samples_per_epoch: int = 10_000
    batch_size: int = 256
    learning_rate: float = 1e-3
    seed: int = 0
    num_test_samples: int = 2_000
    objective: str = "supervised"
    schedule: str = "constant"
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        _require(self.objective in OBJECTIVES, "objective", self.objective, " or ".join(OBJECTIVES))
        _require(self.schedule in SCHEDULES, "schedule", self.schedule, " or ".join(SCHEDULES))
        _require_number("weight_decay", self.weight_decay, 0.0, 1.0)
        if self.objective in ("simclr", "vicreg") and not self.data.transforms:
            raise SpecError(f"objective = {self.objective}: its views differ in transformations; choose some")
        _require(self.model in MODEL_NAMES, "model", self.model, " or ".join(MODEL_NAMES))
        if self.data.image_size < (smallest := SMALLEST_IMAGE_PX.get(self.model, 0)):
            raise SpecError(f"image_size = {self.data.image_size}: {self.model} needs at least {smallest} px")
        _check_training(self)
        _require_count("samples_per_epoch", self.samples_per_epoch, 1, 2**31)


@dataclass(frozen=True, kw_only=True)
class TransferSpec(_RunSpec):
    """Reuse of a pretrained representation on another task.

    Attributes:
        source: run id of the pretrained model (a run of the store or a model of the gallery).
        data: the target task; must be finite.
        method: ``linear-probe`` (features extracted once, new last layer) or ``fine-tune`` (all weights, starting
            from the probed head).
        epochs: passes of fine-tuning; the probe is solved, not iterated over epochs.
        batch_size: images in one step of fine-tuning.
        learning_rate: of Adam in fine-tuning.
        seed: initial head and order of the samples.
        num_test_samples: size of the test split, used once.
        regularisation: of the probe: ``prior``, one penalty that suits small networks, or ``validation``, the penalty
            of a wide grid whose probe is most accurate on the task's validation split.
    """

    kind: ClassVar[str] = "transfer"
    source: str
    data: DatasetSpec
    method: str = "linear-probe"
    epochs: int = 10
    batch_size: int = 256
    learning_rate: float = 1e-3
    seed: int = 0
    num_test_samples: int = 2_000
    regularisation: str = "prior"

    def __post_init__(self) -> None:
        accepted = " or ".join(REGULARISATIONS)
        _require(self.regularisation in REGULARISATIONS, "regularisation", self.regularisation, accepted)
        _require(bool(self.source), "source", self.source, "the id of a pretraining run or a gallery model")
        _require(self.method in TRANSFER_METHODS, "method", self.method, " or ".join(TRANSFER_METHODS))
        if self.data.num_samples is None:
            raise SpecError("num_samples = None: transfer needs a finite target task; give a number of samples")
        _check_training(self)

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The pretrained run."""
        return (self.source,)


@dataclass(frozen=True, kw_only=True)
class MeasureSpec(_RunSpec):
    """Invariance of several models to several transformations, on the same twins.

    Attributes:
        sources: run ids of the models, the rows of the table.
        transforms: transformations to measure, one at a time, the columns of the table.
        data: objects and backgrounds of the twins; its own ``transforms`` must be empty.
        measure: one of ``MEASURE_NAMES``; ``sens`` gives the other measures of invariance as well, which cost nothing
            beside it.
        num_pairs: number of twins.
    """

    kind: ClassVar[str] = "measure"
    sources: tuple[str, ...]
    transforms: tuple[str, ...] = TRANSFORM_NAMES
    data: DatasetSpec = DatasetSpec()
    measure: str = "sens"
    num_pairs: int = 1_000

    def __post_init__(self) -> None:
        _freeze(self, "sources", "transforms")
        _require(bool(self.sources), "sources", self.sources, "at least one run")
        _require(bool(self.transforms), "transforms", self.transforms, "at least one transformation")
        check_transforms(self.transforms)
        _require(not self.data.transforms, "data.transforms", self.data.transforms, "none: twins are made singly")
        _require(self.measure in MEASURE_NAMES, "measure", self.measure, " or ".join(MEASURE_NAMES))
        _require_count("num_pairs", self.num_pairs, 2, 10**7)

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The measured runs."""
        return self.sources


RunSpec = PretrainSpec | TransferSpec | MeasureSpec
RUN_KINDS: dict[str, type[RunSpec]] = {spec.kind: spec for spec in (PretrainSpec, TransferSpec, MeasureSpec)}


def to_dict(spec: _RunSpec | DatasetSpec) -> dict[str, Any]:
    """The fields that differ from their defaults, as plain JSON values (with ``kind`` for a run)."""
    result: dict[str, Any] = {} if isinstance(spec, DatasetSpec) else {"kind": spec.kind}
    for field in fields(spec):
        value = getattr(spec, field.name)
        if field.default is not MISSING and value == field.default:
            continue
        if isinstance(value, DatasetSpec):
            value = to_dict(value)
        result[field.name] = list(value) if isinstance(value, tuple) else value
    return result


def canonical_json(spec: _RunSpec | DatasetSpec) -> str:
    """One line of JSON with sorted keys and the schema version: equal specs give equal text."""
    return json.dumps({"schema": SCHEMA_VERSION, **to_dict(spec)}, sort_keys=True, separators=(",", ":"))


def dataset_from_dict(values: dict[str, Any]) -> DatasetSpec:
    """Inverse of :func:`to_dict` for a data set; raises SpecError for an unknown field or a bad value."""
    return _construct(DatasetSpec, {key: value for key, value in values.items() if key != "schema"})


def run_from_dict(values: dict[str, Any]) -> RunSpec:
    """Inverse of :func:`to_dict` for a run; raises SpecError for an unknown kind or field, or a bad value."""
    values = dict(values)
    if (schema := values.pop("schema", SCHEMA_VERSION)) != SCHEMA_VERSION:
        raise SpecError(f"schema = {schema!r}: this version reads schema {SCHEMA_VERSION}")
    kind = values.pop("kind", None)
    if kind not in RUN_KINDS:
        raise SpecError(f"kind = {kind!r}: expected {', '.join(RUN_KINDS)}")
    if isinstance(values.get("data"), dict):
        values["data"] = dataset_from_dict(values["data"])
    return _construct(RUN_KINDS[kind], values)


def run_from_json(text: str) -> RunSpec:
    """Reads a run from its canonical JSON."""
    return run_from_dict(json.loads(text))


def _construct(cls: Any, values: dict[str, Any]) -> Any:
    known = {field.name for field in dataclasses.fields(cls)}
    if unknown := sorted(set(values) - known):
        raise SpecError(f"unknown field {', '.join(unknown)}: {cls.__name__} has {', '.join(sorted(known))}")
    try:
        return cls(**values)
    except (TypeError, AttributeError) as error:
        raise SpecError(f"{cls.__name__}: {error}") from error


def _check_training(spec: PretrainSpec | TransferSpec) -> None:
    _require_count("epochs", spec.epochs, 1, 100_000)
    _require_count("batch_size", spec.batch_size, 2, 65_536)
    _require_number("learning_rate", spec.learning_rate, 1e-8, 10.0)
    _require_count("seed", spec.seed, 0, 2**63 - 1)
    _require_count("num_test_samples", spec.num_test_samples, 1, 2**31)
