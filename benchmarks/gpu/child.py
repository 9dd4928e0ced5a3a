"""The process that measures: ``python -m benchmarks.gpu.child``, started by :mod:`benchmarks.gpu.supervise`.

It prints one line of JSON when a part begins, with the seconds that it has, and one when it ends; in between, results
that are to be kept whatever becomes of it. It ends early where the device cannot be used any more in this process; the
parts that follow need another one.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import math
import os
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.parts import COMPILED, PARTS, Part, deadline
from benchmarks.gpu.work import Missing, Work
from invariance.data import compiled
from invariance.events import Cancelled

_ROOT = Path(__file__).parents[2]
_HAS_NUMBA = compiled.is_available


def main() -> None:
    """Runs parts, one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--since", type=float, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--parts", required=True)
    args = parser.parse_args()
    names = args.parts.split(",")
    parts = tuple(part for part in PARTS if part.name in names)
    end = time.monotonic() + args.seconds - (time.time() - args.since)  # loading torch is part of the budget
    torch.set_num_threads(args.threads)
    for position, part in enumerate(parts):
        left = end - time.monotonic()
        seconds = deadline(position, left, is_gpu=args.device.startswith("cuda"), parts=parts)
        if seconds is None:
            say(part=part.name, status="left out", said=f"{max(left, 0.0):.0f} s are left, which is too little for it")
            continue
        say(begins=part.name, deadline_s=seconds)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            work = Work(args.device, seconds, Path(folder), threads=args.threads)
            work.keep = functools.partial(_keep, part.name)
            is_usable = do(part, work)
        if not is_usable:
            return
        gc.collect()
        if work.is_gpu:
            torch.cuda.empty_cache()


def _end_with_parent() -> None:
    """Ends this process when whoever started it is gone: it would hold the card, with nobody to hear it."""
    while os.read(0, 1):  # not through sys.stdin, whose lock a worker of a data loader would wait for
        pass
    os._exit(0)


def do(part: Part, work: Work) -> bool:
    """One part, whose line is printed whatever becomes of it; whether the device can still be used."""
    start = time.monotonic()
    line: dict[str, Any] = {"part": part.name}
    is_usable = True
    # Kernels that numba compiles first, for 10 to 20 s, would cost the parts that compare a few images their time.
    compiled.is_available = _HAS_NUMBA if part.function == COMPILED else _no
    try:
        result = part.load()(work)
        line |= {"status": "partial" if work.left_out else "done", "result": result}
        if work.left_out:
            line["said"] = f"no time for: {'; '.join(work.left_out)}"
    except Cancelled:
        line |= {"status": "partial", "said": "its time was over before it ended"}
    except (Missing, ImportError) as error:
        line |= {"status": "left out", "said": str(error)}
    except Exception as error:  # whatever it is, the parts that follow are to be measured
        line |= {"status": "failed", "said": in_one_line(error), "where": where(error)}
        is_usable = not _has_broken(error)
    say(**line, seconds=round(time.monotonic() - start, 2), deadline_s=round(work.seconds, 1))
    return is_usable


def _keep(name: str, result: dict[str, Any]) -> None:
    say(keeps=name, result=result)


def _no() -> bool:
    return False


def in_one_line(error: Exception) -> str:
    """Type and first line of what an exception says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:400]


def where(error: Exception) -> list[str]:
    """The last lines of this project on the way to an exception, the innermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [Path(frame.filename) for frame in frames]
    lines = [
        f"{path.relative_to(_ROOT).as_posix()}:{frame.lineno}"
        for path, frame in zip(own, frames, strict=True)
        if path.is_relative_to(_ROOT) and "site-packages" not in path.parts and ".venv" not in path.parts
    ]
    return lines[:-4:-1]


def _has_broken(error: Exception) -> bool:
    """Whether CUDA refuses everything after this error, as it does after a wrong address, until the process ends."""
    if isinstance(error, torch.OutOfMemoryError):
        return False
    return type(error).__name__ == "AcceleratorError" or "CUDA error" in str(error)


def say(**values: Any) -> None:
    """One line for the supervisor."""
    print(json.dumps(_plain(values), allow_nan=False), flush=True)


def _plain(value: Any) -> Any:
    """With null for numbers that are not finite, which JSON has not."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    main()
