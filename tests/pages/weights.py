"""Published networks for tests of pages: with random weights where torch's cache looks, and no network."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torchvision.models import get_model, get_model_weights

NAME = "shufflenet_v2_x0_5"  # the smallest there is
REFERENCE = f"torchvision:{NAME}"


def nothing_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights on this machine, and no network."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise URLError("no network")

    monkeypatch.setenv("TORCH_HOME", str(folder / "torch"))
    monkeypatch.setenv("INVARIANCE_DATA", str(folder / "data"))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)


def fill_cache(folder: Path, name: str = NAME) -> None:
    """Random weights of a network in the cache that :func:`nothing_here` has made the one that is looked at."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = random_network(name)
    cache = folder / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), cache / Path(get_model_weights(name).DEFAULT.url).name)


def random_network(name: str) -> torch.nn.Module:
    """A network as torchvision makes it for its published weights, in eval mode, with weights of torch's generator."""
    options = {"init_weights": True, "transform_input": True} if name in ("googlenet", "inception_v3") else {}
    network: torch.nn.Module = get_model(name, weights=None, **options).eval()
    return network
