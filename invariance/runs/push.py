"""A network onto the Hugging Face Hub: the files of :mod:`invariance.runs.give_back` in a repository of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def push(files: Mapping[str, bytes], repository: str, *, private: bool = False, endpoint: str | None = None) -> str:
    """Makes a repository of models, unless it is there, and puts files into it as one commit.

    Args:
        files: contents by name.
        repository: ``OWNER/NAME``.
        private: whether a repository that is made can be seen by its owner alone.
        endpoint: address of a server that speaks as the Hub does; None for what ``HF_ENDPOINT`` says, else the Hub.

    Returns:
        The address of the repository.

    Raises:
        SpecError: the name is of another form, ``huggingface_hub`` or a token is absent, or the server cannot be reached
            or refuses.
    """
    raise NotImplementedError
