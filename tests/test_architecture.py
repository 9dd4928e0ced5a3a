"""Imports point one way, and the core needs neither the app's packages nor the drawing's."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A package may import itself and what stands on an earlier level. Within a level nobody imports the other.
LEVELS = (
    {"files", "numbers", "progress", "resources", "vocabulary"},
    {"spec", "statistics"},
    {"events", "extras", "fits"},
    {"data"},
    {"models"},
    {"training"},
    {"measures", "attribution"},
    {"studies"},
    {"runs"},
    {"figures", "lessons"},
    {"commands", "library"},
    {"__main__"},
)
LEVEL_OF = {name: level for level, names in enumerate(LEVELS) for name in names}

MODULES = sorted((ROOT / "invariance").rglob("*.py"))
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """Dotted names of everything a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def package_of(path: Path) -> str:
    relative = path.relative_to(ROOT / "invariance")
    return relative.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    own = package_of(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "invariance" or len(parts) < 2 or own == "__init__":
            continue
        other = parts[1]
        assert other == own or LEVEL_OF[other] < LEVEL_OF[own], f"{own} imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_outside_package_has_its_place(path):
    own, names = package_of(path), {name.split(".")[0] for name in imported(path)}
    assert "streamlit" not in names
    assert "captum" not in names or own == "attribution"
    assert "plotly" not in names or own == "figures"
    assert "torch" not in names or own != "figures"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_do_not_compute(path):
    assert not {"torch", "torchvision", "captum"} & {name.split(".")[0] for name in imported(path)}


def test_core_imports_without_the_packages_of_the_app():
    code = (
        "import sys\n"
        "for name in ('streamlit', 'plotly', 'captum'): sys.modules[name] = None\n"
        "import invariance.data.engine, invariance.models, invariance.training.loop, invariance.training.transfer\n"
        "import invariance.measures.measure, invariance.studies.what_if, invariance.runs.manager, invariance.__main__\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
