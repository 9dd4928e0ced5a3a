"""``bench data`` and ``bench train``: their tables, their JSON objects, and what they refuse."""

import json
from functools import cache

import pytest

from benchmarks import render_memory
from invariance.__main__ import main
from invariance.commands import bench
from invariance.runs.gallery import entries

TINY = "bench data --transforms h_flip pixelate rotate,hue --num-rounds 1 --seconds 0.01 --image-size 8 --num-threads 1"

TINY_TRAIN = (
    "bench train --num-images 8 --batch-size 4 --image-size 8 --num-threads 1 --num-rounds 1 --num-target 30 "
    "--num-test 40 --transforms hue --device cpu"
)
needs_gallery = pytest.mark.skipif(not entries(), reason="no gallery: run python -m invariance gallery build")


@pytest.fixture(autouse=True, scope="module")
def _memory_measured_once():
    """In a process of its own, which takes longer than all the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render_memory, "measure_in_child", cache(render_memory.measure_in_child))
        yield


def run(capsys, text):
    try:
        code = main(text.split())
    except SystemExit as ended:
        code = ended.code
    out, err = capsys.readouterr()
    return code, out, err


def test_json_holds_the_figures_and_what_they_depend_on(capsys):
    code, out, _ = run(capsys, f"{TINY} --num-memory 64 --device cpu --json")
    assert code == 0 and out.count("\n") == 1
    answer = json.loads(out)
    assert [row["transforms"] for row in answer["rows"]] == ["h_flip", "pixelate", "rotate,hue"]
    assert answer["rows"][0]["engine_to_loader"] == pytest.approx(
        answer["rows"][0]["engine"] / answer["rows"][0]["loader"]
    ), "one round: the ratio of its two figures"
    assert answer["rows"][1]["kornia"] is None
    ratios = [row["engine_to_kornia"] for row in answer["rows"] if row["kornia"]]
    assert answer["geometric_means"]["engine_to_kornia"] == pytest.approx((ratios[0] * ratios[1]) ** 0.5)
    assert {"cpu", "cores", "torch", "threads", "image_size", "batch_size"} <= set(answer["environment"])
    assert answer["environment"]["image_size"] == 8 and answer["environment"]["threads"] == 1
    assert answer["memory"]["num"] == 64 and answer["memory"]["image_bytes"] == 64 * 3 * 8 * 8
    assert answer["gpu"] == bench.NO_GPU


def test_table_shows_every_row_and_says_what_is_missing(capsys):
    code, out, _ = run(capsys, f"{TINY} --num-memory 64 --device cpu")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert "n/a" in lines["pixelate"] and "n/a" not in lines["h_flip"]
    assert "geometric mean" in out and bench.NO_GPU in out and "64 images" in lines["memory"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--num-rounds 0", "--num-rounds: 0: expected a whole number from 1 to"),
        ("--seconds 0", "--seconds: 0: expected more than 0"),
        ("--num-threads -1", "--num-threads: -1: expected a whole number from 1 to"),
        ("--transforms rotat", "unknown transformation 'rotat'"),
        ("--image-size 4", "--image-size = 4"),
    ],
)
def test_bad_input_is_one_line_and_code_2(capsys, options, said):
    code, out, err = run(capsys, f"bench data --device cpu --json {options}")
    assert code == 2 and said in err and err.count("\n") == 1 and not out


@needs_gallery
def test_train_json_holds_ratios_accuracies_goals_and_what_they_depend_on(capsys):
    code, out, _ = run(capsys, f"{TINY_TRAIN} --json")
    assert code == 0 and out.count("\n") == 1
    answer = json.loads(out)
    settings = {"transforms": ["hue"], "model": "small", "threads": 1, "batch_size": 4, "image_size": 8, "rounds": 1}
    assert settings.items() <= answer["environment"].items()
    assert {"cpu", "cores", "torch", "load_average"} <= set(answer["environment"])
    rates, ratios = answer["training"]["images_per_second"], answer["training"]["ratios"]
    for ratio in ("stream_to_limit", "finite_to_limit", "stream_to_usual", "finite_to_usual", "stream_to_loader"):
        above, below = ratio.split("_to_")
        assert ratios[ratio] == pytest.approx(rates[above] / rates[below]), "one round: the ratio of its two figures"
    assert answer["training"]["goals"]["stream_to_limit"] == 0.9
    probe = answer["probe"]
    assert probe["times_faster"] == pytest.approx(probe["adam_seconds"] / probe["probe_seconds"])
    assert probe["accuracy_gain"] == pytest.approx(probe["probe_accuracy"] - probe["adam_accuracy"])
    assert 0 < probe["probe_accuracy"] <= 1 and 0 < probe["adam_accuracy"] <= 1
    assert (probe["num_samples"], probe["num_test_samples"], probe["num_classes"]) == (30, 40, 30)
    assert probe["goals"] == {"times_faster": 50.0, "accuracy_gain": -0.005}
    assert answer["gpu"] == bench.NO_GPU


@needs_gallery
def test_train_table_shows_every_contestant_and_says_what_is_estimated_or_missing(capsys):
    code, out, _ = run(capsys, TINY_TRAIN)
    assert code == 0
    cells = {line.split()[0]: line.split() for line in out.splitlines() if line}
    names = ("limit", "usual", "loader", "stream", "finite", "goal")
    assert [len(cells[name]) for name in names] == [2, 2, 2, 5, 5, 3]
    assert "hue" in out and "estimated from 10 epochs" in out and "all 200 ran, on kept features" in out
    assert f"ResNet-18, 50 epochs of 50000 images: {bench.NO_GPU}" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--num-rounds 0", "--num-rounds: 0: expected a whole number from 1 to"),
        ("--num-images 3", "--num-images: 3: expected a whole number from 4 to"),
        ("--batch-size 1", "--batch-size: 1: expected a whole number from 2 to"),
        ("--num-test 0", "--num-test: 0: expected a whole number from 1 to"),
        ("--transforms rotat", "unknown transformation 'rotat'"),
        ("--model vgg11_bn --image-size 16", "vgg11_bn needs at least 32 px"),
        ("--model big", "invalid choice: 'big'"),
        ("--together 0", "--together: 0: expected a whole number from 1 to"),
    ],
)
def test_train_refuses_bad_input_in_one_line_with_code_2(capsys, options, said):
    code, out, err = run(capsys, f"bench train --device cpu --json {options}")
    assert code == 2 and said in err and err.count("\n") == 1 and not out


def test_networks_together_are_compared_with_the_same_alone(capsys):
    code, out, _ = run(capsys, f"{TINY_TRAIN} --together 1 3 --json")
    assert code == 0
    rows = json.loads(out)["together"]
    assert [row["num_networks"] for row in rows] == [1, 3]
    for row in rows:
        rates = row["images_per_second"]
        assert set(rates) == {"alone", "threads", "stacked"}
        assert row["stacked_to_alone"] == pytest.approx(rates["stacked"] / rates["alone"]), "one round"
    code, out, _ = run(capsys, f"{TINY_TRAIN} --together 2")
    assert code == 0 and out.splitlines()[-1].split()[0] == "2"
