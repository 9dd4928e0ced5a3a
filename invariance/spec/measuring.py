"""Runs that measure trained networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from invariance.spec.checks import freeze, require, require_count
from invariance.spec.compositions import check_transforms
from invariance.spec.dataset import DatasetSpec
from invariance.spec.names import MEASURE_NAMES, TRANSFORM_NAMES
from invariance.spec.run import BaseRunSpec


@dataclass(frozen=True, kw_only=True)
class MeasureSpec(BaseRunSpec):
    """Invariance of several models to several transformations, on the same twins.

    Attributes:
        sources: run ids of the models, the rows of the table.
        transforms: transformations to measure, one at a time, the columns of the table.
        data: objects and backgrounds of the twins; its own ``transforms`` must be empty.
        measure: one of ``MEASURE_NAMES``; ``sens`` gives the other measures of invariance as well, which cost nothing
            beside it.
        num_pairs: number of twins.
        untrained: whether rows are added for the networks that the models' trainings started from.
    """

    kind: ClassVar[str] = "measure"
    sources: tuple[str, ...]
    transforms: tuple[str, ...] = TRANSFORM_NAMES
    data: DatasetSpec = DatasetSpec()  # noqa: RUF009 -- frozen, so that one may serve all
    measure: str = "sens"
    num_pairs: int = 1_000
    untrained: bool = False

    def __post_init__(self) -> None:
        freeze(self, "sources", "transforms")
        require(bool(self.sources), "sources", self.sources, "at least one run")
        require(bool(self.transforms), "transforms", self.transforms, "at least one transformation")
        check_transforms(self.transforms)
        require(not self.data.transforms, "data.transforms", self.data.transforms, "none: twins are made singly")
        require(self.measure in MEASURE_NAMES, "measure", self.measure, " or ".join(MEASURE_NAMES))
        require_count("num_pairs", self.num_pairs, 2, 10**7)
        require(isinstance(self.untrained, bool), "untrained", self.untrained, "true or false")

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The measured runs."""
        return self.sources
