"""What is declared has an implementation, and the reverse."""

import pytest

from invariance.vocabulary.attach import attach


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
