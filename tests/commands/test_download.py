"""The download command: one JSON object, or one line and exit code 2, and no bars where nobody looks."""

import json
import sys
from pathlib import Path

import pytest

from invariance.__main__ import main
from invariance.data.sources import download as module
from invariance.spec import SpecError


def test_the_folders_are_printed_last_and_bars_are_kept_off_a_pipe(monkeypatch, capsys):
    def pretend(source):
        print("a library's own bar", file=sys.stderr)
        return (Path("/data") / source,)

    monkeypatch.setattr(module, "download", pretend)
    assert main(["download", "cifar10"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"source": "cifar10", "folders": ["/data/cifar10"]} and err == ""


@pytest.mark.parametrize("source", ["cifar10", "hub"])
def test_a_terminal_sees_the_bars(monkeypatch, capsys, source):
    def pretend(name, on_progress=None):
        print("a library's own bar", file=sys.stderr)
        if on_progress is not None:
            on_progress(3, 8)
        return (Path("/data") / name,)

    monkeypatch.setattr(module, "download", pretend)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["download", source]) == 0
    err = capsys.readouterr().err
    assert "own bar" in err and ("3/8" in err) == (source == "hub")


def test_a_failure_is_one_line(monkeypatch, capsys):
    def fail(_):
        raise SpecError("hub: cannot be reached")

    monkeypatch.setattr(module, "download", fail)
    assert main(["download", "hub"]) == 2
    assert capsys.readouterr() == ("", "python -m invariance: hub: cannot be reached\n")


def test_an_unknown_source_is_one_line(capsys):
    assert main(["download", "mnist"]) == 2
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and "'mnist': expected cifar10, cifar100, hub" in err
