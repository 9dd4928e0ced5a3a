"""What a source's transformations are called beside its target's."""

import pytest

from invariance.studies.relations import RELATIONS, relation

TARGET = ("rotate", "hue", "erasing")


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (("hue", "erasing", "rotate"), TARGET, "same"),
        ((), (), "same"),
        ((*TARGET, "blur"), TARGET, "superset"),
        (("blur",), (), "superset"),
        (("rotate", "hue"), TARGET, "subset"),
        (("rotate", "blur"), TARGET, "overlapping"),
        (("scale", "blur"), TARGET, "disjoint"),
        ((), TARGET, "none"),
    ],
)
def test_each_relation_by_its_name(source: tuple[str, ...], target: tuple[str, ...], expected: str) -> None:
    assert relation(source, target) == expected
    assert expected in RELATIONS
