"""Links that people have kept: each opens the page that it opened before, set up as it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from invariance.vocabulary.terms import terms_in
from tests.pages.tiny_gallery import write_gallery

TITLES = {
    "": "Which invariances does a network learn?",
    "dataset": "Data set",
    "pictures": "My pictures",
    "train": "Pretrain and transfer",
    "ask": "Ask",
    "studies": "Studies",
    "runs": "Runs",
    "invariance": "Invariance",
    "factors": "Factors",
    "attribution": "Attribution",
    "own": "Try a picture",
}
"""Addresses, and what is at the top of the page there."""

LINKS = (
    "/",
    "/dataset?transforms_geometric=scale&transforms_photometric=hue&transforms_photometric=invert&strength=0.5&seed=7",
    "/dataset?view=Magnitude&magnitude_of=scale&object=3",
    "/dataset?view=Twins&objects_source=noise&backgrounds_source=colour&backgrounds_colour=%23336699&prototypes=2",
    "/dataset?view=Files+and+code&file=Arrays+(NPZ)&split=test&images_npz=100&resampling=nearest",
    "/dataset?stickers=builtin&sticker_place=anywhere&sticker_correlation=0.5&label=sticker&first=32&sample=40",
    "/pictures",
    "/train?matched=false&pretrain_geometric=scale&rival=false&budget=Standard&seed=3&method=fine-tune",
    "/train?published=true&model=resnet18&objective=simclr&epochs_Quick=2&samples_Quick=640",
    "/train?suggested=false&competitor_corruption=blur&objects_source=noise&classes=4&rate=0.001&batch=64",
    "/studies?study=relevant-features",
    "/studies?study=invariance-transfer&results_of=own&scale=standard&seeds=7,8",
    "/runs",
    "/ask?budget=Long&objects_source=noise&classes=4",
    "/invariance?row=rotate&column=rotate",
    "/invariance?row=matched&column=scale&view=magnitude&groups=geometric&untrained=false",
    "/factors?first=none&second=matched&factor=class&cells=verdict",
    "/attribution?question=class&method=grad-cam&explain=true&anew=head",
    "/attribution?question=evidence&left=none&right=rotate&image=3&with_sticker=true&worth=logit&reference=mean",
    "/attribution?question=distance&transform=hue&way=cross-fade&object=noise-11",
    "/own?example=bee",
    "/own?transform=hue&map=class&ground=colour&ground_colour=%23102030&left=rotate&right=none",
)
"""Of earlier versions, with what their pages put into the browser's address."""


LABELLED = ("button_group", "color_picker", "metric", "multiselect", "number_input", "radio", "selectbox", "slider")
LABELLED += ("checkbox", "select_slider", "text_input")


def unexplained(app: AppTest) -> list[str]:
    """Labels of controls, numbers and columns that have a term of the glossary, without a word on what it means."""
    labelled = [(one.proto.label, one.proto.help) for kind in LABELLED for one in app.get(kind)]
    for table in app.dataframe:
        config = json.loads(table.proto.columns or "{}")
        labelled += [(str(name), config.get(str(name), {}).get("help", "")) for name in table.value.columns]
    return [label for label, help in labelled if terms_in(label) and not help]


def as_in_link(value: Any) -> list[str]:
    """A widget's value as a link says it."""
    values = value if isinstance(value, list | tuple) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]


@pytest.mark.parametrize("link", LINKS)
def test_a_kept_link_opens_what_it_opened_before(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)
    address = urlsplit(link).path.strip("/")
    query = parse_qs(urlsplit(link).query)
    if address:  # a session begins on the start page, of which nothing is asked here
        app.run()
    for name, values in query.items():
        app.query_params[name] = values
    (app.switch_page(f"pages/{address}/page.py") if address else app).run()
    assert not app.exception and not app.error
    assert app.title[0].value == TITLES[address]
    assert not any("the link asks for" in caption.value for caption in app.caption)
    assert unexplained(app) == []
    assert {name: as_in_link(app.session_state[name]) for name in query} == query
