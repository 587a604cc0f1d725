"""The documents tell the truth: every setting, command, address, room and file stands in the README that owns it."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from flask import Flask

from chatbot.cli import parser
from chatbot.config import PREFIX, Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
HOUSE = (ROOT / "chatbot" / "README.md").read_text()
EDITORS = (ROOT / "knowledge" / "README.md").read_text()


def commands(within: argparse.ArgumentParser) -> Iterator[str]:
    for action in within._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices
            for below in action.choices.values():
                yield from commands(below)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in README


@pytest.mark.parametrize("name", sorted(set(commands(parser()))))
def test_every_command_is_documented(name: str) -> None:
    assert name in README


def test_every_address_is_documented(app: Flask) -> None:
    rules = {str(rule) for rule in app.url_map.iter_rules() if rule.endpoint != "static"}
    inner = {"/favicon.ico", "/go/<slug>/<int:position>", "/<any(privacy, accessibility):name>"}
    assert [rule for rule in rules - inner if not any(part in README for part in (f"`{rule}`", f"`{rule}?"))] == [
        rule for rule in rules - inner if rule.startswith("/api/v1/consultations/")
    ]


def test_every_room_stands_on_the_map() -> None:
    rooms = {path.stem for path in (ROOT / "chatbot").iterdir() if path.suffix == ".py" or path.is_dir()}
    rooms -= {"__main__", "__init__", "__pycache__"}
    assert [room for room in rooms if f"`{room}.py`" not in HOUSE and f"`{room}/`" not in HOUSE] == []


def test_every_dependency_has_its_reason() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    named = [line.partition(">")[0].partition("[")[0] for line in lines if line and not line.startswith("#")]
    assert [name for name in named if name.lower() not in HOUSE.lower()] == []


def test_every_kind_of_knowledge_file_is_explained() -> None:
    top = {path.name for path in (ROOT / "knowledge").glob("*.*")} - {"README.md"}
    english = {f"en/{path.name}" for path in (ROOT / "knowledge" / "en").iterdir()}
    assert [name for name in top | english if f"`{name}" not in EDITORS] == []


def test_the_example_entry_of_the_editors_is_a_real_one() -> None:
    block = EDITORS.partition("```yaml\n")[2].partition("```")[0]
    assert set(yaml.safe_load(block)["best-time-to-treat"]) == {
        "kind", "questions", "answer", "claims", "see_also", "review",
    }  # fmt: skip
