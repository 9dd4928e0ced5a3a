"""What is pushed arrives whole at a server that speaks as the Hub does, and what it refuses is one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from invariance.__main__ import main
from invariance.runs.gallery import entry
from invariance.runs.locate import load_network
from invariance.runs.push import push
from invariance.spec import SpecError
from invariance.training.checkpoint import weights_spec
from tests.runs.stand_in_hub import TOKEN, StandInHub, stand_in_hub

pytest.importorskip("huggingface_hub")
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # huggingface_hub's own use of httpx


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInHub]:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)  # the stand-in knows git's large files
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.chdir(tmp_path)
    with stand_in_hub() as server:
        yield server


def test_a_network_is_pushed_and_opens_again(
    hub: StandInHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["push", "ada/small-none", "--from", "none", "--private", "--endpoint", hub.address]
    for _ in range(2):  # the second time the repository is there
        assert main(words) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["url"] == f"{hub.address}/ada/small-none"
    files = hub.repositories["ada/small-none"]
    assert set(files) == {"model.safetensors", "README.md", "config.json"} and hub.private["ada/small-none"] is True
    assert answer["files"] == {name: len(content) for name, content in files.items()}
    (tmp_path / "model.safetensors").write_bytes(files["model.safetensors"])
    opened = load_network(str(tmp_path / "model.safetensors"))
    assert opened.class_names == entry("none").class_names
    assert weights_spec(tmp_path / "model.safetensors") == entry("none").spec


def test_refusals_are_one_line(hub: StandInHub, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"README.md": b"---\nlicense: mit\n---\n"}
    with pytest.raises(SpecError, match=r"other/x: http://127.* refused \(403\): the token may not write to other"):
        push(files, "other/x", endpoint=hub.address)
    with pytest.raises(SpecError, match="'small': expected OWNER/NAME"):
        push(files, "small", endpoint=hub.address)
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(SpecError, match=r"refused \(401\): the token is not accepted: set HF_TOKEN anew"):
        push(files, "ada/x", endpoint=hub.address)
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", "nowhere")
    with pytest.raises(SpecError, match="push needs a token that may write: set HF_TOKEN"):
        push(files, "ada/x", endpoint=hub.address)
    assert hub.repositories == {}


def test_a_server_that_is_not_there_is_named(hub: StandInHub) -> None:
    hub.server_close()
    with pytest.raises(SpecError, match=r"ada/x: http://127.* cannot be reached .*; connect to the network"):
        push({"README.md": b""}, "ada/x", endpoint=hub.address)
