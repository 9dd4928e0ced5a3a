"""How often each study is repeated."""

from __future__ import annotations

import pytest

from invariance.spec import CATEGORIES
from invariance.studies.registry import DESIGNS
from invariance.studies.verdicts import SETTLED_SEEDS
from invariance.vocabulary.studies import STUDY_NAMES


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_quick_studies_have_two_whole_blocks_of_seeds(name: str) -> None:
    (block,) = {len(names) for names in CATEGORIES.values()}
    assert DESIGNS[name].scales["quick"].budget.seeds == tuple(range(2 * block))
    assert block >= SETTLED_SEEDS, "one block is enough for a verdict that is not preliminary"
