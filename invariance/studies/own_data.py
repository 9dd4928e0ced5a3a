"""A study on pictures that somebody brought, or with a number of classes of one's own.

A study takes disjoint groups of equally many classes. Unless told otherwise it takes as many as its scale says, or as
many as the source has where that is fewer; what differs from the paper's design is said in one sentence, and then
sizes are not held against published ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from invariance.data.background_split import load_split
from invariance.data.catalogue import class_names, is_picture_source
from invariance.data.picture_folders import in_short
from invariance.spec import SpecError
from invariance.spec.sources import place_of
from invariance.studies.findings import Finding
from invariance.vocabulary.verdicts import Verdict

FEWEST_CLASSES: Final = 10
"""Of a group, unless fewer are asked for: what the smallest tasks of the paper have, those of CIFAR-10."""
FEW_BACKGROUNDS: Final = "too few to divide, so tests show those of training"
SIZES: Final = "so sizes do not compare with published ones"
BUILTIN: Final = "builtin"


@dataclass(frozen=True)
class Groups:
    """The classes that a study needs.

    Attributes:
        names: of its disjoint groups, each with equally many classes, as they are told after their number.
        pasted: of these, which need cut-outs: of whole pictures, built-in objects are taken in their place.
    """

    names: tuple[str, ...]
    pasted: tuple[str, ...] = ()

    def taken_from(self, objects: str) -> tuple[str, ...]:
        """The groups whose classes are the source's."""
        return tuple(name for name in self.names if name not in self.pasted or not is_picture_source(objects))


@dataclass(frozen=True)
class StudyData:
    """What a study is done with.

    Attributes:
        objects: source of the objects, a folder as a spec holds it.
        backgrounds: source of the backgrounds.
        num_classes: of each group.
        words: what somebody has to know who reads the results; empty for a study as its scale has it.
        caveat: why sizes do not compare with published ones; empty where they do.
    """

    objects: str = BUILTIN
    backgrounds: str = BUILTIN
    num_classes: int = 30
    words: str = ""
    caveat: str = ""

    @property
    def is_comparable(self) -> bool:
        """Whether sizes are held against published ones."""
        return not self.caveat

    def told(self) -> dict[str, object]:
        """For a record of where results come from, without the places of folders; nothing of a usual study."""
        if not self.words:
            return {}
        sources = {"objects": _called(self.objects), "backgrounds": _called(self.backgrounds)}
        return {**sources, "num_classes": self.num_classes, "classes": self.words}


ONE_GROUP: Final = Groups(("of each task",))
USUAL: Final = StudyData()


def settle(
    study: str,
    groups: Groups,
    usual: int,
    *,
    objects: str = BUILTIN,
    backgrounds: str = BUILTIN,
    num_classes: int | None = None,
    shared_backgrounds: bool = False,
) -> StudyData:
    """What a study takes of the pictures that are there.

    Args:
        study: its name, for the refusal.
        groups: of classes that it needs.
        usual: classes of a group at its scale.
        objects: any source of objects, as a spec holds it.
        backgrounds: any source of backgrounds.
        num_classes: of each group; None for the scale's, or what there is.
        shared_backgrounds: whether tests show the backgrounds of training anyway.

    Raises:
        SpecError: there are too few classes, or a source is not there.
    """
    taken, available = groups.taken_from(objects), len(class_names(objects))
    most = available // len(taken)
    if num_classes is None:
        num_classes, fewest = min(usual, most), min(usual, FEWEST_CLASSES)
        if num_classes < fewest:
            raise SpecError(_too_few(study, taken, fewest, objects, available))
    elif not 2 <= num_classes <= most:
        raise SpecError(
            f"num_classes = {num_classes}: study {study} takes {_times(taken)}as many of the {available} classes of "
            f"{in_short(place_of(objects))}; "
            + (f"choose from 2 to {most}" if most >= 2 else f"it needs {2 * len(taken)}, add some")
        )
    said, differs = [], []
    behind = BUILTIN if is_picture_source(objects) else backgrounds  # whole pictures hide what is behind them
    if objects != BUILTIN or num_classes != usual:
        listed = " and ".join(f"{num_classes}{' classes' * (not number)} {one}" for number, one in enumerate(taken))
        said.append(f"{listed}, of the {available} in {'the catalogue' if objects == BUILTIN else _called(objects)}")
    if num_classes != usual:
        differs.append(f"{num_classes} classes in place of {usual}")
        said.append(f"this scale has {usual}{' each' * (len(taken) > 1)}, {SIZES}")
    if behind == "noise" or behind.startswith("#"):
        differs.append(f"{'noise' if behind == 'noise' else 'one colour'} in place of pictures")
        said.append(f"on {differs[-1]}, {SIZES}")
    elif behind != BUILTIN:
        few = not shared_backgrounds and _are_few(behind)
        said.append(f"on the pictures in {_called(behind)}{few * f', {FEW_BACKGROUNDS}'}")
    words = f"{'; '.join(said)}." if said else ""
    caveat = f"Here with {' and '.join(differs)}, {SIZES}." if differs else ""
    return StudyData(objects, backgrounds, num_classes, f"{words[:1].upper()}{words[1:]}", caveat)


def set_apart(findings: Sequence[Finding], caveat: str) -> list[Finding]:
    """Findings of a study that is not the paper's design, as the rule has them where no size was published.

    Args:
        findings: as the study concludes.
        caveat: of :class:`StudyData`.

    Returns:
        Directions stay, sizes and their margins go, and each finding that tells published figures says why.
    """
    return [_without_size(finding, caveat) for finding in findings]


def _without_size(finding: Finding, caveat: str) -> Finding:
    tells = finding.published is not None or "published: " in finding.statement
    told = f"{finding.statement} {caveat}" if finding.n and tells else finding.statement
    if finding.equivalence:
        # That there is no difference is no size; only whether it is the paper's result cannot be said.
        verdict = Verdict.NO_DIFFERENCE if finding.verdict is Verdict.AS_PUBLISHED else finding.verdict
        return replace(finding, statement=told, published=None, verdict=verdict)
    verdict = Verdict.SAME_DIRECTION if finding.verdict is Verdict.AS_PUBLISHED else finding.verdict
    return replace(finding, statement=told, published=None, margin=None, size=None, verdict=verdict)


def _too_few(study: str, taken: tuple[str, ...], fewest: int, objects: str, available: int) -> str:
    num, most = len(taken), available // len(taken)
    fewer = f", or ask for fewer: num_classes from 2 to {most}" if most >= 2 else ""
    return (
        f"study {study} needs {f'{num} x ' * (num > 1)}{fewest} classes ({', '.join(taken)}): "
        f"{in_short(place_of(objects))} has {available}; add {num * fewest - available}{fewer}"
    )


def _times(taken: tuple[str, ...]) -> str:
    return f"{len(taken)} times " if len(taken) > 1 else ""


def _called(source: str) -> str:
    """A source for people: a folder without what it is in, which is nobody else's matter."""
    return Path(place_of(source)).name


def _are_few(backgrounds: str) -> bool:
    if is_picture_source(backgrounds):
        class_names(backgrounds)  # refuses what is not there
        return False
    return load_split(backgrounds).is_shared
