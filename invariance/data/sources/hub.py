"""The authors' base set of objects and backgrounds, from the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from invariance.spec import SpecError


def hub_folder(repository: str, configuration: str, *, on_progress: Callable[[int, int], None] | None = None) -> Path:
    """A local folder of a data set's pictures in the SI-Score layout, downloaded when it is not there yet.

    Args:
        repository: ``<owner>/<name>`` on the Hugging Face Hub, such as ``tillspeicher/transforms_2d_base``.
        configuration: ``foregrounds`` or ``backgrounds``.
        on_progress: told (pictures written, pictures in all).

    Returns:
        The folder: ``<class>/<number>.png`` with alpha for foregrounds, flat for backgrounds.

    Raises:
        SpecError: the Hub cannot be reached and nothing is cached, or the data is of another form.
    """
    raise SpecError(f"{repository}, {configuration}: cannot be read yet")
