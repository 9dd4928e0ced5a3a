"""Models and controls against factors: what each representation has kept, all on the same images."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pandas as pd
import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.events import CancelFlag, Event, Progress, never
from invariance.files import sweep_temporaries
from invariance.measures.factor_columns import FACTOR_COLUMNS, NETWORK, PIXELS, UNTRAINED, verdict_of
from invariance.measures.factor_images import image_sets, render_set
from invariance.measures.factor_scores import FactorScore, factor_scores
from invariance.measures.factors import Factor, resolve_factors, target_of
from invariance.measures.result import finish
from invariance.models import Classifier
from invariance.models.untrained import has_untrained_twin, untrained_twin
from invariance.spec import TRANSFORM_NAMES, FactorSpec
from invariance.training.checkpoint import load_weights
from invariance.training.evaluation import in_batches

NUM_COMPONENTS: Final = 512
BASIS_IMAGES: Final = 2_000

Represent = Callable[[Tensor], Tensor]
"""Images (N, 3, S, S) uint8 to features (N, F)."""
Scores = dict[str, dict[str, FactorScore]]
"""By model and factor."""


def probe_factors(
    spec: FactorSpec,
    sources: dict[str, Path],
    directory: Path,
    *,
    device: str = "cpu",
    cancelled: CancelFlag = never,
) -> Iterator[Event]:
    """Decodes factors from models, and from the controls beside them, on images that no network was trained on.

    The probes are trained and tested on images of the same objects (folds of the test split): an angle or a hue shift
    is only defined against a picture that the probe has seen.

    Args:
        spec: which factors, in which images.
        sources: name of each model, as it appears in the table, and its weights.
        directory: of the run; receives ``table.csv``.
        device: a torch device for images and networks; probes are solved on the CPU in float64.
        cancelled: asked before every batch; nothing is kept, the run is short.

    Yields:
        Progress after each model and set of images; then Finished with the path of the table, which has the columns
        :data:`~invariance.measures.factor_columns.FACTOR_COLUMNS` and a row for each model and factor, controls first.

    Raises:
        Cancelled: the flag was set.
        SpecError: a model or the data set cannot be used.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    sweep_temporaries(directory)
    started = time.monotonic()
    engine = Engine(spec.data, device)
    factors = available_factors(spec, engine)
    models = {name: load_weights(path, device) for name, path in sources.items()}
    controls = _controls(engine, models, cancelled)
    seen: dict[str, Represent] = {**controls, **{name: _representation(one, cancelled) for name, one in models.items()}}
    sets = image_sets(factors, together=spec.vary == "together")
    num_steps, step = len(sets) * len(seen), 0
    scores: Scores = {name: {} for name in seen}
    for wanted in sets:
        found = render_set(
            engine, wanted, num=spec.num_images, num_folds=spec.num_folds, seed=spec.data.seed, cancelled=cancelled
        )
        targets = [target_of(factor, found.recipe) for factor in wanted.factors]
        for name, represent in seen.items():
            made = factor_scores(
                represent(found.images),
                wanted.factors,
                targets,
                found.folds,
                seed=spec.data.seed,
                standardise=name != PIXELS,
            )
            scores[name] |= {factor.name: score for factor, score in zip(wanted.factors, made, strict=True)}
            step, seconds = step + 1, time.monotonic() - started
            yield Progress(
                step=step,
                num_steps=num_steps,
                epoch=step // num_steps,
                images_per_second=spec.num_images * step / seconds,
                eta_seconds=seconds / step * (num_steps - step),
                seconds=seconds,
            )
    table = _tabulate(scores, factors, {name: model.name for name, model in models.items()})
    metrics = {"num_models": len(models), "num_factors": len(factors), "num_images": spec.num_images}
    yield finish(table, directory, metrics, started=started, device=device)


