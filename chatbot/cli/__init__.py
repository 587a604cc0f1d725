"""The command line; each command loads only what it needs, so `validate` runs on a broken base."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence

from ..config import ConfigError, from_environment
from . import editors, measuring, staff
from .command import CANNOT_RUN, Command

_EXPECTED = ("KnowledgeError", "GuardFailed", "CasesError", "StorageDown", "NotAllowed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 fine, 1 problems found, 2 could not run."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.run(options, from_environment(os.environ))
        return status
    except ConfigError as reason:
        return _refuse(reason)
    except BrokenPipeError:
        return 0
    except Exception as reason:
        if type(reason).__name__ in _EXPECTED:  # by name, so that nothing is loaded just to be caught
            return _refuse(reason)
        raise


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    made = argparse.ArgumentParser(prog="python -m chatbot", description="Commands of the chatbot.")
    _add(made, (*editors.COMMANDS, *measuring.COMMANDS, *staff.COMMANDS))
    return made


def _add(to: argparse.ArgumentParser, commands: Iterable[Command]) -> None:
    choices = to.add_subparsers(required=True, metavar="COMMAND")
    for command in commands:
        added = choices.add_parser(command.name, help=command.help, description=command.help)
        for one in command.arguments:
            added.add_argument(*one.flags, **one.details)
        if command.commands:
            _add(added, command.commands)
        else:
            added.set_defaults(run=command.run)


def _refuse(reason: object) -> int:
    print(reason, file=sys.stderr)
    return CANNOT_RUN
