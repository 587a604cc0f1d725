"""The staircase: imports point downstairs only, and the core stays pure."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "chatbot"
MAP = (PACKAGE / "README.md").read_text()

# Each room and the rooms it may import. A room not listed here is a mistake.
MAY_IMPORT: dict[str, set[str]] = {
    "model": set(),
    "text": set(),
    "dumps": set(),
    "safety": {"dumps", "model", "text"},
    "matching": {"dumps", "model", "text"},
    "typeahead": {"dumps", "model", "text"},
    "booking": set(),
    "redaction": {"text"},
    "unanswered": {"model", "redaction"},
    "interpretation": {"model", "text"},
    "dialogue": {"model", "interpretation"},
    "evaluation": {"model", "text", "dialogue"},
    "noise": set(),
    "thresholds": {"dialogue", "evaluation", "interpretation", "model"},
    "config": set(),
    "deadline": set(),
    "storage": {"booking", "deadline"},
    "delivery": {"booking", "deadline", "storage"},
    "compiled": {"matching", "safety", "typeahead"},
    "knowledge": {"model", "text", "safety", "matching", "booking"},
    "cases": {"model", "evaluation", "knowledge"},
    "recording": {"redaction", "storage"},
    "reception": {"booking", "storage"},
    "handoffs": {"booking", "config", "knowledge", "model"},
    "mails": {"booking", "storage"},
    "assistant": {"model", "matching", "typeahead", "dialogue", "knowledge", "storage"},
    "building": {
        "assistant", "booking", "compiled", "config", "delivery", "dialogue", "handoffs", "knowledge", "mails",
        "matching", "reception", "recording", "redaction", "safety", "storage", "typeahead",
    },
    "web": {
        "assistant", "booking", "building", "config", "handoffs", "knowledge", "model", "reception", "storage",
        "typeahead",
    },
    "cli": {
        "assistant", "booking", "building", "cases", "config", "dialogue", "evaluation", "knowledge", "matching",
        "model", "noise", "storage", "text", "thresholds", "unanswered",
    },
    "__main__": {"cli"},
}  # fmt: skip
CORE = ("model", "text", "dumps", "safety", "matching", "typeahead", "redaction", "unanswered", "booking",
        "interpretation", "dialogue", "evaluation", "noise", "thresholds")  # fmt: skip
MAY_CORE_IMPORT = {
    "__future__", "bisect", "collections", "contextlib", "dataclasses", "datetime", "enum", "functools", "heapq",
    "io", "itertools", "json", "math", "numpy", "rapidfuzz", "re", "statistics", "string", "struct", "types",
    "typing", "unicodedata", "zipfile", "zlib", "hashlib", "zoneinfo", "email_validator", "phonenumbers",
}  # fmt: skip
WORD_TABLE_READERS = ("matching/words.py",)
SEEDED = ("noise.py",)  # tests/test_noise.py holds that its chance always has a seed
OFFLINE_TOOLS = ("matching/distill.py",)


def imported(source: str, *, module: str) -> Iterator[str]:
    """The full names that a module's source imports, relative ones resolved; `module` as `chatbot.web.api`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def room(name: str) -> str | None:
    """The room of a full name, None for what is not ours; `chatbot` itself counts as a room of its own."""
    parts = name.split(".")
    return parts[1] if parts[0] == "chatbot" and len(parts) > 1 else None


def violations(source: str, *, module: str) -> list[str]:
    """What a module imports although its room may not."""
    mine = room(module)
    assert mine is not None
    found = {room(name) for name in imported(source, module=module)} - {None, mine}
    return sorted(other for other in found if other is not None and other not in MAY_IMPORT[mine])


def impurities(source: str) -> list[str]:
    """What a core module imports or calls although it is to be pure."""
    roots = {name.split(".")[0] for name in imported(source, module="chatbot.core.any")} - {"chatbot"}
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("open", "print", "input")
    }
    return sorted((roots - MAY_CORE_IMPORT) | calls)


def modules() -> list[tuple[str, Path]]:
    named = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" in path.parts or path == PACKAGE / "__init__.py":
            continue
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts)  # a package's own file keeps `__init__`, so that its relative imports resolve
        named.append((name, path))
    return named


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value) if isinstance(value, str) else "")
def test_imports_point_downstairs_only(module: str, path: Path) -> None:
    assert violations(path.read_text(), module=module) == []


@pytest.mark.parametrize(("module", "path"), [pair for pair in modules() if room(pair[0]) in CORE])
def test_the_core_touches_nothing_outside(module: str, path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix()
    if place in OFFLINE_TOOLS:
        return
    allowed = {"pathlib", "importlib"} if place in WORD_TABLE_READERS else {"random"} if place in SEEDED else set()
    assert set(impurities(path.read_text())) - allowed == set()


def test_every_room_has_its_place_on_the_staircase() -> None:
    assert {room(module) for module, _ in modules()} <= MAY_IMPORT.keys()


def test_the_core_is_what_the_map_puts_above_the_edge() -> None:
    above = MAP.partition("| room |")[2].partition("| *the edge* |")[0]
    assert sorted(re.findall(r"^\| `(\w+)", above, re.MULTILINE)) == sorted(CORE)


def test_the_staircase_has_no_circle() -> None:
    order: list[str] = []
    while len(order) < len(MAY_IMPORT):
        free = [name for name, below in MAY_IMPORT.items() if name not in order and below <= set(order)]
        assert free, f"these rooms import each other in a circle: {MAY_IMPORT.keys() - set(order)}"
        order += free


PLANTED_UPSTAIRS = (
    ("from chatbot import web", "chatbot.dialogue"),
    ("from chatbot.web import create_app", "chatbot.dialogue"),
    ("import chatbot.storage", "chatbot.matching.matcher"),
    ("from . import web", "chatbot.dialogue"),
    ("from .web import api", "chatbot.dialogue"),
    ("from .. import storage", "chatbot.matching.matcher"),
    ("from ..storage.tables import feedback", "chatbot.matching.matcher"),
    ("from ..dialogue import Dialogue", "chatbot.safety.guard"),
    ("from ..matching import Matcher", "chatbot.safety.__init__"),
    ("def late():\n    from .assistant import Assistant", "chatbot.dialogue"),
    ("import chatbot.cli as c", "chatbot.config"),
)


@pytest.mark.parametrize(("planted", "module"), PLANTED_UPSTAIRS)
def test_a_planted_import_upstairs_is_caught(planted: str, module: str) -> None:
    assert violations(planted, module=module) != []


def test_imports_are_planted_in_modules_that_exist() -> None:
    assert {module for _, module in PLANTED_UPSTAIRS} <= {module for module, _ in modules()}


@pytest.mark.parametrize(
    "planted",
    ["import os", "from pathlib import Path", "import time", "import random", "from flask import g", "import yaml",
     "import socket", "open('x')", "def f():\n    import subprocess"],
)  # fmt: skip
def test_a_planted_impurity_is_caught(planted: str) -> None:
    assert impurities(planted) != []
