"""A trained network as files for others: weights, a model card, and what a program needs to know of them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import invariance
from invariance.models import Classifier
from invariance.runs.gallery import entries
from invariance.runs.locate import run_id_of, weights_of
from invariance.runs.model_card import Trained, model_card
from invariance.runs.networks import recorded_spec
from invariance.runs.origin import without_paths
from invariance.runs.store import Store
from invariance.spec import PretrainSpec, SpecError, TransferSpec, to_dict
from invariance.training.checkpoint import load_weights, save_weights

WEIGHTS: Final = "model.safetensors"
CARD: Final = "README.md"
CONFIG: Final = "config.json"


def files_to_give(reference: str, store: Store | None, *, licence: str | None = None) -> dict[str, bytes]:
    """Everything that is needed to use a network elsewhere.

    Args:
        reference: a run with weights, or the beginning of its identity, or a gallery model.
        store: where runs are looked up; None for the gallery alone.
        licence: an identifier of the Hub, such as ``cc-by-4.0``; None for ``mit`` where pictures and first weights are
            this project's own, else ``unknown``.

    Returns:
        Contents by file name: :data:`WEIGHTS`, which is the run's own file unless that says where on this machine its
        pictures are; :data:`CARD`, a model card with YAML front matter; :data:`CONFIG`.

    Raises:
        SpecError: the run is unknown or not done, has no weights, or the weights are damaged.
    """
    trained = find_trained(reference, store)
    model = load_weights(trained.path)
    weights = _public_weights(trained, model)
    sha256 = hashlib.sha256(weights).hexdigest()
    card = model_card(trained, model, sha256=sha256, licence=licence)
    config = json.dumps(config_of(trained, model, sha256), indent=2)
    return {WEIGHTS: weights, CARD: card.encode(), CONFIG: f"{config}\n".encode()}


def find_trained(reference: str, store: Store | None) -> Trained:
    """The network of a run or of the gallery with what is recorded of it; see :func:`files_to_give`."""
    run_id = run_id_of(reference, store)
    run = None if store is None else store.find(run_id)
    shipped = next((entry for entry in entries() if entry.run_id == run_id), None)
    if run is None and shipped is None:
        raise SpecError(f"{reference}: expected a run or a gallery model; other networks are their makers' to give")
    path = weights_of(run_id, store)
    known = run if run is not None and (run.state == "done" or shipped is None) else shipped
    assert known is not None
    assert isinstance(known.spec, PretrainSpec | TransferSpec), f"a {known.spec.kind} has no weights"
    start = recorded_spec(known.spec.source, store) if isinstance(known.spec, TransferSpec) else None
    assert start is None or isinstance(start, PretrainSpec | TransferSpec)
    return Trained(run_id=run_id, spec=known.spec, start=start, metrics=known.metrics, path=path, remark=known.remark)


def config_of(trained: Trained, model: Classifier, sha256: str) -> dict[str, Any]:
    """What a program needs to know: architecture, classes, the form of images, spec, metrics, as JSON values."""
    return {
        "library_name": "invariance-lab",
        "library_version": invariance.__version__,
        "architecture": model.name,
        "num_features": model.num_features,
        "num_classes": model.num_classes,
        "id2label": {str(number): name for number, name in enumerate(model.class_names)},
        "input": {
            "channels": "RGB",
            "range": [0, 1],
            "normalised_by_network": True,
            "image_size": trained.spec.data.image_size,
            "resized_to": model.resize_size,
            "cropped_to": model.input_size,
        },
        "run": trained.run_id,
        "spec": to_dict(without_paths(trained.spec)),
        "metrics": dict(trained.metrics),
        "sha256": sha256,
    }


def as_zip(files: Mapping[str, bytes]) -> bytes:
    """Files as one archive, in their order; the same files give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def _public_weights(trained: Trained, model: Classifier) -> bytes:
    """The run's own file; made again where the spec in it has folders of this machine."""
    public = without_paths(trained.spec)
    if public == trained.spec:
        return trained.path.read_bytes()
    with TemporaryDirectory() as folder:
        path = Path(folder) / WEIGHTS
        save_weights(path, model, class_names=model.class_names, spec=public)
        return path.read_bytes()
