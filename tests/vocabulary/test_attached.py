"""What is declared and made nowhere, or the reverse, ends the program when it starts, whatever kind of thing it is."""

import runpy
from pathlib import Path

import pytest

from invariance.vocabulary import architectures, attribution, measures, methods, objectives, studies

ROOT = Path(__file__).parents[2] / "invariance"
KINDS = [
    ("models/registry.py", architectures, "ARCHITECTURES"),
    ("training/objectives.py", objectives, "OBJECTIVES"),
    ("measures/representation.py", measures, "FORMULAS"),
    ("measures/measure.py", measures, "MEASUREMENTS"),
    ("attribution/methods.py", methods, "METHODS"),
    ("attribution/score_set.py", attribution, "MASK_SCORES"),
    ("studies/registry.py", studies, "STUDY_NAMES"),
]


@pytest.mark.parametrize(("path", "module", "name"), KINDS, ids=[name for _, _, name in KINDS])
def test_one_that_was_forgotten_is_named(path, module, name, monkeypatch):
    declared = getattr(module, name)
    last = list(declared)[-1]
    runpy.run_path(ROOT / path)
    is_tuple = isinstance(declared, tuple)
    monkeypatch.setattr(module, name, (*declared, "ghost") if is_tuple else {**declared, "ghost": declared[last]})
    with pytest.raises(ImportError, match=r"ghost: declared in invariance\.vocabulary, but implemented nowhere"):
        runpy.run_path(ROOT / path)
    kept = {one: declared[one] for one in declared if one != last} if not is_tuple else declared[:-1]
    monkeypatch.setattr(module, name, kept)
    with pytest.raises((ImportError, KeyError), match=last):  # an objective already asks for its own declaration
        runpy.run_path(ROOT / path)
