"""A lane of the race: a network, what it would reach on the target now, and what it says of eight images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

import streamlit as st

from invariance.figures.race import Points
from invariance.runs.describe import transforms_title
from invariance.runs.fair_queue import place
from invariance.runs.run import Run
from invariance.spec import DatasetSpec, SpecError
from invariance.training.target_probe import shown_answers, shown_images
from invariance.vocabulary.target_probe import NUM_SHOWN, TARGET_ACCURACY, answer_metric
from pages.shared import cache
from pages.shared.durations import in_words
from pages.shared.errors import show_error
from pages.shared.run_state import progress_line, share_of
from pages.shared.serving import server
from pages.shared.serving.made import Picture, picture_address
from pages.train.transfer_status import TransferStatus

STYLE = (Path(__file__).parent / "lanes.css").read_text()


@dataclass(frozen=True)
class Shown:
    """The images of a target task that a lane marks, all from its validation split.

    Attributes:
        pictures: (S, S, 3) each.
        labels: their class numbers.
        class_names: of the task, by number.
    """

    pictures: tuple[Picture, ...]
    labels: tuple[int, ...]
    class_names: tuple[str, ...]


@st.cache_data(max_entries=32, show_spinner=False)
def shown_of(task: DatasetSpec) -> Shown:
    """The images of a task.

    Raises:
        SpecError: they are gone.
    """
    engine = cache.engine(task)
    images, labels = shown_images(engine)
    return Shown(tuple(images), tuple(labels), engine.class_names)


def show_style() -> None:
    """The look of lanes."""
    st.html(f"<style>{STYLE}</style>")


@dataclass(frozen=True)
class Watched:
    """What a pretraining's probes said so far.

    Attributes:
        points: the curve.
        answers: class numbers that the last one said of the shown images, or the network itself once it is put to
            the task; empty before the first.
    """

    points: Points = ()
    answers: tuple[int, ...] = ()


def watched(run: Run | None) -> Watched:
    """What is recorded of a pretraining; nothing of a network that was trained elsewhere."""
    if run is None:
        return Watched()
    names = [TARGET_ACCURACY, *map(answer_metric, range(NUM_SHOWN))]
    table = server.store().metrics(run.id, names=names)
    if table.empty:
        return Watched()
    curve = table[table["name"] == TARGET_ACCURACY]
    num_steps = (run.progress or {}).get("num_steps") or int(curve["step"].max()) or 1
    last = table[table["step"] == table["step"].max()].set_index("name")["value"]
    points = [(step / num_steps, value) for step, value in zip(curve["step"], curve["value"], strict=True)]
    return Watched(points, tuple(int(last[name]) for name in names[1:] if name in last))


def at_last(seen: Watched, one: TransferStatus) -> Watched:
    """With what the network says that was put to the task, once there is one; its probes had few images to learn from.

    Args:
        seen: of its pretraining.
        one: the transfer to the task.
    """
    if one.accuracy is None or not seen.answers:
        return seen
    try:
        return replace(seen, answers=_transferred_answers(one.transfer.id, one.spec.data))
    except (KeyError, SpecError):  # deleted meanwhile, or the images are gone
        return seen


@st.cache_data(max_entries=256, show_spinner=False)
def _transferred_answers(run_id: str, task: DatasetSpec) -> tuple[int, ...]:
    return tuple(shown_answers(cache.known_models()[run_id].model, cache.engine(task)))


def show_lane(ones: Sequence[TransferStatus], colour: str, seen: Watched, shown: Shown | None) -> None:
    """A network and its transfers.

    Args:
        ones: transfers of one network, the one to the target first.
        colour: ``#rrggbb`` of the network.
        seen: of its pretraining.
        shown: the images.
    """
    st.html(lane_html(ones, colour, seen, shown, waits=_waits(ones[0])))
    for run in dict.fromkeys(run.id for one in ones for run in one.runs if run.error):
        show_error(server.store().get(run).error or "")


def lane_html(
    ones: Sequence[TransferStatus], colour: str, seen: Watched, shown: Shown | None, *, waits: str = ""
) -> str:
    """The HTML of a lane; texts that may be anybody's are escaped.

    Args:
        ones: as of :func:`show_lane`.
        colour: of the lane.
        seen: of its pretraining.
        shown: the images.
        waits: said of a network that is not under way yet.
    """
    one = ones[0]
    now = one.accuracy if one.accuracy is not None else (seen.points[-1][1] if seen.points else None)
    share = 1.0 if one.pretraining is None or one.pretraining.state == "done" else share_of(one.pretraining)
    lines = [_line(one) + waits, *(_other(each) for each in ones[1:])]
    head = f"<strong>{escape(one.role)}</strong><span class=lane-now>{'–' if now is None else f'{now:.0%}'}</span>"
    bar = (
        f'<div class=lane-bar role=progressbar aria-label="training" aria-valuenow={share:.0%}>'.replace("%", "")
        + f'<div style="width:{share:.1%}"></div></div>'
    )
    said = "".join(f"<div class=lane-line>{escape(line)}</div>" for line in lines)
    pictures = "" if shown is None or one.pretraining is None else _pictures(seen, shown)
    return f'<div class=lane style="--lane:{colour}"><div class=lane-head>{head}</div>{bar}{said}{pictures}</div>'


def _pictures(seen: Watched, shown: Shown) -> str:
    cells = []
    for number, (picture, label) in enumerate(zip(shown.pictures, shown.labels, strict=True)):
        truth = _name(shown, label)
        kind, mark, words = "open", "", truth
        if number < len(seen.answers):
            is_right, said = seen.answers[number] == label, _name(shown, seen.answers[number])
            kind, mark = ("right", "✓") if is_right else ("wrong", "✗")
            words = f"{truth}, recognised" if is_right else f"{truth}, taken for {said}"
        words = escape(words, quote=True)
        cells.append(
            f'<figure class={kind} title="{words}"><img src="{picture_address(picture).lstrip("/")}" alt="{words}">'
            f"<figcaption aria-hidden=true>{mark}</figcaption></figure>"
        )
    return f"<div class=lane-pictures>{''.join(cells)}</div>"


def _name(shown: Shown, number: int) -> str:
    return shown.class_names[number].replace("_", " ") if number < len(shown.class_names) else "another class"


def _line(one: TransferStatus) -> str:
    """What goes on, so that no wait is without a word."""
    pretraining, transfer = one.pretraining, one.transfer
    if one.accuracy is not None:
        return f"Transferred: {one.accuracy:.1%} right, the mean over classes"
    if pretraining is not None and pretraining.state != "done":
        if pretraining.state == "queued":
            return "Waits for its turn"
        if pretraining.state == "running":
            progress = pretraining.progress
            return "Draws its first images" if progress is None else progress_line(progress, pretraining.device)
        return f"Pretraining {pretraining.state}"
    begun = "Was trained elsewhere" if pretraining is None else "Has learnt"
    on_its_way = {"queued": "its transfer waits for its turn", "running": "is being transferred to the target"}
    return f"{begun}; {on_its_way.get(transfer.state, f'transfer {transfer.state}')}"


def _other(one: TransferStatus) -> str:
    """A transfer to another task than the one that is watched."""
    to = f"To {transforms_title(one.spec.data.transforms)}"
    return f"{to}: {one.transfer.state}" if one.accuracy is None else f"{to}: {one.accuracy:.1%}"


def _waits(one: TransferStatus) -> str:
    """The place in the queue of what comes next, if it waits."""
    run = one.pretraining if one.pretraining is not None and one.pretraining.state != "done" else one.transfer
    if run.state != "queued" or (run is one.transfer and one.pretraining is not None):
        return ""
    number, seconds = place(server.store(), run.id, server.slots())
    return f": number {number} in the queue, in about {in_words(seconds)}" if number else ""


def short_titles(roles: Sequence[str]) -> dict[str, str]:
    """Of networks' roles the first words, which a legend on a telephone has room for, where they tell them apart."""
    short = [role.partition(":")[0] for role in roles]
    return {role: one if short.count(one) == 1 else role for role, one in zip(roles, short, strict=True)}
