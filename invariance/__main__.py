"""``python -m invariance``: the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import invariance
from invariance.commands import (
    app,
    arguments,
    attribute,
    bench,
    download,
    factors,
    gallery,
    measure,
    render,
    shapley,
    study,
    training,
    what_if,
)
from invariance.commands.running import RunFailed
from invariance.runs.outcome import is_expected
from invariance.spec import SpecError


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = arguments.Parser(
        prog="python -m invariance",
        description="Invariance in transfer learning: render Transforms-2D, train, transfer, measure.",
    )
    top.add_argument("--version", action="version", version=f"invariance {invariance.__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=arguments.Parser)
    for module in (
        render,
        training,
        what_if,
        study,
        measure,
        factors,
        attribute,
        shapley,
        gallery,
        bench,
        download,
        app,
    ):
        module.add_commands(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
        0 when it succeeded, 1 when a run failed, 2 on bad input, 130 when interrupted.
    """
    args = parser().parse_args(argv)
    try:
        args.action(args)
    except SpecError as error:
        return _fail(f"{error}", 2)
    except RunFailed as error:
        return _fail(f"{error}", 1)
    except KeyboardInterrupt:
        return _fail("interrupted: ask for the same again to go on", 130)
    except ValueError as error:
        if not is_expected(error):
            raise
        return _fail(f"{error}", 1)  # the training diverged
    return 0


def _fail(message: str, code: int) -> int:
    print(f"python -m invariance: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
