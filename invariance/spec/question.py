"""A question of what-ifs as a grid: sources x targets x architectures x objectives x methods x sizes x seeds.

A source is what a network was pretrained on: a composition such as ``rotate,hue``, ``none``, ``untrained`` for its
first weights, or the name of a network that is there already. A target is the composition that a task varies. The
smallest question is a what-if: two compositions, each as a source and as a target, beside ``none``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar, Final

from invariance.spec.checks import SpecError, freeze, require, require_choice, require_count
from invariance.spec.compositions import check_transforms, parse_transforms, transforms_text
from invariance.spec.run import BaseRunSpec
from invariance.vocabulary.architectures import ARCHITECTURES
from invariance.vocabulary.budgets import common_budget
from invariance.vocabulary.choices import PRECISIONS, REGULARISATIONS, TRANSFER_METHODS
from invariance.vocabulary.objectives import OBJECTIVES
from invariance.vocabulary.optimizers import OPTIMIZERS
from invariance.vocabulary.transforms import TRANSFORMATIONS

UNTRAINED: Final = "untrained"
"""The source that is a network's first weights."""
NONE: Final = transforms_text(())
"""The source that varied nothing."""
SEPARATOR: Final = ";"
"""Between sources, and between targets, in a text; commas stand within a composition."""
_MAX_SEED: Final = 2**62


@dataclass(frozen=True, kw_only=True)
class QuestionSpec(BaseRunSpec):
    """A question: which networks are put to which tasks, and how often. Its identity is made as a run's.

    Attributes:
        sources: each a composition (``rotate,hue``), ``none``, ``untrained``, or a network by the project's grammar of
            names. What is both, such as ``hue``, is the composition; a shipped network is then named by its run id.
        targets: compositions that the tasks vary.
        models: architectures of what is pretrained.
        objectives: of pretraining. Without transformations there is none for one that needs them.
        methods: of transfer.
        num_images: numbers of images of a target task.
        seeds: each picks other classes, samples and initial weights.
        objects: source of the objects.
        backgrounds: source of the backgrounds.
        num_classes: of each task; None means 30, or half of the source's if that is less.
        num_prototypes: pictures used of each class.
        epochs: of pretraining, on an endless stream; None, here and below: as the usual budget of each network has it,
            which need not be the same for all, or the shortest with this optimizer.
        samples_per_epoch: images in one of them.
        batch_size: of pretraining.
        learning_rate: of pretraining.
        precision: of the networks' products, one of ``PRECISIONS``.
        optimizer: of pretraining, one of :data:`~invariance.vocabulary.optimizers.OPTIMIZERS`; None: the budget's.
        num_samples: images of the pretraining set; None for an endless stream.
        num_test_samples: of every test split.
        regularisation: of probes, one of ``REGULARISATIONS``; those of networks from outside are always chosen.
        shared_backgrounds: whether tests show the backgrounds of training, as in the paper.
    """

    kind: ClassVar[str] = "question"
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    models: tuple[str, ...] = ("small",)
    objectives: tuple[str, ...] = ("supervised",)
    methods: tuple[str, ...] = ("linear-probe",)
    num_images: tuple[int, ...] = (2_000,)
    seeds: tuple[int, ...] = (0,)
    objects: str = "builtin"
    backgrounds: str = "builtin"
    num_classes: int | None = None
    num_prototypes: int = 1
    epochs: int | None = None
    samples_per_epoch: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    precision: str = "auto"
    optimizer: str | None = None
    num_samples: int | None = None
    num_test_samples: int = 2_000
    regularisation: str = "prior"
    shared_backgrounds: bool = False

    def __post_init__(self) -> None:
        freeze(self, "sources", "targets", "models", "objectives", "methods")
        for name, singular in (("sources", "source"), ("targets", "target")):
            object.__setattr__(self, name, tuple(_normal(text, singular) for text in getattr(self, name)))
            _require_different(name, getattr(self, name), _same_thing)
        for target in self.targets:
            if composition_of(target) is None:
                check_transforms((target,))  # refuses all but transformations, with the nearest name
                raise SpecError(f"target = {target!r}: expected transformations, such as blur,hue")
        known = (("models", ARCHITECTURES), ("objectives", OBJECTIVES), ("methods", TRANSFER_METHODS))
        for name, choices in known:
            for value in getattr(self, name):
                require_choice(name.removesuffix("s"), value, choices)
            _require_different(name, getattr(self, name))
        for name, low, high in (("num_images", 1, 2**31), ("seeds", 0, _MAX_SEED)):
            values = getattr(self, name)
            is_list = isinstance(values, Iterable) and not isinstance(values, str)
            require(is_list, name, values, "a list of different whole numbers, such as [0, 1, 2]")
            object.__setattr__(self, name, tuple(values))
            for value in getattr(self, name):
                require_count(name, value, low, high)
            _require_different(name, getattr(self, name))
        require(self.precision in PRECISIONS, "precision", self.precision, " or ".join(PRECISIONS))
        require_choice("regularisation", self.regularisation, REGULARISATIONS)
        require_count("num_test_samples", self.num_test_samples, 1, 2**31)
        if self.num_samples is not None:
            require_count("num_samples", self.num_samples, 1, 2**31)
        if self.optimizer is not None:
            require_choice("optimizer", self.optimizer, OPTIMIZERS)
        if self.epochs is not None:
            require_count("epochs", self.epochs, 1, 100_000)  # none at all is the source "untrained"

    @property
    def training(self) -> dict[str, Any]:
        """Fields of all pretrainings: those that are asked for, and the others of the budget that all networks have."""
        asked = {name: getattr(self, name) for name in ("epochs", "samples_per_epoch", "batch_size", "learning_rate")}
        usual = common_budget(product(self.models, self.objectives), self.optimizer).settings
        return usual | {name: value for name, value in asked.items() if value is not None}

    @property
    def compositions(self) -> dict[str, tuple[str, ...]]:
        """Those sources that are pretrained, with their transformations."""
        found = {source: composition_of(source) for source in self.sources if source != UNTRAINED}
        return {source: composition for source, composition in found.items() if composition is not None}

    @property
    def networks(self) -> tuple[str, ...]:
        """Those sources that are networks which are there already."""
        return tuple(source for source in self.sources if source not in (UNTRAINED, *self.compositions))


