"""Speaks the worker's protocol and does nothing else; the learning rate of a job chooses how it behaves.

1e-3 finishes; 2e-3 works until it is cancelled; 3e-3 works and ignores being cancelled; 4e-3 kills itself; 5e-3 fails;
6e-3 writes its result, then kills itself before it can say so; 7e-3 fails in a way that ends the worker; 8e-3 kills
itself twice and then finishes.
"""

import json
import os
import queue
import signal
import sys
import threading
import time

lines: "queue.Queue[dict]" = queue.Queue()


def listen() -> None:
    for line in sys.stdin:
        lines.put(json.loads(line))
    os._exit(0)


def say(**message: object) -> None:
    print(json.dumps(message), flush=True)


def cancelled() -> bool:
    try:
        return lines.get_nowait()["type"] == "cancel"
    except queue.Empty:
        return False


def do(job: dict) -> None:
    run_id, directory, device = job["id"], job["directory"], "fake " + job["device"]
    behaviour = round(json.loads(job["spec"]).get("learning_rate", 1e-3) * 1000)
    say(type="started", id=run_id, device=device)
    result = {"event": "finished", "metrics": {"test_accuracy": 0.5}, "checkpoint": directory + "/weights.safetensors"}
    result |= {
        "sha256": "0",
        "seconds": 1.0,
        "device": device,
        "table": None,
        "sources": job["sources"],
    }
    step = 0
    while behaviour in (2, 3) or step < 3:
        step += 1
        progress = {"event": "progress", "step": step, "num_steps": 3, "epoch": 0, "num_epochs": 1, "eta_seconds": 0.0}
        progress |= {"metrics": {"train_loss": 1 / step}, "images_per_second": 1.0, "seconds": 0.1 * step}
        say(type="progress", id=run_id, progress=progress)
        time.sleep(0.02)
        if cancelled() and behaviour != 3:
            return say(type="cancelled", id=run_id)
    if behaviour in (4, 8):
        with open(directory + "/deaths", "a+") as deaths:
            deaths.seek(0)
            if behaviour == 4 or len(deaths.read()) < 2:
                deaths.write("x")
                deaths.flush()
                with open(directory + "/log.txt", "w") as log:
                    log.write("first\nlast words\n")
                os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == 5:
        return say(type="failed", id=run_id, kind="spec", error="it cannot be done")
    if behaviour == 7:
        say(type="failed", id=run_id, kind="unexpected", error="broken")
        time.sleep(0.5)
        os._exit(0)
    open(directory + "/weights.safetensors", "w").close()
    if behaviour == 6:
        with open(directory + "/result.json", "w") as file:
            json.dump(result, file)
        os.kill(os.getpid(), signal.SIGKILL)
    say(type="done", id=run_id, result=result)


threading.Thread(target=listen, daemon=True).start()
say(type="ready")
while True:
    job = lines.get()
    if job["type"] == "job":
        do(job)
