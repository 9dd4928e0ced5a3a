"""What a data set and a run are: frozen, validated, and identified by the hash of their content.

Everything that is done in this project is asked for with one of these dataclasses. They check their values when they
are made, are changed with :func:`dataclasses.replace`, and have a canonical JSON form whose SHA-256 names a run. A
field at its default is left out of that form, so that a field added later does not rename the runs made before it;
only a default that lists what there is, and so may grow, is always written.
"""

from invariance.spec.checks import (
    SpecError,
)
from invariance.spec.compositions import (
    order_transforms,
    parse_transforms,
    transforms_text,
)
from invariance.spec.dataset import (
    DatasetSpec,
)
from invariance.spec.measuring import (
    FactorSpec,
    MeasureSpec,
)
from invariance.spec.question import (
    QuestionSpec,
)
from invariance.spec.reading import (
    EARLIEST_SCHEMA,
    RUN_KINDS,
    RunSpec,
    dataset_from_dict,
    job_from_json,
    run_from_dict,
    run_from_json,
    schema_of,
    schema_remark,
)
from invariance.spec.run import (
    SCHEMA_VERSION,
    canonical_json,
    identity_json,
    to_dict,
)
from invariance.spec.training import (
    PretrainSpec,
    TransferSpec,
)
from invariance.vocabulary.architectures import (
    MODEL_NAMES,
)
from invariance.vocabulary.choices import (
    LABELS,
    MAX_PROTOTYPES,
    PLAIN_FACTORS,
    PRECISIONS,
    REGULARISATIONS,
    RESAMPLINGS,
    SCHEDULES,
    STICKER_PLACES,
    TRANSFER_METHODS,
    VARIED,
)
from invariance.vocabulary.measures import (
    MEASURE_NAMES,
)
from invariance.vocabulary.objectives import (
    OBJECTIVES,
)
from invariance.vocabulary.transforms import (
    ALL_CATEGORIES,
    BEYOND_2D,
    CATEGORIES,
    FLAT_TRANSFORMS,
    KNOWN_TRANSFORMS,
    TRANSFORM_NAMES,
)

__all__ = [
    "ALL_CATEGORIES",
    "BEYOND_2D",
    "CATEGORIES",
    "EARLIEST_SCHEMA",
    "FLAT_TRANSFORMS",
    "KNOWN_TRANSFORMS",
    "LABELS",
    "MAX_PROTOTYPES",
    "MEASURE_NAMES",
    "MODEL_NAMES",
    "OBJECTIVES",
    "PLAIN_FACTORS",
    "PRECISIONS",
    "REGULARISATIONS",
    "RESAMPLINGS",
    "RUN_KINDS",
    "SCHEDULES",
    "SCHEMA_VERSION",
    "STICKER_PLACES",
    "TRANSFER_METHODS",
    "TRANSFORM_NAMES",
    "VARIED",
    "DatasetSpec",
    "FactorSpec",
    "MeasureSpec",
    "PretrainSpec",
    "QuestionSpec",
    "RunSpec",
    "SpecError",
    "TransferSpec",
    "canonical_json",
    "dataset_from_dict",
    "identity_json",
    "job_from_json",
    "order_transforms",
    "parse_transforms",
    "run_from_dict",
    "run_from_json",
    "schema_of",
    "schema_remark",
    "to_dict",
    "transforms_text",
]
