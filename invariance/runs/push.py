"""A network onto the Hugging Face Hub: the files of :mod:`invariance.runs.give_back` in a repository of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from invariance.extras import require_extra
from invariance.spec import SpecError

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
        SpecError: see :func:`check_push`; or the server cannot be reached, or refuses.
    """
    check_push(repository)
    from huggingface_hub import HfApi
    from huggingface_hub.utils import disable_progress_bars, enable_progress_bars

    api = HfApi(endpoint=endpoint, library_name="invariance-lab")
    disable_progress_bars()
    try:
        with _hub_errors(repository, api.endpoint), TemporaryDirectory() as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            made = api.create_repo(repository, private=private, exist_ok=True)
            api.upload_folder(repo_id=made.repo_id, folder_path=folder, commit_message="Weights and their card")
            return str(made)
    finally:
        enable_progress_bars()


def check_push(repository: str) -> None:
    """What can be checked before anything is loaded or sent.

    Raises:
        SpecError: the name is of another form, or ``huggingface_hub`` or a token is absent.
    """
    if _NAME.fullmatch(repository) is None:
        raise SpecError(f"repository = {repository!r}: expected OWNER/NAME, such as ada/small-rotate")
    require_extra("huggingface_hub", "push")
    from huggingface_hub import get_token

    if get_token() is None:
        raise SpecError("push needs a token that may write: set HF_TOKEN, or sign in with hf auth login")


@contextmanager
def _hub_errors(repository: str, endpoint: str) -> Iterator[None]:
    """Turns what can go wrong on the way to the Hub into one line; its own answers come first, they know why."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError, OfflineModeIsEnabled

    try:
        yield
    except OfflineModeIsEnabled as error:
        raise SpecError(f"{repository}: HF_HUB_OFFLINE is set; unset it to push") from error
    except HFValidationError as error:
        raise SpecError(f"repository = {repository!r}: {_first_line(error)}") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        remedy = {
            401: "the token is not accepted: set HF_TOKEN anew, or sign in again with hf auth login",
            403: f"the token may not write to {repository.partition('/')[0]}: take one that may, or another OWNER",
            429: "too many requests: try again later",
        }.get(status, f"{error.server_message or _first_line(error)}; try again later")
        raise SpecError(f"{repository}: {endpoint} refused ({status}): {remedy}") from error
    except (HTTPError, OSError, RuntimeError) as error:  # RuntimeError: what the transfer libraries raise
        reason = _first_line(error.__cause__ or error)
        raise SpecError(
            f"{repository}: {endpoint} cannot be reached ({reason}); connect to the network and push again"
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:160]
