"""``invariance.thrown_away``: what one network threw away that another keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from invariance.data.engine import Engine
from invariance.library.images import data_set, with_seed
from invariance.library.networks import Network
from invariance.library.work import at_work, recorded_weights, several_names
from invariance.runs.network_pair import network_pair
from invariance.runs.store import Store, default_root
from invariance.spec import DatasetSpec, FactorSpec
from invariance.spec.checks import require
from invariance.studies.thrown_away import thrown_away as card_of
from invariance.studies.thrown_away_card import ThrownAway
from invariance.vocabulary.factors import KNOWN, OBJECTS
from invariance.vocabulary.thrown_away import NUM_ATTRIBUTED


def thrown_away(
    a: Network,
    b: Network,
    factors: str | Sequence[str] = "all",
    *,
    images: DatasetSpec | str | None = None,
    objects: str = KNOWN,
    num_images: int = FactorSpec.num_images,
    num_folds: int = FactorSpec.num_folds,
    num_attributed: int = NUM_ATTRIBUTED,
    device: str = "auto",
    seed: int = 0,
) -> ThrownAway:
    """Compares two networks in what can be read off them, foreseen in them, and what they decide by.

        card = invariance.thrown_away("none", "hue")
        card.sentences
        card.table()

    Args:
        a: the network that keeps, as for :func:`invariance.network`.
        b: the network that may have thrown away.
        factors: as for :func:`invariance.factors`.
        images: None for the objects and backgrounds that ``a`` was pretrained on; else as for
            :func:`invariance.factors`.
        objects: ``known`` to the probes, or ``held_out``.
        num_images: for each set of images, 50 or more.
        num_folds: of the cross-validation, 2 to 20.
        num_attributed: test images of ``a``'s task of whose evidence shares are taken; 0 for none, without Captum.
        device: as for :func:`invariance.sens`.
        seed: of the images; a ``DatasetSpec``, and those that ``a`` was pretrained on, have their own.

    Returns:
        ``rows`` (each comparison: both values with intervals, the difference on the same images with its interval,
        direction, and whether it is reliable), ``sentences`` for those that are, ``remarks`` on what these must not be
        taken for, and ``strips``: five images of each factor that is told, with what is read off either network.

    Raises:
        SpecError: an argument cannot be used.
    """
    require(objects in OBJECTS, "objects", objects, " or ".join(OBJECTS))
    names = several_names("factors", factors)
    with at_work("thrown away", [a, b], device) as at:
        known = recorded_weights(dict(zip(at.models, (a, b), strict=True)), at.models)
        references = [str(one) if name in known else None for name, one in zip(at.models, (a, b), strict=True)]
        root = default_root()
        facts = network_pair(references, Store(root) if (root / "store.sqlite").is_file() else None)
        data = with_seed(facts.data, seed) if images is None else data_set(images, seed)
        spec = FactorSpec(sources=tuple(at.models), data=data, num_images=num_images, num_folds=num_folds)
        spec = spec if names == ("all",) else replace(spec, factors=names)
        engine, task = Engine(data, at.device), Engine(facts.task if images is None else data, at.device)
        card = card_of(at.models, engine, task, spec, objects=objects, num_attributed=num_attributed)
        return facts.added_to(card)
