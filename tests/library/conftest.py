from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from invariance.__main__ import main


@pytest.fixture
def commanded(tmp_path: Path) -> Callable[[str], pd.DataFrame]:
    """The table that a command writes."""

    def run(words: str) -> pd.DataFrame:
        out = tmp_path / "out.csv"
        assert main([*words.split(), "--out", str(out), "--runs", str(tmp_path / "runs"), "--device", "cpu"]) == 0
        return pd.read_csv(out)

    return run
