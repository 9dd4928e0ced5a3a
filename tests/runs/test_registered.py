"""Runs with what a user's module registers: in a child process, on a machine of a cluster, from the command line."""

from __future__ import annotations

import importlib
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from invariance.__main__ import main
from invariance.models import create_model
from invariance.models.registering import register_architecture
from invariance.runs.execute import execute
from invariance.runs.executors.executor import Job
from invariance.runs.executors.local import LocalExecutor
from invariance.runs.executors.remote import perform
from invariance.runs.store import Store
from invariance.spec import PretrainSpec, SpecError, canonical_json
from invariance.training.checkpoint import load_weights
from invariance.vocabulary.architectures import ARCHITECTURES
from tests.registered import module_of
from tests.runs.tiny import tiny_pretrain


def run_with_both() -> PretrainSpec:
    return tiny_pretrain(data=replace(tiny_pretrain().data, transforms=("swirl", "hue")), model="tiny")


def test_workers_import_the_module_and_make_the_same_weights(tmp_path: Path) -> None:
    """A child process, and a cluster's worker, to which only the JSON of the run goes."""
    with module_of(tmp_path) as name:
        importlib.import_module(name)
        spec = run_with_both()
        job = Job(run_id=spec.run_id, spec=canonical_json(spec), directory=tmp_path)
        with closing(LocalExecutor(tmp_path / "worker.log", ["cpu"])) as executor:
            (last,) = executor.submit(execute, [job]).result(timeout=180)
        assert last["type"] == "done", last
        here = load_weights(tmp_path / "weights.safetensors")
        first = create_model("tiny", 2, seed=0)
        assert here.name == "tiny" and list(here.layers) == ["convolution", "representation"]
        assert not first.backbone.shift.equal(here.backbone.shift), "it has learnt"
    with module_of(tmp_path):  # on the path, and not imported
        keep = {"device": "cpu", "num_threads": 1, "mirror_every_s": 60.0}
        (again,) = perform(execute, [job], {}, {}, lambda *_: True, **keep)
    assert again["result"]["sha256"] == last["result"]["sha256"]
    with pytest.raises(SpecError, match=r"unknown model 'tiny'.*import the module that registers it"):
        load_weights(tmp_path / "weights.safetensors")


def test_the_command_line_imports_it_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small = "--classes noise-00,noise-01 --objects noise --backgrounds noise --image-size 16 --device cpu --runs R"
    asked = f"--transforms swirl --model tiny --num-samples 64 --num-test-samples 16 --epochs 1 {small}"
    with module_of(tmp_path) as name:
        assert main(f"pretrain --import {name} {asked}".split()) == 0
        run = json.loads(capsys.readouterr().out)
        measured = f"measure --models {run['run']} --num-pairs 8 --out s.csv --device cpu --runs R --transforms"
        assert run["status"] == "done" and main(f"{measured} swirl,hue".split()) == 0
        assert [row.split(",")[1] for row in Path("s.csv").read_text().splitlines()] == ["transform", "swirl", "hue"]
        capsys.readouterr()
    with pytest.raises(SystemExit):
        main(f"pretrain {asked}".split())
    assert "unknown transformation 'swirl'" in capsys.readouterr().err
    told = f"transform 'swirl' (version 1) is registered by module {name}: import it, or set --import {name}"
    assert main(f"{measured} hue".split()) == 2 and told in capsys.readouterr().err
    monkeypatch.setenv("INVARIANCE_IMPORT", "nothing_of_this_name")
    assert main(["runs", "list", "--runs", "R"]) == 2
    assert "module nothing_of_this_name cannot be imported (ModuleNotFoundError" in capsys.readouterr().err
    assert main(["runs", "--import", "../x", "list"]) == 2
    Store(tmp_path / "R").close()


def test_first_weights_follow_from_the_seed_and_leave_torch_s_generator(tmp_path: Path) -> None:
    with module_of(tmp_path) as name:
        importlib.import_module(name)
        before = torch.random.get_rng_state()
        one, same, other = (create_model("tiny", 2, seed=seed).backbone.shift for seed in (3, 3, 4))
        assert one.equal(same) and not one.equal(other)
        assert torch.random.get_rng_state().equal(before)
        declared = ARCHITECTURES["tiny"]
        assert declared.million_parameters * 1e6 == pytest.approx(8 * 3 * 9 + 8 + 16 + 8)
        assert declared.giga_macs * 1e9 == pytest.approx(15 * 15 * 8 * 27)
        assert declared.is_small and declared.module == name


class Chance(torch.nn.Module):
    """Draws whatever its mode is."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(2, 3)) + torch.rand(3)


def test_layers_are_a_list_of_names() -> None:
    with pytest.raises(SpecError, match="layers = '0': expected a list of names of submodules"):
        register_architecture("flat", lambda: torch.nn.Sequential(torch.nn.Flatten()), layers="0")
    assert "flat" not in ARCHITECTURES


@pytest.mark.parametrize(
    ("name", "builder", "said"),
    [
        ("small", torch.nn.Identity, "name = 'small': that is a built-in architecture; choose another"),
        ("Bad Name", torch.nn.Identity, "name = 'Bad Name': expected small letters"),
        ("flat", "nothing", "builder = 'nothing': expected a function"),
        ("flat", dict, "builder of 'flat' = 'dict': expected it to make an nn.Module"),
        ("flat", lambda: 1 / 0, r"the builder of model 'flat' failed \(ZeroDivisionError"),
        ("flat", torch.nn.Identity, r"output of model 'flat' = \(2, 3, 32, 32\): expected \(B, F\)"),
        ("flat", Chance, r"model 'flat' draws random numbers in eval mode: leave them to training"),
        ("flat", lambda: torch.nn.Linear(5, 5), r"model 'flat' failed on images \(2, 3, 32, 32\)"),
    ],
)
def test_what_cannot_be_trained_is_refused(name: str, builder: object, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        register_architecture(name, builder)  # type: ignore[arg-type]
    assert "flat" not in ARCHITECTURES
