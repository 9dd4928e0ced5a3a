"""The page of terms, and of what there is by name, from the vocabulary."""

from __future__ import annotations

from invariance.vocabulary.architectures import ARCHITECTURES
from invariance.vocabulary.measures import MEASURES
from invariance.vocabulary.methods import METHODS
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
