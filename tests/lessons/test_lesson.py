"""A lesson's file: what ships can be read, and what is wrong with one of a lecturer's is said in one line."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from invariance.lessons import answer_of, lessons
from invariance.lessons.lesson import FOLDER_VARIABLE, SHIPPED
from invariance.spec import SpecError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lecturer's folder, which has a copy of the third lesson."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    (third,) = SHIPPED.glob("3-*.toml")
    (tmp_path / "b.toml").write_text(third.read_text())
    return tmp_path


def test_the_files_are_the_lessons_in_the_order_of_their_names() -> None:
    assert [lesson.name for lesson in lessons()] == sorted(path.stem for path in SHIPPED.glob("*.toml"))
    assert len(lessons()) == 8


def test_each_has_a_picture_of_its_own() -> None:
    pictures = [lesson.picture for lesson in lessons()]
    assert sorted(pictures) == sorted(path.stem for path in (ROOT / "static" / "lessons").glob("*.webp"))


def test_a_folder_of_a_lecturer_takes_their_place(own: Path) -> None:
    (first,) = SHIPPED.glob("1-*.toml")
    (own / "a.toml").write_text(first.read_text())
    assert [lesson.title for lesson in lessons()] == [
        "Same to you, not to a network",
        "The right variation, or more data?",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("question =", "question", "Expected '='"),
        ("question =", "qestion =", "unexpected keyword argument 'qestion'"),
        ("[[series]]", "[[sereis]]", "no series"),
        ('input = "curve"', 'input = "slider"', "input = 'slider': expected bars or curve"),
        ('input = "curve"', 'input = "choice"', "options = []"),
        ("range = [0, 1]", "range = [1, 0]", "range = [1, 0]"),
        ('titles = ["50",', 'titles = ["40", "50",', "one for each of 4 values"),
    ],
)
def test_what_is_wrong_is_said_with_the_file_in_one_line(own: Path, old: str, new: str, said: str) -> None:
    text = (own / "b.toml").read_text()
    assert old in text
    (own / "b.toml").write_text(text.replace(old, new))
    with pytest.raises(SpecError, match=r"^lesson b\.toml: ") as caught:
        lessons()
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_the_lesson_of_the_documentation_is_one(own: Path) -> None:
    text = (ROOT / "docs" / "lecturers.md").read_text()
    block = text[text.index('    title = "The training') : text.index("Sentences are templates")]
    (own / "b.toml").write_text(textwrap.dedent(block))
    (lesson,) = lessons()
    answer = answer_of(lesson)
    assert all(map(answer.holds, lesson.holds)) and answer.outcome.startswith("Hue: 0.") and "0." in answer.caution


def test_an_empty_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "nothing"))
    with pytest.raises(SpecError, match=r"a folder with lessons: one \.toml file each"):
        lessons()
