"""The page on GPUs shows what a card came to, by its name, and otherwise that nothing was measured."""

import json

import pytest

from benchmarks.gpu.goals import GOALS
from tools.docs import gpu
from tools.docs.measurements import measurements
from tools.docs.pages import DOCS, PAGES

LINES = [
    {"part": "machine", "status": "done", "result": {"torch": "2.11.0"}},
    {"part": "images", "status": "failed", "said": "RuntimeError: no"},
    {"part": "resnet18", "status": "done", "result": {"seconds": 45.26}},
    {"part": "rates", "status": "partial", "result": {"slowest": 812_345.6}},
    {"part": "share", "status": "partial", "result": {"share": 0.04}},
    {
        "part": "memory",
        "result": {
            "num_images": 4096,
            "batch_size": 256,
            "rows": [
                {"image_size": 32, "rendering_peak_bytes": 1.5e9, "training_peak_bytes": 2e9},
                {"image_size": 224, "rendering_peak_bytes": "out of memory", "training_peak_bytes": 9e9},
            ],
        },
    },
    {
        "part": "together",
        "result": {"rows": [{"num_networks": 8, "images_per_second": 12_345.6, "stacked_to_alone": 4.25}]},
    },
    {
        "part": "summary",
        "card": "NVIDIA Test",
        "is_stand_in": False,
        "date": "2026-01-02",
        "command": "python -m invariance bench gpu --out found",
    },
]


def written(folder, name, lines):
    (folder / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


@pytest.fixture
def records(tmp_path):
    written(tmp_path, "gpu-test.jsonl", LINES)
    written(tmp_path, "other.jsonl", LINES)
    return gpu.gpu_records(tmp_path)


def rows(text):
    return {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith("| ")}


def test_without_a_record_nothing_was_measured(tmp_path):
    text = gpu.page(gpu.gpu_records(tmp_path))
    found = rows(text)
    assert all(found[goal.title].endswith("| not measured |") for goal in GOALS)
    assert "Nothing has been measured on a GPU yet" in text


def test_a_record_is_a_column_with_the_card_s_name(records):
    found = rows(gpu.goals_table(records))
    assert found["what"] == "| what | goal | NVIDIA Test |"
    assert found["ResNet-18, 50 epochs of 50,000 images"].endswith("| at most 60 s | 45.3 s: reached |")
    assert found["images a second at 32 px, slowest transformation"].endswith("| 812,346 a second: not reached |")
    assert found["a batch as a share of a ResNet-18 step"].endswith("| at most 5 % | 4 %: reached so far |")
    assert found["bytes that training's precision changes, worst composition"].endswith("| not measured |")


def test_what_has_no_goal_has_its_own_tables(records):
    text = gpu.page(records)
    assert "NVIDIA Test (`invariance bench gpu --out found`, 2026-01-02, PyTorch 2.11.0)" in " ".join(text.split())
    assert "| 32 px | 1.50 GB | 2.00 GB |" in text and "| 224 px | out of memory | 9.00 GB |" in text
    assert "| 8 | 12,346 | 4.2 |" in text or "| 8 | 12,346 | 4.3 |" in text
    assert "Nothing has been measured" not in text


def test_what_a_cpu_stood_in_for_is_no_record(tmp_path):
    for line in ({**LINES[-1], "is_stand_in": True}, {**LINES[-1], "card": None}):
        written(tmp_path, "gpu-cpu.jsonl", [line])
        with pytest.raises(ValueError, match=r"^gpu-cpu\.jsonl: it was not measured on a GPU"):
            gpu.gpu_records(tmp_path)


def test_a_record_that_is_not_whole_is_refused_in_a_line(tmp_path):
    written(tmp_path, "gpu-x.jsonl", LINES[:-1])
    with pytest.raises(ValueError, match=r"^gpu-x\.jsonl: it has no summary"):
        gpu.gpu_records(tmp_path)
    (tmp_path / "gpu-x.jsonl").write_text('{"part": "mach')
    with pytest.raises(ValueError, match=r"^gpu-x\.jsonl: a line is no JSON .*: was it cut short"):
        gpu.gpu_records(tmp_path)


def test_the_page_of_measurements_says_whether_there_is_any(monkeypatch, records):
    monkeypatch.setattr("tools.docs.measurements.gpu_records", lambda: records)
    assert "What was measured on NVIDIA Test is [on a page of its own](gpu.md)" in " ".join(measurements().split())
    monkeypatch.setattr("tools.docs.measurements.gpu_records", list)
    assert "**Nothing has been measured on a GPU yet**" in measurements()


def test_the_page_is_one_of_those_that_are_made():
    assert (DOCS / "gpu.md").is_file() and "gpu.md" in PAGES
