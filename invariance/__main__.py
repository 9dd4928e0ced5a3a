"""The command line: ``invariance``, or ``python -m invariance``.

What is imported here is what Python has loaded anyway: Ctrl-C is heard from the first moment.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from invariance.commands.parser import Parser

BROKEN_PIPE = 128 + 13
"""What a shell says of a program that SIGPIPE ended; Windows has no such signal."""


def parser() -> Parser:
    """The parser of all commands."""
    from invariance.commands import (
        app,
        attribute,
        bench,
        download,
        factors,
        gallery,
        measure,
        push,
        render,
        runs,
        shapley,
        study,
        thrown_away,
        training,
        transferability,
        what_if,
    )
    from invariance.commands.parser import Parser, program

    top = Parser(
        prog=program(),
        description="Invariance in transfer learning: render Transforms-2D, train, transfer, measure.",
        examples=("gallery list", "measure --models gallery --out sens.csv", "pretrain --help"),
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for module in (
        render,
        training,
        what_if,
        study,
        measure,
        factors,
        attribute,
        shapley,
        thrown_away,
        transferability,
        runs,
        gallery,
        bench,
        download,
        push,
        app,
    ):
        module.add_commands(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
        0 when it succeeded, 1 when a run failed, 2 on bad input, 128 and the number of the signal that stopped it (130
        for Ctrl-C, 141 where nobody reads its output any more).
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 -- for as long as the process
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that has no ellipsis shows a question mark
            stream.reconfigure(errors="replace")
    try:
        code = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        cut_off = [stream for stream in (sys.stdout, sys.stderr) if _is_cut_off(stream)]
        if not cut_off:
            raise
        return BROKEN_PIPE
    except SystemExit:
        if _is_cut_off(sys.stdout):
            return BROKEN_PIPE
        raise
    return code


def _run(argv: Sequence[str] | None) -> int:
    words, top = sys.argv[1:] if argv is None else argv, None
    try:
        from invariance.commands.parser import import_first

        import_first(words)
        top = parser()
        args = top.parse_args(words)
        from invariance.runs.threads import wanted_threads

        wanted_threads()  # a bad number is refused by every command, before anything is made
        args.action(args)
    except KeyboardInterrupt as stop:
        return _fail(
            "interrupted: ask for the same again to go on", 128 + getattr(stop, "signal_number", signal.SIGINT)
        )
    except BrokenPipeError:
        raise
    except Exception as error:
        from invariance.commands.errors import explain
        from invariance.commands.parser import as_typed

        if (known := explain(error)) is None:
            raise
        line, code = known
        return _fail(line if top is None else as_typed(line, top, words), code)
    return 0


def _fail(message: str, code: int) -> int:
    from invariance.commands.parser import program

    print(f"{program()}: {message}", file=sys.stderr)
    return code


def _is_cut_off(stream: TextIO) -> bool:
    """Whether nobody reads a stream any more, as after ``| head``; it then leads nowhere, so that no error follows."""
    try:
        stream.flush()
        is_cut_off = _has_no_reader(stream)  # what could not be written may be forgotten by now
    except BrokenPipeError:
        is_cut_off = True
    if is_cut_off:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return is_cut_off


def _has_no_reader(stream: TextIO) -> bool:
    """Whether the other end of a pipe is closed, where the system can tell."""
    if not hasattr(select, "poll"):
        return False
    try:
        number = stream.fileno()
    except OSError:  # not a file of the system
        return False
    poll = select.poll()
    poll.register(number, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


if __name__ == "__main__":
    sys.exit(main())
