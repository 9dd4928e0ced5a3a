"""The state of an unfinished training, so that a killed or cancelled run goes on where it was.

One file holds a SHA-256 and the state it is of; the one before is kept, in case the newest is damaged. The payload is
read with ``weights_only``: tensors and plain Python values, no code.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from pathlib import Path
from typing import Any

from invariance.files import sync_directory, write_atomically

CURRENT, PREVIOUS = "state.pt", "state.previous.pt"
_DIGEST_BYTES = hashlib.sha256().digest_size


def save_state(directory: Path, state: dict[str, Any]) -> None:
    """Writes the state of a training; the last one becomes the fallback.

    Args:
        directory: of the run.
        state: tensors, numbers, texts, and lists and dictionaries of them.
    """
    import torch  # here, since the server's process clears states and never loads torch

    payload = io.BytesIO()
    torch.save(state, payload)
    content = payload.getbuffer()
    digest = hashlib.sha256(content).digest()
    current, previous = directory / CURRENT, directory / PREVIOUS
    if current.exists():
        # Killed between this rename and the next write, the run goes on from the fallback.
        os.replace(current, previous)
    write_atomically(current, lambda stream: (stream.write(digest), stream.write(content)))


def load_state(directory: Path) -> dict[str, Any] | None:
    """The newest undamaged state of a training, or None if there is none; what is damaged is removed.

    Otherwise the next state that is saved would push out the good one, to have a damaged one to fall back on.

    Args:
        directory: of the run, which nobody else is writing.

    Returns:
        What :func:`save_state` was given, tensors on the CPU.
    """
    for name in (CURRENT, PREVIOUS):
        try:
            content = (directory / name).read_bytes()
        except FileNotFoundError:
            continue
        if (state := _read(content)) is not None:
            return state
        (directory / name).unlink(missing_ok=True)
    return None


def _read(content: bytes) -> dict[str, Any] | None:
    """The state in a file, or None if it is damaged."""
    import torch

    digest, payload = content[:_DIGEST_BYTES], memoryview(content)[_DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != digest:
        return None
    try:
        state = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError):
        return None
    return state if isinstance(state, dict) else None


def clear_state(directory: Path) -> None:
    """Removes the state of a training that is finished; its weights stay."""
    for name in (CURRENT, PREVIOUS):
        (directory / name).unlink(missing_ok=True)
    if directory.is_dir():
        sync_directory(directory)
