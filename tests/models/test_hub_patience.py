"""Retries of the Hub are told once, and the library's other lines stay."""

from __future__ import annotations

import logging

import pytest

from invariance.models.hub_patience import _LOGGER, told_once


def test_retries_are_one_line(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger(_LOGGER)

    def retry() -> None:
        for number in range(3):
            logger.warning(f"'[Errno -2]' thrown while requesting HEAD https://huggingface.co/{number}")
            logger.warning("Retrying in %ss [Retry %d/5].", 1, number)

    with told_once("timm:resnet18"):
        retry()
        logger.warning("a token is not valid")
    expected = ["timm:resnet18: the Hugging Face Hub does not answer; it is tried for up to a minute"]
    assert caplog.messages == [*expected, "a token is not valid"]
    caplog.clear()
    retry()
    assert len(caplog.messages) == 6, "afterwards all is as before"


def test_the_library_logs_by_that_name() -> None:
    http = pytest.importorskip("huggingface_hub.utils._http")
    assert http.logger.name == _LOGGER
