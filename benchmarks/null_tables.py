"""How often the rule sees what is not there: ``python -m benchmarks.null_tables``.

Of each study's results the residuals over seeds are kept, with all that findings share, and their means are put to 0.
Synthetic studies are drawn from the normal distribution of that covariance, and the rule judges each: at most 5 % may
have a finding with a direction. Where no difference was published, means are put to the margin instead, and at most 5 %
may be called none. Prints a table and one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from invariance.runs.shipped_studies import shipped_results
from invariance.statistics import Floats, share_interval, t_quantile
from invariance.studies.findings import Contrast, Finding, Measured
from invariance.studies.verdicts import NO_DIFFERENCE, judge
from invariance.vocabulary.studies import STUDY_NAMES
from invariance.vocabulary.verdicts import Verdict

NUMS_SEEDS = (3, 6, 12)
DIRECTIONAL = {Verdict.SAME_DIRECTION, Verdict.OPPOSITE, Verdict.AS_PUBLISHED}


def is_directional(finding: Finding) -> bool:
    """Whether a finding is judged to have a direction; that no difference was published and is there has none."""
    return finding.verdict in DIRECTIONAL and not (finding.equivalence and finding.verdict is Verdict.AS_PUBLISHED)


def asked(name: str, table: pd.DataFrame) -> list[Measured]:
    """What a study asks of a table, with its numbers of each seed, of its confirmatory findings.

    Args:
        name: of the study.
        table: its results.
    """
    module = import_module(f"invariance.studies.{name.replace('-', '_')}")
    kept: list[Measured] = []

    def keep(measured: Sequence[Measured]) -> list[Finding]:
        kept.extend(measured)
        return []

    # What findings ask is handed to the rule and to nobody else: it is taken on its way.
    rule, module.judge = module.judge, keep
    try:
        module.conclude(table)
    finally:
        module.judge = rule
    return [one for one in kept if one.confirmatory]


@dataclass(frozen=True, eq=False)
class Residuals:
    """Everything that a study's findings take from a seed, and how it varies over seeds.

    Attributes:
        measured: the confirmatory findings.
        means: (K,) of all series: of each finding its effect (of a ratio, what is tested), then its denominators if it
            has some, then its contrasts.
        away: (S, K) residuals of the S seeds that have all.
        null: (K,) means where nothing is there; denominators keep theirs.
    """

    measured: tuple[Measured, ...]
    means: Floats
    away: Floats
    null: Floats

    @classmethod
    def of(cls, measured: Sequence[Measured]) -> Residuals:
        """From what a study asks; a finding that no seed has all of is left out."""
        found = [(one, _series(one)) for one in measured]
        found = [(one, series) for one, series in found if len(series.dropna()) > 1]
        wide = pd.concat([series for _, series in found], axis=1, join="inner").dropna()
        values = wide.to_numpy(np.float64)
        means = values.mean(axis=0)
        kept = [name == "below" for _, series in found for name in series.columns]
        return cls(tuple(one for one, _ in found), means, values - means, np.where(kept, means, 0.0))

    def draw(self, num_tables: int, num_seeds: int, means: Floats, draws: np.random.Generator) -> Floats:
        """(T, n, K): the series of so many synthetic studies of n seeds, with means (K,)."""
        num, _ = self.away.shape
        return means + draws.normal(size=(num_tables, num_seeds, num)) @ self.away / np.sqrt(num - 1)

    def judged(self, table: Floats) -> list[Finding]:
        """The verdicts on one synthetic study (n, K)."""
        columns = (dict(enumerate(column)) for column in table.T.tolist())
        return judge([_replaced(one, columns) for one in self.measured])

    def directional(self, num_seeds: int, num_tables: int, seed: int = 0) -> int:
        """Of so many synthetic studies without any effect, those in which a finding has a direction."""
        draws = np.random.default_rng((seed, num_seeds))
        found = 0
        for size in _chunks(num_tables):
            tables = self.draw(size, num_seeds, self.null, draws)
            found += sum(any(map(is_directional, self.judged(table))) for table in tables[self._may_lie_off(tables)])
        return found

    def called_none(self, num_seeds: int, num_tables: int, seed: int = 0) -> dict[str, int]:
        """Of so many synthetic studies, in how many each finding passes for no difference that has one of just 0.05.

        Findings of which an equivalence is a part have their measured means otherwise.
        """
        draws = np.random.default_rng((seed, num_seeds))
        asking = np.array([_is_equivalence(one, name) for one, name in self._places()], dtype=bool)
        means = np.where(asking, NO_DIFFERENCE, self.means)
        counts = {one.name: 0 for (one, _), asks in zip(self._places(), asking, strict=True) if asks}
        for size in _chunks(num_tables if counts else 0):
            tables = self.draw(size, num_seeds, means, draws)
            for table in tables[_inside(tables)[:, asking].any(axis=1)]:
                for finding in self.judged(table):
                    if finding.name in counts and finding.verdict not in (None, Verdict.UNDECIDED, Verdict.OPPOSITE):
                        counts[finding.name] += 1
        return counts

    def _places(self) -> list[tuple[Measured, str]]:
        """Whose each of the K series is, and what of it."""
        return [(one, str(name)) for one in self.measured for name in _series(one)]

    def _may_lie_off(self, tables: Floats) -> NDArray[np.bool_]:
        """(T,) whether any finding has p < 0.05 before all correction; without it none has a direction.

        Of a conjunction each contrast has to have it. Most tables are spared the rule in this way.
        """
        off, places = _lies_off(tables), self._places()
        found = np.zeros(len(tables), dtype=bool)
        for one in self.measured:
            decide = [each is one and _decides(one, name) for each, name in places]
            found |= off[:, decide].all(axis=1)
        return found


def _chunks(num: int, size: int = 500) -> Iterator[int]:
    for start in range(0, num, size):
        yield min(size, num - start)


def _lies_off(tables: Floats) -> NDArray[np.bool_]:
    """(T, K): 0 lies outside the 95 % interval, up to rounding."""
    mean, error = _mean_and_error(tables)
    return np.abs(mean) >= t_quantile(tables.shape[1] - 1) * error - 1e-12


def _inside(tables: Floats) -> NDArray[np.bool_]:
    """(T, K): the 90 % interval lies within ±0.05, up to rounding."""
    mean, error = _mean_and_error(tables)
    return np.abs(mean) + t_quantile(tables.shape[1] - 1, 0.9) * error <= NO_DIFFERENCE + 1e-12


def _mean_and_error(tables: Floats) -> tuple[Floats, Floats]:
    return tables.mean(axis=1), tables.std(axis=1, ddof=1) / np.sqrt(tables.shape[1])


def _series(one: Measured) -> pd.DataFrame:
    """Seeds in rows; what a finding takes from each, of a ratio what is tested and what it is divided by."""
    effect = pd.Series(dict(one.per_seed.items()), dtype=float)
    series = {"effect": effect}
    if one.denominators is not None:
        below = pd.Series(dict(one.denominators.items()), dtype=float)
        series = {"effect": effect - one.above * below, "below": below}
    for number, contrast in enumerate(one.contrasts):
        series[str(number)] = pd.Series(dict(contrast.per_seed.items()), dtype=float)
    return pd.DataFrame(series)


def _decides(one: Measured, name: str) -> bool:
    """Whether a series has to lie off 0 for the finding to have a direction: every contrast, or else the effect."""
    if all(contrast.equivalent for contrast in one.contrasts):
        return name == "effect"
    return name not in ("effect", "below") and not one.contrasts[int(name)].equivalent


def _is_equivalence(one: Measured, name: str) -> bool:
    """Whether a series of a finding is to be within ±0.05."""
    if name == "effect":
        return one.equivalence
    return name != "below" and one.contrasts[int(name)].equivalent


def _replaced(one: Measured, columns: Iterator[Mapping[int, float]]) -> Measured:
    """A finding with other numbers, in the order of :func:`_series`."""
    effect, below = next(columns), None
    if one.denominators is not None:
        below = next(columns)
        effect = {seed: value + one.above * below[seed] for seed, value in effect.items()}
    contrasts = [Contrast(each.name, next(columns), each.equivalent) for each in one.contrasts]
    return replace(one, say=lambda interval: "", per_seed=effect, denominators=below, contrasts=contrasts)


def measure(residuals: Residuals, num_tables: int, nums_seeds: Iterable[int] = NUMS_SEEDS) -> list[dict[str, Any]]:
    """One row a number of seeds: the share of studies with a direction, and of each equivalence called none."""
    rows = []
    for num in nums_seeds:
        share = share_interval(residuals.directional(num, num_tables), num_tables)
        none = {name: count / num_tables for name, count in residuals.called_none(num, num_tables).items()}
        row = {"num_seeds": num, "num_tables": num_tables, "directional": share.estimate}
        rows.append({**row, "low": share.low, "high": share.high, "called_none_at_margin": none})
    return rows


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", nargs="+", default=STUDY_NAMES, choices=STUDY_NAMES, help="default: all")
    parser.add_argument("--num-tables", type=int, default=10_000, help="synthetic studies of each size (default 10000)")
    parser.add_argument("--results", type=Path, help="results.csv of the one study (default: what ships)")
    args = parser.parse_args()
    found = {}
    for name in args.studies:
        shipped = shipped_results(name)
        if not (args.results or shipped):
            print(f"{name}: nothing ships; give --results")
            continue
        table = pd.read_csv(args.results) if args.results else shipped[0].table
        residuals = Residuals.of(asked(name, table))
        found[name] = measure(residuals, args.num_tables)
        print(f"{name}: {len(residuals.measured)} findings, residuals of {len(residuals.away)} seeds")
        for row in found[name]:
            none = ", ".join(f"{finding} {share:.1%}" for finding, share in row["called_none_at_margin"].items())
            print(
                f"  n = {row['num_seeds']:2}: a direction in {row['directional']:.2%} of {row['num_tables']:,} studies"
                f" [{row['low']:.2%}, {row['high']:.2%}]{f'; at the margin none in: {none}' if none else ''}"
            )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
