"""Where a table or a view comes from, in the words that every file says which leaves the app."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Final

import invariance
from invariance.data.sources.hub import HUB_PREFIX
from invariance.data.sources.pictures import FOLDER_PREFIX
from invariance.runs.describe import command, question_command, transforms_title
from invariance.spec import DatasetSpec, FactorSpec, MeasureSpec, QuestionSpec, RunSpec

if TYPE_CHECKING:
    from invariance.studies.question import Question  # which loads pandas, and a training records its origin

NO_COMMAND: Final = "# none: the command line cannot say all of its values"
SOURCES: Final = ("objects", "backgrounds", "stickers")
"""Fields of a data set that name pictures."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What is needed to make something again.

    Attributes:
        command: the line for a terminal that makes it again.
        seeds: of what it was made from; empty where no seed was drawn from.
        num: of what, and how many, such as ``1,000 pairs of twins``; empty where nothing was counted.
        settings: the rest in words, by name.
    """

    command: str
    seeds: tuple[int, ...] = ()
    num: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def seeds_text(self) -> str:
        """``seed 0``, ``seeds 0, 1, 2``, or nothing."""
        return f"seed{'s' * (len(self.seeds) != 1)} {', '.join(map(str, self.seeds))}" if self.seeds else ""

    @property
    def sentence(self) -> str:
        """All but the command and the settings in one sentence."""
        told = [f"n = {self.num}" if self.num else "", self.seeds_text, f"Invariance Lab {invariance.__version__}"]
        return f"{'; '.join(filter(None, told))}."


def origin_of(*specs: RunSpec) -> Origin:
    """Where what was made by a run, or by several of one kind, comes from.

    Args:
        specs: the runs, in the order in which they are shown; at least one.
    """
    counted: dict[str, None] = {}
    for spec in specs:
        match spec:
            case MeasureSpec():
                counted[f"{spec.num_pairs:,} pairs of twins"] = None
            case FactorSpec():
                counted[f"{spec.num_images:,} images"] = None
            case _:
                counted[f"{spec.num_test_samples:,} test images"] = None
    commands = dict.fromkeys(command(without_paths(spec)) or NO_COMMAND for spec in specs)
    return Origin(
        command="\n".join(commands),
        seeds=tuple(dict.fromkeys(map(seed_of, specs))),
        num=" and ".join(counted),
        settings=settings_of(specs[0]) if len(specs) == 1 else {},
    )


def origin_of_question(question: Question) -> Origin:
    """Where the answer to a question comes from: the command that asks it, and all that it names."""
    spec = question.spec
    shown = replace(spec, objects=source_name(spec.objects), backgrounds=source_name(spec.backgrounds))
    num = f"{len(question.runs):,} runs"
    trained = {name.replace("_", " "): str(value) for name, value in question.training.items()}
    return Origin(command=question_command(shown), seeds=spec.seeds, num=num, settings=words_of(shown) | trained)


def seed_of(spec: RunSpec) -> int:
    """Of a training, that of its weights and order; of a measurement, that of its images."""
    return getattr(spec, "seed", spec.data.seed)


def settings_of(spec: RunSpec) -> dict[str, str]:
    """All that a run asked for, by the names of its fields, in words; what is empty is left out."""
    told = {"kind": spec.kind, **words_of(spec)}
    return told | {f"data: {name}": words for name, words in words_of(spec.data).items()}


def source_name(source: str) -> str:
    """A source of pictures without the folders that lead to it.

    The rest of a path is the machine's own, often has its user's name in it, and helps nobody elsewhere.
    """
    if source.startswith(HUB_PREFIX):
        return source
    prefix = FOLDER_PREFIX if source.startswith(FOLDER_PREFIX) else ""
    return prefix + re.split(r"[/\\]", source.removeprefix(prefix).rstrip("/\\"))[-1]


def without_paths(spec: RunSpec) -> RunSpec:
    """The same run, its folders told by their last names alone; itself where it has none."""
    objects, backgrounds, stickers = (source_name(getattr(spec.data, name)) for name in SOURCES)
    return replace(spec, data=replace(spec.data, objects=objects, backgrounds=backgrounds, stickers=stickers))


def words_of(spec: RunSpec | DatasetSpec | QuestionSpec) -> dict[str, str]:
    """The fields of a run or a data set in words, by their names; what is empty is left out."""
    values = {each.name: getattr(spec, each.name) for each in fields(spec)}
    if not values.get("stickers", True):
        values = {name: value for name, value in values.items() if not name.startswith("sticker")}
    if isinstance(spec, DatasetSpec):
        values |= {"transforms": transforms_title(spec.transforms), "num_samples": spec.num_samples or "endless"}
        values |= {name: source_name(getattr(spec, name)) for name in SOURCES}
    return {name.replace("_", " "): _text(value) for name, value in values.items() if name != "data" and _text(value)}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(map(str, value))
    return str(value)
