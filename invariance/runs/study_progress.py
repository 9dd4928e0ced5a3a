"""How far a study is, read from the store alone: for the coordinator, the command line and the page alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from invariance.runs.estimate import estimate_seconds
from invariance.runs.networks import networks_of
from invariance.runs.run import RESUMABLE_STATES, Standing, State
from invariance.runs.store import Store
from invariance.spec import RunSpec
from invariance.studies.study import Outcomes, RunOutcome, Study
from invariance.training.answers import ANSWERS

MAX_TABLES_KEPT = 2_048
LEAST_SHARE_KNOWN = 0.02  # of a run, before its own pace says more than the estimate


@dataclass(frozen=True)
class StudyProgress:
    """How far a study is.

    Attributes:
        total: runs of the study, shared ones once.
        done: of these, finished.
        running: being executed.
        waiting: queued, or not yet asked for.
        stopped: failed, cancelled or interrupted.
        share: of the work, in [0, 1], by estimated durations.
        worked_seconds: that the finished runs took, all together.
        eta_seconds: estimate of the time until all are done.
    """

    total: int
    done: int
    running: int
    waiting: int
    stopped: int
    share: float
    worked_seconds: float
    eta_seconds: float

    @property
    def is_done(self) -> bool:
        """Whether all runs are finished."""
        return self.done == self.total


def outcomes_of(study: Study, store: Store) -> Outcomes:
    """What the finished runs of a study say, for its ``tabulate``.

    A run that is done but whose table is gone is left out, as if it had not finished.
    """
    outcomes: dict[str, RunOutcome] = {}
    for run_id, standing in store.standings(study.by_id).items():
        if standing.state != State.DONE or standing.result is None:
            continue
        table = None
        if name := standing.result.get("table"):
            path = store.directory(run_id) / Path(name).name  # by name: the folder of runs may have been moved
            if not path.is_file():
                continue
            table = _read_table(path, path.stat().st_mtime_ns)
        answers = store.directory(run_id) / ANSWERS
        outcomes[run_id] = RunOutcome(standing.result["metrics"], table, answers if answers.is_file() else None)
    return outcomes


def progress_of(study: Study, store: Store, *, num_slots: int = 1, device: str) -> StudyProgress:
    """How far a study is, and how long it still takes.

    Durations are estimated before a run (:mod:`invariance.runs.estimate`) and scaled by what finished runs of this
    study really took.

    Args:
        study: the study.
        store: where its runs are recorded.
        num_slots: runs that are executed at once.
        device: where runs are executed that have no device yet.
    """
    specs = study.by_id
    standings = store.standings(specs)
    expected = {run_id: _expected(spec, specs, standings.get(run_id), device) for run_id, spec in specs.items()}
    done = {run_id: standing for run_id, standing in standings.items() if standing.state == State.DONE}
    worked = {run_id: float((standing.result or {}).get("seconds", 0.0)) for run_id, standing in done.items()}
    pace = 1.0
    if done and sum(worked.values()) > 0:
        pace = sum(worked.values()) / sum(expected[run_id] for run_id in done)
    left = {run_id: _left(standings.get(run_id), pace * seconds) for run_id, seconds in expected.items()}
    whole = sum(worked.values()) + sum(pace * seconds for run_id, seconds in expected.items() if run_id not in done)
    states = [standing.state for standing in standings.values()]
    num_running, num_stopped = states.count(State.RUNNING), sum(state in RESUMABLE_STATES for state in states)
    num_slots = max(1, min(num_slots, len(specs) - len(done)))
    return StudyProgress(
        total=len(specs),
        done=len(done),
        running=num_running,
        waiting=len(specs) - len(done) - num_running - num_stopped,
        stopped=num_stopped,
        share=1.0 if len(done) == len(specs) else 1.0 - sum(left.values()) / whole,
        worked_seconds=sum(worked.values()),
        # Not below what the slowest run needs that is under way: that one is not shared out.
        eta_seconds=max(sum(left.values()) / num_slots, *_own_etas(standings), 0.0),
    )


def estimated_seconds(study: Study, device: str) -> dict[str, float]:
    """Seconds that each run of a study takes on a device, by its identity, before any of it has begun."""
    specs = study.by_id
    return {run_id: _expected(spec, specs, None, device) for run_id, spec in specs.items()}


def _expected(spec: RunSpec, specs: Mapping[str, RunSpec], standing: Standing | None, device: str) -> float:
    model = next(filter(None, networks_of(spec, specs.get)), "small")
    return estimate_seconds(spec, (standing and standing.device) or device, model)


def _left(standing: Standing | None, seconds: float) -> float:
    """Seconds that a run still needs, of those that it needs in all."""
    if standing is not None and standing.state == State.DONE:
        return 0.0
    progress = standing.progress if standing is not None else None
    share = progress["step"] / max(1, progress["num_steps"]) if progress else 0.0
    return seconds * (1.0 - min(1.0, share))


def _own_etas(standings: Mapping[str, Standing]) -> list[float]:
    """What running runs say themselves, once they know it."""
    running = [standing.progress for standing in standings.values() if standing.state == State.RUNNING]
    known = [progress for progress in running if progress and progress["images_per_second"]]
    return [
        float(progress["eta_seconds"])
        for progress in known
        if progress["step"] >= LEAST_SHARE_KNOWN * progress["num_steps"]
    ]


@lru_cache(maxsize=MAX_TABLES_KEPT)
def _read_table(path: Path, modified_ns: int) -> pd.DataFrame:
    return pd.read_csv(path)
