from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import torch

from invariance.__main__ import main


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Networks this small are slower on two threads."""
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(num_threads)


@pytest.fixture
def commanded(tmp_path: Path) -> Callable[[str], pd.DataFrame]:
    """The table that a command writes."""

    def run(words: str) -> pd.DataFrame:
        out = tmp_path / "out.csv"
        assert main([*words.split(), "--out", str(out), "--runs", str(tmp_path / "runs"), "--device", "cpu"]) == 0
        return pd.read_csv(out)

    return run
