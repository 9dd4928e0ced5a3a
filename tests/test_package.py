"""What is installed: the wheel's contents, that it works from an empty folder, and what extras bring."""

from __future__ import annotations

import ast
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from zipfile import ZipFile

import pytest

import invariance
from invariance.extras import EXTRA_OF
from tools.metadata import FILES, sections

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by the backend itself, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = f"import hatchling.build; print(hatchling.build.build_wheel({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=ROOT, capture_output=True, text=True, check=True)
    return folder / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel is installed."""
    folder = tmp_path_factory.mktemp("site")
    words = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(folder), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True)
    return folder


class Installed:
    """The installed command, called from an empty folder by a user with an empty home.

    Numba is hidden from it: to compile the kernels for a new user takes longer than all that is tested here.
    """

    def __init__(self, site: Path, folder: Path) -> None:
        self.folder, self.home = folder / "empty", folder / "home"
        self.folder.mkdir()
        self.home.mkdir()
        self.command = [sys.executable, str(site / "bin" / "invariance")]
        hidden = {"INVARIANCE_DATA", "INVARIANCE_RUNS"}
        self.environment = {name: value for name, value in os.environ.items() if name not in hidden}
        (self.home / "sitecustomize.py").write_text("import sys; sys.modules['numba'] = None")
        paths = os.pathsep.join((str(self.home), str(site)))
        self.environment |= {"PYTHONPATH": paths, "HOME": str(self.home), "PYTHONDONTWRITEBYTECODE": "1"}

    def __call__(self, words: str) -> str:
        done = subprocess.run(
            [*self.command, *words.split()],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def installed(site: Path, tmp_path: Path) -> Installed:
    return Installed(site, tmp_path)


def files(folder: str) -> set[str]:
    """All files of a folder of the project, by their path in it."""
    paths = [path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {path.as_posix() for path in paths if "__pycache__" not in path.parts}


@pytest.mark.slow
def test_the_wheel_has_one_package_with_all_that_it_needs(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(f"invariance_lab-{invariance.__version__}.dist-info/METADATA").decode()
    assert {name.split("/")[0] for name in names} == {
        "invariance",
        f"invariance_lab-{invariance.__version__}.dist-info",
    }
    beside = {f"invariance/_project/{name}" for part in ("pages", "benchmarks", "checkpoints") for name in files(part)}
    assert files("invariance") | beside <= names
    for name in (
        "invariance/py.typed",
        "invariance/data/builtin/LICENSE",
        "invariance/data/builtin/foregrounds/apple/view-0.webp",
        "invariance/studies/results/mismatch-quick/results.csv",
        "invariance/figures/report.css",
        "invariance/_project/app.py",
        "invariance/_project/.streamlit/config.toml",
        "invariance/_project/pages/shared/exports.js",
        "invariance/_project/static/favicon.png",
        "invariance/_project/static/transforms/hue.webp",
        "invariance/_project/checkpoints/manifest.json",
    ):
        assert name in names, name
    assert not [name for name in names if name.endswith((".pyc", ".min.js")) or "tests/" in name or "tools/" in name]
    assert "License-File: invariance/data/builtin/LICENSE" in metadata
    assert "Requires-Dist: captum<1,>=0.8; extra == 'attribution'" in metadata
    assert not re.search(r"Requires-Dist: (streamlit|plotly|captum|ray)\b[^;]*$", metadata, re.MULTILINE)


@pytest.mark.slow
def test_the_installed_command_works_from_an_empty_folder(installed: Installed, site: Path) -> None:
    before = sorted(site.rglob("*"))
    assert installed("--version").strip() == f"invariance {invariance.__version__}"
    listed = installed("gallery list")
    assert "matched-transfer" in listed and "DAMAGED" not in listed
    measured = json.loads(
        installed("measure --models none,rotate --transforms rotate --num-pairs 20 --out x.csv").splitlines()[-1]
    )
    assert measured["status"] == "done" and (installed.folder / "x.csv").is_file()
    options = "--num-rounds 1 --seconds 0.01 --num-memory 8 --num-threads 1 --device cpu --json"
    timed = json.loads(installed(f"bench data --transforms none {options}"))
    assert timed["rows"][0]["engine_to_loader"] > 0
    assert sorted(site.rglob("*")) == before, "nothing is written into the package"
    assert {path.name for path in installed.folder.iterdir()} == {"runs", "x.csv"}


@pytest.mark.slow
def test_the_installed_app_serves_its_own_files_to_this_machine(installed: Installed, site: Path) -> None:
    before = sorted(site.rglob("*"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*installed.command, "app", "--port", str(port), "--no-browser"]
    log = installed.home / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=installed.folder, env=installed.environment, stdout=output, stderr=output
        )
    try:
        icon = _read(f"http://127.0.0.1:{port}/app/static/favicon.png", process)
    finally:
        process.terminate()
        process.wait(30)
    assert icon == (ROOT / "static" / "favicon.png").read_bytes(), "only the shipped configuration serves static files"
    assert f"http://127.0.0.1:{port}" in log.read_text(), "and has it listen to this machine"
    (folder,) = (installed.home / ".cache" / "invariance" / "app").iterdir()
    assert (folder / "pages" / "start" / "page.py").is_file()
    assert sorted(site.rglob("*")) == before, "nothing is written into the package"


def _read(url: str, process: subprocess.Popen[bytes]) -> bytes:
    for _ in range(600):
        assert process.poll() is None, "the server has ended"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                content: bytes = answer.read()
                return content
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"no answer from {url}")


def test_importing_the_library_loads_no_torch_and_shows_its_names() -> None:
    code = (
        "import sys, invariance; assert not {'torch', 'numpy', 'pandas'} & set(sys.modules), 'loaded'; "
        "assert set(invariance.__all__) <= set(dir(invariance)); print(invariance.DatasetSpec().image_size); "
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "32\n", done.stderr


def test_public_names_are_those_that_type_checkers_see() -> None:
    tree = ast.parse(Path(invariance.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == invariance._MODULE_OF
    assert set(invariance.__all__) == {"__version__", *seen}
    for name in seen:
        assert getattr(invariance, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'transforms2d'"):
        _ = invariance.transforms2d


def test_each_package_of_an_extra_is_what_its_refusal_names() -> None:
    found = sections(line for name in FILES for line in (ROOT / name).read_text().splitlines())
    names = {re.match(r"[\w-]+", need)[0]: extra for extra, needs in found.items() for need in needs}
    assert {name: extra for name, extra in names.items() if extra} == EXTRA_OF
    assert {"torch", "torchvision", "numpy", "pandas", "safetensors", "pillow"} <= set(names), "the library's own"


def test_requirements_stand_under_their_heading() -> None:
    lines = ["# a comment", "-r other.txt", "torch>=2", "", "# [app]: the pages", "streamlit>=1 ; x == 'y'", "plotly"]
    assert sections(lines) == {"": ["torch>=2"], "app": ["streamlit>=1 ; x == 'y'", "plotly"]}
    with pytest.raises(AssertionError, match="app"):
        sections(["# [app]", "# [app]"])
