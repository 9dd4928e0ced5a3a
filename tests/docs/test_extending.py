"""The changes of ``docs/extending.md``, each carried out in a copy of the project."""

from __future__ import annotations

import json
import sys
import textwrap

import pytest

from invariance.__main__ import main
from invariance.vocabulary.transforms import KNOWN_TRANSFORMS
from tests.docs.extending import PAGE, changes, copy_project, run
from tests.endings import endings
from tests.registered import forgotten

pytestmark = pytest.mark.slow

# What ends the program where a part is missing, and what the line says then.
ENTRANCES = {
    "A transformation": "invariance.data.transforms",
    "An architecture": "invariance.models",
    "A measure": "invariance.measures.representation",
    "An attribution method": "invariance.attribution.methods",
    "A study": "invariance.studies.registry",
    "A page": "pages.shared.navigation",
}

# A copy would compile all kernels anew, which is not what these tests are about.
WITHOUT_NUMBA = """
import sys
from invariance.data import compiled

compiled.is_available.cache_clear()
sys.modules["numba"] = None
"""

FACTS = """
import torch
from invariance.data.engine import Engine
from invariance.spec import DatasetSpec, FactorSpec, MeasureSpec, PretrainSpec


def facts(names):
    found = {"measure": MeasureSpec(sources=("-",)).run_id, "factors": FactorSpec(sources=("-",)).run_id}
    for name in names:
        spec = PretrainSpec(data=DatasetSpec(transforms=(name,)))
        drawn = Engine(spec.data).batch(torch.arange(2)).parameters
        found[name] = [spec.run_id, {key: values.tolist() for key, values in drawn.items()}]
    return found
"""
"""Identities of runs and what is drawn for each transformation."""


@pytest.fixture
def copy(tmp_path):
    return copy_project(tmp_path)


def succeed(code: str, root, *, before: str = WITHOUT_NUMBA) -> list[str]:
    """The lines that code prints which is executed in a copy."""
    done = run(before + textwrap.dedent(code), root)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def test_what_was_forgotten_ends_the_program(tmp_path):
    copies = [tmp_path / heading for heading in ENTRANCES]
    for copy in copies:
        copy.mkdir()
        copy_project(copy)
        for change in changes(copy.name):
            if change.is_declaration:
                change.apply(copy)
    found = endings([f"import {entrance}" for entrance in ENTRANCES.values()], copies)
    assert all("declared in" in ending for ending in found), found


def test_a_transformation_renders_and_changes_no_other(copy):
    for change in changes("A transformation"):
        change.apply(copy)
    known = list(KNOWN_TRANSFORMS)
    ours: dict = {}
    exec(FACTS, ours)
    (told,) = succeed(
        f"""
        import json

        print(json.dumps(facts({known!r})))
        engine, chosen = Engine(DatasetSpec(transforms=("solarize",))), torch.arange(16)
        batch = engine.batch(chosen)
        images, _ = engine.render(chosen)  # as training does, with numba where it is installed
        assert (images - batch.images * 255).abs().max() <= 1  # one level
        plain = Engine(DatasetSpec()).batch(chosen).images
        differs = (plain != batch.images).flatten(1).any(dim=1)
        assert torch.equal(differs, batch.parameters["solarize.applied"]), differs
        """,
        copy,
        before=FACTS,
    )
    assert json.loads(told) == json.loads(json.dumps(ours["facts"](known)))


def test_a_transformation_trains_is_measured_and_is_on_the_page(copy):
    for change in changes("A transformation"):
        change.apply(copy)
    lines = succeed(
        """
        from invariance.__main__ import main

        small = "--num-classes 4 --num-samples 128 --num-test-samples 64 --epochs 1 --device cpu"
        assert main(f"pretrain --transforms solarize {small}".split()) == 0
        asked = "--models none --transforms solarize,hue --num-pairs 16 --device cpu"
        assert main(f"measure {asked} --out sens.csv".split()) == 0

        from streamlit.testing.v1 import AppTest

        app = AppTest.from_file("app.py", default_timeout=120).run()
        app.query_params["transforms_photometric"] = "solarize"
        app.switch_page("pages/dataset/page.py").run()
        assert not app.exception, app.exception
        offered = [option for group in app.get("button_group") for option in group.options]
        assert {"rotate", "solarize"} <= set(offered), offered
        chosen = [value for group in app.get("button_group") for value in group.value or ()]
        assert "solarize" in chosen, chosen
        """,
        copy,
    )
    assert [json.loads(line)["status"] for line in lines[-2:]] == ["done", "done"]
    rows = (copy / "sens.csv").read_text().splitlines()
    assert [row.split(",")[1] for row in rows] == ["transform", "solarize", "hue"]


