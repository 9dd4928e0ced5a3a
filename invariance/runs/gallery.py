"""The gallery: small trained networks that ship with the project, so that every page shows real results at once.

``checkpoints/`` holds one file of float16 weights for each model, ``manifest.json`` with their specs, accuracies and
hashes, ``sens.csv`` with the sens-score of every pretrained model for every transformation (and of its siblings of
other seeds, which do not ship), ``equivariance.csv`` with whether the changes that those make can be foreseen,
``factors.csv`` with what can be decoded from each, ``thrown-away.json`` with what the second network of some pairs
threw away, and ``what-if.json`` with what its pair came to as sources and as targets. All of it is made by
``python -m invariance gallery build``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from invariance.resources import project_folder
from invariance.spec import EARLIEST_SCHEMA, DatasetSpec, RunSpec, SpecError, run_from_dict, schema_of, schema_remark
from invariance.statistics import t_interval
from invariance.vocabulary.equivariance import EQUIVARIANCE_TABLE
from invariance.vocabulary.factors import FACTOR_COLUMNS
from invariance.vocabulary.measures import MEASURES

if TYPE_CHECKING:
    import pandas as pd

FEWEST_SEEDS: Final = 3
"""For an interval over networks instead of one over images."""
GALLERY: Final = project_folder() / "checkpoints"
COMMAND: Final = "python -m invariance gallery build"
EQUIVARIANCE: Final = "equivariance.csv"
"""Which of its files says whether what transformations do to its networks can be foreseen."""
WHAT_IF: Final = "what-if.json"
"""Which of its files says what its pair of networks came to."""
THROWN_AWAY: Final = "thrown-away.json"
"""Which of its files holds the cards of some pairs."""


@dataclass(frozen=True)
class GalleryEntry:
    """One shipped model.

    Attributes:
        name: short and unique: ``none``, the name of a transformation, ``matched``, ``disjoint`` (pretrained), and
            ``matched-transfer``, ``disjoint-transfer`` (the same, with a head probed on the target task).
        title: for people.
        spec: the run that made it.
        metrics: accuracies in [0, 1], as recorded by that run in float32.
        path: file of weights, float16.
        sha256: of that file.
        class_names: in label order.
        seconds: how long the run took.
        device: where it ran.
        run_id: identity of the run.
        schema: of specs, under which it was made.
    """

    name: str
    title: str
    spec: RunSpec
    metrics: dict[str, float]
    path: Path
    sha256: str
    class_names: tuple[str, ...]
    seconds: float
    device: str
    run_id: str
    schema: int

    @property
    def remark(self) -> str:
        """What to know of a model of an earlier schema; empty for any other."""
        return schema_remark(self.schema)


def entries(folder: Path | None = None) -> tuple[GalleryEntry, ...]:
    """The shipped models in the order of the manifest; none where there is no gallery."""
    manifest = (folder or GALLERY) / "manifest.json"
    return _read(manifest, manifest.stat().st_mtime_ns) if manifest.is_file() else ()


@lru_cache(maxsize=4)
def _read(manifest: Path, modified_ns: int) -> tuple[GalleryEntry, ...]:
    return tuple(entry_of(model, manifest.parent) for model in json.loads(manifest.read_text())["models"])


def entry_of(model: dict[str, Any], folder: Path) -> GalleryEntry:
    """A model from its record in the manifest of a folder.

    Raises:
        SpecError: its file would not be in that folder.
    """
    if Path(model["file"]).name != model["file"] or model["file"] in ("", "..") or "\\" in model["file"]:
        raise SpecError(f"manifest of {folder}: file = {model['file']!r} is not a name of a file in that folder")
    spec = {"schema": EARLIEST_SCHEMA, **model["spec"]}  # which the first manifests did not say
    return GalleryEntry(
        name=model["name"],
        title=model["title"],
        spec=run_from_dict(spec),
        metrics=model["metrics"],
        path=folder / model["file"],
        sha256=model["sha256"],
        class_names=tuple(model["class_names"]),
        seconds=model["seconds"],
        device=model["device"],
        run_id=model["run_id"],
        schema=schema_of(spec),
    )


def entry(name: str, folder: Path | None = None) -> GalleryEntry:
    """The shipped model of that name.

    Raises:
        SpecError: there is none.
    """
    known = entries(folder)
    for candidate in known:
        if candidate.name == name:
            return candidate
    raise SpecError(f"no gallery model {name!r}: {', '.join(model.name for model in known) or f'run {COMMAND} first'}")


def sens_table(folder: Path | None = None, *, shift: str | None = None) -> pd.DataFrame:
    """Sens-scores of the shipped models, one row for each model (by its gallery name) and transformation.

    Each is a mean over networks of several seeds, of which one ships, and ``num_seeds`` says how many; with three or
    more its interval is Student's over them, with fewer that of the samples of images.

    Args:
        folder: of the gallery.
        shift: type of data, one of :data:`~invariance.measures.shifts.SHIFT_NAMES`; None for that of the pretrainings.
    """
    columns = ("model", "transform", "sens", "sens_conditional")
    return _table((folder or GALLERY) / table_file(shift), columns, over_seeds=True)


def _over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    if "seed" not in table:
        return table
    groups = table.drop(columns="seed").groupby(["model", "transform"], sort=False)
    found = groups.mean().assign(num_seeds=groups.size())
    for flag in set(found) & {"collapsed", "untrained"}:
        found[flag] = found[flag] > 0
    for score, (low, high) in {
        name: measure.interval for name, measure in MEASURES.items() if measure.interval
    }.items():
        if score in found and found["num_seeds"].min() >= FEWEST_SEEDS:
            intervals = groups[score].apply(t_interval)
            found[low], found[high] = intervals.map(lambda each: each.low), intervals.map(lambda each: each.high)
    return found.reset_index()


def table_file(shift: str | None = None) -> str:
    """Name of the file with the scores of the shipped models on a type of data."""
    return "sens.csv" if shift is None else f"sens-{shift}.csv"


def factors_table(folder: Path | None = None) -> pd.DataFrame:
    """What the shipped models have kept, controls first, rows called by gallery name; see :data:`FACTOR_COLUMNS`."""
    return _table((folder or GALLERY) / "factors.csv", FACTOR_COLUMNS)


def equivariance_table(folder: Path | None = None) -> pd.DataFrame:
    """Whether what transformations do to the shipped models can be foreseen, on :func:`all_objects`."""
    return _table((folder or GALLERY) / EQUIVARIANCE, [column.name for column in EQUIVARIANCE_TABLE])


def all_objects(data: DatasetSpec) -> DatasetSpec:
    """The data with all objects of its source: a change is foreseen on objects left out, so the more the better."""
    return replace(data, classes=())


def lesson_table(name: str, folder: Path | None = None) -> pd.DataFrame:
    """What is behind single pictures of the shipped models; no rows where the gallery has no such table.

    Args:
        name: one of :data:`~invariance.runs.gallery_tables.TABLES`.
        folder: of the gallery.
    """
    return _table((folder or GALLERY) / f"{name}.csv", ("model", "transform"))


def _table(path: Path, columns: Iterable[str], *, over_seeds: bool = False) -> pd.DataFrame:
    """A file of the gallery, or no rows of these columns where it has no such file."""
    import pandas as pd  # here, since a training that looks whether a network ships has no use for it

    if not path.is_file():
        return pd.DataFrame(columns=list(columns))
    return _read_table(path, path.stat().st_mtime_ns, over_seeds).copy()


@lru_cache(maxsize=16)
def _read_table(path: Path, modified_ns: int, over_seeds: bool) -> pd.DataFrame:
    import pandas as pd  # as above

    table = pd.read_csv(path)
    return _over_seeds(table) if over_seeds else table


def what_if(folder: Path | None = None) -> dict[str, Any] | None:
    """What the gallery's pair came to as sources and as targets, see ``docs/formats.md``; None without a gallery."""
    path = (folder or GALLERY) / WHAT_IF
    found: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found


def damaged(folder: Path | None = None) -> list[str]:
    """Names of shipped models whose file is missing or does not have the hash of the manifest."""
    return [
        model.name
        for model in entries(folder)
        if not model.path.is_file() or hashlib.sha256(model.path.read_bytes()).hexdigest() != model.sha256
    ]


def thrown_away(first: str, second: str, folder: Path | None = None) -> dict[str, Any] | None:
    """What the second of two shipped models threw away, as ``invariance thrown-away`` prints it; None if not kept here.

    Args:
        first: gallery name or run id of the network that keeps.
        second: of the other.
        folder: of the gallery.
    """
    path, known = (folder or GALLERY) / THROWN_AWAY, entries(folder)
    names = [next((one.name for one in known if each in (one.name, one.run_id)), None) for each in (first, second)]
    cards = json.loads(path.read_text(encoding="utf-8"))["cards"] if path.is_file() else []
    return next((card for card in cards if [card["first"], card["second"]] == names), None)
