"""``app``: what it starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from invariance.__main__ import main
from invariance.commands import app

ROOT = Path(__file__).parents[2]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that Streamlit was started with."""
    found: list[list[str]] = []
    monkeypatch.setattr(app.runpy, "run_module", lambda name, **_: found.append([name, *sys.argv]))
    monkeypatch.setattr(sys, "argv", ["invariance"])
    monkeypatch.setenv("INVARIANCE_RUNS", "runs")
    return found


def test_a_clone_s_own_app_is_served_as_its_configuration_says(started: list[list[str]]) -> None:
    assert main(["app"]) == 0
    assert started == [["streamlit", "streamlit", "run", str(ROOT / "app.py")]]
    assert (ROOT / ".streamlit" / "config.toml").is_file(), "which Streamlit finds beside the script"


def test_what_is_given_goes_before_it(started: list[list[str]], tmp_path: Path) -> None:
    words = ["app", "--port", "9000", "--address", "0.0.0.0", "--no-browser", "--runs", str(tmp_path)]
    assert main(words) == 0
    assert started[0][4:] == ["--server.port=9000", "--server.address=0.0.0.0", "--server.headless=true"]
    assert os.environ["INVARIANCE_RUNS"] == str(tmp_path)


def test_a_class_s_server_listens_beyond_this_machine_and_has_a_teacher(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INVARIANCE_TEACHER", "")
    assert main(["app", "--class"]) == 0
    assert started[0][4:] == ["--server.address=0.0.0.0", "--server.headless=true"]
    made = os.environ["INVARIANCE_TEACHER"]
    said = capsys.readouterr().out
    assert len(made) == 12 and f"password {made} (made now)" in said and "whoever reaches it may use it" in said
    assert main(["app", "--class", "--address", "10.0.0.7"]) == 0 and "--server.address=10.0.0.7" in started[1]
    assert os.environ["INVARIANCE_TEACHER"] == made and made not in capsys.readouterr().out
    monkeypatch.setenv("INVARIANCE_MAX_MINUTES", "-1")
    assert main(["app", "--class"]) == 2 and len(started) == 2
    assert "INVARIANCE_MAX_MINUTES = '-1': expected a number above 0" in capsys.readouterr().err


def test_an_impossible_port_is_refused(started: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "--port", "70000"]) == 2 and not started
    assert "port = 70000: expected a whole number from 1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("INVARIANCE_DEVICE", "gpu", "INVARIANCE_DEVICE = 'gpu': expected auto, cpu, cuda or cuda:<number>"),
        ("INVARIANCE_DEVICE", "mps", "INVARIANCE_DEVICE = 'mps': an Apple GPU cannot train"),
        ("INVARIANCE_THREADS", "many", "INVARIANCE_THREADS = 'many': expected a whole number from 1"),
    ],
)
def test_what_the_environment_says_is_refused_before_the_server_starts(
    started: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    line: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["app"]) == 2 and not started
    assert line in capsys.readouterr().err


def test_an_installed_app_is_copied_once_and_anew_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[list[str]]
) -> None:
    source = tmp_path / "package"
    (source / "pages" / "start").mkdir(parents=True)
    (source / "app.py").write_text("first")
    (source / "pages" / "start" / "page.py").write_text("page")
    monkeypatch.setattr(app, "project_folder", lambda: source)
    monkeypatch.setattr(app, "is_installed", lambda: True)
    monkeypatch.setattr(app, "user_cache", lambda: tmp_path / "cache")
    assert main(["app"]) == main(["app"]) == 0
    (folder,) = (tmp_path / "cache" / "app").iterdir()
    assert started[0] == started[1] and started[0][3] == str(folder / "app.py")
    assert (folder / "pages" / "start" / "page.py").read_text() == "page"
    (source / "app.py").write_text("second")
    assert main(["app"]) == 0 and Path(started[2][3]).read_text() == "second"


def test_a_cache_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(app, "is_installed", lambda: True)
    monkeypatch.setattr(app, "user_cache", lambda: tmp_path / "file")
    assert main(["app"]) == 2 and not started
    err = capsys.readouterr().err
    assert "cannot be copied to the user's cache" in err and err.count("\n") == 1
