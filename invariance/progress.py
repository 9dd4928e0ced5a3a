"""How far a work is, as one line on stderr, where somebody looks at it."""

from __future__ import annotations

import sys
from time import monotonic
from types import TracebackType
from typing import Any

from tqdm import tqdm


class ProgressBar:
    """Shows events of a work as a bar on a terminal or in a notebook, and nothing elsewhere.

    Args:
        title: in front of it.
        patience: seconds that pass before anything is shown.
    """

    def __init__(self, title: str, *, patience: float = 0.0) -> None:
        self._shown_from = monotonic() + patience
        is_seen = sys.stderr.isatty() or _is_notebook()
        self._bar = tqdm(desc=title, unit="step", disable=not is_seen, leave=False, delay=patience)

    def __call__(self, event: Any) -> None:
        """Takes one event of a run; those that tell no steps are passed over."""
        num_steps = getattr(event, "num_steps", None)
        if num_steps is None:
            return
        if event.metrics:  # those of the last step that was measured stay
            values = {name: f"{value:.3f}" for name, value in event.metrics.items()}
            self._bar.set_postfix(values, refresh=False)
        self.told(event.step, num_steps)

    def told(self, step: int, num_steps: int | None = None) -> None:
        """Takes how many steps are done, of how many if that is known."""
        self._bar.total, self._bar.n = num_steps, step
        if monotonic() >= self._shown_from:
            self._bar.refresh()

    def close(self) -> None:
        """Removes the bar."""
        self._bar.close()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return "ipykernel" in sys.modules and shell is not None and shell.get_ipython() is not None
