"""The documents tell the truth: every setting, command, address, room and file stands in the README that owns it."""

import argparse
import re
import subprocess
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


def commands(within: argparse.ArgumentParser, family: str = "") -> Iterator[str]:
    """Every command that runs, one of a family as `family name`."""
    for action in within._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from list(commands(below, f"{name} ")) or [f"{family}{name}"]


def told_commands(readme: str) -> set[str]:
    """The commands in the first column of the commands' table; a family's name stands before its first one only."""
    table = readme.partition("\n## Commands\n")[2].partition("\n## ")[0]
    told = set[str]()
    for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        first, *others = re.findall(r"`([a-z-]+(?: [a-z-]+)?)", cell)
        family = "".join(first.rpartition(" ")[:2])
        told |= {first, *(family + other for other in others)}
    return told


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in README


@pytest.mark.parametrize("name", sorted(commands(parser())))
def test_every_command_is_documented(name: str) -> None:
    assert name in told_commands(README)


def test_no_command_is_documented_that_is_none() -> None:
    assert told_commands(README) == set(commands(parser()))


def test_a_command_named_elsewhere_only_is_not_documented() -> None:
    told = 'curve\n## Commands\n| `db migrate`, `status` | curve |\n| `ask "..."` | `show` |\n## More\n| `curve` | |'
    assert told_commands(f"\n{told}") == {"db migrate", "db status", "ask"}


@pytest.mark.parametrize(
    ("name", "does"),
    [("unanswered", "delete"), ("deliver", "remove"), ("compile", "the gate's vote"), ("compile", "index")],
)
def test_what_a_command_does_beside_its_name_stands_in_its_help(
    name: str, does: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args([name, "--help"])
    assert does in " ".join(capsys.readouterr().out.split())


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


def test_the_editors_are_told_which_labelled_messages_are_fitted_on_and_which_only_measure() -> None:
    english = ROOT / "knowledge" / "en"
    fitted = re.findall(r"[\w-]+\.yaml", yaml.safe_load((english / "thresholds.yaml").read_text())["fitted_on"])
    row = EDITORS.partition("| `en/evaluation/*.yaml` |")[2].partition("\n")[0]
    fits, _, measures = row.partition("set thresholds")
    assert sorted(re.findall(r"`(\S+)`", fits)) == sorted(fitted)
    others = {path.name for path in (english / "evaluation").iterdir()} - set(fitted)
    assert set(re.findall(r"`(\S+)`", measures)) == others


def test_the_example_entry_of_the_editors_is_a_real_one() -> None:
    block = EDITORS.partition("```yaml\n")[2].partition("```")[0]
    assert set(yaml.safe_load(block)["best-time-to-treat"]) == {
        "kind", "questions", "answer", "claims", "see_also", "review",
    }  # fmt: skip


@pytest.mark.parametrize(("bind", "address"), [(None, "127.0.0.1:8000"), ("127.0.0.1:9001", "127.0.0.1:9001")])
def test_make_run_prints_where_it_serves(bind: str | None, address: str) -> None:
    said = next(line for line in (ROOT / "Makefile").read_text().splitlines() if "Serving" in line)
    environment = {"BIND": bind} if bind else {}
    command = ["/bin/sh", "-c", said.strip().removeprefix("@").replace("$$", "$")]
    assert f"http://{address} " in subprocess.run(command, env=environment, capture_output=True, text=True).stdout
