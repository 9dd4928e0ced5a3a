"""What tests of studies share."""

from __future__ import annotations

from pathlib import Path

import pytest

from invariance.models import published_path
from invariance.studies.transforms_vs_other_grid import PUBLISHED_NETWORKS


@pytest.fixture
def two_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files in the place of two published networks'; a study only looks whether they are there."""
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path))
    names = [PUBLISHED_NETWORKS[0], PUBLISHED_NETWORKS[3]]
    for name in names:
        published_path(name).parent.mkdir(exist_ok=True)
        published_path(name).touch()
    return names
