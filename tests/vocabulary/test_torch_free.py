"""What there is can be said before anything that computes is imported."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = [path.stem for path in sorted((ROOT / "invariance" / "vocabulary").glob("*.py")) if path.stem != "__init__"]


def test_the_vocabulary_needs_nothing_but_python():
    heavy = ("torch", "torchvision", "numpy", "pandas", "scipy", "numba", "PIL")
    code = f"import sys\nfor name in {heavy}: sys.modules[name] = None\n"
    code += "".join(f"import invariance.vocabulary.{module}\n" for module in MODULES)
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
