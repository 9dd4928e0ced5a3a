"""Whatever becomes of a part is one line, and the next one goes on."""

import json
import time

import pytest
import torch

from benchmarks.gpu import child
from benchmarks.gpu.parts import COMPILED, Part
from benchmarks.gpu.work import Missing, Work
from invariance.data import compiled
from invariance.events import Cancelled


@pytest.fixture(autouse=True)
def _numba_as_before():
    yield
    compiled.is_available = child._HAS_NUMBA


def outcome(monkeypatch, capsys, tmp_path, function, name="images.images"):
    monkeypatch.setattr(Part, "load", lambda self: function)
    usable = child.do(Part("x", "title", name, 1), Work("cpu", 10.0, tmp_path))
    return usable, json.loads(capsys.readouterr().out)


def failing(error):
    def function(work):
        raise error

    return function


def test_a_result_is_told_with_its_time(monkeypatch, capsys, tmp_path):
    usable, line = outcome(monkeypatch, capsys, tmp_path, lambda work: {"a": float("nan"), "b": (1, 2)})
    assert usable and line["status"] == "done" and line["result"] == {"a": None, "b": [1, 2]}
    assert line["seconds"] >= 0 and line["deadline_s"] == 10.0


def test_what_there_was_no_time_for_is_said(monkeypatch, capsys, tmp_path):
    def function(work):
        return {} if work.has_time("the rest", 99.0) else {"half": 1}

    _, line = outcome(monkeypatch, capsys, tmp_path, function)
    assert (line["status"], line["said"], line["result"]) == ("partial", "no time for: the rest", {"half": 1})


def test_a_part_whose_time_is_over_is_partial(monkeypatch, capsys, tmp_path):
    usable, line = outcome(monkeypatch, capsys, tmp_path, failing(Cancelled()))
    assert usable and line["status"] == "partial" and line["said"] == "its time was over before it ended"


def test_work_goes_on_until_its_deadline(tmp_path):
    Work("cpu", 10.0, tmp_path).go_on()
    late = Work("cpu", 0.0, tmp_path)
    assert late.is_over()
    with pytest.raises(Cancelled):
        late.go_on()


@pytest.mark.parametrize("error", [Missing("captum is not installed"), ModuleNotFoundError("No module named 'x'")])
def test_what_is_missing_leaves_a_part_out(monkeypatch, capsys, tmp_path, error):
    usable, line = outcome(monkeypatch, capsys, tmp_path, failing(error))
    assert usable and line["status"] == "left out" and line["said"] == str(error) and "result" not in line


@pytest.mark.parametrize(
    ("error", "usable"),
    [
        (RuntimeError("mat1 and mat2\nmore lines"), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (torch.OutOfMemoryError("CUDA out of memory. CUDA error?"), True),
        (type("AcceleratorError", (RuntimeError,), {})("device-side assert"), False),
    ],
)
def test_an_error_is_one_line_and_may_cost_the_process(monkeypatch, capsys, tmp_path, error, usable):
    said, line = outcome(monkeypatch, capsys, tmp_path, failing(error))
    assert said is usable and line["status"] == "failed"
    assert line["said"] == f"{type(error).__name__}: {str(error).splitlines()[0]}"
    assert line["where"][0].startswith("tests/benchmarks/gpu/test_child.py:")


def test_only_one_part_has_compiled_kernels(monkeypatch, capsys, tmp_path):
    def function(work):
        return {"has": compiled.is_available()}

    assert outcome(monkeypatch, capsys, tmp_path, function)[1]["result"] == {"has": False}
    expected = {"has": child._HAS_NUMBA()}
    assert outcome(monkeypatch, capsys, tmp_path, function, COMPILED)[1]["result"] == expected


def test_what_passed_before_it_spoke_is_part_of_its_time(monkeypatch, capsys):
    late = time.time() - 60
    words = ["--device=cpu", "--seconds=60", f"--since={late}", "--threads=1", "--parts=machine"]
    monkeypatch.setattr("sys.argv", ["child", *words])
    monkeypatch.setattr(torch, "set_num_threads", lambda num: None)
    child.main()
    (line,) = (json.loads(text) for text in capsys.readouterr().out.splitlines())
    assert line["status"] == "left out" and line["said"] == "0 s are left, which is too little for it"
