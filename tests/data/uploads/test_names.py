"""Names of strangers: what is shown, and what a class and its folder are called."""

import pytest

from invariance.data.uploads.names import (
    MAX_CLASS_NAME,
    MAX_TITLE,
    class_name_of,
    display_title,
    guess_class_name,
    safe_class_name,
)
from invariance.spec import SpecError


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("mug 1.png", "mug 1.png"),
        ("../../x", "x"),
        ("C:\\Users\\me\\cup.jpg", "cup.jpg"),
        ("a\0b\tc\nd.png", "abcd.png"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\u2067x\u2069\u200f\u200b.png", "x.png"),
        ("e\u0301 cafe\u0301.jpg", "é café.jpg"),
        ("a" + "\u0335" * 500 + ".png", "a\u0335\u0335.png"),
        ("a\u2028\u00a0 b.png", "a b.png"),
        ("..", ".."),
        ("", "unnamed picture"),
        ("\0\u202e", "unnamed picture"),
        ("folder/", "unnamed picture"),
        ("CON", "CON"),
        ("**x** <b>", "**x** <b>"),
    ],
)
def test_title(name: str, title: str) -> None:
    assert display_title(name) == title


def test_a_long_title_keeps_its_start_and_its_end() -> None:
    title = display_title("x" * 5_000 + "-9.jpeg")
    assert len(title) <= MAX_TITLE
    assert title.startswith("xxx") and title.endswith("-9.jpeg") and "…" in title


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mug", "mug"),
        ("  Tea   pot ", "Tea pot"),
        ("../../etc", "etc"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("a/b\\c:d*e", "a b c d e"),
        ("Tasse_groß-2", "Tasse_groß-2"),
        ("コップ", "コップ"),
        ("कप हिंदी", "कप हिंदी"),
        ("CON", "CON-class"),
        ("lpt1", "lpt1-class"),
        ("<b>x</b>", "b x b"),
        ("a\0b", "a b"),
        ("y" * 5_000, "y" * MAX_CLASS_NAME),
    ],
)
def test_class_name_is_a_folder_name_everywhere(text: str, name: str) -> None:
    assert safe_class_name(text) == name
    assert safe_class_name(name) == name, "a safe name is safe already"


@pytest.mark.parametrize("text", ["", "  ", "///", "\0", "._-", "\u202e"])
def test_nothing_left_of_a_class_name(text: str) -> None:
    with pytest.raises(SpecError, match="expected letters"):
        safe_class_name(text)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("mug1.jpg", "mug"),
        ("Mug 2.JPG", "mug"),
        ("mug_red (3).png", "mug"),
        ("mug (2).png", "mug"),
        ("salt-shaker-1.png", "salt-shaker"),
        ("01_cup.png", "cup"),
        ("mug", "mug"),
        ("mug.backup.png", "mug"),
        ("20240101_123456.jpg", "object"),
        ("....", "object"),
        ("con.png", "con-class"),
        ("コップ3.webp", "コップ"),
    ],
)
def test_leading_word_of_a_file_name_is_its_class(title: str, name: str) -> None:
    assert guess_class_name(title) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("mug1.jpg", "mug"),
        ("all/mug/001.png", "mug"),
        ("all/salt shaker/red one.png", "salt shaker"),
        ("photos/set/mug/view-3.webp", "mug"),
        ("photos/mug1.png", "mug"),
        ("mug/001.png", "mug"),
        ("C:\\all\\mug\\001.png", "mug"),
        ("../../mug1.png", "mug"),
        ("all/??/cup.png", "cup"),
        ("a" * 9_000 + "/mug/001.png", "mug"),
        ("", "unnamed"),
    ],
)
def test_a_folder_in_a_folder_names_the_class(path: str, name: str) -> None:
    assert class_name_of(path) == name
