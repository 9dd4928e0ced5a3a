"""The parts of the page of measurements on speed: the data engine, training, the linear probe."""

from __future__ import annotations

from tools.docs.records import code, percent, record, span
from tools.docs.text import paragraph, table


def engine() -> str:
    """Images a second, and memory."""
    found = record("data-engine")
    settings = found["environment"]
    rows = [
        [
            row["transforms"],
            *(_count(row[name]) for name in ("loader", "kornia", "engine")),
            *(_ratio(row[name]) for name in ("engine_to_loader", "engine_to_kornia")),
        ]
        for row in found["rows"]
    ]
    means = found["geometric_means"]
    rows.append(["geometric mean", "", "", "", f"{means['engine_to_loader']}", f"{means['engine_to_kornia']}"])
    loaders = [row["engine_to_loader"] for row in found["rows"]]
    usual, memory = found["usual_spinning"], found["memory"]
    peaks = memory["peak_mb"]
    return "\n\n".join(
        [
            "## Speed of the data engine",
            paragraph(
                f"""{code(found)} (about 3 minutes) times three ways to make the same kind of image, a built-in object
                changed and pasted on a built-in background, {settings["image_size"]} px, taking turns within each of
                {settings["rounds"]} rounds of {settings["seconds"]} s; ratios are medians over rounds of the ratio
                within a round. *loader*: torchvision and PIL one sample at a time in a `DataLoader` with
                {settings["threads"]} workers; *kornia*: its batched functions; *engine*: `Engine.render`. Nothing else
                was running; torch {settings["torch"]}, {settings["threads"]} threads, batches of
                {settings["batch_size"]}."""
            ),
            table(["images a second", "loader", "kornia", "engine", "engine / loader", "engine / kornia"], rows),
            paragraph(
                f"""So the engine makes {means["engine_to_loader"]:.0f} times as many images as a data loader, at least
                {min(loaders)} times in each row, and {means["engine_to_kornia"]} times as many as Kornia. Nearly a
                quarter of that is that torch's threads wait awake for a shorter time, which is set for all three; with
                libgomp's own (`{usual["environment"]}`) it is {usual["engine_to_loader"]} and
                {usual["engine_to_kornia"]} times. On a CPU its kernels are compiled by numba, once, in
                {span(found["compile_seconds"])} s that `make app` spends ahead; where numba is not installed torch
                makes the same pixels, up to rounding, more slowly. Rendering {memory["num"]:,} images
                (`{",".join(memory["transforms"])}`) takes {peaks[0]} to {peaks[1]} MB ({memory["runs"]} runs) above a
                Python process that has imported torch, {memory["image_mb"]} MB of which are the images."""
            ),
        ]
    )


def training() -> str:
    """Images a second of training."""
    found = record("training")
    settings, rates, ratios = found["environment"], found["images_per_second"], found["ratios"]
    rows = []
    for name, rate in rates.items():
        of_limit = ratios.get(f"{name}_to_limit")
        times = [ratios.get(f"{name}_to_{other}") for other in ("usual", "loader")]
        rows.append(
            [
                name,
                f"{rate:,}",
                "" if of_limit is None else percent(of_limit),
                *("" if x is None else f"{x}" for x in times),
            ]
        )
    more, plain = found["further_runs"], found["float32"]
    further = " and ".join(map(percent, more["stream_to_limit"]))
    endless = percent(found["endless_costs"])
    stream, finite = (plain["images_per_second"][name] for name in ("stream", "finite"))
    shares = " and ".join(percent(plain["ratios"][f"{name}_to_limit"]) for name in ("stream", "finite"))
    return "\n\n".join(
        [
            "## Speed of training",
            paragraph(
                f"""{code(found)} (4 minutes) trains the laptop network `{settings["model"]}` on
                {settings["image_size"]} px images (`{",".join(settings["transforms"])}`, batches of
                {settings["batch_size"]}, Adam) in five ways that take turns within each of {settings["rounds"]} rounds
                of {settings["images_a_timing"]:,} images; ratios are medians over rounds of the ratio within a round.
                *limit*: a bare step of PyTorch on a tensor that is already there, which nothing can beat; *usual*: the
                usual loop, a `DataLoader` of PIL transformations with {settings["threads"]} workers and a step in
                float32 with torch's defaults; *loader*: that loader with the step of *limit*; *stream* and *finite*:
                this project's training with its events, validation and checkpoints, on an endless stream and on a set
                rendered once ({found["render_seconds"]} s, not counted)."""
            ),
            table(["", "images a second", "of the limit", "times usual", "times loader"], rows),
            paragraph(
                f"""Two more runs gave {further} of the limit and
                {more["stream_to_usual"][0]} and {more["stream_to_usual"][1]} times *usual* for *stream*. On
                an endless stream every image is made anew, which costs {endless} against a finite
                one. This processor has instructions for bfloat16 (AVX-512), which `--precision auto` then uses, as it
                does on a GPU; with them hidden, a day earlier, *stream* made {stream:,} images and *finite*
                {finite:,}: {shares} of the limit, {_each(plain["ratios"], "usual")} times *usual*,
                {_each(plain["ratios"], "loader")} times *loader*."""
            ),
            _precision(),
            _together(),
        ]
    )


