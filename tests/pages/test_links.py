"""Links that are old, cut short or made up: every page opens, and says what it could not use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from invariance.runs.store import Store
from pages.shared.links import quoted
from pages.shared.literal import literal
from tests.pages.test_invariance import finish_pretraining
from tests.pages.tiny_gallery import write_gallery

VIEWS: dict[str, tuple[dict[str, str], ...]] = {
    "start": ({}, {"guess": "No difference"}),
    "dataset": tuple({"view": name} for name in ("Samples", "Twins", "Magnitude", "Distribution", "Files and code")),
    "pictures": ({},),
    "train": ({},),
    "ask": ({"seeds": "7"},),
    "studies": ({}, {"results_of": "own"}),
    "runs": ({},),
    "invariance": ({}, {"view": "layers"}, {"view": "magnitude"}),
    "factors": ({},),
    "attribution": ({}, {"question": "evidence"}, {"question": "distance", "transform": "elastic"}),
    "own": ({}, {"transform": "noise"}),
}
"""Page to the links that show all of its controls."""

OTHERS = ("sources", "targets", "images", "models", "runs", "teacher", "own", "sample", "view", "question")
"""Names that links have had, with or without a control of that name."""

VALUES: dict[str, Any] = {
    "gone": "v_flip_of_old",
    "empty": "",
    "long": "x" * 5_000,
    "many digits": "9" * 5_000,
    "not ascii": "ü😀\u202eя\x00",
    "a list": ["rotate", "hue"],
    "commas": ",a,,b",
    "empty list": ["", ""],
    "negative": "-1",
    "infinite": "1e999",
    "not a number": "nan",
    "markdown": "**[x](http://x)** :red[y] $z$ <b>",
}
CASES = [
    pytest.param(page, view, number == 0, id=f"{page}-{'-'.join(view.values()) or 'plain'}")
    for page, views in VIEWS.items()
    for number, view in enumerate(views)
]
SHIFTS = (0, 3, 7)


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)


def keys_of(block: Any) -> list[str]:
    """Keys of all elements of a page, which are the names of those bound to the link."""
    keys = []
    for child in block.children.values():
        keys += [key] if (key := getattr(child, "key", None)) else []
        keys += keys_of(child) if hasattr(child, "children") else []
    return keys


def visit(app: AppTest, page: str, query: dict[str, Any]) -> AppTest:
    """Opens a page as a new visitor with a link would."""
    app.query_params.clear()
    app.switch_page("pages/start/page.py" if page != "start" else "pages/runs/page.py").run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(f"pages/{page}/page.py").run()


def said(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption, *app.error])


@pytest.mark.usefixtures("gallery")
@pytest.mark.parametrize(("page", "view", "is_first"), CASES)
def test_a_page_opens_with_whatever_a_link_says(app: AppTest, page: str, view: dict[str, str], is_first: bool) -> None:
    """Its first view with each value in all names; the others, which share most names, with all values in turn."""
    app.run()
    visit(app, page, view)
    assert not app.exception and not app.error
    names = [name for name in dict.fromkeys([*keys_of(app._tree), *OTHERS]) if name not in view]
    kinds, values = list(VALUES), list(VALUES.values())
    links = {what: dict.fromkeys(names, value) for what, value in VALUES.items()}
    if not is_first:
        links = {
            f"{kinds[shift]} first": {name: values[(number + shift) % len(values)] for number, name in enumerate(names)}
            for shift in SHIFTS
        }
    for what, link in links.items():
        visit(app, page, link | view)
        assert not app.exception, what
        assert app.title, what
        assert "x" * 100 not in said(app) and "9" * 100 not in said(app), "a long value fills the page"
        lines = [error.value for error in app.error]
        assert all(line.startswith("seed") or "is not known here" in line for line in lines), (what, lines)


@pytest.mark.usefixtures("gallery")
def test_a_network_that_is_not_here_is_named_until_another_is_chosen(app: AppTest) -> None:
    app.run()
    visit(app, "invariance", {"row": "sharpen", "column": "hue"})
    assert not app.exception and not app.error
    first = app.selectbox(key="row").value
    assert "Network: the link asks for “sharpen”, which is not here; **" in said(app)
    app.selectbox(key="column").set_value("rotate").run()
    assert "the link asks for" in said(app), "nothing about the row has changed"
    app.selectbox(key="row").set_value("rotate").run()
    assert "the link asks for" not in said(app) and app.selectbox(key="row").value != first
    visit(app, "invariance", {"row": "rotate"})
    assert "the link asks for" not in said(app)


@pytest.mark.usefixtures("gallery")
def test_links_with_titles_still_open(app: AppTest) -> None:
    app.run()
    visit(app, "invariance", {"column": "v flip", "view": "Layer by layer"})
    assert not app.exception and "the link asks for" not in said(app)
    assert app.selectbox(key="column").value == "v_flip" and app.session_state["view"] == "layers"
    visit(app, "invariance", {"shift": "new objects on noise"})
    assert not app.exception and app.selectbox(key="shift").value == "new-noise"


@pytest.mark.usefixtures("gallery")
@pytest.mark.parametrize("page", ["invariance", "factors", "attribution"])
def test_models_that_are_not_here_are_named(app: AppTest, page: str) -> None:
    app.run()
    visit(app, page, {"models": "none,0123456789abcdef"})
    assert not app.exception and "The link names networks that are not here: “0123456789abcdef”." in said(app)


@pytest.mark.usefixtures("gallery")
@pytest.mark.parametrize(("page", "other"), [("invariance", "factors"), ("factors", "invariance")])
def test_networks_of_one_s_own_stay_and_are_in_the_link(app: AppTest, store: Store, page: str, other: str) -> None:
    run_id = finish_pretraining(store)
    app.run()
    visit(app, page, {})
    assert app.multiselect(key="own").value == [] and "models" not in app.query_params
    app.multiselect(key="own").set_value([run_id]).run()
    assert not app.exception and app.query_params["models"] == run_id
    for elsewhere in (other, "runs"):
        app.query_params.clear()
        app.switch_page(f"pages/{elsewhere}/page.py").run()
        assert not app.exception
        assert elsewhere == "runs" or app.multiselect(key="own").value == [], "each page has its own rows"
        app.query_params.clear()
        app.switch_page(f"pages/{page}/page.py").run()
        assert app.multiselect(key="own").value == [run_id] and app.query_params["models"] == run_id
    app.multiselect(key="own").set_value([]).run()
    assert "models" not in app.query_params
    visit(app, "runs", {})
    app.switch_page(f"pages/{page}/page.py").run()
    assert app.multiselect(key="own").value == []


@pytest.mark.usefixtures("gallery")
def test_a_page_does_not_take_over_what_another_chose_under_the_same_name(app: AppTest) -> None:
    app.run()
    visit(app, "attribution", {})
    first = app.selectbox(key="left").value
    app.selectbox(key="left").set_value("rotate").run()
    for page, expected in (("own", first), ("attribution", "rotate")):
        app.query_params.clear()
        app.switch_page(f"pages/{page}/page.py").run()
        assert not app.exception and app.selectbox(key="left").value == expected


@pytest.mark.usefixtures("gallery")
def test_networks_of_a_link_that_are_not_here_stay_in_it_until_another_choice(app: AppTest, store: Store) -> None:
    run_id = finish_pretraining(store)
    app.run()
    visit(app, "invariance", {"models": f"gone,{run_id},none"})
    app.run()
    assert "not here: “gone”" in said(app) and app.query_params["models"] == f"{run_id},gone"
    app.multiselect(key="own").set_value([]).run()
    app.run()
    assert "not here" not in said(app) and "models" not in app.query_params


def test_runs_that_are_not_here_are_named(app: AppTest) -> None:
    app.run()
    visit(app, "train", {"runs": "gone,lost,away"})
    assert not app.exception
    assert [error.value for error in app.error] == [
        literal("run 'gone' is not known here, nor are 2 more of the link.")
    ]


def test_a_quoted_value_is_short_and_plain() -> None:
    assert quoted("v_flip") == "“v\\_flip”"
    assert quoted("x" * 41) == f"“{'x' * 40}…”"
    assert quoted("a\u202e\x00b") == "“a  b”"
