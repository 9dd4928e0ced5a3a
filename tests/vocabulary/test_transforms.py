"""The declarations, and what is derived from them."""

import subprocess
import sys
from pathlib import Path

import pytest

from invariance.vocabulary.transforms import (
    ALL_CATEGORIES,
    BEYOND_2D,
    CATEGORIES,
    FLAT_TRANSFORMS,
    KNOWN_TRANSFORMS,
    TRANSFORM_NAMES,
    TRANSFORMATIONS,
    Transformation,
)
from tests.endings import endings

ROOT = Path(__file__).parents[2]

PAPER = {
    "geometric": ("translate", "rotate", "scale", "v_flip", "h_flip", "shear"),
    "photometric": ("hue", "brightness", "grayscale", "posterize", "invert", "sharpen"),
    "corruption": ("blur", "noise", "pixelate", "elastic", "erasing", "contrast"),
}


def in_a_new_interpreter(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)


def test_the_paper_s_are_these_18_in_this_order() -> None:
    """Studies choose from them by number, so that one more would change what every seed picks."""
    assert CATEGORIES == PAPER
    assert tuple(name for names in PAPER.values() for name in names) == TRANSFORM_NAMES


def test_what_is_derived_covers_all_that_is_declared() -> None:
    assert sorted(name for names in ALL_CATEGORIES.values() for name in names) == sorted(KNOWN_TRANSFORMS)
    assert set(FLAT_TRANSFORMS) | set(BEYOND_2D) == set(KNOWN_TRANSFORMS)
    assert not set(FLAT_TRANSFORMS) & set(BEYOND_2D) and BEYOND_2D == ("pose", "occlude")
    assert set(TRANSFORM_NAMES) <= set(FLAT_TRANSFORMS)


@pytest.mark.parametrize("one", TRANSFORMATIONS.values(), ids=lambda one: one.name)
def test_a_declaration_speaks_in_full(one: Transformation) -> None:
    assert one.title and one.summary.endswith((".", ")")) and one.parameters
    assert [law.key for law in one.laws()] == [f"{one.name}.{parameter.name}" for parameter in one.parameters]
    assert all(law.title for law in one.laws())


def test_a_misspelt_category_ends_the_program() -> None:
    with pytest.raises(ImportError, match="transformation new: category 'colour', expected geometric, photometric"):
        Transformation(name="new", title="New", category="colour", stream=99, parameters=(), summary="New.")


@pytest.mark.parametrize("module", ["invariance.vocabulary.streams", "invariance.spec", "invariance.data.laws"])
def test_what_there_is_is_known_without_torch_numpy_and_pandas(module: str) -> None:
    code = f"import sys, {module}; print([name for name in ('torch', 'numpy', 'pandas') if name in sys.modules])"
    found = in_a_new_interpreter(code)
    assert found.stdout.strip() == "[]", found.stderr


FORGOTTEN = """
import invariance.vocabulary.transforms as vocabulary
declared = vocabulary.TRANSFORMATIONS
{change}
import invariance.data.transforms
"""
NEW = """
new = vocabulary.Transformation(
    name="wobble", title="Wobble", category="photometric", stream=99, parameters=(), summary="New."
)
declared["wobble"] = new
"""


def test_a_forgotten_kernel_or_declaration_ends_the_program() -> None:
    changes = {
        NEW: "transformation wobble: declared in invariance.vocabulary, but implemented nowhere",
        "del declared['hue']": "transformation hue: implemented, but not declared in invariance.vocabulary",
        "vocabulary.BEYOND_2D = ('pose', 'occlude', 'x')": "transformation with a second picture x: declared",
    }
    found = endings([FORGOTTEN.format(change=change) for change in changes])
    assert all(ending.startswith(said) for ending, said in zip(found, changes.values(), strict=True)), found
