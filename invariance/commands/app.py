"""``app``: opens the app."""

from __future__ import annotations

import argparse
import errno
import hashlib
import os
import runpy
import secrets
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from invariance.commands.options import add_store, whole_number
from invariance.extras import require_extra
from invariance.resources import is_installed, project_folder, user_cache
from invariance.spec.checks import SpecError, require_count

_PARTS = ("app.py", "pages", "static", ".streamlit")


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "app",
        help="open the app",
        description="Serves the app, for this machine alone unless an address is given, and opens it in the browser.",
        examples=(
            "",
            "--port 8600",
            "--class",
        ),
        epilog="A class's server takes the teacher's password from INVARIANCE_TEACHER, or makes one, and opens folders "
        "of pictures that INVARIANCE_FOLDERS names. INVARIANCE_DEVICE says where runs are executed: auto (every GPU, "
        "else the CPU), cpu, cuda or cuda:1.",
    )
    parser.add_argument(
        "--class",
        dest="is_class",
        action="store_true",
        help="serve a class: listen on all addresses of this machine, with a teacher's password",
    )
    parser.add_argument(
        "--port", type=whole_number, metavar="N", help="where it answers (default: 8501, or the next free one)"
    )
    parser.add_argument("--address", metavar="ADDRESS", help="that it listens on (default 127.0.0.1: this machine)")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    add_store(parser)
    parser.set_defaults(action=open_app)


def open_app(args: argparse.Namespace) -> None:
    """Becomes the app's server."""
    from invariance.runs.device import wanted_device
    from invariance.runs.limits import limits
    from invariance.runs.threads import wanted_threads

    if args.port is not None:
        require_count("port", args.port, 1, 65_535)
    for package in ("streamlit", "plotly"):
        require_extra(package, "the app")
    limits()
    wanted_device()  # what the server would refuse is refused before a browser opens
    wanted_threads()
    try:
        Path.home()
    except RuntimeError:  # an unknown user; Streamlit looks there for settings
        os.environ["HOME"] = str(user_cache())
    if args.runs is not None:
        os.environ["INVARIANCE_RUNS"] = str(args.runs)
    if args.is_class:
        args.address, args.no_browser = args.address or "0.0.0.0", True
        _tell_class(args.port or 8501)
    words = ["streamlit", "run", str(_app_folder() / "app.py")]
    for name, value in (("port", args.port), ("address", args.address)):
        words += [] if value is None else [f"--server.{name}={value}"]
    sys.argv = words + ["--server.headless=true"] * args.no_browser
    # In this process, so that signals reach the server. The library itself imports nothing of Streamlit.
    try:
        runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:
            raise
        raise SpecError(
            f"address = {args.address}: this machine does not have it; give 0.0.0.0 for all that it has"
        ) from error


def _tell_class(port: int) -> None:
    """Says where a class finds the server, and with what its teacher signs in; makes a password where there is none."""
    from invariance.runs.limits import TEACHER_VARIABLE

    how = f"as {TEACHER_VARIABLE} says"
    if not os.environ.get(TEACHER_VARIABLE):
        os.environ[TEACHER_VARIABLE] = secrets.token_urlsafe(9)
        how = f"{os.environ[TEACHER_VARIABLE]} (made now)"
    print("This server listens beyond this machine: whoever reaches it may use it, and all traffic is plain HTTP.")
    print(f"  students  http://{socket.gethostname()}:{port} or this machine's address in your network")
    print(f"  teacher   the same with /teacher; password {how}")


def _app_folder() -> Path:
    """The folder of the app: the clone's, or a copy of the package's in the user's cache.

    Streamlit serves files from beside the script alone, and the app puts one there: the Plotly that draws what is
    saved. A package is not the place for that, and need not be writable.
    """
    source = project_folder()
    if not is_installed():
        return source
    files = sorted(path for part in _PARTS for path in (source / part, *(source / part).rglob("*")) if path.is_file())
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
    try:
        target = user_cache() / "app" / digest
        _lay_out(files, source, target)
    except OSError as error:
        raise SpecError(f"the app cannot be copied to the user's cache ({error}); set HOME to a folder") from error
    return target


def _lay_out(files: list[Path], source: Path, target: Path) -> None:
    """Copies files beside the target and gives them its name at the end, so that it is whole or absent."""
    if target.is_dir():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as made:
        for path in files:
            copy = Path(made, "app", path.relative_to(source))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        try:
            Path(made, "app").rename(target)
        except OSError:
            if not target.is_dir():  # else another one was faster
                raise
