"""Memory that rendering takes: ``python -m benchmarks.render_memory``, in a process of its own.

Prints the peak resident memory in bytes above that of a Python process that has imported torch: the engine's code, the
catalogue's pictures, the work of rendering and the rendered images are all in it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]


def peak_bytes() -> int | None:
    """The most resident memory that this process has had, None where the system does not say."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not getrusage: on Linux its maximum starts at what the parent had when it started this process.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure_in_child(*, num: int, image_size: int, threads: int, transforms: tuple[str, ...]) -> int | None:
    """Runs this module in a fresh process; bytes, or None where the system does not say."""
    command = [sys.executable, "-m", "benchmarks.render_memory", "--num", str(num), "--threads", str(threads)]
    command += ["--image-size", str(image_size), "--transforms", ",".join(transforms) or "none"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()[-1]
    return None if output == "None" else int(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=50_000, help="images")
    parser.add_argument("--image-size", type=int, default=32, help="pixels")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--transforms", default="rotate,hue,blur")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    before = peak_bytes()

    from invariance.data.engine import Engine
    from invariance.spec import DatasetSpec, parse_transforms

    engine = Engine(DatasetSpec(image_size=args.image_size, transforms=parse_transforms(args.transforms)))
    engine.render(engine.indices("train", args.num))
    after = peak_bytes()
    print(None if before is None or after is None else after - before)


if __name__ == "__main__":
    main()
