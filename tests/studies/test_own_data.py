"""Studies on pictures that somebody brought: how many classes they take, what they refuse, what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from invariance.data.catalogue import BUILTIN, class_names
from invariance.data.engine import Engine
from invariance.figures.study_figures import figures_of
from invariance.figures.study_notebook import notebook
from invariance.figures.study_report import report_html
from invariance.runs.execute import run_here
from invariance.runs.store import Store
from invariance.runs.study_files import plain_findings
from invariance.runs.study_progress import outcomes_of
from invariance.spec import MeasureSpec, PretrainSpec, SpecError, TransferSpec
from invariance.spec.sources import place_of
from invariance.studies.findings import Measured, Published
from invariance.studies.own_data import FEW_BACKGROUNDS, set_apart
from invariance.studies.registry import DESIGNS, make_study
from invariance.studies.scales import QUICK
from invariance.studies.study import Study
from invariance.studies.verdicts import judge
from invariance.vocabulary.studies import STUDY_NAMES
from tests.studies.fabricated import outcomes_of as fabricated_outcomes_of

PHOTOGRAPHED = Path(__file__).parents[3] / "shared" / "data" / "si-score" / "foregrounds"


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty drawn classes as a folder of somebody's own, with six backgrounds beside them."""
    folder = tmp_path_factory.mktemp("own")
    for name in class_names("builtin")[:40]:
        (folder / "cutouts" / name).mkdir(parents=True)
        drawn = BUILTIN / "foregrounds" / name / "view-0.webp"
        Image.open(drawn).convert("RGBA").resize((32, 32)).save(folder / "cutouts" / name / "a.png")
    (folder / "photos").mkdir()
    for number in range(6):
        Image.new("RGB", (40, 32), (40 * number, 90, 120)).save(folder / "photos" / f"{number}.jpg")
    return folder


def own(name: str, folder: Path, **others: object) -> Study:
    pictures = {"objects": str(folder / "cutouts"), "backgrounds": str(folder / "photos"), **others}
    return make_study(name, seeds=(0,), **pictures)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "num", "words", "is_comparable"),
    [
        ("transforms-vs-other", 20, "20 classes of the target task and 20 others to pretrain on, of the 40", False),
        ("relevant-features", 10, "10 classes of C, the large object and 10 of O, the small one, of the 40", True),
        ("invariance-transfer", 20, "20 classes to pretrain on and 20 that are new to the networks, of the 40", False),
        ("mismatch", 10, "10 classes of pretraining and target tasks, of the 40 in cutouts", True),
    ],
)
def test_a_study_takes_what_the_folder_has_and_says_so(
    forty: Path, name: str, num: int, words: str, is_comparable: bool
) -> None:
    study, builtin = own(name, forty), make_study(name, seeds=(0,))
    assert study.data.num_classes == num and study.data.words.startswith(words)
    assert study.data.words.endswith(f"on the pictures in photos, {FEW_BACKGROUNDS}.")
    assert study.data.is_comparable is is_comparable
    if not is_comparable:
        assert "this scale has 30 each, so sizes do not compare with published ones" in study.data.words
    assert builtin.data.words == "" and builtin.data.is_comparable and builtin.data.told() == {}
    kinds = [[spec.kind for spec in of.runs if spec.kind != "measure"] for of in (study, builtin)]
    assert kinds[0] == kinds[1], "the same design"
    # Whatever shows cut-outs or pictures shows the folder's; noise and drawn objects are types of data of study C.
    for spec in study.runs:
        sources = {place_of(spec.data.objects), place_of(spec.data.stickers or spec.data.objects)}
        assert sources <= {str(forty / "cutouts"), "noise"} or isinstance(spec, MeasureSpec)
        if isinstance(spec, PretrainSpec) and spec.data.objects != "noise":
            assert place_of(spec.data.backgrounds) == str(forty / "photos") or spec.data.fg_availability == 0


