"""The path of the Start page: every link opens a page that is set up as it says."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from invariance.runs.gallery import entries
from pages.start.lessons import LESSONS, Lesson

WIDGETS = {"new objects on pictures": "new-pictures", "Against magnitude": "magnitude"}
"""What a link shows of a choice, to the choice itself, where they differ."""


def test_the_start_page_links_to_every_lesson(app: AppTest) -> None:
    app.run()
    links = [link.proto for link in app.get("page_link")]
    shown = [(link.page, dict(parse_qsl(link.query_string))) for link in links]
    assert shown == [(lesson.page, lesson.view) for lesson in LESSONS]


@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.title for lesson in LESSONS])
def test_a_lesson_opens_the_view_that_it_names(app: AppTest, lesson: Lesson) -> None:
    app.run()
    for name, value in lesson.view.items():
        app.query_params[name] = value
    app.switch_page(f"pages/{lesson.page}/page.py").run()
    assert not app.exception and not app.error
    for name, value in lesson.view.items():
        assert app.session_state[name] == WIDGETS.get(value, value)
