"""The parser that all commands share: errors in one line, examples that can be pasted, and the version."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import invariance
from invariance.spec.registrations import import_modules, import_named

WIDTH = 100
_ARGUMENT: Final = re.compile(r"^[a-z_]+(?= = )|(?<![\w/.'\"-])[a-z]+(?:_[a-z]+)+(?![\w/.'\"(-])")
"""An argument's name in a line: at its beginning and with a value, or elsewhere where it is no word of a language."""
_SAID_TWICE: Final = re.compile(r"^(argument --[\w-]+: )[a-z_]+ = ")


def program() -> str:
    """How the command line was called, which is how it can be called again."""
    return "invariance" if Path(sys.argv[0]).stem == "invariance" else "python -m invariance"


def command_line() -> str:
    """What was asked for, without where the files go, which is nobody else's matter and changes nothing."""
    words = iter(sys.argv[1:])
    kept = []
    for word in words:
        if word in ("--out", "--runs"):
            next(words, None)
        elif not word.startswith(("--out=", "--runs=")):
            kept.append(word)
    return f"{program()} {shlex.join(kept)}"


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line and exit code 2, and that keeps the lines of its examples."""

    def __init__(
        self, *, examples: Sequence[str] = (), description: str = "", epilog: str = "", **options: Any
    ) -> None:
        shown = "\n".join(["examples:", *(f"  %(prog)s {line}".rstrip() for line in examples)]) if examples else ""
        super().__init__(
            description="\n".join(textwrap.fill(line, WIDTH) for line in description.splitlines()),
            epilog="\n\n".join(filter(None, (epilog.replace("%", "%%"), shown))),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,
        )
        self.add_argument("--version", action=_Version, help="print the version and end")
        self.add_argument(
            "--import",
            dest="imported",
            action="append",
            default=argparse.SUPPRESS,
            metavar="MODULE",
            help="Python module that registers transformations or architectures (also $INVARIANCE_IMPORT)",
        )

    def error(self, message: str) -> NoReturn:
        """Ends the program with one clear line."""
        line = _SAID_TWICE.sub(r"\1", " ".join(message.split()))
        self.exit(2, f"{self.prog}: {line} (see {self.prog} --help)\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As argparse has it, but what is not known is refused by the command that was asked, with its nearest."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            from difflib import get_close_matches  # 2 ms, for a mistake

            near = get_close_matches(unknown[0].partition("=")[0], list(self._option_string_actions), n=1, cutoff=0.7)
            self.error("; the nearest is ".join([f"unrecognized arguments: {' '.join(unknown)}", *near]))
        return found, unknown


def as_typed(line: str, parser: argparse.ArgumentParser, words: Sequence[str]) -> str:
    """A refusal that names arguments as the library does, with those that are options of the command as options.

    Args:
        line: such as ``num_classes = 1: expected ...``.
        parser: of all commands.
        words: of the command line, which say which command it is.
    """
    options = _options_of(parser, words)
    return _ARGUMENT.sub(lambda found: options.get(found[0], found[0]), line)


def _options_of(parser: argparse.ArgumentParser, words: Sequence[str]) -> dict[str, str]:
    """The options of a command, and of those that it is a part of, by the argument that each gives.

    Of an argument with several options it is the one that was typed, or the first.
    """
    typed = {word.partition("=")[0] for word in words}
    found: dict[str, str] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) and (verb := next(filter(action.choices.get, words), None)):
            found |= _options_of(action.choices[verb], words)
        for option in action.option_strings[:1]:
            if option in typed or action.dest not in found:
                found[action.dest] = option
    return found


class _Version(argparse.Action):
    """Looks the version up when it is asked for: that reads files, which no other command should wait for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, default=argparse.SUPPRESS, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(f"invariance {invariance.__version__}")
        parser.exit()


def import_first(words: Sequence[str]) -> None:
    """Imports the modules that ``--import`` and the environment name, before there are choices among what they add.

    Args:
        words: of the command line.

    Raises:
        SpecError: a module cannot be imported.
    """
    reader = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    reader.add_argument("--import", dest="imported", action="append", default=[])
    try:
        named = reader.parse_known_args(list(words))[0].imported
    except argparse.ArgumentError:  # without a name: the parser of the command says so
        return
    import_named()
    import_modules(named)
