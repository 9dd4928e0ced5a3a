"""Cards of the gallery's pairs: what one network threw away that another keeps, made once and shown at once."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Final

from invariance.data.engine import Engine
from invariance.files import write_bytes_atomically
from invariance.runs.gallery import THROWN_AWAY, entries
from invariance.runs.network_pair import network_pair
from invariance.spec import PLAIN_FACTORS, FactorSpec
from invariance.studies.thrown_away import thrown_away
from invariance.studies.thrown_away_card import card_json
from invariance.training.checkpoint import load_weights

CARDS: Final = (("none", "hue"), ("matched", "disjoint"))
"""The network that keeps, and the one that threw away: first the pair to teach with."""


def write_cards(
    folder: Path, transforms: Collection[str], num_images: int, num_attributed: int, *, device: str
) -> None:
    """Writes :data:`~invariance.runs.gallery.THROWN_AWAY` of a gallery, of those pairs that it has.

    Args:
        folder: of the gallery, which has its networks.
        transforms: whose factors are decoded.
        num_images: of each set of images.
        num_attributed: images of whose evidence shares are taken.
        device: where to compute.
    """
    shipped, cards = entries(folder), []
    paths = {entry.name: entry.path for entry in shipped}
    for names in CARDS:
        if not set(names) <= set(paths):
            continue
        facts = network_pair(names, None, shipped=shipped)
        factors = (*PLAIN_FACTORS, *transforms)
        spec = FactorSpec(sources=names, factors=factors, data=facts.data, num_images=num_images)
        models = {name: load_weights(paths[name], device) for name in names}
        engine, task = Engine(facts.data, device), Engine(facts.task, device)
        card = thrown_away(models, engine, task, spec, num_attributed=num_attributed)
        cards.append(card_json(facts.added_to(card)))
    content = json.dumps({"cards": cards}, indent=1, allow_nan=False)
    write_bytes_atomically(folder / THROWN_AWAY, f"{content}\n".encode())