def test_groups_of_classes_are_disjoint_and_keep_their_proportions(forty: Path) -> None:
    study = own("transforms-vs-other", forty)
    (target,) = {spec.data.classes for spec in study.runs if isinstance(spec, TransferSpec)}
    trained = {spec.data.classes for spec in study.runs if isinstance(spec, PretrainSpec)}
    assert sorted(map(len, trained)) == [6, 20, 20, 40]
    assert [len(set(classes) & set(target)) for classes in sorted(trained, key=len)] in ([6, 0, 20, 20], [6, 20, 0, 20])
    for spec in own("relevant-features", forty).runs:
        assert len(spec.data.classes) == 10 and not set(spec.data.classes) & set(spec.data.sticker_classes)
        assert len(spec.data.sticker_classes) in (0, 10)


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_its_images_can_be_made_on_any_backgrounds(forty: Path, name: str) -> None:
    for backgrounds in (str(forty / "photos"), "noise", "#336699"):
        study = own(name, forty, backgrounds=backgrounds)
        kinds = {replace(spec.data, transforms=(), classes=()).objects: spec.data for spec in study.runs}
        kinds |= {f"{spec.data.stickers}{spec.data.label}": spec.data for spec in study.runs}
        for data in kinds.values():
            engine = Engine(data)
            images, labels = engine.render(engine.indices("test", 4))
            assert images.shape == (4, 3, 32, 32) and int(labels.max()) < engine.num_classes
            assert torch.isfinite(images.float()).all()


SMALLEST: dict[str, dict[str, Any]] = {
    "transforms-vs-other": {"factors": ("usual",), "pretraining_samples": {64: 1}, "models": ("small",)},
    "relevant-features": {"correlations": (), "availabilities": ()},
    "invariance-transfer": {"num_per_category": 1},
    "mismatch": {"counts": (1,)},
}
"""Of each study of the paper what is left when all that it can leave out is left out."""


