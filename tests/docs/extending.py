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
NAVIGATION = "pages/shared/navigation.py"

# Above a block of code, for this test alone: what is done with it. Readers have the sentence above it.
_BLOCK = re.compile(
    r"<!-- (?P<place>new|end of|before|after)(?: (?P<name>\w+|`[^`]+`) in)? (?P<file>\S+) -->\n"
    r"```python\n(?P<code>.*?)```",
    re.DOTALL,
)


@dataclass(frozen=True)
class Change:
    """Code that is put somewhere.

    Attributes:
        file: path in the project.
        code: lines, each with its end.
        place: ``new`` (file), ``end of`` (a collection, or the file), ``before`` or ``after`` (a line).
        name: of the collection, or what is in the line; empty for a whole file.
    """

    file: str
    code: str
    place: str
    name: str

    @property
    def is_declaration(self) -> bool:
        """Whether something is added to a list of what there is."""
        return self.file.startswith("invariance/vocabulary/") or self.file == NAVIGATION

    def apply(self, root: Path) -> None:
        """Changes the file below a folder."""
        path = root / self.file
        if self.place == "new":
            path.parent.mkdir(exist_ok=True)
            path.write_text(self.code, encoding="utf-8")
            return
        text = path.read_text(encoding="utf-8")
        code, indent = self.code, ""
        match self.place, self.name:
            case "end of", "":
                place, code = len(text), f"\n\n{code}"
            case "end of", name:
                begin = _line(rf"^{name}\b.*[(\[{{]$", text).start()
                place, indent = begin + _line(r"^[)\]}]", text[begin:]).start(), "    "
                code = code.rstrip(",\n") + ",\n"
            case "before", name:
                place, code = _line(rf"^{name}\b", text).start(), f"{code}\n\n"
            case _, words:
                line = _line(rf"^( *).*{re.escape(words)}.*\n", text)
                place, indent = line.end(), line[1]
        code = re.sub(r"^(?=.)", indent, code, flags=re.MULTILINE)
        path.write_text(text[:place] + code + text[place:], encoding="utf-8")


def _line(pattern: str, text: str) -> re.Match[str]:
    """The first line that fits."""
    found = re.search(pattern, text, re.MULTILINE)
    assert found is not None, pattern
    return found


def changes(heading: str) -> list[Change]:
    """The changes of a section, in their order."""
    text = PAGE.read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    found = [
        Change(block["file"], block["code"], block["place"], (block["name"] or "").strip("`"))
        for block in _BLOCK.finditer(section)
    ]
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
