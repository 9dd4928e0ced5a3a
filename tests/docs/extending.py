"""Carries out in a copy of the project what ``docs/extending.md`` tells to change."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "extending.md"
COPIED = ("app.py", "pages", "invariance", "pyproject.toml", ".streamlit")
SHARED = ("checkpoints", "static", "invariance/data/builtin", "invariance/studies/results")
"""What no change touches is not copied but linked to."""

# Above a block of code, for this test alone: what is done with it. Readers have the sentence above it.
_BLOCK = re.compile(
    r"<!-- (?P<place>new|imports of|end of|before|end of (?P<into>\w+) in|before (?P<name>\w+) in) (?P<file>\S+) -->\n"
    r"```python\n(?P<code>.*?)```",
    re.DOTALL,
)


@dataclass(frozen=True)
class Change:
    """Code that is put somewhere.

    Attributes:
        file: path in the project.
        code: lines, each with its end.
        place: ``new`` (file), ``imports of``, ``end of`` (a collection or the file) or ``before`` (what has a name).
        name: of the collection, or of what stands behind; empty for a whole file.
    """

    file: str
    code: str
    place: str
    name: str

    @property
    def is_declaration(self) -> bool:
        """Whether something is added to a list of what there is."""
        return self.file.startswith("invariance/vocabulary/") or self.file == "pages/shared/navigation.py"

    def apply(self, root: Path) -> None:
        """Changes the file below a folder."""
        path = root / self.file
        if self.place == "new":
            path.parent.mkdir(exist_ok=True)
            path.write_text(self.code, encoding="utf-8")
            return
        text = path.read_text(encoding="utf-8")
        match self.place, self.name:
            case "imports of", _:
                place = _start_of(r"(?:from (?!__future__)|import )", text)
                code = self.code
            case "end of", "":
                place, code = len(text), f"\n\n{self.code}"
            case "end of", name:
                begin = _start_of(rf"{name}\b.*[(\[{{]$", text)
                place = begin + _start_of(r"[)\]}]", text[begin:])
                code = re.sub(r"^(?=.)", "    ", self.code, flags=re.MULTILINE)
            case _, name:
                place, code = _start_of(rf"{name}\b", text), f"{self.code}\n\n"
        path.write_text(text[:place] + code + text[place:], encoding="utf-8")


def _start_of(pattern: str, text: str) -> int:
    """Where the first line begins that fits."""
    found = re.search(f"^{pattern}", text, re.MULTILINE)
    assert found is not None, pattern
    return found.start()


def changes(heading: str) -> list[Change]:
    """The changes of a section, in their order."""
    text = PAGE.read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    found = []
    for block in _BLOCK.finditer(section):
        place = " ".join(block["place"].split()[:2]) if block["name"] is None else "before"
        found.append(Change(block["file"], block["code"], place, block["into"] or block["name"] or ""))
    assert len(found) == section.count("```python"), f"{heading}: a block does not say where it goes"
    return found


def copy_project(target: Path) -> Path:
    """A copy of the project that can be changed, without what no change touches."""
    skipped = {str(ROOT / name) for name in SHARED}

    def ignore(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if os.path.join(folder, name) in skipped]

    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignore)
        else:
            shutil.copy2(source, target / name)
    for name in SHARED:
        (target / name).symlink_to(ROOT / name, target_is_directory=True)
    return target


def run(code: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Executes code in a copy, which it imports."""
    environment = {**os.environ, "INVARIANCE_RUNS": str(root / "runs"), "PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:invariance", "-c", code],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
