"""How fast a page answers while a training runs: ``python -m benchmarks.page_response``.

Starts the app with a store of its own, opens the Data set page in Chromium, and times a change of a slider until the
new picture is on the screen: first on an idle server, then while a training runs and another window watches it.
Prints one JSON object with the medians in seconds and their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from invariance.runs.store import Store

ROOT = Path(__file__).parents[1]
READY = "[data-testid=stApp][data-test-script-state=notRunning]"
PICTURE = "document.querySelectorAll('[data-testid=stImage] img, [data-testid=stImageContainer] img')[{position}].src"
CHOSEN_PICTURE = 32  # the large one comes after the 32 samples


def start_server(runs: Path, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """The app on a free port, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.fileWatcherType", "none"]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "INVARIANCE_RUNS": str(runs)}, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return process, url
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"the app did not start: {log.read_text()[-500:]}")


def response_times(page: Page, num: int) -> list[float]:
    """Seconds from a key press on the slider to another picture, ``num`` times."""
    slider = page.get_by_role("slider", name="Look at one")
    slider.focus()
    seconds = []
    for turn in range(num):
        before = page.evaluate(PICTURE.format(position=CHOSEN_PICTURE))
        started = time.perf_counter()
        page.keyboard.press("ArrowRight" if turn % 20 < 10 else "ArrowLeft")
        page.wait_for_function(f"src => {PICTURE.format(position=CHOSEN_PICTURE)} !== src", arg=before, polling=20)
        seconds.append(time.perf_counter() - started)
        page.wait_for_selector(READY)
        page.wait_for_timeout(200)
    return seconds


def wait_for_training(store: Store) -> str:
    """The run that trains, once it has taken its first steps."""
    while True:
        for run in store.list(states=("running",)):
            if run.progress is not None and run.progress["step"] >= 3:
                return run.id
        time.sleep(0.2)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=20, help="changes timed on each server (default 20)")
    num = parser.parse_args().num
    folder = Path(tempfile.mkdtemp())
    process, url = start_server(folder / "runs", folder / "log.txt")
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            other = browser.new_page(viewport={"width": 1280, "height": 900})
            other.goto(f"{url}/train?epochs_Instant=100")
            other.wait_for_selector(READY, timeout=60_000)
            page.goto(f"{url}/dataset")
            page.wait_for_selector(READY, timeout=60_000)
            page.wait_for_timeout(2_000)
            response_times(page, 3)
            idle = response_times(page, num)
            other.get_by_role("button", name="Pretrain and transfer").click()
            run_id = wait_for_training(Store(folder / "runs"))
            busy = response_times(page, num)
            assert Store(folder / "runs").get(run_id).state == "running", "the training ended before the measurement"
            browser.close()
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
    medians = {"idle_s": statistics.median(idle), "training_s": statistics.median(busy)}
    ratio = medians["training_s"] / medians["idle_s"]
    print(json.dumps({**{key: round(value, 3) for key, value in medians.items()}, "ratio": round(ratio, 2), "n": num}))


if __name__ == "__main__":
    main()
