"""The list of pages against the folders, and what happens to an app in which they differ."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pages.shared.navigation import PAGE_OF, PAGES, check_pages
from tests.pages.conftest import ROOT
from tests.pages.test_addresses import TITLES

OPEN = """
from streamlit.testing.v1 import AppTest
print([error.message for error in AppTest.from_file("app.py", default_timeout=60).run().exception])
"""


def write(root: Path, *files: str) -> None:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def test_every_page_is_declared_once_and_has_its_address() -> None:
    assert len(PAGE_OF) == len(PAGES)
    assert set(TITLES) <= {"", *PAGE_OF}, "an address that people have kept is gone"
    assert len({page.title for page in PAGES}) == len({page.symbol for page in PAGES}) == len(PAGES)


def test_what_belongs_to_no_page_is_not_taken_for_one(tmp_path: Path) -> None:
    write(tmp_path, "one/page.py", "one/part.py", "shared/links.py", "two/__pycache__/page.pyc", "notes.txt")
    check_pages(["one"], tmp_path)


def test_a_page_that_is_declared_but_not_there(tmp_path: Path) -> None:
    write(tmp_path, "one/page.py", "two/part.py")
    with pytest.raises(ImportError, match=r"page two, three: declared in .*, but has no page\.py"):
        check_pages(["one", "two", "three"], tmp_path)


def test_a_folder_that_is_not_declared(tmp_path: Path) -> None:
    write(tmp_path, "one/page.py", "four/page.py", "five/part.py")
    with pytest.raises(ImportError, match="folder pages/five, pages/four: not declared in"):
        check_pages(["one"], tmp_path)


def test_an_app_with_a_forgotten_page_does_not_start(tmp_path: Path) -> None:
    for name in ("app.py", "pages", "static", ".streamlit"):
        source = ROOT / name
        shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path / name)
    write(tmp_path, "pages/forgotten/page.py")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
    }  # the library; pages are those of the folder
    opened = subprocess.run(
        [sys.executable, "-c", OPEN], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    logged = opened.stdout + opened.stderr  # where rich is installed Streamlit prints with it
    assert "folder pages/forgotten: not declared in pages/shared/navigation.py" in logged
    assert "This app has encountered an error" in opened.stdout, "visitors see that, whoever runs it reads the log"
