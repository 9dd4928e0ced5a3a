"""The made pages are what the records and the vocabulary say today."""

import pytest

from tools.docs import records
from tools.docs.pages import DOCS, PAGES
from tools.docs.records import ROOT
from tools.docs.regions import REGIONS, with_region


@pytest.mark.parametrize("name", PAGES)
def test_page_is_what_is_made(name):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "make it again: python -m tools.docs"


@pytest.mark.parametrize("path", REGIONS, ids=lambda path: path.stem)
def test_made_part_is_what_is_made(path):
    assert path.read_text(encoding="utf-8") == with_region(path), "make it again: python -m tools.docs"


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks" / "results").glob("*.json")), ids=lambda path: path.stem)
def test_each_record_says_where_it_comes_from(path):
    found = records.record(path.stem)
    assert found["command"].startswith("python -m ")
    assert found["hardware"]
    assert len(found["date"].split("-")) == 3


def test_ratios_of_the_engine_follow_from_its_rows():
    """The means of the table are those of its rows, up to the digits that were kept."""
    found = records.record("data-engine")
    for column, mean in found["geometric_means"].items():
        ratios = [row[column] for row in found["rows"] if row[column] is not None]
        product = 1.0
        for ratio in ratios:
            product *= ratio ** (1 / len(ratios))
        assert product == pytest.approx(mean, rel=0.02)
