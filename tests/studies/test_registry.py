"""What holds for every study at every scale."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from invariance.spec import MeasureSpec, RunSpec, SpecError, canonical_json, run_from_json
from invariance.studies.registry import DESIGNS, SCALES, make_study
from invariance.studies.study import Study
from invariance.vocabulary.studies import STUDY_NAMES
from tests.endings import endings

FIXED_COLUMNS = {
    "transforms-vs-other": ["factor", "value", "relation", "seed", "pretraining_accuracy", "transfer_accuracy"],
    "relevant-features": ["trained_on", "probed_on", "seed", "accuracy", "sens_c", "sens_o"],
    "invariance-transfer": ["model", "transform", "data", "seed", "sens", "sens_conditional"],
    "mismatch": ["num_pretraining_transforms", "num_transfer_transforms", "seed", "accuracy"],
    "repair": ["source", "trained", "num_images", "seed", "accuracy", "sens", "skill"],
}

RUNS = {
    ("transforms-vs-other", "quick"): (924, "44e293b6db2485dd", "33b2c963c39f6c7d"),
    ("transforms-vs-other", "standard"): (624, "2d313ca4beada690", "f9711aa0674ccc7e"),
    ("transforms-vs-other", "paper"): (1200, "317413ccfcc0cfd2", "258bca25e7fbca50"),
    ("relevant-features", "quick"): (492, "3bb27316f61d4c8b", "39764183a4ffb812"),
    ("relevant-features", "standard"): (306, "c9efecbca3d51622", "139ea3ff39d4d6ba"),
    ("relevant-features", "paper"): (860, "9cdc712cef826094", "decdae4a129d18e3"),
    ("invariance-transfer", "quick"): (312, "932ea16e3a5f7b13", "25ad4d68ac9aea43"),
    ("invariance-transfer", "standard"): (100, "4eb1a67dbdbdc983", "4cc329883c522598"),
    ("invariance-transfer", "paper"): (500, "934d9094274c2f79", "65f215d31c9a552b"),
    ("mismatch", "quick"): (864, "8c3fa5af2d22036b", "e3b0c44298fc1c14"),
    ("mismatch", "standard"): (432, "1668d3e9c1a4de6a", "e3b0c44298fc1c14"),
    ("mismatch", "paper"): (720, "2bc1f9205cd9a59e", "e3b0c44298fc1c14"),
    ("repair", "quick"): (396, "b061d2f006318bab", "c9c24f3b9deffb12"),
    ("repair", "standard"): (324, "cdbae2c375668f83", "0655f1c7540e5116"),
    ("repair", "paper"): (540, "481c7ea9d797dad6", "e04f9c868bc8eab6"),
}
"""How many runs there are, and hashes of the identities of what is trained and of what is measured.

Results that ship were made from these runs, and those of others lie in their stores under these names: if a hash
changes on purpose, results have to be made again.
"""


@pytest.fixture(scope="module")
def study_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], Study]]:
    """Makes a study at a scale, once: where neither CIFAR nor published networks are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INVARIANCE_DATA", str(tmp_path_factory.mktemp("data")))
        yield cache(lambda name, scale: make_study(name, scale=scale))


@pytest.mark.parametrize(("name", "scale"), RUNS)
def test_the_runs_of_every_study_stay_what_they_are(
    study_of: Callable[[str, str], Study], name: str, scale: str
) -> None:
    runs = study_of(name, scale).runs
    trained = [spec.run_id for spec in runs if not isinstance(spec, MeasureSpec)]
    measured = [spec.run_id for spec in runs if isinstance(spec, MeasureSpec)]
    assert (len(runs), digest(trained), digest(measured)) == RUNS[name, scale]


def digest(run_ids: list[str]) -> str:
    return hashlib.sha256("".join(run_ids).encode()).hexdigest()[:16]


_DECLARE = """
from invariance.vocabulary import studies
studies.STUDY_NAMES = (*studies.STUDY_NAMES, "tea-and-biscuits")
"""
_FORGET = """
from invariance.vocabulary import studies
studies.STUDY_NAMES = tuple(name for name in studies.STUDY_NAMES if name != "mismatch")
"""


