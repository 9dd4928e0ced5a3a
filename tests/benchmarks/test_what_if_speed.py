"""Differences are taken within a pair of triples and seed, and their interval is over triples."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count
from typing import Any

import pytest

from benchmarks import what_if_speed
from benchmarks.what_if_speed import Outcome, main, summarise
from invariance.__main__ import parser


def outcome(triples: int, seed: int, matched: float, mismatched: float, seconds: float) -> Outcome:
    return Outcome(triples, seed, matched, mismatched, seconds, 2 * seconds)


def test_instant_is_compared_with_quick_where_both_were_asked_the_same() -> None:
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    quick = [outcome(*place, 0.6 + 0.1 * place[0], 0.2, 12.0) for place in places]
    gains = [0.01, 0.03, 0.06, 0.06]
    instant = [
        outcome(*place, 0.6 + 0.1 * place[0] + gain, 0.21, 3.0) for place, gain in zip(places, gains, strict=True)
    ]
    found = summarise({"Quick": quick, "Instant": instant})
    assert (found["num_triples"], found["num_runs"]) == (2, 4)
    assert (found["matched"]["quick"], found["matched"]["instant"]) == pytest.approx((0.65, 0.69))
    half = 12.7062 * 0.04 / 2  # Student's t of one degree of freedom on means of 0.02 and 0.06
    over = found["matched"]["over_triples"]
    assert (over["estimate"], over["low"], over["high"]) == pytest.approx((0.04, 0.04 - half, 0.04 + half), abs=1e-3)
    assert found["mismatched"]["over_runs"]["estimate"] == pytest.approx(0.01)
    assert found["gap"]["over_triples"]["estimate"] == pytest.approx(0.03)
    assert found["seconds"] == {"quick": 12.0, "instant": 3.0, "times_faster": 4.0}
    reached = {name: (goal["found"], goal["is_reached"]) for name, goal in found["goals"].items()}
    assert reached == {"seconds": (3.0, True), "gap": (pytest.approx(0.03), False)}
    alone = summarise({"Quick": quick[:1], "Instant": instant[:1]})
    assert alone["gap"]["over_runs"] == {"estimate": 0.0, "low": None, "high": None}


def test_the_smallest_setting_asks_both_budgets_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, Any]] = []

    def answered(words: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(vars(parser().parse_args(words[words.index("invariance") + 1 :])))
        said = {"matched": {"transfer_accuracy": 0.6}, "mismatched": {"transfer_accuracy": 0.2}}
        return subprocess.CompletedProcess(words, 0, stdout=json.dumps(said))

    monkeypatch.setattr(subprocess, "run", answered)
    monkeypatch.setattr(what_if_speed, "_processor_seconds", count().__next__)  # there is no child that could use any
    monkeypatch.setattr(sys, "argv", ["what_if_speed", "--triples", "1", "--num-seeds", "1"])
    main()
    found = json.loads(capsys.readouterr().out)
    assert (found["num_runs"], found["gap"]["quick"], found["goals"]["gap"]["is_reached"]) == (1, 0.4, True)
    quick, instant = ({**one, "runs": None} for one in asked)
    assert (quick.pop("optimizer"), instant.pop("optimizer")) == ("adam", "muon") and quick == instant
    assert len(quick["target"]) == len(quick["mismatch"]) == 3 and not set(quick["target"]) & set(quick["mismatch"])
