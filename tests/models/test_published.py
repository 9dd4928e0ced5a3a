"""Published networks: the real loading code, fed from a file in torch's own cache."""

from __future__ import annotations

import threading
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from PIL import Image
from torchvision.models import get_model, get_model_weights
from torchvision.transforms.functional import pil_to_tensor

from invariance.__main__ import main
from invariance.models import (
    batch_size_at,
    download_published,
    empty_model,
    has_published,
    is_cached,
    published_facts,
    published_names,
)
from invariance.models.layer_features import layer_features
from invariance.models.outside import with_bias
from invariance.runs.execute import run_here
from invariance.runs.locate import fetch_published, task_of, weights_of
from invariance.runs.store import Store
from invariance.spec import DatasetSpec, SpecError, TransferSpec
from invariance.training.checkpoint import load_weights, save_weights
from invariance.training.evaluation import in_batches
from invariance.training.train_state import TrainState
from tests.pages.weights import fill_cache, nothing_here, random_network

NAME = "shufflenet_v2_x0_5"  # the smallest there is
REFERENCE = f"torchvision:{NAME}"


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> torch.nn.Module:
    """A network whose weights lie where a download would have put them."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = get_model(NAME, weights=None).eval()
    cache = tmp_path / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    torch.save(network.state_dict(), cache / Path(get_model_weights(NAME).DEFAULT.url).name)
    return network


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise URLError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)


def test_logits_are_those_of_the_published_pipeline(published: torch.nn.Module) -> None:
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    preset = get_model_weights(NAME).DEFAULT.transforms()
    model = download_published(REFERENCE)
    with torch.inference_mode():
        torch.testing.assert_close(model(images), published(preset(images)), atol=1e-4, rtol=1e-4)
        assert model.representation(images).shape == (2, 1024)
    assert model.class_names[0] == "tench" and len(set(model.class_names)) == 1000


def test_it_is_fetched_once_and_loads_like_any_other_network(published: torch.nn.Module) -> None:
    with pytest.raises(SpecError, match=f"{REFERENCE} is not here: get it with python -m invariance download"):
        weights_of(REFERENCE, None)
    path = fetch_published(REFERENCE)
    before = path.stat().st_mtime_ns
    assert fetch_published(REFERENCE) == path == weights_of(REFERENCE, None)
    assert path.stat().st_mtime_ns == before
    model = load_weights(path)
    assert (model.name, model.input_size, model.num_classes) == (REFERENCE, 224, 1000)
    assert torch.equal(model.head.weight, published.fc.weight)


def test_a_network_that_asks_for_versions_is_loaded_and_resumed(tmp_path: Path) -> None:
    # MNASNet refuses a state dictionary that does not say which version of torch's class wrote it.
    model = empty_model("torchvision:mnasnet0_5", 2).to_empty(device="cpu")
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.fill_(1)
    path = tmp_path / "weights.safetensors"
    save_weights(path, model, class_names=("a", "b"), spec=None)
    loaded = load_weights(path)
    assert all(bool((tensor == 1).all()) for tensor in loaded.state_dict().values())
    TrainState(model, learning_rate=0.1, directory=tmp_path, identity="a").save()
    other = TrainState(load_weights(path), learning_rate=0.1, directory=tmp_path, identity="a")
    assert other.resume()


@pytest.mark.slow
def test_a_task_is_learnt_on_top_of_it(published: torch.nn.Module, tmp_path: Path) -> None:
    fetch_published(REFERENCE)
    classes = ("noise-00", "noise-01")
    data = DatasetSpec(objects="noise", backgrounds="#000000", classes=classes, num_samples=24)
    spec = TransferSpec(source=REFERENCE, data=data, num_test_samples=24)
    run = run_here(spec, Store(tmp_path / "runs"), "cpu", lambda event: None)
    assert run.state == "done"
    assert run.metrics["transfer_accuracy"] == 1.0


def test_facts_are_those_of_the_network_and_known_without_it(offline: None) -> None:
    facts = published_facts(REFERENCE)
    with torch.device("meta"):
        network = get_model(NAME, weights=None)
    assert facts.num_parameters == sum(parameter.numel() for parameter in network.parameters())
    assert facts.num_bytes > 4 * facts.num_parameters
    assert facts.input_size == empty_model(REFERENCE, 2).input_size == 224
    assert published_facts("torchvision:resnet50").giga_macs == pytest.approx(4.09, abs=0.01)
    assert not is_cached(REFERENCE) and not has_published(REFERENCE)


def test_what_torch_has_is_told_apart_from_what_is_ready(published: torch.nn.Module) -> None:
    assert is_cached(REFERENCE) and not has_published(REFERENCE)
    fetch_published(REFERENCE)
    assert has_published(REFERENCE)


def test_large_images_go_through_in_smaller_batches() -> None:
    assert batch_size_at(None) == batch_size_at(32) == batch_size_at(64) == 512
    assert batch_size_at(224) == 41 and batch_size_at(600) == 5 and batch_size_at(100_000) == 1
    seen: list[int] = []
    model = empty_model(REFERENCE, 2).to_empty(device="cpu").eval()
    model.backbone.register_forward_hook(lambda module, args, output: seen.append(len(args[0])))
    features = in_batches(model.representation, torch.zeros(50, 3, 8, 8, dtype=torch.uint8))
    assert seen == [41, 9] and features.shape == (50, 1024)


def test_a_download_tells_how_much_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: torch.nn.Module
) -> None:
    whole = tmp_path / "torch" / "hub" / "checkpoints" / Path(get_model_weights(NAME).DEFAULT.url).name
    content = whole.read_bytes()
    whole.unlink()

    def come_slowly(url: str, path: str, *rest: object, **options: object) -> None:
        part = Path(f"{path}.0123.partial")
        part.write_bytes(content[: len(content) // 2])
        assert half.wait(20)
        part.rename(path)
        whole.write_bytes(content)

    half, told = threading.Event(), []

    def on_progress(done: int, total: int) -> None:
        told.append((done, total))
        if done == len(content) // 2:
            half.set()

    monkeypatch.setattr(torch.hub, "download_url_to_file", come_slowly)
    fetch_published(REFERENCE, on_progress)
    assert has_published(REFERENCE)
    assert (len(content) // 2, published_facts(REFERENCE).num_bytes) in told


def test_without_network_there_is_one_clear_line(offline: None) -> None:
    with pytest.raises(SpecError) as raised:
        fetch_published(REFERENCE)
    assert str(raised.value) == (
        f"{REFERENCE}: its weights cannot be downloaded from download.pytorch.org (no network); "
        "connect to the network and try again"
    )


@pytest.mark.parametrize("name", ["resnet18", "swin_t", "efficientnet_v2_l", "inception_v3", "maxvit_t", "vit_l_16"])
@pytest.mark.parametrize("side", [32, 224])
def test_a_picture_reaches_each_network_as_its_weights_say(name: str, side: int) -> None:
    bright = torch.randint(0, 256, (6, 6, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    picture = Image.fromarray(bright.numpy()).resize((side, side), Image.Resampling.NEAREST)  # with hard edges
    model = empty_model(f"torchvision:{name}", 2)
    model.backbone.network = torch.nn.Identity()
    seen = model.representation(pil_to_tensor(picture)[None] / 255)
    expected = get_model_weights(name).DEFAULT.transforms()(picture)[None]
    assert seen.shape == expected.shape
    is_off = (seen - expected).abs() > 1.2 / 255 / 0.224  # Pillow rounds to bytes,
    assert is_off.float().mean() < 0.005  # and cuts overshoots off between columns and rows too


@pytest.mark.parametrize("name", ["mnasnet0_5", "googlenet", "regnet_y_400mf"])
def test_networks_of_unusual_makes_come_and_load(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_here(tmp_path, monkeypatch)
    fill_cache(tmp_path, name)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = random_network(name)
    before = torch.random.get_rng_state()
    model = load_weights(fetch_published(f"torchvision:{name}"))
    assert torch.equal(torch.random.get_rng_state(), before), "nothing is drawn"
    images = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        features = layer_features(model, images)
        wanted = network(get_model_weights(name).DEFAULT.transforms()(images))
        torch.testing.assert_close(model(images), wanted, atol=1e-4, rtol=1e-3)
    assert 4 <= len(features) <= 8


def test_a_head_without_bias_gets_one_of_zero() -> None:
    layer = with_bias(torch.nn.Linear(3, 2, bias=False))
    assert torch.equal(layer.bias, torch.zeros(2)) and layer.bias.requires_grad
    assert "bias" not in dict(get_model_head("maxvit_t").named_parameters()), "the network that this is for"


def get_model_head(name: str) -> torch.nn.Module:
    with torch.device("meta"):
        return list(get_model(name, weights=None).modules())[-1]


def test_one_without_a_linear_last_layer_is_said_to_be_so() -> None:
    with pytest.raises(SpecError, match="no linear last layer, which is what a transfer replaces, in model 'torchv"):
        fetch_published("torchvision:squeezenet1_0")


@pytest.mark.parametrize("name", ["torchvision:resnet9", "torchvision:"])
def test_unknown_names_are_answered_with_a_choice(name: str) -> None:
    for function in (fetch_published, download_published, lambda name: empty_model(name, 3)):
        with pytest.raises(SpecError, match=f"unknown model '{name}': choose one of torchvision's classifiers"):
            function(name)


@pytest.mark.parametrize("name", ["resnet50", "vgg11_bn", "vit_b_16", "densenet121", "convnext_tiny", "swin_t"])
def test_networks_of_every_kind_give_up_their_last_layer(name: str) -> None:
    model = empty_model(f"torchvision:{name}", 7)
    with torch.device("meta"):
        assert model(torch.rand(1, 3, 224, 224)).shape == (1, 7)
        assert model.representation(torch.rand(1, 3, 224, 224)).shape == (1, model.num_features)


def test_all_that_are_listed_can_be_made() -> None:
    assert len(published_names()) > 50
    assert {"torchvision:resnet18", "torchvision:vit_b_16"} <= set(published_names())


def test_the_command_line_looks_at_it_on_the_other_network_s_task(
    published: torch.nn.Module, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch_published(REFERENCE)
    assert task_of([REFERENCE, "matched-transfer"], None) == task_of(["matched-transfer"], None)
    assert task_of([REFERENCE], None) == task_of(["none"], None)
    for line in (
        f"attribute --models {REFERENCE},matched-transfer --method grad-cam --out {tmp_path / 'maps'}",
        f"shapley --models {REFERENCE} --num 2 --num-references 1 --out {tmp_path / 'shares.csv'}",
    ):
        assert main([*line.split(), "--runs", str(tmp_path / "runs"), "--device", "cpu"]) == 0
        assert REFERENCE in capsys.readouterr().out
