import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from invariance.files import sweep_temporaries, write_atomically


def test_content_arrives_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_atomically(path, lambda stream: stream.write(b"one"))
    write_atomically(path, lambda stream: stream.write(b"two"))
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


WRITER = """
import sys
from pathlib import Path
from invariance.files import write_atomically

def write(stream):
    for _ in range(64):
        stream.write(bytes([number % 256]) * 65536)

number = 0
while True:
    number += 1
    write_atomically(Path(sys.argv[1]), write)
    print(number, flush=True)
"""


def test_a_killed_writer_leaves_a_whole_file_and_a_temporary_that_is_swept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for pause_s in (0.002, 0.005, 0.011):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(pause_s)
            os.kill(writer.pid, signal.SIGKILL)
        content = path.read_bytes()
        assert len(content) == 64 * 65536
        assert len(set(content)) == 1
    sweep_temporaries(tmp_path)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    write_atomically(tmp_path / "one", lambda stream: stream.write(b"x"))
    (tmp_path / "other").write_bytes(b"x")
    assert (tmp_path / "one").stat().st_mode == (tmp_path / "other").stat().st_mode
