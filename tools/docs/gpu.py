"""The page for people with an NVIDIA card: what to do, and what was measured on which card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.gpu.goals import NOT_MEASURED, judge
from benchmarks.gpu.parts import PARTS, SUMMARY
from tools.docs.records import RESULTS
from tools.docs.text import bullet, paragraph, table

_OPENING: Final = """With an NVIDIA card nothing has to be set: the app and every command take the card when there is
one (`--device auto`, the default), and training, rendering and measuring happen on it."""

_HOW: Final = (
    """*Driver and PyTorch.* `nvidia-smi` must show the card. On Linux `pip` brings a PyTorch with CUDA; on Windows take
    the line that [PyTorch's own selector](https://pytorch.org/get-started/locally/) shows for *CUDA*, before the
    requirements.""",
    """*Prove it.* `invariance bench gpu --out found` takes eight minutes at most, and says whether the card computes
    what the CPU computes, and how fast ([below](#prove-it)).""",
    """*Then use it.* `invariance pretrain --model resnet18 --transforms rotate,hue,blur`, or `invariance app`.
    `--device cpu` and `--device cuda:1` choose otherwise; the variable `INVARIANCE_DEVICE` says what `auto` is, for the
    app too.""",
)

_WHICH: Final = (
    """*Cards.* Those that the installed PyTorch has kernels for. On one that is too old or too new for it nothing could
    run, so a tiny kernel is tried first; where it fails, `auto` takes the CPU and says so. Apple's `mps` is refused,
    since it has no float64.""",
    """*Precision.* `--precision auto` is bfloat16 on cards with units for it (compute capability 8.0 and newer: A100,
    RTX 30, L4, H100) and float32 on older ones (T4, RTX 20). Parameters, Adam, losses and everything stored are float32
    always, and images are drawn and made in full float32 whatever the training asks for.""",
    """*Equal numbers.* Parameters of images are the CPU's bit for bit, images the same up to rounding. A run that was
    saved on one device goes on on the other. Sums have another order on a GPU, so that results differ from the CPU's
    in the last digits, from card to card, and from run to run. What is trained may be rounded to bfloat16; what is
    measured of a network never is.""",
    """*Memory.* Images are made in portions, smaller ones of larger images. A run that is out of memory fails alone, in
    one line: use a smaller `--batch-size` or `--image-size`. A worker of the app that has nothing to do gives the
    card's memory back.""",
    """*Many small networks.* With `--together`, seeds of one network (`--seeds 0,1,2`) are trained as one stack, which
    needs hardly more launches than one. It is not done unasked until a card has shown that it pays (the last goal
    below): until then they are trained one after the other.""",
    """*Speed.* In the steps of a training cuDNN tries its ways of each convolution once and keeps the fastest, unless
    torch is asked for deterministic algorithms. Rendering on a second stream, CUDA graphs, a kernel of our own for the
    draws and `torch.compile` wait for a measurement: a missing synchronisation or a stale graph gives wrong numbers
    silently, which nothing but a card shows, and only `bench gpu` there says what they would win.""",
    """*Several cards.* Each run uses one; the app and a study use all of them, one run each. `--device cuda:1` chooses
    one. Cards of several machines: [on a cluster](cluster.md).""",
    """*Without numba, Captum, Plotly or Streamlit* everything on the GPU works the same; attribution needs Captum.""",
)

_PROOF: Final = """Each part prints one JSON object as it ends, and `found/gpu.jsonl` keeps them; the last one says
which goals are reached. A part that fails, hangs or does not fit into the budget is said, and the next one goes on.
What was not installed is listed. `--budget 240` is a shorter proof, `--parts images,losses` a part of it. With
`--device cpu` stand-ins run, to try the command; their numbers count for no goal."""


@dataclass(frozen=True)
class Record:
    """What ``bench gpu`` wrote on one machine.

    Attributes:
        lines: of the parts, by name.
        summary: the last line.
    """

    lines: Mapping[str, Mapping[str, Any]]
    summary: Mapping[str, Any]

    @property
    def results(self) -> Mapping[str, Mapping[str, Any]]:
        """Of the parts, by name; empty where there is none."""
        return {name: line.get("result", {}) for name, line in self.lines.items()}

    @property
    def card(self) -> str:
        """Its name."""
        return str(self.summary["card"])


def read(path: Path) -> Record:
    """A file ``gpu.jsonl`` of a card.

    Raises:
        ValueError: it is not whole, or no card's.
    """
    try:
        lines = {(line := json.loads(text))["part"]: line for text in path.read_text(encoding="utf-8").splitlines()}
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name}: a line is no JSON ({error}): was it cut short?") from error
    summary = lines.pop(SUMMARY, None)
    if summary is None:
        raise ValueError(f"{path.name}: it has no summary: the benchmark did not come to its end")
    if summary["is_stand_in"] or not summary["card"]:
        raise ValueError(f"{path.name}: it was not measured on a GPU, or its part `machine` is missing")
    return Record(lines, summary)


def gpu_records(folder: Path = RESULTS) -> list[Record]:
    """Those that are kept, ``gpu-*.jsonl``, in the order of their names."""
    return [read(path) for path in sorted(folder.glob("gpu-*.jsonl"))]


def gpu() -> str:
    """The whole page."""
    return page(gpu_records())


def page(records: list[Record]) -> str:
    """The page when these are the records."""
    parts = [
        "# On a GPU",
        paragraph(_OPENING),
        "\n".join(bullet(text) for text in _HOW),
        "## What to know",
        "\n".join(bullet(text) for text in _WHICH),
        "## Prove it",
        "    invariance bench gpu --out found\n    invariance bench gpu --budget 240 --out found",
        paragraph(_PROOF),
        "It measures, in this order:",
        "\n".join(bullet(f"`{part.name}`: {part.title}") for part in PARTS),
        "## What was measured",
        paragraph(_about(records)),
        goals_table(records),
    ]
    for record in records:
        parts += _details(record)
    return "\n\n".join(parts) + "\n"


def _about(records: list[Record]) -> str:
    kept = """A file `gpu.jsonl` that is kept as `benchmarks/results/gpu-NAME.jsonl` becomes a column of this table with
    `python -m tools.docs`."""
    if not records:
        return f"**Nothing has been measured on a GPU yet.** {kept}"
    machines = "; ".join(
        f"{record.card} (`{record.summary['command'].removeprefix('python -m ')}`, {record.summary['date']}, PyTorch "
        f"{record.results.get('machine', {}).get('torch', 'unknown')})"
        for record in records
    )
    return f"Measured on {machines}. {kept}"


def goals_table(records: list[Record]) -> str:
    """Goals, and what each card came to."""
    judged = [judge(record.lines, is_gpu=True) for record in records] or [judge({}, is_gpu=False)]
    heads = [record.card for record in records] or ["result"]
    rows = [
        [columns[0]["title"], f"{columns[0]['bound']} {shown(columns[0]['limit'], columns[0]['unit'])}"]
        + [_cell(column) for column in columns]
        for columns in zip(*judged, strict=True)
    ]
    return table(["what", "goal", *heads], rows)


def _cell(row: Mapping[str, Any]) -> str:
    if row["verdict"] == NOT_MEASURED:
        return NOT_MEASURED
    return f"{shown(row['value'], row['unit'])}: {row['verdict']}"


def shown(value: float, unit: str) -> str:
    """A number with its unit; shares in percent."""
    if unit == "%":
        return f"{100 * value:.3g} %"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _details(record: Record) -> list[str]:
    """What has no goal: memory, and stacked networks."""
    found = []
    if rows := record.results.get("memory", {}).get("rows"):
        num, size = (record.results["memory"][name] for name in ("num_images", "batch_size"))
        head = [f"{record.card}, peak memory", f"making {num:,} images", f"training ResNet-18, batches of {size}"]
        cells = [
            [f"{row['image_size']} px", *(_gigabytes(row[f"{name}_peak_bytes"]) for name in ("rendering", "training"))]
            for row in rows
        ]
        found.append(table(head, cells))
    if rows := record.results.get("together", {}).get("rows"):
        head = [f"{record.card}, networks in one stack", "images a second", "times those one after the other"]
        cells = [
            [f"{row['num_networks']}", f"{row['images_per_second']:,.0f}", f"{row['stacked_to_alone']:.1f}"]
            for row in rows
        ]
        found.append(table(head, cells))
    return found


def _gigabytes(value: int | str) -> str:
    return value if isinstance(value, str) else f"{value / 1e9:.2f} GB"
