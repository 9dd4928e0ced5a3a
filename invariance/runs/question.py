"""A question and the store: which networks its names mean, what it will cost, and how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

from invariance.data.sources.root import expand_user
from invariance.runs.added import is_file_reference, is_outside, needs_arch
from invariance.runs.gallery import entries
from invariance.runs.locate import require_each_once, run_id_of
from invariance.runs.networks import networks_of, recorded_spec
from invariance.runs.store import Store
from invariance.runs.study_progress import estimated_seconds, outcomes_of
from invariance.spec import PretrainSpec, QuestionSpec, RunSpec, SpecError, TransferSpec
from invariance.spec.compositions import nearest_transform
from invariance.spec.question import NONE, UNTRAINED, composition_of
from invariance.studies.question import Question, question_of
from invariance.studies.question_grid import NamedNetwork
from invariance.studies.question_report import Report, question_report


@dataclass(frozen=True)
class Plan:
    """What a question takes, before any of it has begun.

    Attributes:
        num_cells: rows of its table.
        kinds: runs by kind, each once.
        done: runs that the store has already.
        seconds: of what is left, one run after the other, by estimate.
    """

    num_cells: int
    kinds: Mapping[str, int]
    done: int
    seconds: float

    @property
    def num_runs(self) -> int:
        """All, done or not."""
        return sum(self.kinds.values())


def make_question(spec: QuestionSpec, store: Store | None = None, *, code: bool = False) -> Question:
    """A question with its runs; the networks that it names are looked up, none is downloaded.

    Args:
        spec: what is asked.
        store: where runs are looked up; None for the gallery alone.
        code: whether ``FILE.py:function`` may be executed; never for a page.

    Raises:
        SpecError: a target is ``none``, a network is unknown or named twice, or a value cannot be used.
    """
    if NONE in spec.targets:
        raise SpecError("target = none: a task that varies nothing asks for no invariance; name transformations")
    titles = titles_of(spec.networks)
    found = {source: _named(source, titles[source], store, code=code) for source in spec.networks}
    require_each_once("sources", {source: network.reference for source, network in found.items()})
    # A file is held by what is in it: where it lies is nobody else's matter, and may be another file tomorrow.
    held = {source: found[source].reference if is_file_reference(source) else source for source in found}
    spec = replace(spec, sources=tuple(held.get(source, source) for source in spec.sources))
    return question_of(spec, {held[source]: network for source, network in found.items()})


def plan_of(question: Question, store: Store | None = None, *, device: str = "cpu") -> Plan:
    """How many runs, how many are done, and how long the others take.

    Args:
        question: from :func:`make_question`.
        store: where runs are looked up.
        device: a torch device, for the estimate.
    """
    seconds = estimated_seconds(question, device)
    done = {} if store is None else store.standings(seconds)
    finished = {run_id for run_id, standing in done.items() if standing.state == "done"}
    return Plan(
        num_cells=len(question.cells),
        kinds=Counter(run.kind for run in question.runs),
        done=len(finished),
        seconds=sum(each for run_id, each in seconds.items() if run_id not in finished),
    )


def report_so_far(question: Question, store: Store) -> Report:
    """What is done of a question comes to, whole or partial; see :func:`~invariance.studies.question_report`."""
    return question_report(question, question.tabulate(outcomes_of(question, store)))


def titles_of(networks: Collection[str]) -> dict[str, str]:
    """What each network of a question is called in its table and figures: no two alike, and none as a composition is.

    A network of a file is called as the file is, without its ending; where another has that name too, as much more of
    what was written as tells them apart: its ending with the function of code, then the folders before it. All others
    are called as they were named.

    Args:
        networks: as they were named, each once.
    """
    forms = {name: _forms(name) if is_file_reference(name) else (name,) for name in networks}
    titles = {}
    for name, mine in forms.items():
        others = {form for other, theirs in forms.items() if other != name for form in theirs}
        free = (form for form in mine if form not in others and form != UNTRAINED and composition_of(form) is None)
        titles[name] = next(free, name)
    assert len(set(titles.values())) == len(titles), "networks of one title would be taken for one"
    return titles


def _forms(name: str) -> tuple[str, ...]:
    """Names of a file, or of a function in one, from the shortest to what was written."""
    parts = PurePath(name).parts
    return (PurePath(name).stem, *("/".join(parts[-num:]) for num in range(1, len(parts))), name)


def _named(source: str, title: str, store: Store | None, *, code: bool) -> NamedNetwork:
    if is_file_reference(source) and needs_arch(source) and expand_user(source).is_file():
        raise SpecError(
            f"source = {source!r}: it says nothing of its network, and a question is told no architecture: name "
            "FILE.py:function, a function that makes the network and loads these weights"
        )
    try:
        reference = run_id_of(source, store, code=code)
    except SpecError as error:
        if source.isidentifier() and (near := nearest_transform(source)):
            raise SpecError(f"source = {source!r}: no transformation and no network; the nearest is {near}") from error
        raise SpecError(f"source = {source!r}: no transformation, and {error}") from error
    if is_outside(reference):
        return NamedNetwork(reference, title, reference)
    made = recorded_spec(reference, store)
    assert made is not None, "what has an identity is recorded"
    if not isinstance(made, PretrainSpec | TransferSpec):
        raise SpecError(f"source = {source!r}: a {made.kind} has no weights; name a pretraining or a transfer")
    model = next(filter(None, networks_of(made, lambda name: recorded_spec(name, store))), "")
    first: RunSpec | None = made
    while isinstance(first, TransferSpec):  # what it was pretrained on, however often it was transferred
        first = recorded_spec(first.source, store)
    assert first is None or isinstance(first, PretrainSpec), first.kind
    entry = next((one for one in entries() if one.run_id == reference), None)
    run = None if store is None else store.find(reference)
    metrics = run.metrics if run is not None else entry.metrics if entry is not None else {}
    return NamedNetwork(
        reference,
        source,
        model,
        objective=None if first is None else first.objective,
        transforms=None if first is None else first.data.transforms,
        accuracy=metrics.get("test_accuracy"),
    )
