"""What maps and evidence are scored by, as tables: a call for each, from networks by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from invariance.attribution.evidence_groups import evidence_differences, evidence_means
from invariance.attribution.randomisation import randomisation_test
from invariance.attribution.score_set import score_set
from invariance.attribution.shapley import evidence
from invariance.vocabulary.attribution import RANDOMISATION_TABLE, SCORE_TABLE
from invariance.vocabulary.columns import Column

if TYPE_CHECKING:
    import pandas as pd

    from invariance.data.engine import Engine
    from invariance.models import Classifier

Networks = Mapping[str, "Classifier"]
"""By the names that they have in the table; in eval mode, on the engine's device."""


def score_table(models: Networks, engine: Engine, **options: Any) -> pd.DataFrame:
    """Scores of maps against masks with their null, see :func:`~invariance.attribution.score_set.score_set`."""
    return _of_records(models, score_set(list(models.values()), engine, **options), SCORE_TABLE)


def randomisation_table(models: Networks, engine: Engine, **options: Any) -> pd.DataFrame:
    """The randomisation test with its null, see :func:`~invariance.attribution.randomisation.randomisation_test`."""
    return _of_records(models, randomisation_test(list(models.values()), engine, **options), RANDOMISATION_TABLE)


def evidence_tables(
    models: Networks, engine: Engine, *, by_class: bool = False, **options: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shapley values, and differences of shares, among equally right images.

    See :func:`~invariance.attribution.shapley.evidence` and :mod:`~invariance.attribution.evidence_groups`.
    """
    found = dict(zip(models, evidence(list(models.values()), engine, **options), strict=True))
    return evidence_means(found, by_class=by_class), evidence_differences(found)


def _of_records(names: Iterable[str], records: list[list[Any]], columns: tuple[Column, ...]) -> pd.DataFrame:
    import pandas as pd  # here, since who only attributes has no use for it

    rows = [{"model": name, **asdict(one)} for name, found in zip(names, records, strict=True) for one in found]
    return pd.DataFrame(rows, columns=[column.name for column in columns])