_UNDRAWN = """
import invariance.studies.registry as studies
studies.STUDY_NAMES = (*studies.STUDY_NAMES, "tea-and-biscuits")
import invariance.figures.study_figures
"""


def test_a_study_without_words_a_design_or_figures_ends_the_program() -> None:
    use = "\nimport invariance.studies.registry"
    undeclared, forgotten, undrawn = endings([_DECLARE + use, _FORGET + use, _UNDRAWN])
    assert undeclared == "study tea-and-biscuits: declared in invariance.vocabulary, but implemented nowhere"
    assert forgotten == "study mismatch: implemented, but not declared in invariance.vocabulary"
    assert undrawn.startswith("figures of study tea-and-biscuits: declared")


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", STUDY_NAMES)
def test_runs_come_once_and_after_their_sources(study_of: Callable[[str, str], Study], name: str, scale: str) -> None:
    study = study_of(name, scale)
    assert (study.name, study.scale) == (name, scale)
    assert len(study.seeds) == (10 if scale == "paper" else len(study.seeds)) >= 2
    seen: set[str] = set()
    for spec in study.runs:
        assert set(spec.depends_on) <= seen
        assert spec.run_id not in seen
        seen.add(spec.run_id)


def shared(spec: RunSpec) -> bool:
    return spec.data.shared_backgrounds


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_backgrounds_are_shared_at_the_papers_scale_or_when_asked_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path))
    usual, asked = make_study(name, seeds=(5,)), make_study(name, seeds=(5,), shared_backgrounds=True)
    assert not usual.shared_backgrounds and not any(map(shared, usual.runs))
    # Pictures that follow on noise, in study C, are new to the network in any case.
    after_noise = {spec.run_id for spec in asked.runs if spec.data.backgrounds == "noise"}
    pictured = [
        spec for spec in asked.runs if spec.data.backgrounds == "builtin" and not after_noise & set(spec.depends_on)
    ]
    assert asked.shared_backgrounds and pictured and all(map(shared, pictured))
    same = {spec.run_id for spec in usual.runs} & {spec.run_id for spec in asked.runs}
    assert len(asked.runs) == len(usual.runs)
    assert same or name != "invariance-transfer", "what is on noise is run once for both"
    paper = make_study(name, scale="paper", seeds=(5,))
    assert paper.shared_backgrounds and any(map(shared, paper.runs))
    assert not any(map(shared, make_study(name, scale="paper", seeds=(5,), shared_backgrounds=False).runs))


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_runs_survive_their_json(name: str) -> None:
    for spec in make_study(name, seeds=(5,)).runs:
        assert run_from_json(canonical_json(spec)) == spec


@pytest.mark.parametrize("name", FIXED_COLUMNS)
def test_columns_that_scripts_rely_on_come_first(name: str) -> None:
    assert list(DESIGNS[name].columns)[: len(FIXED_COLUMNS[name])] == FIXED_COLUMNS[name]


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_without_results_there_is_an_empty_table_and_no_verdict(name: str) -> None:
    study = make_study(name, seeds=(0,))
    table = study.tabulate({})
    assert tuple(table.columns) == DESIGNS[name].columns and table.empty
    assert all(finding.n == 0 and finding.verdict is None for finding in study.conclude(table))


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_another_seed_is_another_study_and_seeds_share_nothing(name: str) -> None:
    first, second, both = (make_study(name, seeds=seeds) for seeds in ((3,), (4,), (3, 4)))
    assert not {spec.run_id for spec in first.runs} & {spec.run_id for spec in second.runs}
    assert both.runs == (*first.runs, *second.runs)


def test_what_cannot_be_used_is_answered_with_what_can() -> None:
    with pytest.raises(SpecError, match="unknown study 'x': choose from transforms-vs-other"):
        make_study("x")
    with pytest.raises(SpecError, match="unknown scale 'huge': choose from quick, standard, paper"):
        make_study("mismatch", scale="huge")
    with pytest.raises(SpecError, match="seeds = 1,1"):
        make_study("mismatch", seeds=(1, 1))
    with pytest.raises(SpecError, match="seeds = none"):
        make_study("mismatch", seeds=())
    with pytest.raises(SpecError, match="seed = -1"):
        make_study("mismatch", seeds=(-1,))
