"""Where results come from: the command, the code, the machines and the versions that made them."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import invariance
from invariance.resources import project_folder
from invariance.runs.run import Standing
from invariance.runs.store import Store
from invariance.studies.study import Study

PACKAGES: Final = ("torch", "torchvision", "numpy", "pandas", "safetensors")


def provenance(study: Study, store: Store, *, executor: str, num_workers: int, command: str) -> dict[str, Any]:
    """What has to be known to make the results of a study again, as plain JSON values.

    Args:
        study: the study.
        store: where its runs are recorded; tells the devices.
        executor: its name.
        num_workers: runs executed at once.
        command: that was given.
    """
    standings = store.standings(study.by_id)
    done = {run_id: standing for run_id, standing in standings.items() if standing.state == "done"}
    devices = Counter(standing.device for standing in done.values())
    packages = PACKAGES + (("ray",) if executor == "ray" else ())
    return {
        "command": command,
        "study": study.name,
        "scale": study.scale,
        "seeds": list(study.seeds),
        **({"factors": list(study.factors)} if study.factors else {}),
        "shared_backgrounds": study.shared_backgrounds,
        **study.data.told(),
        "version": invariance.__version__,
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d %H:%M:%S%z"),
        "hardware": hardware(),
        "devices": {str(device): number for device, number in sorted(devices.items(), key=str)},
        "auto_precision": _auto_precision(study, done),
        "executor": executor,
        "workers": num_workers,
        "versions": {
            "python": platform.python_version(),
            **{name: found for name in packages if (found := package_version(name))},
        },
    }


def _auto_precision(study: Study, done: Mapping[str, Standing]) -> dict[str, str]:
    """What ``auto`` was, by device: as the runs recorded it, which may have been on other machines than this one.

    Runs of versions that did not record it are taken to be of a machine like this one.
    """
    from invariance.training.precision import auto_precision  # reads torch, which a dry run does without

    found: dict[str, set[str]] = {}
    for run_id, standing in done.items():
        if standing.device and getattr(study.by_id[run_id], "precision", "") == "auto":
            name = (standing.result or {}).get("precision") or auto_precision(standing.device)
            found.setdefault(standing.device, set()).add(name)
    return {device: " and ".join(sorted(names)) for device, names in sorted(found.items())}


def hardware() -> str:
    """This machine in a line: processor, cores, GPUs."""
    words = [_processor(), f"{os.cpu_count()} cores", platform.system()]
    try:
        command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        names = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.split("\n")
        words += [f"{number} x {name}" for name, number in Counter(filter(None, map(str.strip, names))).items()]
    except (OSError, subprocess.SubprocessError):
        pass
    return ", ".join(words)


def commit() -> str | None:
    """The commit of the code, with ``+`` if files differ from it; None outside of a repository."""
    try:
        if not (project_folder() / ".git").exists():  # a repository further up is not ours
            return None
        found = _git("rev-parse", "--short=12", "HEAD")
        return found + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def package_version(name: str) -> str | None:
    """The version of an installed package, without what says how it was built."""
    try:
        return version(name).split("+")[0]
    except PackageNotFoundError:
        return None


def _git(*words: str) -> str:
    command = ["git", "-C", str(project_folder()), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