def available_factors(spec: FactorSpec, engine: Engine) -> tuple[Factor, ...]:
    """The factors of a spec that its images have: backgrounds of fresh noise have no number to decode.

    Raises:
        SpecError: a factor is unknown.
    """
    factors = resolve_factors(spec.factors)
    return tuple(factor for factor in factors if factor.name != "background" or engine.num_backgrounds > 1)


def pixel_components(engine: Engine, *, num: int = NUM_COMPONENTS) -> Represent:
    """Images as their principal components, the control in which nothing was learnt.

    The basis is that of images of the validation split, each under one of the 18 transformations, so none of the
    images that are decoded is in it. For the gallery's images the skills are within about 0.1 of those of all 3,072
    values (hue 0.92 for 0.98, rotate 0.47 for 0.52, scale 0.75 for 0.85, noise 0.69 for 0.56), at a fifteenth of the
    time.

    Args:
        engine: objects and backgrounds.
        num: components, at most as many as there are images and values.
    """
    indices = engine.indices("validation", BASIS_IMAGES)
    names = ((), *((name,) for name in TRANSFORM_NAMES))
    parts = [
        engine.with_spec_changes(transforms=name).render(indices[number :: len(names)])[0]
        for number, name in enumerate(names)
    ]
    images = torch.cat(parts).flatten(1).cpu().to(torch.float64)
    mean = images.mean(dim=0)
    variances, samples = torch.linalg.eigh((images - mean) @ (images - mean).T)
    kept = variances > 1e-9 * variances[-1]
    variances, samples = variances[kept][-num:], samples[:, kept][:, -num:]
    basis = (images - mean).T @ samples / variances.sqrt()
    return lambda pictures: (pictures.flatten(1).cpu().to(torch.float64) - mean) @ basis


def untrained_name(architecture: str) -> str:
    """How the row of an architecture with random weights is called."""
    return f"{UNTRAINED} {architecture}"


def _controls(engine: Engine, models: dict[str, Classifier], cancelled: CancelFlag) -> dict[str, Represent]:
    controls = {PIXELS: pixel_components(engine)}
    for model in {model.name: model for model in models.values()}.values():
        if has_untrained_twin(model.name):
            twin = untrained_twin(model, seed=engine.spec.seed)
            controls[untrained_name(model.name)] = _representation(twin, cancelled)
    return controls


def _representation(model: Classifier, cancelled: CancelFlag) -> Represent:
    return lambda images: in_batches(model.representation, images, cancelled=cancelled)


def _tabulate(scores: Scores, factors: tuple[Factor, ...], architectures: dict[str, str]) -> pd.DataFrame:
    rows = []
    for name, found in scores.items():
        control = scores.get(untrained_name(architectures.get(name, "")), {})
        role = NETWORK if name in architectures else PIXELS if name == PIXELS else UNTRAINED
        for factor in factors:
            untrained = control[factor.name].skill if control else math.nan
            rows.append(
                {"model": name, "role": role, **_row(factor, found[factor.name])}
                | ({} if role != NETWORK else _judged(found[factor.name], scores[PIXELS][factor.name].skill, untrained))
            )
    return pd.DataFrame(rows, columns=list(FACTOR_COLUMNS))


def _row(factor: Factor, score: FactorScore) -> dict[str, float | str]:
    return {
        "factor": factor.name,
        "title": factor.title,
        "kind": factor.kind,
        "score": score.score,
        "chance": score.chance,
        "skill": score.skill,
        "low": score.interval[0],
        "high": score.interval[1],
        "control": score.control,
        "control_high": score.control_high,
        "angle_error_deg": score.angle_error_deg,
        "num_images": score.num_images,
        "penalty": score.penalty,
    }


def _judged(score: FactorScore, pixels: float, untrained: float) -> dict[str, float | str]:
    low, high = score.interval
    verdict = verdict_of(low=low, high=high, control_high=score.control_high, pixels=pixels, untrained=untrained)
    return {"pixels": pixels, "untrained": untrained, "verdict": verdict}
