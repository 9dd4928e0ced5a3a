"""The glossary can be read by people, and speaks of what there is."""

import re

from invariance.vocabulary.measures import MEASURES
from invariance.vocabulary.methods import METHODS
from invariance.vocabulary.terms import TERMS, terms_in


def test_a_definition_is_one_or_two_sentences_that_end():
    for term in TERMS.values():
        assert term.definition[0].isupper() and term.definition.endswith("."), term.name
        sentences = [part for part in re.split(r"(?<=[.:;])\s", term.definition) if part.endswith(".")]
        assert 1 <= len(sentences) <= 2, term.name


def test_every_source_says_where_to_find_it():
    for term in TERMS.values():
        assert not term.source or re.search(r"arXiv \d{4}\.\d{4,5}|\d{4}", term.source), term.name


def test_what_is_shown_most_has_its_term():
    names = {name.lower() for name in TERMS}
    titles = {measure.title.lower().removesuffix(" distance") for measure in MEASURES.values()}
    assert titles <= names
    assert METHODS["integrated-gradients"].title.lower() in names


def test_terms_are_found_in_labels_the_longest_first_and_as_whole_words():
    def found(label):
        return [term.name for term in terms_in(label)]

    assert found("Conditional sens-score of twins, and a sens-score") == [
        "conditional sens-score",
        "twins",
        "sens-score",
    ]
    assert found("Studies and verdicts") == ["study", "verdict"] and found("CKA") == ["CKA"]
    assert found("It overran the pretraining's headroom") == ["pretraining"]
