"""What holds for every study at every scale."""

from __future__ import annotations

import pytest

from invariance.spec import SpecError, canonical_json, run_from_json
from invariance.studies.registry import SCALES, make_study
from invariance.vocabulary.studies import STUDY_NAMES

FIXED_COLUMNS = {
    "transforms-vs-other": ["factor", "value", "relation", "seed", "pretraining_accuracy", "transfer_accuracy"],
    "relevant-features": ["trained_on", "probed_on", "seed", "accuracy", "sens_c", "sens_o"],
    "invariance-transfer": ["model", "transform", "data", "seed", "sens", "sens_conditional"],
    "mismatch": ["num_pretraining_transforms", "num_transfer_transforms", "seed", "accuracy"],
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", STUDY_NAMES)
def test_runs_come_once_and_after_their_sources(name: str, scale: str) -> None:
    study = make_study(name, scale=scale)
    assert (study.name, study.scale) == (name, scale)
    assert len(study.seeds) == (10 if scale == "paper" else len(study.seeds)) >= 2
    seen: set[str] = set()
    for spec in study.runs:
        assert set(spec.depends_on) <= seen
        assert spec.run_id not in seen
        seen.add(spec.run_id)


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_runs_survive_their_json(name: str) -> None:
    for spec in make_study(name, seeds=(5,)).runs:
        assert run_from_json(canonical_json(spec)) == spec


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_without_results_there_is_an_empty_table_and_nothing_agrees(name: str) -> None:
    study = make_study(name, seeds=(0,))
    table = study.tabulate({})
    assert list(table.columns)[: len(FIXED_COLUMNS[name])] == FIXED_COLUMNS[name]
    assert table.empty
    assert not any(finding.agrees for finding in study.conclude(table))


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
