"""The control that adds networks of others, and where what was added is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest

from invariance.models import create_model
from invariance.runs.locate import added_networks
from pages.shared import cache
from pages.shared.add_network import TURN
from pages.shared.serving import visitor
from tests.pages.tiny_gallery import write_gallery
from tests.pages.weights import nothing_here


@pytest.fixture(autouse=True)
def _gallery_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)
    nothing_here(tmp_path, monkeypatch)


def add(app: AppTest, name: str = "", *, file: Path | None = None, arch: str | None = None) -> AppTest:
    """Fills the control of the open page in, and presses its button."""
    turn = app.session_state[TURN]
    app.text_input(key=f"add_name_{turn}").set_value(name)
    if file is not None:
        app.file_uploader(key=f"add_file_{turn}").upload(file.name, file.read_bytes())
    if arch is not None:
        app.selectbox(key=f"add_arch_{turn}").set_value(arch)
    return app.button(key="add_go").click().run()


def page() -> None:
    from pages.shared.add_network import add_network_control
    from pages.shared.cache import known_models
    from pages.shared.networks import choose_pair

    choose_pair({name: model.label for name, model in known_models().items()}, ())
    add_network_control()


def errors(app: AppTest) -> list[str]:
    return [error.value.replace("\\", "") for error in app.error]


def test_a_state_dict_is_added_with_its_architecture_and_chosen(tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    model = create_model("small", 3, seed=1)
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, file)
    app = AppTest.from_function(page, default_timeout=60).run()
    assert "mine.safetensors: it says nothing of its network" in errors(add(app, file=file))[0]
    assert str(tmp_path) not in errors(app)[0] and not added_networks()
    add(app, file=file, arch="small")
    assert not app.exception and not app.error
    ((reference, name, _),) = added_networks()
    assert reference.startswith("sha256:") and name == "mine"
    added = cache.known_models()[reference]
    assert app.selectbox(key="left").value == reference == app.query_params["left"]
    assert added.label == f"file: mine ({reference[7:11]})" and added.is_published
    images = torch.zeros(2, 3, 16, 16)
    torch.testing.assert_close(added.model(images), model.eval()(images))
    assert app.text_input(key=f"add_name_{app.session_state[TURN]}").value == "", "the fields are empty again"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "no network: write its name"),
        ("checkpoints/hue.safetensors", "files of the server are not opened from here"),
        ("evil.py:network", "files of the server are not opened from here"),
        ("resnet1000", "no run or gallery model 'resnet1000'"),
        ("hf:nobody", "expected hf:OWNER/NAME"),
    ],
)
def test_what_cannot_be_added_is_said_in_one_line(name: str, said: str) -> None:
    app = AppTest.from_function(page, default_timeout=60).run()
    add(app, name)
    assert not app.exception and said in errors(app)[0] and "\n" not in errors(app)[0]
    assert not added_networks()


def test_a_gallery_name_is_chosen_and_a_broken_file_is_not_kept(tmp_path: Path) -> None:
    app = AppTest.from_function(page, default_timeout=60).run()
    add(app, "rotate")
    assert not app.exception and not app.error and app.selectbox(key="left").value == "rotate"
    (tmp_path / "broken.safetensors").write_bytes(b"no weights at all")
    add(app, file=tmp_path / "broken.safetensors")
    assert not app.exception and errors(app)[0].startswith("broken.safetensors: it is not a readable safetensors")
    assert not added_networks()


def test_in_a_class_the_teacher_alone_adds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVARIANCE_TEACHER", "chalk")
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception and not app.button
    monkeypatch.setattr(visitor, "is_teacher", lambda: True)
    assert [button.key for button in app.run().button] == ["add_go"]
