"""A server's part in the test that kills it: ``hold_a_queue.py FOLDER`` manages the runs there until it is killed."""

import sys
import threading

from invariance.runs.manager import Manager
from tests.runs.conftest import FAKE_WORKER

if __name__ == "__main__":
    manager = Manager(sys.argv[1], "cpu", 1, command=FAKE_WORKER, grace_s=0.5)
    while not manager.worker_pids():
        threading.Event().wait(0.01)
    print(*manager.worker_pids(), flush=True)
    threading.Event().wait()
