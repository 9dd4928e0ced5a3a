"""Tells the builder of the package what it needs: ``requirements.txt`` stays the one list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

FILES = ("requirements.txt", "requirements-networks.txt", "requirements-ray.txt")
_HEADING = re.compile(r"# \[(\w+)\]")


def sections(lines: Iterable[str]) -> dict[str, list[str]]:
    """Requirements by the heading in brackets that they stand under; under none, by the empty name."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in map(str.strip, lines):
        if heading := _HEADING.match(line):
            name = heading[1]
            assert name not in found, f"[{name}] is there twice"
            found[name] = []
        elif line and not line.startswith(("#", "-")):
            found[name].append(line)
    return found


class Requirements(MetadataHookInterface):
    """Fills in the dependencies and the extras, and one that has them all."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Changes the package's metadata in place."""
        root = Path(self.root)
        found = sections(line for name in FILES for line in (root / name).read_text(encoding="utf-8").splitlines())
        metadata["dependencies"] = found.pop("")
        metadata["optional-dependencies"] = {**found, "all": [one for needed in found.values() for one in needed]}
