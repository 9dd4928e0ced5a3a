"""What is declared has an implementation, and the reverse."""

import pytest

from invariance.vocabulary.attach import attach, by_name
from invariance.vocabulary.objectives import ObjectiveFacts


def test_implementations_come_in_the_order_of_their_declarations():
    assert list(attach("thing", ("b", "a"), {"a": 1, "b": 2}).items()) == [("b", 2), ("a", 1)]


@pytest.mark.parametrize(
    ("declared", "implemented", "said"),
    [
        (("a", "b"), ("a",), "thing b: declared in invariance.vocabulary, but implemented nowhere"),
        (("a",), ("a", "b"), "thing b: implemented, but not declared in invariance.vocabulary"),
        (("a", "a"), ("a",), "thing a: declared more than once"),
    ],
)
def test_what_was_forgotten_fails_at_once(declared, implemented, said):
    with pytest.raises(ImportError, match=said):
        attach("thing", declared, dict.fromkeys(implemented))


def test_a_name_that_is_declared_twice_fails_at_once():
    declarations = [ObjectiveFacts(name=name, title="", summary="") for name in ("a", "b", "a")]
    assert by_name("thing", *declarations[:2]) == {"a": declarations[0], "b": declarations[1]}
    with pytest.raises(ImportError, match="thing a: declared more than once"):
        by_name("thing", *declarations)
