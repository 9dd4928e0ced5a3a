"""Parts share the time that is left, and each has a function."""

import pytest

from benchmarks.gpu.parts import PARTS, Part, deadline, in_words
from benchmarks.gpu.work import Work

THREE = (
    Part("a", "first", "x.a", 1, (5.0, 1.0)),
    Part("b", "second", "x.b", 2, (5.0, 1.0)),
    Part("c", "third", "x.c", 1, (75.0, 2.0)),
)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_each_part_has_a_function(part):
    assert callable(part.load())


def test_names_are_told_apart():
    assert len({part.name for part in PARTS}) == len(PARTS)


def test_a_part_gets_its_share_of_what_is_left():
    assert deadline(0, 400.0, is_gpu=True, parts=THREE) == 100.0
    assert deadline(1, 390.0, is_gpu=True, parts=THREE) == 260.0, "what the first did not use is shared"
    assert deadline(2, 380.0, is_gpu=True, parts=THREE) == 380.0


def test_a_part_gets_what_it_cannot_do_without_or_is_left_out():
    assert deadline(0, 8.0, is_gpu=True, parts=THREE) == 5.0
    assert deadline(0, 9.0, is_gpu=False, parts=THREE) == 3.0, "equal shares on a CPU"
    assert deadline(0, 2.0, is_gpu=False, parts=THREE) == 1.0
    assert deadline(2, 74.9, is_gpu=True, parts=THREE) is None
    assert deadline(2, 74.9, is_gpu=False, parts=THREE) == 74.9
    assert deadline(0, 0.9, is_gpu=False, parts=THREE) is None


def test_the_goal_of_a_minute_has_more_than_a_minute():
    position = [part.name for part in PARTS].index("resnet18")
    assert deadline(position, 100.0, is_gpu=True) > 60.0


def test_work_says_what_it_had_no_time_for(tmp_path):
    work = Work("cpu", 10.0, tmp_path)
    assert work.has_time("all of it", 5.0) and work.left_out == []
    assert not work.has_time("too long", 11.0) and not work.has_time("longer", 20.0)
    assert work.left_out == ["too long", "longer"]
    assert Work("cuda:1", 1.0, tmp_path).is_gpu and not work.is_gpu


def test_lines_for_people_tell_what_became_of_it():
    (line,) = in_words({"part": "images", "title": "images", "status": "failed", "said": "no memory", "seconds": 3.21})
    assert line.split() == ["images", "failed", "3.2", "s", "no", "memory"]
    goals = [{"verdict": "reached", "title": "one"}, {"verdict": "not reached", "title": "other"}]
    assert [" ".join(line.split()) for line in in_words({"part": "summary", "goals": goals})] == [
        "reached one",
        "not reached other",
    ]
