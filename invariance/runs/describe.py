"""What a run is in a few words, and the command that asks for it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import fields
from typing import Final

from invariance.spec import (
    TRANSFORM_NAMES,
    DatasetSpec,
    FactorSpec,
    MeasureSpec,
    PretrainSpec,
    QuestionSpec,
    RunSpec,
    TransferSpec,
    transforms_text,
)
from invariance.spec.question import SEPARATOR
from invariance.studies.what_if import TARGET_SEED_OFFSET
from invariance.vocabulary.architectures import FILE_PREFIX, OUTSIDE_PREFIXES


def transforms_title(transforms: tuple[str, ...]) -> str:
    """The composition in words: its names, ``none``, or ``all 18``."""
    if set(transforms) == set(TRANSFORM_NAMES):
        return f"all {len(TRANSFORM_NAMES)}"
    return ", ".join(transforms).replace("_", " ") or "none"


def title(spec: RunSpec, source: RunSpec | None = None) -> str:
    """A run in a few words.

    Args:
        spec: the run.
        source: for a transfer, the run that it starts from, if that is known.
    """
    match spec:
        case PretrainSpec():
            objective = "" if spec.objective == "supervised" else f" · {spec.objective}"
            varied = transforms_title(spec.data.transforms) if spec.epochs else "untrained"
            return f"{varied} · {spec.model}{objective}"
        case TransferSpec():
            start = source_title(spec.source) if source is None else transforms_title(source.data.transforms)
            start = "untrained" if isinstance(source, PretrainSpec) and not source.epochs else start
            of_last = " of the last block" if spec.trainable == "last-block" else ""
            return f"{start} → {transforms_title(spec.data.transforms)} · {spec.method}{of_last}"
        case MeasureSpec(measure="features"):
            return f"features: {_count(spec.sources, 'model')}"
        case MeasureSpec():
            return f"{spec.measure}: {_count(spec.sources, 'model')} x {_count(spec.transforms, 'transformation')}"
        case FactorSpec():
            together = " together" if spec.vary == "together" else ""
            return f"factors{together}: {_count(spec.sources, 'model')}"


def source_title(source: str) -> str:
    """The name of a published network, or the first digits of a file or of a run that is not known."""
    if source.startswith(FILE_PREFIX):
        return f"file {source.removeprefix(FILE_PREFIX)[:8]}"
    return source.partition(":")[2] if source.startswith(OUTSIDE_PREFIXES) else source[:8]


def _count(things: tuple[str, ...], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def command(spec: RunSpec) -> str | None:
    """The line for a terminal that asks for the same run, or None if the command line has no way to say it."""
    match spec:
        case PretrainSpec():
            num_samples = "endless" if spec.data.num_samples is None else str(spec.data.num_samples)
            words = ["pretrain", *_data_words(spec.data), "--num-samples", num_samples]
            words += ["--model", spec.model, "--samples-per-epoch", str(spec.samples_per_epoch)]
            words += _option_words(spec, ("objective", "schedule", "weight_decay", "optimizer"))
            if spec.optimizer != "adam" and spec.schedule == "constant":  # with another the usual one is not this
                words += ["--schedule", spec.schedule]
            seed, words = spec.data.seed, words + _training_words(spec)
        case TransferSpec():
            words = ["transfer", "--from", spec.source, *_data_words(spec.data)]
            words += ["--num-samples", str(spec.data.num_samples), "--method", spec.method]
            words += _option_words(spec, ("regularisation", "trainable", "learning_rates"))
            seed, words = spec.data.seed - TARGET_SEED_OFFSET, words + _training_words(spec)
        case MeasureSpec():
            words = ["measure", "--models", ",".join(spec.sources), *_data_words(spec.data)]
            if spec.measure != "features":
                words[words.index("--transforms") + 1] = ",".join(spec.transforms)
            words += ["--measure", spec.measure, "--num-pairs", str(spec.num_pairs), "--out", "table.csv"]
            words += ["--untrained"] if spec.untrained else []
            seed = spec.data.seed
            if spec.data.num_samples != spec.num_pairs:
                return None
        case FactorSpec():
            words = ["factors", "--models", ",".join(spec.sources), "--factors", ",".join(spec.factors)]
            words += [*_data_words(spec.data)[2:], *_option_words(spec, ("vary", "num_folds"))]
            words += ["--num-images", str(spec.num_images), "--out", "factors.csv"]
            seed = spec.data.seed
            if spec.data.num_samples != spec.num_images:
                return None
    if getattr(spec, "seed", seed) != seed or seed < 0 or spec.data.transform_seed is not None:
        return None
    return shlex.join(["python", "-m", "invariance", *words, "--seed", str(seed)])


def question_title(spec: QuestionSpec) -> str:
    """A question in a few words."""
    sources, targets = (
        " / ".join(name.replace(",", " + ").replace("_", " ") for name in names)
        for names in (spec.sources, spec.targets)
    )
    return f"Pretrained on {sources}, transferred to {targets}"


def question_command(spec: QuestionSpec) -> str:
    """The line for a terminal that asks a question; what is usual is left out."""
    words = ["what-if", "--sources", SEPARATOR.join(spec.sources), "--targets", SEPARATOR.join(spec.targets)]
    told = [field.name for field in fields(spec) if field.name not in ("sources", "targets")]
    words += [QUESTION_OPTIONS.get(word, word) for word in _option_words(spec, told)]
    return shlex.join(["python", "-m", "invariance", *words])


QUESTION_OPTIONS: Final = {"--models": "--model", "--objectives": "--objective", "--methods": "--method"}
"""Options of a question that have one name with every command, however many values they take."""


def _data_words(data: DatasetSpec) -> list[str]:
    words = ["--transforms", transforms_text(data.transforms)]
    if data.classes:
        words += ["--classes", ",".join(data.classes)]
    defaults = {field.name: field.default for field in fields(data)}
    said_elsewhere = {"transforms", "classes", "num_samples", "seed", "transform_seed"}
    return words + _option_words(data, [name for name in defaults if name not in said_elsewhere])


def _option_words(spec: DatasetSpec | RunSpec | QuestionSpec, names: Sequence[str]) -> list[str]:
    """Options for the fields that are not at their defaults; each option is named as its field."""
    defaults = {field.name: field.default for field in fields(spec)}
    words: list[str] = []
    for name in names:
        if (value := getattr(spec, name)) != defaults[name]:
            text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [text])]
    return words


def _training_words(spec: PretrainSpec | TransferSpec) -> list[str]:
    names = ("epochs", "batch_size", "learning_rate", "num_test_samples")
    words = [word for name in names for word in (f"--{name.replace('_', '-')}", str(getattr(spec, name)))]
    return words + _option_words(spec, ("precision",))
