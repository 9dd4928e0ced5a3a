"""A model card: a README with YAML front matter, as the Hugging Face Hub reads it, made from what a run recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import invariance
from invariance.data.catalogue import is_picture_source
from invariance.models import Classifier
from invariance.runs.describe import command, title
from invariance.runs.origin import NO_COMMAND, settings_of, source_name, without_paths
from invariance.runs.plain_torch import plain_torch
from invariance.spec import DatasetSpec, PretrainSpec, TransferSpec
from invariance.statistics import Interval, share_interval
from invariance.vocabulary.citation import CITATION, PAPER_TITLE, PAPER_URL

UNKNOWN: Final = "unknown"
"""The Hub's word for a licence that is not stated."""
OWN_SOURCES: Final = ("", "builtin", "noise")
"""Of pictures, which are under this project's licence."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A network that a run of a store, or one of the gallery's, has made.

    Attributes:
        run_id: identity of the run.
        spec: what it asked for.
        start: of a transfer, what the run asked for that it started from, where that is known.
        metrics: final ones, such as ``test_accuracy``.
        path: its weights.
        remark: what to know of one of an earlier schema; empty for any other.
    """

    run_id: str
    spec: PretrainSpec | TransferSpec
    start: PretrainSpec | TransferSpec | None
    metrics: Mapping[str, float]
    path: Path
    remark: str

    @property
    def accuracy_name(self) -> str:
        """Which of the metrics is the accuracy on the test split."""
        return "transfer_accuracy" if isinstance(self.spec, TransferSpec) else "test_accuracy"

    @property
    def accuracy(self) -> Interval:
        """On the test split, with Wilson's interval over its images."""
        num = self.spec.num_test_samples
        return share_interval(round(self.metrics[self.accuracy_name] * num), num)


def licence_of(trained: Trained) -> str:
    """``mit`` where pictures and first weights are this project's own, else ``unknown``: others have a say in it."""
    specs = [spec for spec in (trained.spec, trained.start) if spec is not None]
    sources = {source for spec in specs for source in (spec.data.objects, spec.data.backgrounds, spec.data.stickers)}
    is_own = all(source in OWN_SOURCES or source.startswith("#") for source in sources)
    is_known = isinstance(specs[-1], PretrainSpec)
    return "mit" if is_own and is_known else UNKNOWN


def model_card(trained: Trained, model: Classifier, *, sha256: str, licence: str | None = None) -> str:
    """The text of the card.

    Args:
        trained: the network and what is recorded of it.
        model: the same, loaded.
        sha256: of the file of weights that lies beside the card.
        licence: see :func:`invariance.runs.give_back.files_to_give`.
    """
    spec, name = trained.spec, title(trained.spec, trained.start)
    licence = licence or licence_of(trained)
    accuracy = trained.accuracy
    parts = [
        _front_matter(trained, model, licence),
        f"# {name}",
        f"An image classifier ({model.name}, {model.num_classes} classes, {_num_parameters(model):,} parameters) made "
        f"with Invariance Lab {invariance.__version__} to study which transformations a network becomes invariant to, "
        f"and what that does to transfer, after [{PAPER_TITLE}]({PAPER_URL}).",
        *([trained.remark] if trained.remark else []),
        "## How to load it",
        "As a `torch.nn.Module`, with this library:",
        _code("python", _own_code(spec.data.image_size)),
        "With torch and safetensors alone:",
        _code("python", plain_torch(model.name, **_shape(trained, model), weights="model.safetensors")),
        "To measure what it is invariant to:",
        _code("bash", "python -m invariance measure --models model.safetensors --transforms all --out sens.csv"),
        "Images are RGB, (B, 3, H, W), bytes or float in [0, 1]; `config.json` has their size. The names of the "
        "outputs and the whole spec are in the metadata of the weights as well.",
        "## What it was trained on",
        _trained_on(trained),
        "## How it was trained",
        _table(settings_of(spec)),
        f"Run `{trained.run_id}`. The command that asks for the same:",
        _code("bash", command(without_paths(spec)) or NO_COMMAND),
        *(["It started from:", _table(settings_of(trained.start))] if trained.start is not None else []),
        "## How good it is",
        f"Accuracy on the test split, a mean over classes: **{trained.metrics[trained.accuracy_name]:.3f}** "
        f"(n = {accuracy.num:,} images; 95 % interval {accuracy.low:.3f} to {accuracy.high:.3f}, Wilson's, over test "
        f"images; chance is {1 / model.num_classes:.3f}). {_test(spec.data)} One network of one "
        "seed: how another seed would do, the interval does not say.",
        "## What it is for",
        "Research and teaching: to measure invariance, to transfer from, to explain. It is no product, and decides "
        "nothing about people.",
        "## What it cannot do",
        f"It tells apart {model.num_classes} classes of composed pictures of {spec.data.image_size} x "
        f"{spec.data.image_size} pixels (an object on a background), and any other picture is called one of them. "
        "Nothing is known of photographs that it was not tested on, nor of transformations beyond those named above. "
        f"Its licence: {_LICENCES.get(licence, licence)}.",
        "## Its file",
        f"`model.safetensors`, SHA-256 `{sha256}`. It holds numbers and texts alone, and no code.",
        "## How to cite",
        _code("bibtex", CITATION),
    ]
    return "\n\n".join(parts) + "\n"


