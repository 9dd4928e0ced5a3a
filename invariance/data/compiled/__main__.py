"""Compiles all kernels, so that nobody waits for them later: ``python -m invariance.data.compiled``."""

from __future__ import annotations

from invariance.data.compiled import is_available
from invariance.data.engine import Engine
from invariance.data.transforms import get_transform
from invariance.spec import FLAT_TRANSFORMS, DatasetSpec


def main() -> None:
    """Renders a sample of each transformation, where there is a compiler."""
    if not is_available():
        return
    print("Compiling the kernels of the data engine, once ...", flush=True)
    engine = Engine(DatasetSpec())
    for name in FLAT_TRANSFORMS:
        if not get_transform(name).is_compiled:
            continue
        changed = engine.with_spec_changes(transforms=(name,))
        changed.render(changed.indices("train", 1))


if __name__ == "__main__":
    main()
