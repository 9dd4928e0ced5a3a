"""Image backbones of transformers from the Hugging Face Hub: ViT, DINOv2, ConvNeXt, CLIP's vision tower, and others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from invariance.extras import require_extra
from invariance.models.classifier import Classifier
from invariance.models.hub_patience import told_once
from invariance.models.outside import assemble
from invariance.models.wrap import finished, own_preprocessing, see
from invariance.spec import SpecError
from invariance.spec.checks import one_line
from invariance.vocabulary.architectures import HF_PREFIX

FILES: Final = ("config.json", "preprocessor_config.json", "*.safetensors", "*.safetensors.index.json")
_CLASSIFIER, _BACKBONE = "AutoModelForImageClassification", "AutoModel"
_MOST_PARAMETERS: Final = 3_000_000_000
"""Of a network that a file of weights describes, which may come from anybody."""
_BICUBIC: Final = 3
"""PIL's number of it."""


def make_hf(name: str, blueprint: str) -> nn.Module:
    """The network as transformers makes it, with weights of no meaning; torch's global generator stays as it is.

    Args:
        name: ``hf:<owner>/<name>``, for errors.
        blueprint: JSON with the ``config``, the ``kind`` of automatic class, and the parts that are ``dropped``.

    Raises:
        SpecError: transformers is not installed, or cannot make it.
    """
    require_extra("transformers", name)
    import transformers

    try:
        said = json.loads(blueprint)
        values = {key: value for key, value in said["config"].items() if key != "auto_map"}
        config = transformers.AutoConfig.for_model(values.pop("model_type"), **values)
        kind = _CLASSIFIER if said["kind"] == _CLASSIFIER else _BACKBONE
        with torch.device("meta"):
            size = sum(one.numel() for one in _from_config(kind, config).parameters())
        if size > _MOST_PARAMETERS:
            raise SpecError(f"{name}: a network of {size / 1e9:.3g} billion parameters is not made here")
        with torch.random.fork_rng(devices=[]):
            return _tower(_from_config(kind, config), said["dropped"]).eval()
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"{name}: this version of transformers cannot make it ({one_line(error)})") from error


def download_hf(name: str) -> Classifier:
    """A network with its published weights, downloaded unless the Hub's own cache has them; safetensors alone.

    Args:
        name: ``hf:<owner>/<name>``.

    Returns:
        In eval mode on the CPU: a classifier with its classes, of a model of images and texts the vision tower.

    Raises:
        SpecError: transformers is not installed, there is no such network, or its weights cannot be had or used.
    """
    require_extra("transformers", name)
    import transformers

    try:
        with told_once(name):
            folder = fetch(name.removeprefix(HF_PREFIX))
    except (OSError, ValueError) as error:  # the Hub's own errors are of these kinds
        raise SpecError(
            f"{name}: its weights cannot be had ({one_line(error)}); connect to the network and try again"
        ) from error
    try:
        config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False)
        is_classifier = any(one.endswith("ForImageClassification") for one in config.architectures or ())
        kind = _CLASSIFIER if is_classifier else _BACKBONE
        module, loaded = getattr(transformers, kind).from_pretrained(
            folder,
            config=config,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise SpecError(f"{name}: transformers cannot load it ({one_line(error)}); choose another") from error
    dropped = _without_weights(name, module, loaded["missing_keys"])
    blueprint = json.dumps(
        {"config": json.loads(config.to_json_string(use_diff=False)), "kind": kind, "dropped": dropped}
    )
    return behind_protocol(name, _tower(module, dropped), blueprint, preprocessing(folder), config)


def fetch(repository: str) -> Path:
    """The folder with the files of a repository of the Hub, downloaded unless they are in its cache."""
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(repository, allow_patterns=list(FILES)))


def behind_protocol(
    name: str, module: nn.Module, blueprint: str, own: Mapping[str, Any], config: Any = None
) -> Classifier:
    """A module of transformers as a network, fed as its weights were trained."""
    own = {**own_preprocessing(module), **own}
    model = assemble(name, module.eval(), replace(see(module, side=own.get("input_size"), title=name), **own))
    model.blueprint = blueprint
    labels = getattr(config, "id2label", None) or {}
    return finished(model, name, [str(labels.get(number, "")) for number in range(model.num_classes)])


def preprocessing(folder: Path) -> dict[str, Any]:
    """What a repository says of the images that its network was trained with: fields of a wrapping."""
    if not (folder / "preprocessor_config.json").is_file():
        return {}
    from transformers import AutoImageProcessor

    said = AutoImageProcessor.from_pretrained(folder, trust_remote_code=False)
    size, crop = _side(getattr(said, "size", None)), _side(getattr(said, "crop_size", None))
    if (part := getattr(said, "crop_pct", None)) and size and size < 384:  # ConvNeXt: enlarged, and the centre of it
        size, crop = int(size / part), size
    elif not getattr(said, "do_center_crop", False):
        crop = None
    found: dict[str, Any] = {} if size is None else {"input_size": crop or size, "resize_size": size}
    found["interpolation"] = "bicubic" if int(getattr(said, "resample", 2) or 2) == _BICUBIC else "bilinear"
    if getattr(said, "do_normalize", True) and getattr(said, "image_mean", None) is not None:
        found |= {"mean": tuple(said.image_mean), "std": tuple(said.image_std)}
    return found


def _side(size: Any) -> int | None:
    """The side in pixels of what a processor calls a size."""
    if isinstance(size, int):
        return size
    for key in ("shortest_edge", "height"):
        value = size.get(key) if isinstance(size, Mapping) else getattr(size, key, None)
        if isinstance(value, int):
            return value
    return None


def _from_config(kind: str, config: Any) -> nn.Module:
    import transformers

    module: nn.Module = getattr(transformers, kind).from_config(config, trust_remote_code=False, dtype=torch.float32)
    return module


def _tower(module: Any, dropped: list[str]) -> nn.Module:
    """The part that looks at images, without the parts of which nobody has the weights."""
    tower: nn.Module = getattr(module, "vision_model", module)
    for part in dropped:
        setattr(tower, str(part), None)
    return tower


def _without_weights(name: str, module: Any, missing: Any) -> list[str]:
    """The parts that have no weights and can be left out.

    Raises:
        SpecError: weights are missing that cannot be done without.
    """
    prefix = "vision_model." if hasattr(module, "vision_model") else ""
    ours = sorted(key.removeprefix(prefix) for key in missing if key.startswith(prefix))
    if needed := [key for key in ours if not key.startswith("pooler.")]:
        raise SpecError(f"{name}: its weights lack {needed[0]!r} ({len(needed)} in all); choose another")
    return ["pooler"] if ours else []