def _precision() -> str:
    found = record("precision")
    steps = found["bfloat16_to_float32"]
    told = ", ".join(f"{span(times)} for {_architecture(name)}" for name, times in steps.items())
    accuracy = found["what_if_accuracy"]
    matched, mismatched = accuracy["matched"], accuracy["mismatched"]
    return paragraph(
        f"""{code(found)} takes every architecture in both precisions, batches of {found["batch_size"]}. A step of
        training in bfloat16 was so many times as fast as one in float32: {told}. Accuracies stay what they were: over
        seeds {accuracy["seeds"][0]} to {accuracy["seeds"][1]} of the what-if above the matched transfer reached
        {matched["bfloat16"]:.3f} on average in bfloat16 and {matched["float32"]:.3f} in float32, the mismatched
        {mismatched["bfloat16"]:.3f} and {mismatched["float32"]:.3f}. Sens-scores of
        these networks moved by less than {found["largest_change_of_sens"]} where they were measured in it, those of
        other networks by more; nothing is any more."""
    )


def _together() -> str:
    found = record("together")
    return paragraph(
        f"""Several networks in one process ({code(found)}): side by side on two cores
        {span(found["threads_to_alone"])} times as fast as one after the other; stacked as one network
        {span(found["stacked_to_alone"])} times: the way of a GPU, where it has not been measured.
        `pretrain --seeds`, `transfer --seeds` and `study` do so with `--together`."""
    )


def probe() -> str:
    """Seconds of a linear probe."""
    found = record("probe")
    further, bfloat16 = found["times_faster_further_runs"], found["times_faster_both_bfloat16"]
    rows = [
        ["features once, solved", f"{found['probe_seconds']}", f"{found['probe_accuracy']:.3f}"],
        [
            f"the paper's way: {found['epochs']} epochs of Adam, frozen backbone in each, in float32",
            f"{found['adam_seconds']}",
            f"{found['adam_accuracy']:.3f}",
        ],
    ]
    return "\n\n".join(
        [
            "## Speed of the linear probe",
            paragraph(
                f"""The second part of the same command fits a linear probe of the gallery's `{found["backbone"]}`
                network to {found["num_samples"]:,} images of {found["num_classes"]} other classes, a new
                {found["num_samples"]:,} in each round, tested on {found["num_test_samples"]:,}:"""
            ),
            table(["", "seconds", "test accuracy"], rows),
            paragraph(
                f"""That is {found["times_faster"]} times faster (two more runs: {further[0]} and {further[1]}) at an
                accuracy {found["accuracy_gain"]} higher in the median round; with the paper's way in bfloat16 too it is
                {span(bfloat16)} times, with both in float32 {found["times_faster_both_float32"]} times. Adam's time is
                estimated from {found["timed_epochs"]} epochs; for its accuracy all {found["epochs"]} were run, on kept
                features, which are the same in every epoch since the backbone is frozen."""
            ),
        ]
    )


def _architecture(name: str) -> str:
    return f"`{name}`" if " " not in name else name


def _count(value: int | None) -> str:
    return "n/a" if value is None else f"{value:,}"


def _ratio(value: float | None) -> str:
    return "n/a" if value is None else f"{value}"


def _each(ratios: dict[str, float], other: str) -> str:
    return " and ".join(str(ratios[f"{name}_to_{other}"]) for name in ("stream", "finite"))
