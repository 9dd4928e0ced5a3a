"""Goals are judged by the results of their parts, on a GPU alone."""

import pytest

from benchmarks.gpu.goals import GOALS, judge
from benchmarks.gpu.parts import PARTS

RESULTS = {
    "images": {"worst": {"outside_beyond_one_level": 0.0005, "moved_by_precision": 0.0001}, "parameters_differ": 0},
    "losses": {"worst": 0.002},
    "stacked": {"worst": 0.02},
    "resume": {"worst": 0.0},
    "resnet18": {"seconds": 60.0},
    "steps": {"ratios": {"stream_to_limit": 0.95, "finite_to_limit": 0.949}},
    "usual": {"ratios": {"stream_to_usual": 12.0, "finite_to_usual": 9.0}},
    "rates": {"slowest": 2e6},
    "share": {"share": 0.06},
    "together": {"stacked_to_alone": 1.5},
}
EXPECTED = {
    "images": "reached",
    "precision": "not reached",
    "parameters": "reached",
    "losses": "reached",
    "stacked": "not reached",
    "resume": "reached",
    "resnet18": "reached",
    "stream-to-limit": "reached",
    "finite-to-limit": "not reached",
    "stream-to-usual": "reached",
    "finite-to-usual": "not reached",
    "rates": "reached",
    "share": "not reached",
    "together": "reached",
}


def verdicts(results, status="done", **options):
    lines = {part: {"status": status, "result": result} for part, result in results.items()}
    return {row["name"]: row["verdict"] for row in judge(lines, **options)}


def test_each_goal_is_judged_by_the_result_of_its_part():
    assert verdicts(RESULTS, is_gpu=True) == EXPECTED


@pytest.mark.parametrize("status", ["partial", "failed"])
def test_what_did_not_come_to_its_end_may_miss_a_goal_and_reaches_none(status):
    so_far = {name: "reached so far" if verdict == "reached" else verdict for name, verdict in EXPECTED.items()}
    assert verdicts(RESULTS, status, is_gpu=True) == so_far


def test_numbers_of_a_cpu_count_for_no_goal():
    assert set(verdicts(RESULTS, is_gpu=False).values()) == {"not measured"}


@pytest.mark.parametrize("result", [{}, {"seconds": None}, {"seconds": {"a": 1}}])
def test_what_is_not_in_the_result_was_not_measured(result):
    assert verdicts({**RESULTS, "resnet18": result}, is_gpu=True)["resnet18"] == "not measured"
    assert verdicts({}, is_gpu=True).keys() == EXPECTED.keys()


def test_goals_belong_to_parts():
    assert {goal.part for goal in GOALS} <= {part.name for part in PARTS}


def test_goals_are_those_that_were_set():
    bounds = {goal.name: (goal.bound, goal.limit) for goal in GOALS}
    assert bounds["resnet18"] == ("at most", 60.0)
    assert bounds["stream-to-limit"] == bounds["finite-to-limit"] == ("at least", 0.95)
    assert bounds["stream-to-usual"] == bounds["finite-to-usual"] == ("at least", 10.0)
    assert bounds["rates"] == ("at least", 1e6) and bounds["share"] == ("at most", 0.05)
    assert bounds["precision"] == ("at most", 0.0)
