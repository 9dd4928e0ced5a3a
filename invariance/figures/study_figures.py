"""The figures of each study: one registry for the report, the notebook and the page."""

from __future__ import annotations

from functools import partial
from typing import Final

import pandas as pd

from invariance.figures.study_figure import StudyFigure
from invariance.figures.study_invariance_transfer import data_heatmap, holding_figure, relation_figure
from invariance.figures.study_mismatch import mismatch_lines, mismatch_matrix, missing_figure
from invariance.figures.study_relevant_features import (
    agreement_figure,
    extended_figure,
    probe_heatmap,
    sens_heatmap_of_features,
)
from invariance.figures.study_transforms_vs_other import factor_figure, gap_figure
from invariance.studies.relevant_features import TASKS
from invariance.studies.transforms_vs_other import FACTORS, RELATIONS


def figures_of(name: str, table: pd.DataFrame) -> tuple[StudyFigure, ...]:
    """The figures of a study that its table, whole or partial, has the results for."""
    return tuple(figure for figure in STUDY_FIGURES[name] if not table.empty and figure.applies(table))


def _has_factor(table: pd.DataFrame, factor: str) -> bool:
    return bool((table["factor"] == factor).any())


def _has_both_relations(table: pd.DataFrame) -> bool:
    """Whether same and disjoint can be compared for every factor that has begun; published networks are no factor."""
    own = table[table["relation"].isin(RELATIONS) & (table["factor"] != "published")]
    seen = own.groupby("factor")["relation"].nunique()
    return bool(len(seen) and (seen == len(RELATIONS)).all())


def _has_all_networks(table: pd.DataFrame) -> bool:
    """Whether some seed has all four networks on all four tasks."""
    four = table[table["trained_on"].isin(TASKS)]
    return bool((four.groupby("seed").size() >= len(TASKS) ** 2).any())


def _varies(table: pd.DataFrame, column: str) -> bool:
    """Whether networks that predict C were trained at several values; C alone has the object nowhere."""
    return bool(table.loc[(table["label"] == "c") & (table["trained_on"] != "c"), column].nunique() > 1)


def _has_relations(table: pd.DataFrame) -> bool:
    """Whether every type of data has networks with the same, with another and with no transformation."""
    seen = table[table["pretraining"] == "pictures"].groupby("data")["relation"].nunique()
    return bool(len(seen) and (seen == 3).all())


def _has_near_and_far(table: pd.DataFrame) -> bool:
    own = table[(table["pretraining"] == "pictures") & (table["relation"] == "same")]
    return {"same-pictures", "noise-noise"} <= set(own["data"])


def _always(table: pd.DataFrame) -> bool:
    return True


_PUBLISHED = "Hollow markers are the paper's values; bars are 95 % intervals over seeds."

STUDY_FIGURES: Final[dict[str, tuple[StudyFigure, ...]]] = {
    "transforms-vs-other": (
        StudyFigure(
            "gap",
            "What transformations move, against what each factor moves",
            f"The gap between same and disjoint transformations, and the range over a factor's values within each. "
            f"{_PUBLISHED}",
            gap_figure,
            _has_both_relations,
            tab="All factors",
        ),
        *(
            StudyFigure(
                factor,
                f"Transfer accuracy over the {title}",
                f"Pretrained on the target's own transformations or on disjoint ones. {_PUBLISHED}",
                partial(factor_figure, factor=factor),
                partial(_has_factor, factor=factor),
                tab=f"{title[0].upper()}{title[1:]}",
            )
            for factor, title in FACTORS.items()
        ),
    ),
    "relevant-features": (
        StudyFigure(
            "probes",
            "Accuracy of linear probes",
            "Rows: what a network learnt; columns: what is read from it. C pictures, O small objects pasted on them.",
            probe_heatmap,
            _has_all_networks,
        ),
        StudyFigure(
            "sens",
            "Sens-score to each feature",
            "0: the representation does not change with the feature; 1: as much as with another image.",
            sens_heatmap_of_features,
            _has_all_networks,
        ),
        StudyFigure(
            "agreement",
            "Sens-score and probe",
            "What a network is insensitive to cannot be read from it: a point for a network, a feature and a seed.",
            agreement_figure,
            _has_all_networks,
        ),
        *(
            StudyFigure(
                column,
                f"What is kept, over the {column} of the object",
                "Networks that predict the picture, and how well each task is read from them.",
                partial(extended_figure, varied=column),
                partial(_varies, column=column),
                tab=f"Object's {column}",
            )
            for column in ("correlation", "availability")
        ),
    ),
    "invariance-transfer": (
        StudyFigure(
            "relations",
            "Does invariance hold on other data?",
            f"Mean sens-score after training with the measured transformation, another or none. {_PUBLISHED}",
            relation_figure,
            _has_relations,
        ),
        StudyFigure(
            "data",
            "Each network on each type of data",
            "The sens-score for the transformation that the network was trained with; teal is invariant.",
            data_heatmap,
            _has_relations,
        ),
        StudyFigure(
            "holding",
            "Near and far",
            "A point for a network: its sens-score on the data of its pretraining and on noise.",
            holding_figure,
            _has_near_and_far,
        ),
    ),
    "mismatch": (
        StudyFigure(
            "matrix",
            "Accuracy on the target task",
            "Framed cells have exactly the task's transformations; below them pretraining had more, above fewer.",
            mismatch_matrix,
            _always,
        ),
        StudyFigure(
            "lines",
            "Accuracy over the transformations of the task",
            "One line for each pretraining; bars are 95 % intervals over seeds.",
            mismatch_lines,
            _always,
        ),
        StudyFigure(
            "missing",
            "What missing transformations cost",
            "Accuracy over that of the exact pretraining.",
            missing_figure,
            lambda table: bool((table["num_pretraining_transforms"] == table["num_transfer_transforms"]).any()),
        ),
    ),
}
"""By name of the study, in the order in which they are shown."""
