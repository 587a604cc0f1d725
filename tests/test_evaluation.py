"""What noise costs is counted row by row, each beside itself."""

import json

import pytest

from chatbot.cli import main
from chatbot.evaluation import Case, evaluate_pairs, loss
from chatbot.knowledge import Language
from chatbot.model import Context, Kind, Reply
from tests.conftest import ROOT


class OnlyPlain:
    """A dialogue that understands lower case alone."""

    def reply(self, utterance: str, *, context: Context, visitor: object) -> Reply:
        return Reply(Kind.SMALLTALK if utterance.islower() else Kind.UNKNOWN, "")


def test_rows_are_paired_and_only_the_last_turn_is_changed() -> None:
    cases = [Case(("FIRST", "hi"), Kind.SMALLTALK), Case(("hello",), Kind.UNKNOWN)]
    pairs = evaluate_pairs(OnlyPlain(), cases, [str.upper, str.lower])  # type: ignore[arg-type]
    assert [(pair.lost, pair.gained) for pair in pairs] == [
        (True, False),
        (False, True),
        (False, False),
        (False, False),
    ]
    assert pairs[0].changed.case.turns == ("FIRST", "HI")


def test_loss_is_the_share_of_rows_lost_less_those_gained() -> None:
    told = [(True, False)] * 3 + [(False, True)] + [(True, True)] * 6
    assert loss(told)[0] == pytest.approx(0.2)
    assert loss([(True, True)] * 9) == (0.0, 0.0)
    assert loss([]) == (0.0, 0.0)


def test_more_draws_of_the_same_rows_do_not_make_a_loss_surer() -> None:
    told = [(True, False)] * 3 + [(True, True)] * 7
    assert loss(told * 5, draws=5) == pytest.approx(loss(told))


def test_evaluate_with_noise_prints_both_sides(
    english: Language, compiled_dir: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATBOT_INSTANCE_DIR", str(compiled_dir))
    file = ROOT / "knowledge" / "en" / "evaluation" / "check.yaml"
    assert main(["evaluate", str(file), "--noise", "typos", "--draws", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pairs"] > 100
    assert told["right"] - told["right_with_noise"] == pytest.approx(told["loss"], abs=0.001)
