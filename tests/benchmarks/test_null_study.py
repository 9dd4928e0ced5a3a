"""The study without anything to find: foreign sources, called at random, through the whole of its runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.null_study import foreign, null_study, run, study_lines
from invariance.spec import CATEGORIES, PretrainSpec, TransferSpec
from invariance.studies.choices import one_per_category
from invariance.studies.transforms_vs_other_grid import SCALES


def test_sources_share_nothing_with_each_other_or_with_the_targets() -> None:
    study = null_study(tuple(range(12)))
    assert len(study.runs) == 12 * (2 + 4)
    sources = {spec.data.transforms for spec in study.runs if isinstance(spec, PretrainSpec)}
    assert len(sources) > 20
    for seed in range(12):
        (part,) = foreign(SCALES["quick"], seed)
        used = {cell.pretraining.data.transforms for cell in part.cells if cell.pretraining}
        targets = {cell.transfer.data.transforms for cell in part.cells}
        assert targets == set(one_per_category(2, seed)) and len(used) == len(targets) == 2
        assert len({name for names in used | targets for name in names}) == 4 * len(CATEGORIES)


def test_which_is_called_which_is_drawn_for_each_seed() -> None:
    firsts = []
    for seed in range(12):
        (part,) = foreign(SCALES["quick"], seed)
        called = part.cells[0].pretraining
        assert called is not None and part.cells[0].relation == "same"
        firsts.append(one_per_category(4, seed).index(called.data.transforms))
    assert set(firsts) == {2, 3}


def test_a_tiny_one_is_run_end_to_end(tmp_path: Path) -> None:
    usual = SCALES["quick"]
    tiny = replace(
        usual,
        budget=replace(usual.budget, num_samples=64, epochs=1, batch_size=32, transfer_samples=64, num_test_samples=60),
        pretraining_samples={64: 1},
        num_classes=4,
    )
    study = null_study((0,), scales={"quick": tiny})
    assert sum(isinstance(spec, TransferSpec) for spec in study.runs) == 4
    found = run(study, tmp_path, device="cpu", num_workers=1)
    (judged,) = [finding for finding in found["findings"] if finding["confirmatory"]]
    assert judged["name"] == "matching_helps" and judged["n"] == 1 and judged["verdict"] is None
    assert len(found["rows"]) == 4 and found["provenance"]["seeds"] == [0]
    assert [line.split(":")[0] for line in study_lines(found)] == ["matching_helps"]