def composition_of(source: str) -> tuple[str, ...] | None:
    """The transformations that a source or target names; None where it is no composition."""
    names = tuple(part.strip() for part in source.split(","))
    if names in (("none",), ("all",)) or all(name in TRANSFORMATIONS for name in names):
        return parse_transforms(source)
    return None


def parse_listed(text: str, name: str) -> tuple[str, ...]:
    """Sources or targets as they are written in one text, such as ``rotate,hue;blur;none``.

    Args:
        text: with semicolons between them.
        name: ``sources`` or ``targets``, for the refusal.

    Raises:
        SpecError: there is nothing between two semicolons.
    """
    found = tuple(part.strip() for part in text.strip().removesuffix(SEPARATOR).split(SEPARATOR))
    if not all(found):
        raise SpecError(
            f"{name} = {text!r}: one of them is empty; expected compositions with semicolons between them, such as "
            '"rotate,hue;blur"'
        )
    return found


def _normal(text: str, name: str) -> str:
    """A source or target as it stands in the spec: one text for one composition, without spaces."""
    if not text.strip():
        raise SpecError(f"{name} = {text!r}: it is empty; expected transformations, such as rotate,hue")
    composition = composition_of(text)
    if composition is not None:
        return transforms_text(composition)
    if "," in text:
        return transforms_text(parse_transforms(text))  # which refuses it, and says why
    return text.strip()


def _same_thing(text: str) -> object:
    """Equal of two sources that are the same: compositions whatever their order."""
    composition = composition_of(text)
    return text if composition is None else frozenset(composition)


def _require_different(name: str, values: Collection[Any], what: Any = lambda value: value) -> None:
    """Raises SpecError unless there is at least one, and none is there twice."""
    require(bool(values), name, values, "at least one")
    seen: dict[object, Any] = {}
    for value in values:
        key = what(value)
        if key in seen:
            raise SpecError(f"{name}: {seen[key]} and {value} are the same; name each once")
        seen[key] = value
