"""What a command is: a name, what runs, and what it says of itself."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..config import Settings

FAILED = 1
CANNOT_RUN = 2

Run = Callable[[argparse.Namespace, Settings], int]


@dataclass(frozen=True, slots=True)
class Argument:
    """One option or position, as argparse takes it."""

    flags: tuple[str, ...]
    details: dict[str, Any]


def argument(*flags: str, **details: Any) -> Argument:
    """Write an argument as one would for argparse."""
    return Argument(flags, details)


@dataclass(frozen=True, slots=True)
class Command:
    """One command, or with `commands` a family of them."""

    name: str
    run: Run | None
    help: str
    arguments: tuple[Argument, ...] = ()
    commands: tuple["Command", ...] = ()
