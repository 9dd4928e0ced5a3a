"""``bench data``: its table, its JSON object, and what it refuses."""

import json

import pytest

from invariance.__main__ import main
from invariance.commands import bench

TINY = "bench data --transforms h_flip pixelate rotate,hue --rounds 1 --seconds 0.01 --image-size 8 --threads 1"


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
        ("--rounds 0", "--rounds 0: expected 1 to"),
        ("--seconds 0", "--seconds 0.0: expected more than 0"),
        ("--threads -1", "--threads -1: expected 1 to"),
        ("--transforms rotat", "unknown transformation 'rotat'"),
        ("--image-size 4", "image_size = 4"),
    ],
)
def test_bad_input_is_one_line_and_code_2(capsys, options, said):
    code, out, err = run(capsys, f"bench data --device cpu --json {options}")
    assert code == 2 and said in err and err.count("\n") == 1 and not out


def test_absent_repository_is_said(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    code, _, err = run(capsys, TINY)
    assert code == 2 and "run bench inside a clone of the repository" in err and err.count("\n") == 1