def test_an_architecture(copy):
    for change in changes("An architecture"):
        change.apply(copy)
    succeed(
        """
        import torch
        from torch.utils.flop_counter import FlopCounterMode

        from invariance.models import create_model
        from invariance.runs.estimate import estimate_seconds
        from invariance.spec import DatasetSpec, PretrainSpec
        from invariance.vocabulary.architectures import ARCHITECTURES

        declared = ARCHITECTURES["resnet34"]
        model = create_model("resnet34", 10, seed=0).eval()
        number = sum(one.numel() for one in model.backbone.parameters())
        assert abs(number / 1e6 / declared.million_parameters - 1) < 0.02, number
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model.backbone(torch.zeros(1, 3, 32, 32))
        assert abs(counter.get_total_flops() / 2e9 / declared.giga_macs - 1) < 0.02, counter.get_total_flops()

        data = DatasetSpec(num_samples=50_000)
        small, large = (
            estimate_seconds(PretrainSpec(data=data, model=name), "cuda") for name in ("resnet18", "resnet34")
        )
        assert abs(large / small / (declared.giga_macs / ARCHITECTURES["resnet18"].giga_macs) - 1) < 0.1, large / small

        model.train()
        loss = model(torch.rand(4, 3, 8, 8)).square().mean()
        loss.backward()
        assert all(one.grad is not None for one in model.parameters())
        assert model.eval().representation(torch.rand(4, 3, 8, 8)).shape == (4, 512)

        from invariance.__main__ import parser
        assert parser().parse_args(["pretrain", "--model", "resnet34"]).model == "resnet34"
        """,
        copy,
    )


def test_a_measure(copy):
    for change in changes("A measure"):
        change.apply(copy)
    lines = succeed(
        """
        import torch
        from invariance.measures.retrieval import twin_retrieval

        features = torch.eye(4)
        assert twin_retrieval(features, features) == 1.0
        assert twin_retrieval(features, features.roll(1, dims=0)) == 0.0

        from invariance.__main__ import main
        assert main("measure --models none --transforms hue --num-pairs 16 --device cpu --out sens.csv".split()) == 0
        """,
        copy,
    )
    assert json.loads(lines[-1])["status"] == "done"
    header, row = (line.split(",") for line in (copy / "sens.csv").read_text().splitlines())
    assert 0 <= float(row[header.index("retrieval")]) <= 1


def test_an_attribution_method(copy):
    for change in changes("An attribution method"):
        change.apply(copy)
    lines = succeed(
        """
        import torch
        from torch import nn

        from invariance.attribution.attribute import attribute

        model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 5)).eval()
        images = torch.rand(4, 3, 8, 8)
        found = attribute(model, images, method="gradient-times-input", baseline="black").relevance
        chosen = model(images).argmax(dim=1)
        gained = (model(images) - model(torch.zeros_like(images))).gather(1, chosen[:, None])[:, 0]
        assert torch.allclose(found.sum(dim=(1, 2)), gained, atol=1e-5)  # exact for a linear network

        from invariance.__main__ import main
        asked = "--models matched-transfer --method gradient-times-input --device cpu --out maps"
        assert main(f"attribute {asked}".split()) == 0
        """,
        copy,
    )
    assert json.loads(lines[-1])["method"] == "gradient-times-input"


def test_a_study(copy):
    for change in changes("A study"):
        change.apply(copy)
    succeed(
        """
        import pandas as pd
        from invariance.figures.study_figures import figures_of
        from invariance.studies.registry import make_study

        study = make_study("strength", seeds=(0, 1))
        assert [spec.kind for spec in study.runs] == ["pretrain", "transfer"] * 6
        assert study.tabulate({}).empty
        of = lambda strength, seed: 0.4 + 0.2 * strength + 0.1 * seed
        rows = [(strength, seed, of(strength, seed), "-") for seed in range(3) for strength in (0, 0.5, 1)]
        table = pd.DataFrame(rows, columns=study.tabulate({}).columns)
        (finding,) = study.conclude(table)
        assert abs(finding.effect - 0.2) < 1e-9 and finding.words == "preliminary: same direction", finding
        (figure,) = figures_of("strength", table)
        assert [round(value, 2) for value in figure.draw(table).data[0].y] == [0.5, 0.6, 0.7]

        from invariance.__main__ import main
        assert main(["study", "strength", "--dry-run"]) == 0
        """,
        copy,
    )


def test_a_module_of_your_own(tmp_path, monkeypatch, capsys):
    for change in changes("A module of your own"):
        change.apply(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])  # as of an installed command
    small = "--num-classes 4 --num-samples 128 --num-test-samples 64 --epochs 1 --device cpu --runs R"
    with forgotten():
        assert main(f"pretrain --import my_lab --transforms swirl,hue --model shallow {small}".split()) == 0
        run = json.loads(capsys.readouterr().out)
    assert run["status"] == "done" and run["metrics"]["test_accuracy"] >= 0
    assert main(["runs", "show", run["run"], "--runs", "R"]) == 2
    said = "transform 'swirl' (version 1) is registered by module my_lab: import it, or set --import my_lab"
    assert said in capsys.readouterr().err and said in PAGE.read_text()


def test_a_page(copy):
    for change in changes("A page"):
        change.apply(copy)
    succeed(
        """
        from streamlit.testing.v1 import AppTest

        app = AppTest.from_file("app.py", default_timeout=120).run()
        app.query_params["transform"] = "blur"
        app.switch_page("pages/palette/page.py").run()
        assert not app.exception and not app.error, app.exception or app.error
        assert app.title[0].value == "Palette" and app.selectbox(key="transform").value == "blur"
        assert app.get("image")
        """,
        copy,
    )
