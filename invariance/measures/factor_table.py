"""Models and controls against factors: what each representation has kept, all on the same images."""

from __future__ import annotations

import math
from functools import partial
from typing import Final

import pandas as pd
import torch

from invariance.data.engine import Engine
from invariance.measures.factor_images import image_sets, render_set
from invariance.measures.factor_scores import FactorScore, factor_scores
from invariance.measures.factor_verdict import verdict_of
from invariance.measures.factors import Factor, resolve_factors, target_of
from invariance.measures.task import Represent, TableWork, Task
from invariance.models import has_untrained_twin, untrained_twin
from invariance.spec import TRANSFORM_NAMES, FactorSpec
from invariance.vocabulary.factors import FACTOR_COLUMNS, NETWORK, PIXELS, UNTRAINED

NUM_COMPONENTS: Final = 512
BASIS_IMAGES: Final = 2_000

Scores = dict[str, dict[str, FactorScore]]
"""By model and factor."""


def probe_factors(spec: FactorSpec, task: Task) -> TableWork:
    """Decodes factors from models, and from the controls beside them: a row for each model and factor, controls first.

    The probes are trained and tested on images of the same objects (folds of the test split): an angle or a hue shift
    is only defined against a picture that the probe has seen. They are solved on the CPU in float64.

    Raises:
        SpecError: a factor is unknown, or there are too few different pictures for the folds.
    """
    engine, cancelled = task.engine, task.cancelled
    factors = available_factors(spec, engine)
    seen: dict[str, Represent] = {
        **_controls(task),
        **{name: partial(task.features, model) for name, model in task.models.items()},
    }
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
            step += 1
            yield task.progress(step, num_steps, images_per_step=spec.num_images)
    table = _tabulate(scores, factors, {name: model.name for name, model in task.models.items()})
    metrics = {"num_models": len(task.models), "num_factors": len(factors), "num_images": spec.num_images}
    return table, metrics


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


def control_name(architecture: str) -> str:
    """What the row of the control is called that is an architecture with random weights, of the data set's seed."""
    return f"{UNTRAINED} {architecture}"


def _controls(task: Task) -> dict[str, Represent]:
    controls = {PIXELS: pixel_components(task.engine)}
    for model in {model.name: model for model in task.models.values()}.values():
        if has_untrained_twin(model.name):
            twin = untrained_twin(model, seed=task.engine.spec.seed)
            controls[control_name(model.name)] = partial(task.features, twin)
    return controls


def _tabulate(scores: Scores, factors: tuple[Factor, ...], architectures: dict[str, str]) -> pd.DataFrame:
    rows = []
    for name, found in scores.items():
        control = scores.get(control_name(architectures.get(name, "")), {})
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
