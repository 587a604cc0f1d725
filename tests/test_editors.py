"""What the editor's commands print: a short readable text, and JSON for programs."""

import json
import shutil
from pathlib import Path

import pytest

from chatbot.cli import main
from chatbot.cli.asking import print_reply
from chatbot.dialogue import Dialogue
from chatbot.evaluation import Case, evaluate
from chatbot.knowledge import Language, load
from chatbot.knowledge.entry_rules import fingerprint
from chatbot.knowledge.figures import figures, longest_known_run
from chatbot.matching import Matcher
from chatbot.model import Assessment, Kind, RedFlag
from chatbot.text import tokens

from .conftest import KNOWLEDGE

DATA = Path(__file__).parent / "data" / "knowledge"


class Calm:
    """A gate to which nothing is dangerous."""

    def assess(self, text: str, *, earlier: object = ()) -> Assessment:
        return Assessment(None)

    def card(self, red_flag: RedFlag, country: object) -> tuple[str, tuple[()]]:
        raise AssertionError("nothing is dangerous")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Language:
    folder = tmp_path_factory.mktemp("small") / "knowledge"
    shutil.copytree(DATA, folder)
    shutil.copytree(KNOWLEDGE / "en" / "safety", folder / "en" / "safety")
    return load(folder).languages["en"]


@pytest.fixture(scope="module")
def matcher(small: Language) -> Matcher:
    return Matcher(small.phrasings, vocabulary=small.vocabulary)


def asked(small: Language, matcher: Matcher, *turns: str, as_json: bool = False) -> None:
    dialogue = Dialogue(small.content, Calm(), matcher)
    print_reply(dialogue, matcher=matcher, content=small.content, turns=turns, as_json=as_json)


def test_ask_tells_entry_score_runner_up_phrasings_and_words(
    small: Language, matcher: Matcher, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(small, matcher, "does it do any harm")
    told = {line[:10].strip(): line[11:] for line in capsys.readouterr().out.splitlines() if line[:1].strip()}
    assert told["reply"].startswith("answer: is-it-safe, Is it safe? (entries/main.yaml)")
    assert told["score"].endswith(" is-it-safe")
    assert told["bands"] == "understood from 0.20, answered with a lead of 0.10"
    assert told["nearest"] == '"Does it do harm?"'
    assert "harm +" in told["words"]
    assert {"asked", "runner-up", "source", "next", "notice"} <= told.keys()


def test_ask_for_a_program_is_json(small: Language, matcher: Matcher, capsys: pytest.CaptureFixture[str]) -> None:
    asked(small, matcher, "does it do any harm", as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["entry"], told["matches"][0]["entry"]) == ("answer", "is-it-safe", "is-it-safe")


def test_ask_says_so_when_nothing_is_known(
    small: Language, matcher: Matcher, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(small, matcher, "qwvx")
    assert capsys.readouterr().out.startswith("asked      qwvx\nreply      unknown\nscore")


def test_rows_of_the_base_are_judged_apart(small: Language, matcher: Matcher) -> None:
    wanted = {"Is it safe?": Kind.ANSWER, "is it harmful": Kind.ANSWER, "Fingers": Kind.PERSONAL}
    cases = [Case((text,), kind) for text, kind in wanted.items()]
    known = frozenset({tokens("is it safe"), tokens("fingers")})
    report = evaluate(Dialogue(small.content, Calm(), matcher), cases, known=known)
    assert ([one.outcome for one in report.in_base], len(report.verdicts)) == (["right", "wrong"], 1)
    assert [one.case.turns for one in report.missed if one in report.in_base] == [("Fingers",)]


def test_every_claim_of_the_real_base_is_cited_and_its_answers_are_plain(english: Language) -> None:
    told = dict(figures(load(KNOWLEDGE), english))
    assert told["claims"] == f"{len(english.content.claims)} of {len(english.content.claims)} cited by an answer"
    medians = [float(told[f"grade, {formula}"].split()[1].rstrip(",")) for formula in ("ARI", "Flesch-Kincaid")]
    assert max(medians) <= 6


def test_the_longest_shared_run_is_found_by_fingerprints() -> None:
    prints = frozenset({fingerprint(("one", "two", "three", "four")), fingerprint(("two", "three", "four", "five"))})
    assert longest_known_run("So: two three four five!", prints) == ("two", "three", "four", "five")
    assert longest_known_run("one two three", prints) == ()


def test_validate_prints_figures_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("claims", "grade, ARI", "grade, Flesch-Kincaid", "own words", "review"))


def test_the_pack_for_a_physician_holds_every_answer_with_what_it_rests_on(
    english: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "--review"]) == 0
    out = capsys.readouterr().out
    assert out.count("Signed: ____") == len(english.content.entries)
    assert all(f"`{id}`" in out for id in english.content.entries)
    assert "- fact loss.emergency: New loss of feeling" in out


def test_a_broken_evaluation_file_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, folder)
    (folder / "en" / "evaluation" / "mine.yaml").write_text("- q: Is it safe?\n  expect: maybe\n")
    monkeypatch.setenv("CHATBOT_KNOWLEDGE_DIR", str(folder))
    assert main(["validate"]) == 1
    assert "en/evaluation/mine.yaml:2:3: " in capsys.readouterr().out