@pytest.mark.parametrize("name", SMALLEST)
def test_it_runs_to_its_findings_and_report(
    forty: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real design, trained, measured and judged; a budget of two steps says nothing else."""
    design = DESIGNS[name]
    few: dict[str, Any] = {"epochs": 1, "num_samples": 64, "batch_size": 32, "samples_per_epoch": 64}
    budget = replace(QUICK, **few, transfer_samples=32, num_test_samples=32, num_pairs=8)
    smallest = replace(design.scales["quick"], budget=budget, **SMALLEST[name])
    monkeypatch.setitem(DESIGNS, name, replace(design, scales={"quick": smallest}))
    study, store = own(name, forty), Store(tmp_path / "runs")
    for spec in study.runs:
        run = run_here(spec, store, "cpu")
        assert run.state == "done", run.error
    table = study.tabulate(outcomes_of(study, store))
    store.close()
    assert len(table) and set(table["seed"]) == {0}
    findings = study.conclude(table)
    assert findings and all(finding.verdict is None for finding in findings), "one seed is no verdict"
    summary = {"findings": plain_findings(findings), "seconds": 1.0, "worked_seconds": 1.0, "runs_done": 1}
    page = report_html(study, table, {**summary, "runs_total": 1, "provenance": study.data.told()})
    assert study.data.words in page and str(forty) not in page


def test_a_number_of_ones_own_is_taken_or_refused(forty: Path) -> None:
    assert own("mismatch", forty, num_classes=40).data.num_classes == 40
    few = own("mismatch", forty, num_classes=4, backgrounds="builtin")
    assert few.data.words == (
        "4 classes of pretraining and target tasks, of the 40 in cutouts; this scale has 10, so sizes do not compare "
        "with published ones."
    )
    many = make_study("transforms-vs-other", seeds=(0,), num_classes=36)
    assert many.data.words.startswith(
        "36 classes of the target task and 36 others to pretrain on, of the 72 in the cat"
    )
    with pytest.raises(SpecError, match=r"num_classes = 21: .* 2 times as many of the 40 .*; choose from 2 to 20"):
        own("transforms-vs-other", forty, num_classes=21)
    with pytest.raises(SpecError, match=r"num_classes = 1: .* choose from 2 to 40"):
        own("mismatch", forty, num_classes=1)


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("transforms-vs-other", r"needs 2 x 10 classes .* has 9; add 11, or ask for fewer: num_classes from 2 to 4$"),
        ("relevant-features", r"needs 2 x 10 classes .* has 9; add 11"),
        ("invariance-transfer", r"needs 2 x 10 classes .* has 9; add 11"),
        ("mismatch", r"needs 10 classes .* has 9; add 1, or ask for fewer: num_classes from 2 to 9$"),
    ],
)
def test_nine_photographed_classes_are_too_few(name: str, needed: str) -> None:
    if not PHOTOGRAPHED.is_dir():
        pytest.skip(f"no photographed cut-outs in {PHOTOGRAPHED}")
    with pytest.raises(SpecError, match=f"study {name} {needed}"):
        make_study(name, objects=str(PHOTOGRAPHED))


def test_of_whole_pictures_the_small_feature_is_drawn(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"kind-{number:02d}").mkdir()
        Image.new("RGB", (32, 32), (20 * number, 0, 0)).save(tmp_path / f"kind-{number:02d}" / "a.jpg")
    study = make_study("relevant-features", seeds=(0,), objects=f"images:{tmp_path}", backgrounds="noise")
    assert study.data.words == f"10 classes of C, the large object, of the 12 in {tmp_path.name}."
    with_both = [spec.data for spec in study.runs if spec.data.stickers and spec.data.fg_availability]
    assert {(place_of(data.objects), data.stickers, len(data.classes)) for data in with_both} == {
        (f"images:{tmp_path}", "builtin", 10)
    }


LEVELS = {seed: 0.5 + 0.01 * seed for seed in range(8)}
SAID = {"published": Published(0.53, 0.01)}


@pytest.mark.parametrize(
    "more",
    [
        {"per_seed": LEVELS},
        {"per_seed": {seed: -value for seed, value in LEVELS.items()}},
        {"per_seed": LEVELS, "denominators": dict.fromkeys(LEVELS, 1.0), "retention": True},
    ],
)
def test_a_finding_set_apart_is_judged_as_one_without_a_published_size(more: dict[str, object]) -> None:
    of = {"name": "gap", "say": lambda measured: f"A gap of {measured}; published: 0.53", **more}
    (published,) = judge([Measured(**of, **SAID)])  # type: ignore[arg-type]
    (plain,) = judge([Measured(**of)])  # type: ignore[arg-type]
    (apart,) = set_apart([published], "20 classes.")
    assert published.published == 0.53 and published.margin is not None
    assert apart.statement == f"{plain.statement} 20 classes."
    assert replace(apart, statement=plain.statement) == replace(plain, statement=plain.statement)


def test_no_difference_is_told_as_that_where_the_design_is_another() -> None:
    none = dict.fromkeys(range(8), 0.001) | {0: -0.002}
    loss = Measured(name="loss", say=str, per_seed=none, published=Published(0.0, 0.01), equivalence=True)
    (found,) = set_apart(judge([loss]), "4 classes.")
    assert (found.verdict, found.published, found.margin) == ("no difference", None, 0.05)


def test_report_figures_and_notebook_say_it_and_need_no_folder(forty: Path) -> None:
    study = own("transforms-vs-other", forty)
    table = study.tabulate(fabricated_outcomes_of(study))
    findings = study.conclude(table)
    assert all(finding.published is None for finding in findings)
    assert study.data.caveat == "Here with 20 classes in place of 30, so sizes do not compare with published ones."
    told_published = [finding.statement for finding in findings if "; published: " in finding.statement]
    assert told_published and all(statement.endswith(study.data.caveat) for statement in told_published)
    names = [
        trace.name or ""
        for figure in figures_of(study.name, table, published=False)
        for trace in figure.draw(table).data
    ]
    assert names and not [name for name in names if name.startswith("published")]
    told = {**study.data.told(), "command": "made for a test"}
    assert told["objects"] == "cutouts" and told["num_classes"] == 20 and told["classes"] == study.data.words
    summary = {"findings": plain_findings(findings), "seconds": 1.0, "worked_seconds": 1.0, "runs_done": 1}
    page = report_html(study, table, {**summary, "runs_total": 1, "provenance": told})
    assert page.count(study.data.words) >= 2 and str(forty) not in page
    cells = notebook(study)["cells"]
    code = "".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
    assert "set_apart(study.conclude(table), " in code and "published=False" in code
    assert study.data.words in json.dumps(cells) and str(forty) not in json.dumps(cells)
    defined: dict[str, object] = {"study": make_study("transforms-vs-other", seeds=(0,)), "table": table}
    exec(code[code.index("from invariance.studies.own_data") : code.index("table = pd.read_csv")], defined)
    assert plain_findings(defined["conclude"](table)) == summary["findings"]  # type: ignore[operator]


def test_every_design_names_the_groups_that_its_classes_make() -> None:
    assert {name: len(design.groups.names) for name, design in DESIGNS.items()} == {
        "transforms-vs-other": 2,
        "relevant-features": 2,
        "invariance-transfer": 2,
        "mismatch": 1,
        "repair": 2,
    }
