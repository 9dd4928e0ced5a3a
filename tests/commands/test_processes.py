"""The command line as a process: what it loads, signals, a closed pipe, terminals without an ellipsis, no home."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from invariance.commands.parser import program
from invariance.runs.store import Store
from tests.runs.tiny import wait_until

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
LONG = "pretrain --objects noise --backgrounds noise --classes noise-00,noise-01 --image-size 16 --num-samples 64"
MAIN = "import sys; from invariance.__main__ import main; sys.exit(main(sys.argv[1:]))"


def run(*words: str, code: str | None = None, **changes: str) -> subprocess.CompletedProcess[str]:
    start = ["-m", "invariance"] if code is None else ["-c", code]
    environment = {**ENVIRONMENT, **changes}
    return subprocess.run(
        [sys.executable, *start, *words], capture_output=True, text=True, env=environment, check=False, timeout=120
    )


def test_help_loads_nothing_that_computes() -> None:
    code = (
        "import sys, time\n"
        "from invariance.__main__ import parser\n"
        "def show(parser):\n"
        "    parser.format_help()\n"
        "    for action in parser._subparsers._group_actions if parser._subparsers else ():\n"
        "        for child in action.choices.values(): show(child)\n"
        "show(parser())\n"
        "heavy = {'torch', 'numpy', 'pandas', 'PIL', 'numba', 'sqlite3', 'tqdm'} & set(sys.modules)\n"
        "sys.exit(f'{heavy} {time.process_time():.2f} s' if heavy or time.process_time() > 1 else 0)\n"
    )
    done = run(code=code)
    assert done.returncode == 0, done.stderr


def test_a_training_loads_no_compiler_no_algebra_and_no_tables(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from invariance.__main__ import main\n"
        "ended = main(sys.argv[1:])\n"
        "unused = {'torch._dynamo', 'sympy', 'pandas'} & set(sys.modules)\n"
        "sys.exit(str(unused) if unused else ended)\n"
    )
    words = "--target hue --mismatch none --objects noise --backgrounds noise --num-classes 2 --epochs 1 --device cpu"
    small = "--samples-per-epoch 32 --batch-size 16 --num-transfer-samples 20"
    done = run("what-if", *words.split(), *small.split(), "--runs", str(tmp_path), code=code)
    assert done.returncode == 0, done.stderr


def test_version_is_printed_by_every_command() -> None:
    for words in (["--version"], ["runs", "list", "--version"]):
        done = run(*words)
        assert done.returncode == 0 and done.stdout.startswith("invariance ") and done.stderr == ""


def test_the_program_is_called_as_it_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("/usr/bin/invariance", "C:\\Scripts\\invariance.exe".replace("\\", "/")):
        monkeypatch.setattr(sys, "argv", [path, "pretrain"])
        assert program() == "invariance"
    monkeypatch.setattr(sys, "argv", ["/somewhere/invariance/__main__.py"])
    assert program() == "python -m invariance"


def test_ctrl_c_while_modules_are_loaded_ends_in_one_line() -> None:
    code = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'numpy': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    done = run("gallery", "list", code=code + MAIN)
    assert done.returncode == 130
    assert done.stderr == "python -m invariance: interrupted: ask for the same again to go on\n"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_a_training(stop: signal.Signals, tmp_path: Path) -> None:
    words = f"{LONG} --epochs 400 --batch-size 16 --num-test-samples 16 --runs {tmp_path} --device cpu".split()
    process = subprocess.Popen(
        [sys.executable, "-m", "invariance", *words], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
    )
    store = Store(tmp_path)
    wait_until(lambda: any((run.progress or {"step": 0})["step"] > 20 for run in store.list()))
    process.send_signal(stop)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 128 + stop
    assert err == "python -m invariance: interrupted: ask for the same again to go on\n"
    (left,) = store.list()
    assert left.state == "interrupted" and (store.directory(left.id) / "state.pt").is_file()
    store.close()


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    for words, codes in ((["pretrain", "--help"], (0, 141)), (["gallery", "list"], (141,))):  # argparse hears nothing
        reading, writing = os.pipe()
        os.close(reading)
        process = subprocess.Popen(
            [sys.executable, "-m", "invariance", *words], stdout=writing, stderr=subprocess.PIPE, env=ENVIRONMENT
        )
        os.close(writing)
        _, err = process.communicate(timeout=120)
        assert process.returncode in codes and err == b"", words


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes the stream")
@pytest.mark.parametrize("words", ["pretrain --help", "gallery list"])
def test_a_closed_output_is_no_mistake(words: str) -> None:
    line = f"{shlex.quote(sys.executable)} -m invariance {words} >&-"
    ended = subprocess.run(line, shell=True, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["ascii", "cp932"])
def test_a_terminal_without_the_letters_gets_help_and_errors(encoding: str) -> None:
    for words, code in ((["measure", "--help"], 0), (["pretrain", "--transforms", "é…ü"], 2)):
        done = subprocess.run(
            [sys.executable, "-m", "invariance", *words],
            capture_output=True,
            env={**ENVIRONMENT, "PYTHONIOENCODING": encoding},
            check=False,
            timeout=120,
        )
        assert done.returncode == code and b"Traceback" not in done.stderr, done.stderr
        assert done.stdout or done.stderr.count(b"\n") == 1


@pytest.mark.skipif(not hasattr(os, "setresuid") or os.getuid() != 0, reason="only root can be an unknown user")
def test_an_unknown_user_without_a_home_gets_errors_and_no_traceback(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "os.environ.pop('HOME', 0); os.setresuid(54321, 0, 0); os.chdir(os.environ['THERE'])\n"
        "from invariance.__main__ import main\n"
        "for line in sys.argv[1:]:\n"
        "    assert main(line.split()) == 2, line\n"
    )
    said = {
        "pretrain --objects cifar10": "cifar10 is not in",
        "pretrain --objects ~/pictures": "nobody knows the home folder",
        "measure --models torchvision:resnet18 --out x.csv": "torchvision:resnet18 is not here",
    }
    done = run(*said, code=code, THERE=str(tmp_path))
    lines = done.stderr.splitlines()
    assert done.returncode == 0 and len(lines) == len(said), done.stderr
    assert all(message in line for message, line in zip(said.values(), lines, strict=True)), done.stderr


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    """The largest file is made small, which a process can do to itself, and a mount is not."""
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
    )
    words = f"{LONG} --epochs 1 --num-test-samples 16 --runs {tmp_path} --device cpu".split()
    done = run(*words, code=code + MAIN)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
