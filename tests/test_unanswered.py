"""The report of questions that got no answer: redacted, only from five alike upwards, gone after its days."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from chatbot.booking import DAY
from chatbot.cli import main
from chatbot.delivery import Drain
from chatbot.model import Match
from chatbot.recording import Recorder
from chatbot.redaction import HIDDEN
from chatbot.storage import Storage, StorageDown
from chatbot.text import tokens
from chatbot.unanswered import FEWEST, Group, groups

from .postgres import Postgres

TODAY = date(2027, 1, 31)
NOON = datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp()
QUESTION = "do you sell garden chairs and tables in here"


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with closing(Storage(f"sqlite:///{tmp_path / 'chatbot.sqlite'}")) as made:
        yield made


# -- groups ------------------------------------------------------------------------------------------


def near(text: str) -> tuple[Match, ...]:
    return (Match("cost", 0.1),)


def test_four_alike_do_not_show_and_five_do() -> None:
    assert groups(["do you sell chairs"] * 4, near) == ()
    assert groups(["do you sell chairs"] * 5, near) == (Group(5, "do you sell chairs", Match("cost", 0.1)),)


def test_alike_questions_count_together_and_show_only_the_words_they_share() -> None:
    texts = [f"do you sell garden chairs {word}" for word in ("here", "today", "now", "online", "too")]
    assert groups(texts, near) == (Group(5, "do you sell garden chairs", Match("cost", 0.1)),)


def test_what_was_hidden_does_not_make_a_group() -> None:
    assert groups([HIDDEN, f"{HIDDEN} is {HIDDEN}"] * 9, near) == ()


def test_five_that_share_no_word_show_nothing() -> None:
    assert groups(["one two", "three four", "five six", "seven eight", "nine ten"], near) == ()


@pytest.mark.parametrize("text", ["(((((", "[a-z]+", "\\d{9}", "(?P<x>", "*" * 50])
def test_nothing_typed_becomes_a_pattern(text: str) -> None:
    assert groups([f"{text} {text}"] * FEWEST, lambda said: ())[0].times == FEWEST


# -- keeping -----------------------------------------------------------------------------------------


def test_what_is_stored_is_redacted(storage: Storage) -> None:
    recorder = Recorder(storage, {"is", "it", "safe"}, today=lambda: TODAY, report=_raise)
    thread = recorder.record("I am John, is it safe?")
    assert thread is not None
    thread.join()
    assert storage.unanswered.texts() == [f"{HIDDEN} is it safe"]


def _raise(fault: Exception) -> None:
    raise fault


class HangingStorage:
    """A database that answers nobody until it is let go."""

    def __init__(self) -> None:
        self.let_go = Event()
        self.unanswered = self

    def keep(self, text: str, *, day: date) -> None:
        self.let_go.wait(10)
        raise StorageDown("gone")


def test_a_database_that_hangs_holds_up_no_caller_and_its_fault_is_reported() -> None:
    storage, faults = HangingStorage(), []
    recorder = Recorder(storage, {"is"}, today=lambda: TODAY, report=faults.append)  # type: ignore[arg-type]
    threads = [recorder.record("is it") for _ in range(20)]
    started_threads = [thread for thread in threads if thread]
    assert 0 < len(started_threads) < 10
    storage.let_go.set()
    for thread in started_threads:
        thread.join()
    assert len(faults) == len(started_threads)
    assert recorder.record("is it") is not None


class OneRound:
    """Lets a drain run once around."""

    def __init__(self) -> None:
        self._rounds = chain((False,), repeat(True))

    def is_set(self) -> bool:
        return next(self._rounds)

    def wait(self, seconds: float) -> None: ...


def test_the_deliverer_deletes_what_is_past_its_days_when_the_clock_moves_on(storage: Storage) -> None:
    storage.unanswered.keep("is it safe", day=TODAY)
    for days, left in ((30, 1), (31, 0)):
        drain = Drain(storage, {}, report=_raise, clock=lambda now=NOON + days * DAY: now, unanswered_days=30)
        drain.run(OneRound())  # type: ignore[arg-type]
        assert len(storage.unanswered.texts()) == left


def test_delivering_once_deletes_what_is_past_its_days_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATBOT_INSTANCE_DIR", str(tmp_path))
    with closing(Storage(f"sqlite:///{tmp_path / 'chatbot.sqlite'}")) as storage:
        today = datetime.now(UTC).date()
        storage.unanswered.keep("old and gone", day=today - timedelta(days=31))
        storage.unanswered.keep("still kept", day=today)
        assert main(["deliver", "--once"]) == 0
        assert storage.unanswered.texts() == ["still kept"]


def test_postgresql_keeps_and_forgets_too(postgres: Postgres) -> None:
    with closing(Storage(postgres.emptied())) as storage:
        storage.unanswered.keep("is it safe", day=TODAY)
        assert storage.unanswered.texts() == ["is it safe"]
        assert storage.unanswered.purge(NOON + 31 * DAY, days=30) == 1
        storage.migrate("base")


# -- the service -------------------------------------------------------------------------------------


def kept(tmp_path: Path) -> list[str]:
    path = tmp_path / "chatbot.sqlite"
    if not path.exists():
        return []
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        found = [row.text for row in connection.execute(sa.text("SELECT text FROM unanswered"))]
    engine.dispose()
    return found


def ask(client: FlaskClient, message: str, **body: object) -> dict[str, object]:
    answered: dict[str, object] = client.post("/api/v1/chat", json={"message": message, **body}).get_json()
    return answered


def settled() -> None:
    import threading

    for thread in threading.enumerate():
        if thread.name == "unanswered":
            thread.join()


def test_nothing_is_kept_unless_it_is_turned_on(make_client: Callable[..., FlaskClient], tmp_path: Path) -> None:
    assert ask(make_client(), QUESTION)["kind"] == "unknown"
    settled()
    assert kept(tmp_path) == []


def test_an_unknown_question_is_kept_and_answers_and_dangers_are_not(
    make_client: Callable[..., FlaskClient], tmp_path: Path
) -> None:
    client = make_client(record_unanswered=True)
    assert ask(client, "is it safe?")["kind"] == "answer"
    for danger in ("i want to kill myself", "I can't breathe, help me now"):
        ask(client, QUESTION, conversation=ask(client, danger)["conversation"])
    assert ask(client, QUESTION)["kind"] == "unknown"
    settled()
    (only,) = kept(tmp_path)
    assert set(tokens(only)) <= set(tokens(QUESTION))


def test_a_chat_is_answered_although_the_database_is_down(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client(record_unanswered=True, database_url="sqlite:////nowhere/at/all.sqlite")
    assert ask(client, QUESTION)["kind"] == "unknown"
    settled()


@pytest.mark.parametrize(("on", "says"), [(True, "kept for 17 days"), (False, "They are not kept")])
def test_privacy_says_whether_questions_are_kept(make_client: Callable[..., FlaskClient], on: bool, says: str) -> None:
    page = make_client(record_unanswered=on, unanswered_days=17).get("/privacy").text
    assert says in page
    assert page.count("What you type</h2>") == 1


def test_the_command_shows_groups_and_deletes_what_is_old(
    make_client: Callable[..., FlaskClient],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_client(record_unanswered=True)
    monkeypatch.setenv("CHATBOT_INSTANCE_DIR", str(tmp_path))
    with closing(Storage(f"sqlite:///{tmp_path / 'chatbot.sqlite'}")) as storage:
        today = datetime.now(UTC).date()
        for _ in range(5):
            storage.unanswered.keep("what is the price of a treatment for a cat", day=today)
            storage.unanswered.keep("old and gone", day=today - timedelta(days=31))
        storage.unanswered.keep("seen only once in here", day=today)
    assert main(["unanswered"]) == 0
    printed = capsys.readouterr().out
    assert '- "what is the price of a treatment for a cat"' in printed
    assert "# 5 times; nearest" in printed
    assert "seen only once" not in printed
    assert "old and gone" not in printed
    assert len(kept(tmp_path)) == 6
