"""What was fitted is kept on disk, for several languages and settings at once."""

import os
from pathlib import Path

import pytest

from chatbot import compiled
from chatbot.typeahead import Index


def phrasings(number: int) -> dict[str, tuple[str, ...]]:
    return {"safe": ("is it safe", f"is it safe {number}")}


def make(folder: Path, *numbers: int) -> list[Path]:
    """Index the phrasings of each number in turn, each a second after the one before; the files made, in that order."""
    made: list[Path] = []
    for second, number in enumerate(numbers):
        before = set(folder.glob("*.bin"))
        compiled.index(phrasings(number), folder=folder)
        made += set(folder.glob("*.bin")) - before
        os.utime(made[-1], (second, second))
    return made


def test_two_bases_in_one_folder_are_each_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, 1, 2)
    monkeypatch.setattr(Index, "of", lambda *_: pytest.fail("made again"))
    compiled.index(phrasings(1), folder=tmp_path)
    compiled.index(phrasings(2), folder=tmp_path)


def test_only_the_newest_of_a_kind_are_kept(tmp_path: Path) -> None:
    other = tmp_path / "matcher-0.bin"
    other.touch()
    made = make(tmp_path, *range(6))
    assert set(tmp_path.glob("*.bin")) == {other, *made[-compiled.KEPT_OF_A_KIND :]}


def test_what_is_kept_stays_when_a_new_one_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(tmp_path, *range(compiled.KEPT_OF_A_KIND))
    monkeypatch.setattr(Index, "dump", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        compiled.index(phrasings(9), folder=tmp_path)
    assert set(tmp_path.glob("*.bin")) == set(made)
