"""The citation in what leaves the app is that of ``CITATION.cff``."""

from __future__ import annotations

from pathlib import Path

import pytest

import invariance
from invariance.vocabulary.citation import CITATION, PAPER_TITLE, PAPER_URL, PROJECT_TITLE


def test_it_is_that_of_the_file_for_tools() -> None:
    yaml = pytest.importorskip("yaml")
    found = yaml.safe_load((Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8"))
    (paper,) = found["references"]
    assert (found["title"], paper["title"], paper["url"]) == (PROJECT_TITLE, PAPER_TITLE, PAPER_URL)
    names = [f"{author['family-names']}, {author['given-names']}" for author in paper["authors"]]
    for text in (PROJECT_TITLE, PAPER_TITLE, PAPER_URL, " and ".join(names), paper["journal"], invariance.__version__):
        assert f"{{{text}}}" in CITATION
