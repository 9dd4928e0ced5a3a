"""The device of a run and the devices of a server, on machines that are pretended."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from invariance.runs import device
from invariance.runs.device import ServerDevices, choose_device, cuda_devices, server_devices, spread, wanted_device
from invariance.runs.executors.local import local_devices
from invariance.spec import SpecError

NO_KERNELS = torch.AcceleratorError(
    "CUDA error: no kernel image is available for execution on the device\nCUDA kernel errors might be asynchronously"
)
OLD_DRIVER = RuntimeError("The NVIDIA driver on your system is too old (found version 11040). Please update your GPU")
FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB.")
Machine = Callable[..., None]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """Pretends a GPU for each given error; None computes."""

    def pretend(*errors: Exception | None) -> None:
        def ones(*size: int, device: str) -> torch.Tensor:
            if error := errors[int(device.removeprefix("cuda:"))]:
                raise error
            return torch.full(size, 1.0)

        monkeypatch.setattr(torch, "ones", ones)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: len(errors))
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda name: (3, 7))
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda name: "Tesla K80")
        monkeypatch.setattr(device, "_may_have_gpu", lambda: bool(errors))

    def forget() -> None:
        for cached in (device._trouble, device._passed_over, device._found_elsewhere):
            cached.cache_clear()

    monkeypatch.delenv("INVARIANCE_DEVICE", raising=False)
    forget()
    yield pretend
    forget()


@pytest.mark.parametrize(
    ("errors", "chosen", "gpus"),
    [
        ((), "cpu", []),
        ((None,), "cuda", ["cuda:0"]),
        ((NO_KERNELS,), "cpu", []),
        ((NO_KERNELS, None, FULL, None), "cuda:1", ["cuda:1", "cuda:3"]),
        ((OLD_DRIVER, torch.cuda.DeferredCudaCallError("CUDA call failed lazily")), "cpu", []),
    ],
    ids=["none", "one", "old", "several", "driver"],
)
def test_auto_is_the_first_gpu_that_computes(
    machine: Machine, errors: tuple[Exception | None, ...], chosen: str, gpus: list[str]
) -> None:
    machine(*errors)
    assert choose_device() == choose_device("auto") == chosen and cuda_devices() == gpus
    assert local_devices("auto", 5) == spread(gpus or ["cpu"], 5), "all that compute, whichever is the first"
    if gpus:
        assert choose_device("cuda") == chosen and local_devices("cuda") == local_devices("auto") == gpus
        assert local_devices(gpus[-1]) == gpus[-1:]


def test_a_card_without_kernels_is_named_once(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    machine(NO_KERNELS)
    with caplog.at_level(logging.WARNING):
        assert [choose_device(), choose_device()] == ["cpu", "cpu"]
    (line,) = caplog.messages
    assert line == (
        f"cuda:0 is not used: torch {torch.__version__} has no kernels for Tesla K80 (compute capability 3.7): "
        "install a version that has"
    )


def test_what_may_be_over_the_next_time_is_not_remembered(machine: Machine) -> None:
    machine(FULL, OLD_DRIVER)
    for name, line in (("cuda:0", "try again when it is free, or use cpu"), ("cuda:1", "the driver is too old for")):
        with pytest.raises(SpecError, match=line):
            choose_device(name)
    machine(None, None)
    assert choose_device("cuda:0") == "cuda:0"
    with pytest.raises(SpecError, match="the driver is too old for"):
        choose_device("cuda:1")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("cuda", r"device = 'cuda': torch \S+ has no kernels for Tesla K80 .*: install a version that has, or use cpu"),
        ("cuda:1", r"device = 'cuda:1': it cannot be used now \(CUDA out of memory[^)]*\): try again .*, or use cpu"),
        ("cuda:2", "device = 'cuda:2': this machine has 2 of kind cuda; use auto or cpu"),
        ("mps", r"device = 'mps': an Apple GPU cannot train \(it has no float64\); use auto or cpu"),
        ("mps:0", "device = 'mps:0': an Apple GPU cannot train .*"),
        ("gpu", "device = 'gpu': expected auto, cpu, cuda or cuda:<number>"),
        ("cuda:x", "device = 'cuda:x': expected auto, cpu, cuda or cuda:<number>"),
        ("cuda:", "device = 'cuda:': expected auto, cpu, cuda or cuda:<number>"),
        ("", "device = '': expected auto, cpu, cuda or cuda:<number>"),
    ],
)
def test_what_is_asked_for_and_cannot_be_used_is_refused_in_one_line(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str, line: str
) -> None:
    machine(NO_KERNELS, FULL)
    with pytest.raises(SpecError, match=f"^{line}$"):
        choose_device(name)
    monkeypatch.setenv("INVARIANCE_DEVICE", name)
    if name:  # nothing said is nothing asked for
        with pytest.raises(SpecError, match="^INVARIANCE_" + line.replace("device", "DEVICE", 1)):
            choose_device("auto")


def test_the_variable_says_what_auto_is(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(None, None)
    monkeypatch.setenv("INVARIANCE_DEVICE", " cuda:1 ")
    assert (choose_device(), choose_device("cpu"), choose_device("cuda")) == ("cuda:1", "cpu", "cuda")
    for said in ("cpu", "auto", ""):
        monkeypatch.setenv("INVARIANCE_DEVICE", said)
        assert wanted_device() == (said or "auto") and choose_device() == ("cpu" if said == "cpu" else "cuda")
    for said in ("mps", "gpu0"):
        monkeypatch.setenv("INVARIANCE_DEVICE", said)
        for ask in (wanted_device, choose_device, server_devices):
            with pytest.raises(SpecError, match=f"^INVARIANCE_DEVICE = '{said}': "):
                ask()
        assert wanted_device("cpu") == "cpu", "which asks for nothing that it says"


def test_workers_take_the_devices_in_turn() -> None:
    assert spread(("cuda:0", "cuda:1"), None) == ["cuda:0", "cuda:1"]
    assert spread(["cuda:0", "cuda:1"], 3) == ["cuda:0", "cuda:1", "cuda:0"]


@pytest.mark.parametrize(
    ("errors", "wanted", "names", "title", "says"),
    [
        ((None, None), "auto", ("cuda:0", "cuda:1"), "2 x Tesla K80", ""),
        ((None, None), "cuda", ("cuda:0", "cuda:1"), "2 x Tesla K80", ""),
        ((None, None), "cuda:1", ("cuda:1",), "Tesla K80", ""),
        ((FULL, None), "cuda", ("cuda:1",), "Tesla K80", "cuda:0 is not used: it cannot be used now"),
        ((NO_KERNELS,), "auto", ("cpu",), "CPU", "cuda:0 is not used: torch "),
        ((), "auto", ("cpu",), "CPU", ""),
    ],
)
def test_a_server_has_every_gpu_that_computes(
    machine: Machine, errors: tuple[Exception | None, ...], wanted: str, names: tuple[str, ...], title: str, says: str
) -> None:
    machine(*errors)
    found = device._find(wanted)
    assert (found.names, found.title) == (names, title)
    assert found.note.startswith(says) and bool(found.note) == bool(says)


def test_a_server_asks_another_process_once(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(None)
    asked: list[list[str]] = []
    answer = {"names": ["cuda:0", "cuda:1"], "title": "2 x Tesla K80", "note": ""}

    def answered(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, "a library's word\n" + json.dumps(answer) + "\n")

    monkeypatch.setattr(subprocess, "run", answered)
    expected = ServerDevices(("cuda:0", "cuda:1"), "2 x Tesla K80")
    assert server_devices() == server_devices("auto") == expected
    assert asked == [[sys.executable, "-m", "invariance.runs.device", "auto"]]
    assert server_devices("cpu") == ServerDevices() and len(asked) == 1
    monkeypatch.setattr(device, "_may_have_gpu", lambda: False)
    assert server_devices() == ServerDevices() and len(asked) == 1, "without a driver nobody is asked"
    answer = {"refused": "device = 'cuda:7': this machine has 2 of kind cuda; use auto or cpu"}  # type: ignore[dict-item]
    for _ in range(2):
        with pytest.raises(SpecError, match=r"^device = 'cuda:7': this machine has 2"):
            server_devices("cuda:7")
    assert len(asked) == 2


@pytest.mark.parametrize("command", ["raise SystemExit(3)", "print('no answer')"])
def test_a_look_that_fails_leaves_the_cpu(machine: Machine, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    machine(None)
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda _, **options: run([sys.executable, "-c", command], **options))
    found = server_devices()
    assert found.names == ("cpu",) and found.note.startswith("looking for GPUs failed")
    with pytest.raises(SpecError, match=r"^device = 'cuda': looking for GPUs failed .*; use cpu$"):
        server_devices("cuda")


def test_the_other_process_answers_and_torch_stays_out_of_this_one() -> None:
    program = (
        "import sys\nfrom invariance.runs import device\ndevice._may_have_gpu = lambda: True\n"
        "found = device.server_devices()\nassert 'torch' not in sys.modules\nprint(found.names)"
    )
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True)
    assert ended.stdout.strip() == str(tuple(cuda_devices()) or ("cpu",))
