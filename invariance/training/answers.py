"""What a transferred network said of each image of the test split, kept beside its weights.

The accuracy alone cannot tell how sure it is: two networks are compared on the images that both have seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from invariance.files import write_bytes_atomically

ANSWERS: Final = "answers.csv"
COLUMNS: Final = ("label", "background", "predicted")


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network said of the images of a test split, in the split's order.

    Attributes:
        labels: (N,) int64, the true classes.
        backgrounds: (N,) int64, which background each image has; -1 for fresh noise.
        predicted: (N,) int64, the classes that the network chose.
    """

    labels: NDArray[np.int64]
    backgrounds: NDArray[np.int64]
    predicted: NDArray[np.int64]

    def write(self, path: Path) -> None:
        """As a CSV with the columns :data:`COLUMNS`, one row an image."""
        lines = [",".join(COLUMNS)]
        lines += [f"{label},{background},{predicted}" for label, background, predicted in self._table.tolist()]
        write_bytes_atomically(path, ("\n".join(lines) + "\n").encode())

    @property
    def _table(self) -> NDArray[np.int64]:
        return np.stack([self.labels, self.backgrounds, self.predicted], axis=1)


def read_answers(path: Path) -> Answers:
    """What :meth:`Answers.write` wrote.

    Raises:
        OSError: there is no such file.
        ValueError: it is none of these.
    """
    table = np.loadtxt(path, np.int64, delimiter=",", skiprows=1, ndmin=2)
    if table.shape[1:] != (len(COLUMNS),):
        raise ValueError(f"{path.name} has {table.shape[1]} columns: expected {', '.join(COLUMNS)}")
    return Answers(*table.T)
