"""The compiler's memory is given back, nothing else is, and it compiles again afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="numba is not installed: there is nothing to compile with")

from invariance.data.compiled.memory import unwritten_mappings

LISTING = """\
7f0000000000-7f0000001000 r--p 00000000 fe:00 1234       /some where/libllvmlite.so
Rss:                   4 kB
Anonymous:             0 kB
7f0000001000-7f0000005000 r-xp 00001000 fe:00 1234       /some where/libllvmlite.so
Rss:                   8 kB
Anonymous:             0 kB
7f0000005000-7f0000006000 r--p 00005000 fe:00 1234       /some where/libllvmlite.so
Rss:                   4 kB
Anonymous:             4 kB
7f0000006000-7f0000007000 rw-p 00006000 fe:00 1234       /some where/libllvmlite.so
Rss:                   4 kB
Anonymous:             4 kB
7f0000007000-7f0000009000 rw-p 00000000 00:00 0
Rss:                   0 kB
Anonymous:             0 kB
7f0000009000-7f000000a000 r-xp 00000000 fe:00 1235       /some where/libother.so
Rss:                   4 kB
Anonymous:             0 kB
"""
RENDER = """
import torch
torch.set_num_threads(2)
from invariance.data.compiled.memory import give_back_compiler
from invariance.data.engine import Engine
from invariance.spec import DatasetSpec

def resident_kb():
    is_of_compiler, found = False, 0
    for line in open("/proc/self/smaps"):
        if "-" in line.split()[0]:
            is_of_compiler = line.rstrip().endswith("libllvmlite.so") and " r-xp " in line
        elif is_of_compiler and line.startswith("Rss:"):
            found += int(line.split()[1])
    return found

engine = Engine(DatasetSpec(transforms=("rotate", "hue")))
engine.render(engine.indices("train", 64))
loaded = resident_kb()
engine.render(engine.indices("train", 64))
given = resident_kb()
other = Engine(DatasetSpec(transforms=("elastic", "noise")))
for _ in range(2):
    images, _ = other.render(other.indices("train", 64))
error = (other.batch(other.indices("train", 64)).images * 255 - images).abs().max()
print(loaded, given, resident_kb(), float(error))
"""


def test_only_mappings_that_are_as_the_file_is_are_named():
    found = list(unwritten_mappings(LISTING, "libllvmlite.so"))
    assert found == [(0x7F0000000000, 0x7F0000001000), (0x7F0000001000, 0x7F0000005000)]


def test_no_other_file_is_named():
    assert not list(unwritten_mappings(LISTING, "llvmlite.so"))


@pytest.mark.skipif(not Path("/proc/self/smaps").is_file(), reason="this system does not list mappings of memory")
def test_a_process_that_renders_keeps_no_page_of_the_compiler_and_compiles_again():
    done = subprocess.run([sys.executable, "-c", RENDER], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    loaded, given, later, error = map(float, done.stdout.split())
    assert loaded > 10_000
    assert given < 1_000 and later < 1_000
    assert error <= 1.01
