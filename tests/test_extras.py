"""Without the packages of the extras the library works, and says in one line what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from invariance.__main__ import main
from invariance.extras import EXTRA_OF, has, require_extra
from invariance.spec import SpecError

ROOT = Path(__file__).parents[1]
DOING_WITHOUT = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
sys.modules.update(dict.fromkeys({tuple(EXTRA_OF)!r}))
import torch, invariance, invariance.commands.study, invariance.runs.manager, invariance.measures.transform_table
from invariance.figures.study_notebook import write_notebook
from invariance.studies.registry import make_study
write_notebook(make_study("mismatch"), Path("."))
image, label = invariance.Transforms2D(("rotate",), num_samples=4)[3]
print(tuple(image.shape), image.dtype)
"""


@pytest.mark.parametrize("package", EXTRA_OF)
def test_a_package_that_is_absent_is_refused_with_its_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert not has(package)
    with pytest.raises(SpecError) as refused:
        require_extra(package, "this")
    assert str(refused.value) == (
        f'this needs {package}, which is not installed: pip install "invariance-lab[{EXTRA_OF[package]}]"'
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("attribute --models none --out maps", 'attribute needs captum, which is not installed: pip install "inv'),
        ("attribute --models none,hue --question distance --way cross-fade --out maps", "attribute needs captum"),
        ("app", 'the app needs streamlit, which is not installed: pip install "invariance-lab[app]"'),
        ("download hub", 'needs huggingface_hub, which is not installed: pip install "invariance-lab[hub]"'),
        ("download timm:resnet18", 'timm, which is not installed: pip install "invariance-lab[networks]"'),
        ("measure --models hf:a/b --out x.csv", 'hf:a/b needs transformers, which is not installed: pip install "inv'),
        ("study mismatch --executor ray --out m", 'ray, which is not installed: pip install "invariance-lab[cluster]"'),
    ],
)
def test_a_command_says_in_one_line_what_it_needs(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for package in EXTRA_OF:
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("INVARIANCE_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1
    assert not (tmp_path / "maps").exists() and not (tmp_path / "data").exists()


def test_the_library_and_a_study_s_notebook_do_without(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DOING_WITHOUT], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "(3, 32, 32) torch.uint8\n", done.stderr
    assert (tmp_path / "notebook.ipynb").is_file()
