"""What all tests share: few threads, and the way to the real photographs."""

from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]

torch.set_num_threads(2)


@pytest.fixture
def si_score() -> Path:
    """Folder of real photographs in the SI-Score layout, kept beside the project and not in it."""
    folder = ROOT.parent / "shared" / "data" / "si-score"
    if not folder.is_dir():
        pytest.skip("no real photographs: ../shared/data/si-score is absent")
    return folder
