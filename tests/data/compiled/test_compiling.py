"""Whoever compiles a kernel, and whoever finds it compiled, gets the same bits."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="numba is not installed: there is nothing to compile with")

from invariance.data.compiled.kernels import compiling

ROOT = Path(__file__).parents[3]
RENDER = """
import hashlib
import torch
torch.set_num_threads(1)
from invariance.data.engine import Engine
from invariance.spec import DatasetSpec
for size, names in ((13, ("posterize", "elastic", "grayscale")), (45, ("elastic",)), (32, ("rotate", "noise"))):
    spec = DatasetSpec(objects="noise", image_size=size, strength=0.5, transforms=names, num_samples=None)
    engine = Engine(spec)
    images, _ = engine.render(engine.indices("test", 1000))
    print(hashlib.sha256(images.numpy().tobytes()).hexdigest())
"""


@pytest.mark.parametrize(("is_clone", "expected"), [(True, ROOT / "invariance"), (False, Path("home/.cache"))])
def test_an_installed_package_keeps_its_kernels_in_the_user_s_cache(
    is_clone: bool, expected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(compiling, "is_writable", lambda _: is_clone)
    assert compiling._compiled_folder.__wrapped__().is_relative_to(tmp_path / expected)


def test_a_kernel_that_was_just_compiled_and_one_that_was_loaded_make_the_same_bits(tmp_path: Path) -> None:
    """In a copy of the package, beside which nothing has been compiled yet."""
    shutil.copytree(ROOT / "invariance", tmp_path / "invariance", ignore=shutil.ignore_patterns("__pycache__"))

    def render() -> str:
        done = subprocess.run(
            [sys.executable, "-c", RENDER],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    compiled = render()
    assert list((tmp_path / "invariance/data/compiled/kernels").rglob("*.nbc")), "the first process kept them"
    assert compiled == render() and len(compiled.split()) == 3