_LICENCES: Final = {
    "mit": "MIT, as that of this project and of its pictures",
    UNKNOWN: "not stated; ask whoever gave it to you, and mind the licences of the pictures and of the weights that it "
    "started from",
}


def _front_matter(trained: Trained, model: Classifier, licence: str) -> str:
    """What the Hub's index reads; texts are JSON, which YAML reads as they are meant."""
    spec = trained.spec
    tags = ["image-classification", "invariance", "transfer-learning", "transforms-2d", spec.kind]
    data = f"Transforms-2D ({_composition(spec.data)}), test split of {spec.num_test_samples} images"
    value = round(trained.metrics[trained.accuracy_name], 4)
    lines = [
        "---",
        f"license: {json.dumps(licence)}",
        "library_name: invariance-lab",
        "pipeline_tag: image-classification",
        "tags:",
        *(f"- {tag}" for tag in tags),
        "metrics:",
        "- accuracy",
        "model-index:",
        f"- name: {json.dumps(f'{model.name}-{trained.run_id}')}",
        "  results:",
        "  - task:",
        "      type: image-classification",
        "    dataset:",
        "      type: transforms-2d",
        f"      name: {json.dumps(data)}",
        "    metrics:",
        "    - type: accuracy",
        f"      value: {value}",
        "      name: accuracy, mean over classes",
        "---",
    ]
    return "\n".join(lines)


def _test(data: DatasetSpec) -> str:
    """What is new to the network in the test."""
    if is_picture_source(data.objects):
        return "The test shows pictures that training did not have."
    if data.shared_backgrounds or data.backgrounds.startswith("#"):
        return "The test shows objects and backgrounds of training in new combinations."
    return "The test shows objects of training before backgrounds of its own (fewer than ten are shared)."


def _trained_on(trained: Trained) -> str:
    spec = trained.spec
    if isinstance(spec, PretrainSpec):
        return f"From random weights ({spec.objective}), on {_pictures(spec.data)}."
    if ":" in spec.source:  # which no run's identity has
        start = f"`{spec.source}`, a network that was trained elsewhere"
    elif trained.start is None:
        start = f"run `{spec.source}`, of which nothing else is known here"
    else:
        start = f"run `{spec.source}`, which learnt from {_pictures(trained.start.data)}"
    return f"Transferred by {spec.method} from {start}, to {_pictures(spec.data)}."


def _pictures(data: DatasetSpec) -> str:
    num = "an endless stream of images" if data.num_samples is None else f"{data.num_samples:,} images"
    objects, backgrounds = source_name(data.objects), source_name(data.backgrounds)
    classes = f" (classes {', '.join(data.classes)})" if data.classes else ""
    return (
        f"{num} of Transforms-2D: objects `{objects}`{classes} before backgrounds `{backgrounds}`, changed by "
        f"{_composition(data)}"
    )


def _composition(data: DatasetSpec) -> str:
    return ", ".join(data.transforms).replace("_", " ") or "no transformation"


def _own_code(image_size: int) -> str:
    return (
        "import invariance\nimport torch\n\n"
        'network = invariance.network("model.safetensors")\n'
        f"logits = network(torch.rand(4, 3, {image_size}, {image_size}))"
    )


def _shape(trained: Trained, model: Classifier) -> dict[str, int]:
    return {"num_classes": model.num_classes, "image_size": trained.spec.data.image_size}


def _num_parameters(model: Classifier) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _table(values: Mapping[str, str]) -> str:
    rows = [f"| {name} | {value.replace('|', '/')} |" for name, value in values.items()]
    return "\n".join(["| | |", "|---|---|", *rows])


def _code(language: str, text: str) -> str:
    return f"```{language}\n{text.strip()}\n```"
