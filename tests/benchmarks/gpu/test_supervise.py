"""A child that dies, hangs or gives up costs the part in which it did."""

import os
import subprocess
import sys
import time

from benchmarks.gpu import supervise
from benchmarks.gpu.supervise import Bench

SAY = "import json, os, sys, time\ndef say(**v): print(json.dumps(v), flush=True)\n"
NAMES = ("machine", "images", "losses")


def bench(monkeypatch, *children, budget=60.0, device="cpu"):
    """Whose first child is the first of these scripts, and so on; each is told the parts' names."""
    scripts = iter(children)

    def start(self, names):
        return subprocess.Popen(
            [sys.executable, "-c", SAY + next(scripts), *names], stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    monkeypatch.setattr(Bench, "_started", start)
    return Bench(device=device, budget_s=budget, threads=1, names=NAMES, command="typed")


GOOD = (
    "for name in sys.argv[1:]:\n"
    "    say(begins=name, deadline_s=9)\n"
    "    say(part=name, status='done', result={'card': 'X'}, seconds=1)\n"
)


def test_all_parts_in_one_child(monkeypatch):
    *lines, summary = bench(monkeypatch, GOOD).run()
    assert [line["part"] for line in lines] == list(NAMES)
    assert all(line["title"] and line["device"] == "cpu" and line["is_stand_in"] for line in lines)
    assert summary["parts"] == dict.fromkeys(NAMES, "done") and summary["part"] == "summary"
    assert {goal["verdict"] for goal in summary["goals"]} == {"not measured"}


def test_what_a_gpu_did_is_judged_and_named(monkeypatch):
    script = "for name in sys.argv[1:]: say(part=name, status='done', result={'card': 'X', 'worst': 0.001})\n"
    *lines, summary = bench(monkeypatch, script, device="cuda").run()
    assert not any(line["is_stand_in"] for line in lines)
    assert (summary["card"], summary["is_stand_in"], summary["command"]) == ("X", False, "typed")
    assert {goal["name"]: goal["verdict"] for goal in summary["goals"]}["losses"] == "reached"


def test_another_child_goes_on_after_one_that_died(monkeypatch):
    dies = "say(part='machine', status='done')\nsay(begins='images', deadline_s=9)\nos._exit(9)\n"
    *lines, summary = bench(monkeypatch, dies, GOOD).run()
    assert [line["status"] for line in lines] == ["done", "failed", "done"]
    assert lines[1]["said"] == "its process ended with code 9"
    assert summary["parts"]["images"] == "failed"


def test_a_child_that_gives_the_device_up_costs_no_further_part(monkeypatch):
    gives_up = "say(begins='machine', deadline_s=9)\nsay(part='machine', status='failed', said='CUDA error')\n"
    *lines, _ = bench(monkeypatch, gives_up, GOOD).run()
    assert [line["status"] for line in lines] == ["failed", "done", "done"]


def test_a_child_that_never_speaks_costs_one_part_each(monkeypatch):
    *lines, _ = bench(monkeypatch, "os._exit(3)", "os._exit(4)", GOOD).run()
    assert [line["status"] for line in lines] == ["failed", "failed", "done"]
    assert lines[1]["said"] == "its process ended with code 4"


def test_a_child_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(supervise, "GRACE_S", 0.2)
    hangs = "say(part='machine', status='done')\nsay(begins='images', deadline_s=0.1)\ntime.sleep(600)\n"
    *lines, _ = bench(monkeypatch, hangs, GOOD).run()
    assert [line["status"] for line in lines] == ["done", "failed", "done"]
    assert "without an answer" in lines[1]["said"]


def test_a_part_that_hangs_at_the_end_costs_no_more_than_the_budget(monkeypatch):
    hangs = "say(begins='machine', deadline_s=9)\nsay(keeps='machine', result={'card': 'X'})\ntime.sleep(600)\n"
    *lines, summary = bench(monkeypatch, hangs, budget=2.0).run()
    assert [line["status"] for line in lines] == ["failed", "left out", "left out"]
    assert lines[0]["result"] == {"card": "X"} and summary["seconds"] < 4


def test_nothing_is_started_when_the_budget_is_spent(monkeypatch):
    *lines, summary = bench(monkeypatch, budget=0.5).run()
    assert [line["status"] for line in lines] == ["left out"] * 3
    assert summary["parts"] == dict.fromkeys(NAMES, "left out")


def test_what_is_no_line_goes_where_errors_go(monkeypatch, capsys):
    *lines, _ = bench(monkeypatch, "print('a library speaks')\n" + GOOD).run()
    assert len(lines) == 3 and capsys.readouterr().err == "a library speaks\n"


def test_the_child_is_the_module_that_measures(monkeypatch):
    started = []
    monkeypatch.setattr(supervise.subprocess, "Popen", lambda words, **options: started.append((words, options)))
    Bench(device="cuda:1", budget_s=60, threads=3)._started(("images", "losses"))
    ((words, options),) = started
    assert words[1:3] == ["-m", "benchmarks.gpu.child"]
    assert "--device=cuda:1" in words and "--parts=images,losses" in words and "--threads=3" in words
    (seconds,) = (word for word in words if word.startswith("--seconds="))
    assert 50 < float(seconds.partition("=")[2]) <= 60
    assert options["env"]["PYTHONPATH"].split(os.pathsep)[0] == str(supervise.Path(supervise.__file__).parents[2])


def test_no_child_outlives_whoever_started_it():
    words = ["--device=cpu", "--seconds=600", f"--since={time.time()}", "--threads=1", "--parts=resnet18,steps,usual"]
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.gpu.child", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=supervise.Path(supervise.__file__).parents[2],
    )
    assert b'"begins": "resnet18"' in child.stdout.readline()
    child.stdin.close()  # as the system does for one that is killed
    assert child.wait(20) == 0
    child.stdout.close()


def test_what_was_kept_outlives_the_child(monkeypatch):
    dies = (
        "say(part='machine', status='done')\nsay(begins='losses', deadline_s=9)\n"
        "say(keeps='losses', result={'worst': 0.5})\nsay(keeps='losses', result={'worst': 0.002})\nos._exit(9)\n"
    )
    *lines, summary = bench(monkeypatch, dies, GOOD, device="cuda").run()
    (losses,) = (line for line in lines if line["part"] == "losses")
    assert losses["status"] == "failed" and losses["result"] == {"worst": 0.002}
    assert {goal["name"]: goal["verdict"] for goal in summary["goals"]}["losses"] == "reached so far"
