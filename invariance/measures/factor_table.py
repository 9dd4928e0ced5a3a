"""Models and controls against factors: what each representation has kept, all on the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from typing import Final

import pandas as pd
import torch

from invariance.data.engine import Engine
from invariance.measures.factor_images import ImageSet, image_sets, render_set
from invariance.measures.factor_scores import FactorScore, change, factor_scores
from invariance.measures.factor_verdict import judge, references
from invariance.measures.factors import CLASS, Factor, resolve_factors, target_of
from invariance.measures.task import Represent, TableWork, Task
from invariance.models import has_untrained_twin, untrained_twin
from invariance.spec import TRANSFORM_NAMES, FactorSpec
from invariance.statistics import benjamini_hochberg
from invariance.vocabulary.factors import FACTOR_COLUMNS, KNOWN, NETWORK, OBJECTS, PIXELS, UNTRAINED

NUM_COMPONENTS: Final = 512
BASIS_IMAGES: Final = 2_000

Scores = dict[tuple[str, str, str], FactorScore]
"""By model, factor and what the probe knows of the objects."""


def probe_factors(spec: FactorSpec, task: Task) -> TableWork:
    """Decodes factors from models, and from the controls beside them, controls first.

    A row for each model, factor and split. Where objects are known, probes are trained and tested on images of the same
    objects: whether an angle can be read off a picture that has been seen. Where they are held out, on others: whether
    it can be read off any picture. They are solved on the CPU in float64.

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
    scores: Scores = {}
    for wanted in sets:
        found = render_set(
            engine, wanted, num=spec.num_images, num_folds=spec.num_folds, seed=spec.data.seed, cancelled=cancelled
        )
        for name, represent in seen.items():
            features = represent(found.images)
            for objects, split in found.splits.items():
                decoded = decoded_in(wanted, objects)
                targets = [target_of(factor, found.recipe) for factor in decoded]
                made = factor_scores(features, decoded, targets, split, seed=spec.data.seed, standardise=name != PIXELS)
                scores |= {(name, factor.name, objects): score for factor, score in zip(decoded, made, strict=True)}
            step += 1
            yield task.progress(step, num_steps, images_per_step=spec.num_images)
    table = tabulate(
        scores,
        factors,
        architectures={name: model.architecture for name, model in task.models.items()},
        reference=references(task.models, task.sources),
    )
    metrics = {"num_models": len(task.models), "num_factors": len(factors), "num_images": spec.num_images}
    return table, metrics


def available_factors(spec: FactorSpec, engine: Engine) -> tuple[Factor, ...]:
    """The factors of a spec that its images have: backgrounds of fresh noise have no number to decode.

    Raises:
        SpecError: a factor is unknown.
    """
    factors = resolve_factors(spec.factors)
    return tuple(factor for factor in factors if factor.name != "background" or engine.num_backgrounds > 1)


def decoded_in(wanted: ImageSet, objects: str) -> tuple[Factor, ...]:
    """What is decoded from a set in one of its splits: with objects held out no class is known to name."""
    return tuple(factor for factor in wanted.factors if objects == KNOWN or factor.name != CLASS)


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
    for model in {model.architecture: model for model in task.models.values()}.values():
        if has_untrained_twin(model.architecture):
            twin = untrained_twin(model, seed=task.engine.spec.seed)
            controls[control_name(model.architecture)] = partial(task.features, twin)
    return controls


def tabulate(
    scores: Scores, factors: Sequence[Factor], *, architectures: Mapping[str, str], reference: Mapping[str, str]
) -> pd.DataFrame:
    """The table of scores, with what they are compared with and the verdicts.

    Args:
        scores: of models and controls.
        factors: in order.
        architectures: of the models, in the order of the rows; controls have none and come first.
        reference: of those models that have one, the model trained on no transformation.
    """
    rows = []
    for name in dict.fromkeys(model for model, _, _ in scores):
        role = NETWORK if name in architectures else PIXELS if name == PIXELS else UNTRAINED
        for factor, objects in product(factors, OBJECTS):
            if (score := scores.get((name, factor.name, objects))) is None:
                continue
            rows.append({"model": name, "role": role, "objects": objects, **_row(factor, score)})
            if role == NETWORK:
                control = scores.get((control_name(architectures[name]), factor.name, objects))
                base = scores.get((reference.get(name, ""), factor.name, objects))
                rows[-1] |= {"pixels": scores[PIXELS, factor.name, objects].skill.estimate}
                rows[-1] |= {} if control is None else {"untrained": control.skill.estimate}
                rows[-1] |= _change("learnt", score, control) | _change("change", score, base)
                rows[-1] |= {"reference": reference.get(name, "")}
    table = pd.DataFrame(rows, columns=list(FACTOR_COLUMNS))
    for column in ("p", "learnt_p", "change_p"):
        table[f"{column}_adjusted"] = benjamini_hochberg(table[column].to_list())
    table["verdict"] = judge(table)
    return table


def _row(factor: Factor, score: FactorScore) -> dict[str, float | str]:
    return {
        "factor": factor.name,
        "title": factor.title,
        "kind": factor.kind,
        "score": score.score,
        "chance": score.chance,
        "skill": score.skill.estimate,
        "low": score.skill.low,
        "high": score.skill.high,
        "control": score.control,
        "control_high": score.control_high,
        "p": score.p_value,
        "angle_error_deg": score.angle_error_deg,
        "num_images": score.num_images,
        "num_units": score.skill.num,
        "penalty": score.penalty,
    }


def _change(name: str, score: FactorScore, reference: FactorScore | None) -> dict[str, float]:
    if reference is None:
        return {}
    interval, p_value = change(score, reference)
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high, f"{name}_p": p_value}
