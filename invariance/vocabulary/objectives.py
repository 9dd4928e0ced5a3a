"""What pretraining may minimise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invariance.vocabulary.attach import by_name


@dataclass(frozen=True, kw_only=True)
class ObjectiveFacts:
    """What a spec, an estimate or a page needs to know of an objective.

    Attributes:
        name: in specs, links and on the command line.
        title: for people.
        summary: what is learnt, a phrase.
        num_views: of each sample in a batch; two are twins, the same object and background under two draws.
        passes_per_view: how often each goes through the network in a step.
        needs_transforms: whether its views differ in transformations alone, so that there is nothing to learn without.
        trains_head: whether the last layer is trained along; otherwise it is solved on the frozen representation when
            training is over.
    """

    name: str
    title: str
    summary: str
    num_views: int = 1
    passes_per_view: int = 1
    needs_transforms: bool = False
    trains_head: bool = False


OBJECTIVES: Final[dict[str, ObjectiveFacts]] = by_name(
    "objective",
    ObjectiveFacts(name="supervised", title="Supervised", summary="to name the class", trains_head=True),
    ObjectiveFacts(
        name="simclr",
        title="SimCLR",
        summary="to tell which two views are of one image (Chen et al. 2020, arXiv 2002.05709)",
        num_views=2,
        needs_transforms=True,
    ),
    ObjectiveFacts(
        name="vicreg",
        title="VICReg",
        summary="that two views of one image are alike, and images are not (Bardes et al. 2022, arXiv 2105.04906)",
        num_views=2,
        needs_transforms=True,
    ),
    ObjectiveFacts(
        name="rotation",
        title="Rotation",
        summary="to tell by how many quarter turns an image was rotated (Gidaris et al. 2018, arXiv 1803.07728)",
        passes_per_view=4,
    ),
)
"""By name, in the order in which they are offered."""
