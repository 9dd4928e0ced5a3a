"""Runs that measure trained networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from invariance.spec.checks import SpecError, freeze, require, require_count
from invariance.spec.compositions import check_transforms
from invariance.spec.dataset import DatasetSpec, require_dataset
from invariance.spec.run import ALWAYS_WRITTEN, BaseRunSpec
from invariance.vocabulary.choices import PLAIN_FACTORS, VARIED
from invariance.vocabulary.measures import MEASURE_NAMES
from invariance.vocabulary.transforms import KNOWN_TRANSFORMS, TRANSFORM_NAMES


@dataclass(frozen=True, kw_only=True)
class MeasureSpec(BaseRunSpec):
    """Invariance of several models to several transformations, or to the features of the images, on the same twins.

    Attributes:
        sources: run ids of the models, the rows of the table.
        transforms: transformations to measure, one at a time, the columns of the table; ``features`` has none.
        data: objects and backgrounds of the twins; its own ``transforms`` must be empty, except for ``features``, whose
            images may have any.
        measure: one of ``MEASURE_NAMES``. ``sens`` is the sens-score of transformations, and gives the other measures
            of invariance as well, which cost nothing beside it; ``equivariance`` is whether the change can be foreseen,
            on pairs that are shared out equally to the objects; ``features`` is the sens-score of twins that differ in
            one feature: the object, the background, the sticker, or all but the sticker.
        num_pairs: number of twins.
        untrained: whether rows are added for the networks that the models' trainings started from.
        layers: whether ``equivariance`` has a row for each layer, from the pixels on, in place of the representation.
    """

    kind: ClassVar[str] = "measure"
    sources: tuple[str, ...]
    transforms: tuple[str, ...] = field(default=TRANSFORM_NAMES, metadata=ALWAYS_WRITTEN)
    data: DatasetSpec = DatasetSpec()  # noqa: RUF009 -- frozen, so that one may serve all
    measure: str = "sens"
    num_pairs: int = 1_000
    untrained: bool = False
    layers: bool = False

    def __post_init__(self) -> None:
        require_dataset(self.data)
        freeze(self, "sources", "transforms")
        require(bool(self.sources), "sources", self.sources, "at least one run")
        if self.measure == "features":
            object.__setattr__(self, "transforms", ())  # whatever was given: they would only split one run into many
        else:
            require(bool(self.transforms), "transforms", self.transforms, "at least one transformation")
            check_transforms(self.transforms)
            require(not self.data.transforms, "data.transforms", self.data.transforms, "none: twins are made singly")
        require(self.measure in MEASURE_NAMES, "measure", self.measure, " or ".join(MEASURE_NAMES))
        require_count("num_pairs", self.num_pairs, 2, 10**7)
        require(isinstance(self.untrained, bool), "untrained", self.untrained, "true or false")
        require(isinstance(self.layers, bool), "layers", self.layers, "true or false")
        if self.layers and self.measure != "equivariance":
            raise SpecError(f"layers = True: only equivariance is measured layer by layer here, not {self.measure}")

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The measured runs."""
        return self.sources


@dataclass(frozen=True, kw_only=True)
class FactorSpec(BaseRunSpec):
    """What can be decoded from the representations of several models, and from two controls.

    Attributes:
        sources: run ids of the models.
        factors: ``class``, ``background``, single parameters such as ``translate.x``, or transformations, which stand
            for all of their parameters.
        data: objects and backgrounds of the images; its own ``transforms`` must be empty.
        vary: ``one``: for each factor images in which its transformation alone varies, so that nothing else can
            hide it or stand for it; ``together``: the transformations of all factors act at once, as in a task that
            varies all of them.
        num_images: for each set of images, before repetitions are dropped.
        num_folds: of the cross-validation.
    """

    kind: ClassVar[str] = "factors"
    sources: tuple[str, ...]
    factors: tuple[str, ...] = field(default=(*PLAIN_FACTORS, *TRANSFORM_NAMES), metadata=ALWAYS_WRITTEN)
    data: DatasetSpec = DatasetSpec()  # noqa: RUF009 -- frozen, so that one may serve all
    vary: str = "one"
    num_images: int = 2_000
    num_folds: int = 5

    def __post_init__(self) -> None:
        require_dataset(self.data)
        freeze(self, "sources", "factors")
        require(bool(self.sources), "sources", self.sources, "at least one run")
        require(bool(self.factors), "factors", self.factors, "at least one factor")
        known = (*PLAIN_FACTORS, *KNOWN_TRANSFORMS)
        for name in self.factors:
            if name.split(".")[0] not in known:
                raise SpecError(
                    f"unknown factor {name!r}: choose from all, {', '.join(known)}, or a parameter such as translate.x"
                )
        require(len(set(self.factors)) == len(self.factors), "factors", self.factors, "each one once")
        require(not self.data.transforms, "data.transforms", self.data.transforms, "none: factors say what varies")
        require(self.vary in VARIED, "vary", self.vary, " or ".join(VARIED))
        require_count("num_images", self.num_images, 50, 10**6)
        require_count("num_folds", self.num_folds, 2, 20)

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The models."""
        return self.sources
