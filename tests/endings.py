"""How programs end to which something is missing: many in one process, which loads what others made once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
_EACH = """
import importlib
import json
import sys

endings = []
for folder, code in json.load(sys.stdin):
    for name in [name for name in sys.modules if name.partition(".")[0] in ("invariance", "pages")]:
        del sys.modules[name]
    sys.path[0] = folder
    importlib.invalidate_caches()
    try:
        exec(code, {})
    except ImportError as error:
        endings.append(str(error))
    else:
        endings.append("")
print(json.dumps(endings))
"""


def endings(programs: Sequence[str], folders: Sequence[Path] = ()) -> list[str]:
    """What ImportError ends each program with; nothing where none does.

    Args:
        programs: code, which imports the project anew.
        folders: where each finds the project; none says this one.
    """
    places = folders or [ROOT] * len(programs)
    given = [(str(folder), code) for folder, code in zip(places, programs, strict=True)]
    done = subprocess.run(
        [sys.executable, "-c", _EACH], cwd=ROOT, input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found
