"""Networks from outside: fetched once, or kept by their contents."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torchvision.models import get_model

from invariance.__main__ import main
from invariance.library.networks import as_networks, network
from invariance.models import create_model, hf_networks
from invariance.runs.added import fetch_published, keep_file, outside_facts, outside_path
from invariance.runs.locate import (
    add_network,
    added_networks,
    load_network,
    run_id_of,
    run_ids_of,
    task_of,
    weights_of,
)
from invariance.runs.question import make_question
from invariance.runs.store import Store
from invariance.spec import DatasetSpec, QuestionSpec, SpecError, TransferSpec
from invariance.training.checkpoint import load_weights, save_weights
from tests.models.other_makers import transformers_module

HUE = Path(__file__).parents[2] / "checkpoints" / "hue.safetensors"
CODE = """
from torch import nn
from sizes import WIDTH

def network():
    trunk = nn.Sequential(nn.Conv2d(3, WIDTH, 3, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(trunk, nn.Linear(WIDTH, 2))

def fed():
    import invariance
    return invariance.network(network(), mean=0.5, std=0.25, input_size=16)

def nothing():
    return None

def wide():
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 48 * 48, 2))

def broken():
    raise ValueError("no such thing")
"""


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("INVARIANCE_RUNS", str(tmp_path / "runs"))
    return tmp_path / "data"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "sizes.py").write_text("WIDTH = 8\n")
    path = tmp_path / "mine.py"
    path.write_text(CODE)
    return path


def test_our_own_file_is_known_by_its_contents_wherever_it_lies(tmp_path: Path) -> None:
    reference = run_id_of(str(HUE), None)
    moved = shutil.copy(HUE, tmp_path / "elsewhere.safetensors")
    assert run_id_of(str(moved), None) == run_id_of(reference, None) == reference
    assert task_of([reference], None).transforms == ("hue",)
    assert weights_of(reference, None).read_bytes() == HUE.read_bytes()
    assert load_network(str(HUE)).name == "hue"
    weights_of(reference, None).write_bytes(b"something else")
    with pytest.raises(SpecError, match="was changed since it was kept as sha256:"):
        weights_of(reference, None)


def test_a_bare_state_dictionary_needs_its_architecture(tmp_path: Path) -> None:
    path, model = tmp_path / "bare.safetensors", create_model("small", 3, seed=0).eval()
    save_file({f"module.{name}": tensor.contiguous() for name, tensor in model.state_dict().items()}, path)
    with pytest.raises(SpecError, match="it says nothing of its network: add --arch NAME"):
        load_network(str(path))
    found, images = load_network(str(path), arch="small"), torch.rand(2, 3, 32, 32)
    assert torch.equal(found.representation(images), model.representation(images)) and found.num_classes == 3
    with pytest.raises(SpecError, match=r"not of torchvision:resnet18: it lacks 'conv1.weight' .* and has 'backbone"):
        load_network(str(path), arch="torchvision:resnet18")
    with pytest.raises(SpecError, match=r"it is not of small_vgg: it lacks .*; give the architecture that it is of"):
        load_network(str(path), arch="small_vgg")
    assert not list((tmp_path / "data" / "networks").glob("new-*"))


@pytest.mark.parametrize("arch", ["torchvision:shufflenet_v2_x0_5", "timm:test_resnet"])
def test_a_bare_state_dictionary_of_others_has_any_number_of_classes(tmp_path: Path, arch: str) -> None:
    maker, _, name = arch.partition(":")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if maker == "timm":
            timm = pytest.importorskip("timm")
            module = timm.create_model(name, num_classes=4).eval()
        else:
            module = get_model(name, num_classes=4).eval()
    path = tmp_path / "mine.safetensors"
    save_file(module.state_dict(), path)
    found = network(path, arch=arch)
    images = torch.rand(1, 3, found.input_size, found.input_size)
    own = ([0.5] * 3, [0.5] * 3) if maker == "timm" else ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    mean, std = torch.tensor(own)[:, :, None, None]
    fed = (images - mean) / std
    found.resize_size = found.input_size  # nothing cut off
    with torch.inference_mode():
        torch.testing.assert_close(found(images), module(fed), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ("arch", "last", "prefix"),
    [
        ("small", "head", "_orig_mod.module."),
        ("torchvision:shufflenet_v2_x0_5", "fc", "backbone."),
        ("timm:test_resnet", "fc", "model."),
    ],
)
def test_a_backbone_alone_in_half_precision_is_understood(tmp_path: Path, arch: str, last: str, prefix: str) -> None:
    maker, _, name = arch.rpartition(":")
    if maker == "timm":
        module: Any = pytest.importorskip("timm").create_model(name, num_classes=4)
    else:
        module = get_model(name, num_classes=4) if maker else create_model(name, 4, seed=0)
    trunk = {key: tensor for key, tensor in module.state_dict().items() if not key.startswith(f"{last}.")}
    tensors = {f"{prefix}{key}": tensor.half().contiguous() for key, tensor in trunk.items()}
    save_file(tensors, tmp_path / "trunk.safetensors")
    found = network(tmp_path / "trunk.safetensors", arch=arch)
    assert found.num_classes == 0
    sizes = {tensor.dtype for tensor in found.state_dict().values()}
    assert sizes <= {torch.float32, torch.int64}, "counters are whole numbers again"
    images = torch.rand(2, 3, 64, 64)
    assert found.representation(images).shape == (2, found.num_features)
    with pytest.raises(SpecError, match="has no last linear layer"):
        found.require_head("attribution")


def test_an_unknown_architecture_is_called_unknown(tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    save_file({"conv.weight": torch.zeros(1)}, path)
    for arch, near in [("resnet81", "resnet18"), ("torchvision:resnet181", "torchvision:resnet18")]:
        with pytest.raises(SpecError, match=rf"^arch = '{arch}': unknown architecture; choose .*{near}"):
            load_network(str(path), arch=arch)
    pytest.importorskip("timm")
    with pytest.raises(SpecError, match=r"unknown model 'timm:resnet181'.*timm:resnet18"):
        load_network(str(path), arch="timm:resnet181")


def test_an_architecture_is_refused_where_it_is_known(tmp_path: Path, code: Path) -> None:
    for reference in (str(HUE), "hue", "torchvision:resnet18", f"{code}:network"):
        with pytest.raises(SpecError, match=r"^arch = 'small': it is for a FILE.safetensors that says nothing"):
            network(reference, arch="small")
    bare = tmp_path / "bare.safetensors"
    save_file({name: one.contiguous() for name, one in create_model("small", 3, seed=0).state_dict().items()}, bare)
    assert len(set(run_ids_of(["hue", str(bare)], None, arch="small"))) == 2
    with pytest.raises(SpecError, match=r"^arch = 'small': .*, which is known of hue; leave it out$"):
        run_ids_of(["hue"], None, arch="small")
    # What is not read, or is not known at all, is said to be that.
    with pytest.raises(
        SpecError, match=r"^mine/net\.pt: pickled weights can run any code and are not read: save the state"
    ):
        run_ids_of(["hue", "mine/net.pt"], None, arch="small")
    for look in (lambda: run_ids_of(["nobody"], None, arch="small"), lambda: network("nobody", arch="small")):
        with pytest.raises(SpecError, match=r"^no run or gallery model 'nobody'"):
            look()


def test_a_question_says_what_to_do_with_a_bare_state_dictionary(tmp_path: Path) -> None:
    bare = tmp_path / "bare.safetensors"
    save_file({name: one.contiguous() for name, one in create_model("small", 3, seed=0).state_dict().items()}, bare)
    spec = QuestionSpec(sources=(str(bare), "none"), targets=("blur",))
    with pytest.raises(SpecError, match=r"is told no architecture: name FILE\.py:function, a function that") as refused:
        make_question(spec)
    assert "--arch" not in str(refused.value)


def test_a_function_whose_network_takes_one_size_alone_is_told_how_to_say_it(code: Path) -> None:
    said = r"^mine\.py:wide refuses images of 32 and 224 px .*make it invariance\.network\(module, input_size=SIDE\)"
    with pytest.raises(SpecError, match=said):
        network(f"{code}:wide")
    code.write_text(
        f"{CODE}\ndef said():\n    import invariance\n    return invariance.network(wide(), input_size=48)\n"
    )
    found = network(f"{code}:said")
    assert found.input_size == 48


def test_what_is_no_safetensors_file_is_said_so(tmp_path: Path) -> None:
    pickled = tmp_path / "mine.pth"
    torch.save({}, pickled)
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"\0" * 8)
    for text, said in (
        (str(pickled), "pickled weights can run any code"),
        (str(damaged), "it is not a readable safetensors file"),
        (str(tmp_path / "absent.safetensors"), "no weights at"),
        ("hf:nobody", "expected hf:OWNER/NAME"),
        ("hf:../../x", "expected hf:OWNER/NAME"),
        ("sha256:0123456789abcdef", "is not here any more: give its file again"),
        ("nobody", "give a gallery name, a run id"),
    ):
        with pytest.raises(SpecError, match=said) as raised:
            weights_of(run_id_of(text, None), None)
        assert "\n" not in str(raised.value)


def test_a_function_of_a_file_makes_the_same_network_each_time(code: Path, tmp_path: Path) -> None:
    text = f"{code}:network"
    with pytest.raises(SpecError, match="code is executed by the command line and by programs alone"):
        add_network(text, None)
    before = torch.random.get_rng_state()
    reference = run_id_of(text, None, code=True)
    assert run_id_of(text, None, code=True) == reference
    model = load_weights(weights_of(reference, None))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert model.num_features == 8 and model.num_classes == 2 and added_networks() == []
    code.write_text(CODE + "\n# changed\n")
    assert run_id_of(text, None, code=True) != reference
    load_weights(weights_of(reference, None))  # by the code that was kept
    fed = network(f"{code}:fed")
    assert fed.normalisation == "channels in [0, 1] less 0.5, 0.5, 0.5, over 0.25, 0.25, 0.25, at 16 px (bilinear)"
    for function, said in (
        ("nothing", "returns NoneType: expected a torch.nn.Module"),
        ("broken", r"fails \(ValueError: no such thing\)"),
        ("absent", "there is no function 'absent' in it"),
    ):
        with pytest.raises(SpecError, match=said):
            keep_file(f"{code}:{function}", code=True)


def test_a_network_of_transformers_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = transformers_module("ViT")
    folder = tmp_path / "snapshot"
    module.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps(
            {
                "image_processor_type": "ViTImageProcessor",
                "do_normalize": True,
                "image_mean": [0.5, 0.5, 0.5],
                "image_std": [0.25, 0.25, 0.25],
                "resample": 3,
                "size": {"height": 32, "width": 32},
            }
        )
    )
    asked: list[str] = []
    monkeypatch.setattr(hf_networks, "fetch", lambda repository: asked.append(repository) or folder)
    model = network("hf:owner/vit")
    images = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(model(images), module((images - 0.5) / 0.25).logits, atol=1e-5, rtol=1e-4)
        again = network("hf:owner/vit")
        assert torch.equal(again(images), model(images)) and asked == ["owner/vit"]
    assert model.class_names == tuple(f"LABEL_{n}" for n in range(7)) and model.interpolation == "bicubic"
    assert added_networks()[0][:2] == ("hf:owner/vit", "owner/vit")


def test_a_network_of_timm_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timm = pytest.importorskip("timm")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = timm.create_model("test_resnet.r160_in1k").eval()
    asked: list[str] = []

    def fetch(repository: str, *args: object, **options: object) -> dict[str, torch.Tensor]:
        asked.append(repository)
        return module.state_dict()

    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", fetch)
    with pytest.raises(
        SpecError, match=r"timm:test_resnet.r160_in1k is not here: get it with python -m invariance down"
    ):
        weights_of("timm:test_resnet", None)
    path = fetch_published("timm:test_resnet")
    assert path == fetch_published("timm:test_resnet") == outside_path("timm:test_resnet.r160_in1k") and len(asked) == 1
    model = load_weights(path)
    assert model.input_size == 160 and model.class_names[0] == "tench"
    images = torch.rand(1, 3, model.resize_size, model.resize_size)
    mean, std = (torch.tensor(numbers)[:, None, None] for numbers in (model.wrapping.mean, model.wrapping.std))
    start = (model.resize_size - 160) // 2
    fed = ((images - mean) / std)[..., start : start + 160, start : start + 160]
    with torch.inference_mode():
        torch.testing.assert_close(model(images), module(fed), atol=1e-4, rtol=1e-3)
    assert outside_facts("timm:test_resnet.r160_in1k").giga_macs == pytest.approx(0.1, abs=0.09)
    with pytest.raises(SpecError, match="timm has none of that name; such are timm:test_resnet"):
        run_id_of("timm:test_resnets", None)


def test_without_the_hub_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(repository: str) -> Path:
        raise OSError("no network")

    monkeypatch.setattr(hf_networks, "fetch", refuse)
    with pytest.raises(SpecError, match=r"hf:a/b: its weights cannot be had \(no network\); connect to the network"):
        fetch_published("hf:a/b")


def test_a_transfer_from_a_file_is_a_run_like_any_other(
    code: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    line = (
        f"transfer --from {code}:network --objects noise --backgrounds #000000 --classes noise-00,noise-01 "
        "--num-samples 24 --num-test-samples 24 --transforms none --device cpu"
    )
    assert main(line.split()) == 0
    said = json.loads(capsys.readouterr().out)
    store = Store(tmp_path / "runs")
    assert store.get(said["run"]).spec.source.startswith("sha256:")
    assert load_weights(weights_of(said["run"], store)).class_names == ("noise-00", "noise-01")
    table = tmp_path / "x.csv"
    line = f"measure --models {said['run']},{HUE} --transforms hue --num-pairs 8 --out {table} --device cpu"
    assert main(line.split()) == 0
    assert list(json.loads(capsys.readouterr().out)["normalisation"].values()) == [
        "channels from [0, 1] to [-1, 1], at any size"
    ]
    assert [row.split(",")[0] for row in table.read_text().splitlines()[1:]] == [said["run"], str(HUE)]
    assert TransferSpec(source=run_id_of(str(HUE), None), data=DatasetSpec(num_samples=2)).run_id


def test_networks_are_named(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    assert list(as_networks([module, module, "hue"])) == ["Sequential", "Sequential 2", "hue"]
    assert list(as_networks({"mine": module})) == ["mine"]
    with pytest.raises(SpecError, match="networks: there is none"):
        as_networks([])


def test_a_wrapped_module_is_saved_and_read_again(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    model = network(module, mean=0.5, std=0.5, name="mine")
    save_weights(tmp_path / "x.safetensors", model, class_names=model.class_names, spec=None)
    loaded, images = load_weights(tmp_path / "x.safetensors"), torch.rand(2, 3, 32, 32)
    assert torch.equal(loaded.representation(images), model.representation(images))
    assert load_file(tmp_path / "x.safetensors")["head.weight"].shape == (0, 4)
