"""The page of terms, and of what there is by name, from the vocabulary."""

from __future__ import annotations

from invariance.vocabulary.architectures import ARCHITECTURES
from invariance.vocabulary.budgets import BUDGETS
from invariance.vocabulary.measures import MEASURES
from invariance.vocabulary.methods import METHODS
from invariance.vocabulary.optimizers import MUON_MOMENTUM, NEWTON_SCHULZ, NEWTON_SCHULZ_STEPS, OPTIMIZERS
from invariance.vocabulary.terms import TERMS
from invariance.vocabulary.transforms import TRANSFORMATIONS
from tools.docs.text import bullet, paragraph, table


def glossary() -> str:
    """The whole page."""
    parts = [
        "# Glossary",
        paragraph(
            """What words mean here, in an order in which they can be read, and what there is by name. Made from
            `invariance/vocabulary/`, where all of it is declared, with `python -m tools.docs`."""
        ),
        "## Terms",
        "\n".join(bullet(f"**{term.name}**: {term.definition}{_source(term.source)}") for term in TERMS.values()),
        "## Transformations",
        table(
            ["name", "kind", "what it does"],
            ([f"`{one.name}`", one.category, one.summary] for one in TRANSFORMATIONS.values()),
        ),
        "## Architectures",
        table(
            ["name", "title", "what it is"],
            ([f"`{one.name}`", one.title, one.summary] for one in ARCHITECTURES.values()),
        ),
        "## Optimizers and budgets",
        paragraph(
            """How weights follow their gradients in pretraining, and at which learning rates. A what-if and the Train
            page take the rates, the batch size and the schedule of the optimizer; `pretrain` takes those of `muon`
            with it, and otherwise the defaults that its help names."""
        ),
        table(
            ["name", "what it steps", "rate of filters", "rate of all else", "schedule", "Adam's betas", "batch size"],
            (
                [
                    f"`{one.name}`",
                    one.summary,
                    f"{one.learning_rate * (one.filter_rate or 1.0):g}",
                    f"{one.learning_rate:g}",
                    one.schedule,
                    ", ".join(f"{beta:g}" for beta in one.betas),
                    f"{one.batch_size}",
                ]
                for one in OPTIMIZERS.values()
            ),
        ),
        paragraph(
            f"""Muon adds up gradients with momentum {MUON_MOMENTUM:g}, looks ahead along the sum (Nesterov), makes its
            singular values alike in {NEWTON_SCHULZ_STEPS} steps of Newton and Schulz (coefficients
            {", ".join(f"{each:g}" for each in NEWTON_SCHULZ)}) on rows of outputs by all else, and before the step
            brings the filters of each layer to the norm √outputs. `linear` falls to zero at the end."""
        ),
        table(
            ["budget", "images to pretrain on", "optimizer", "what it is good for", "offered for"],
            (
                [
                    one.name,
                    f"{one.epochs} × {one.samples_per_epoch:,}",
                    f"`{one.optimizer}`",
                    one.summary,
                    "all"
                    if one.measured_on is None
                    else f"{', '.join(f'`{name}`' for name in one.measured_on)}, supervised: on these it was measured",
                ]
                for one in BUDGETS.values()
            ),
        ),
        "## Measures",
        table(
            ["column", "title", "what it is", "how it is read"],
            ([f"`{one.name}`", one.title, f"{one.meaning}.", one.scale] for one in MEASURES.values()),
        ),
        "## Attribution methods",
        table(
            ["name", "title", "what the map shows"],
            ([f"`{one.name}`", one.title, one.summary] for one in METHODS.values()),
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _source(source: str) -> str:
    return f" *({source})*" if source else ""
