"""The small parts of the web: tokens, limits, log lines."""

import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.model import Context, Kind
from chatbot.web.conversation import Conversations
from chatbot.web.limits import Limits
from chatbot.web.logs import JsonFormatter

KEY = "k" * 32
CONTEXT = Context(entry="is-it-safe", kind=Kind.ANSWER, choices=("a-b", "c-d"), facets=("t10",), signs=("headache",))


def test_a_token_brings_the_context_back() -> None:
    conversations = Conversations(KEY)
    assert conversations.context(conversations.token(CONTEXT)) == CONTEXT


@pytest.mark.parametrize("token", [None, "", "nonsense", "a.b.c", "é", "x" * 100_000, "\x00"])
def test_a_token_that_does_not_verify_means_no_context(token: str | None) -> None:
    assert Conversations(KEY).context(token) == Context()


def test_a_token_of_another_key_means_no_context() -> None:
    assert Conversations(KEY).context(Conversations("q" * 32).token(CONTEXT)) == Context()


@given(st.data())
def test_no_changed_character_verifies(data: st.DataObject) -> None:
    conversations = Conversations(KEY)
    token = conversations.token(CONTEXT)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii", categories=("L", "N")).filter(lambda c: c != token[place]))
    changed = token[:place] + other + token[place + 1 :]
    assert conversations.context(changed) in (Context(), CONTEXT)  # the last character may carry spare bits
    if place < len(token) - 1:
        assert conversations.context(changed) == Context()


def limits(rate: str) -> Limits:
    return Limits(rate, secret=KEY, report=lambda fault: None)


def test_the_rate_is_held_for_each_address() -> None:
    counted = limits("2/minute")
    assert [counted.wait("192.0.2.1") is None for _ in range(3)] == [True, True, False]
    assert counted.wait("192.0.2.2") is None


def test_a_refused_visitor_is_told_how_long_to_wait() -> None:
    counted = limits("1/minute")
    counted.wait("192.0.2.1")
    wait = counted.wait("192.0.2.1")
    assert wait is not None
    assert 0 <= wait <= 60


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    counted = limits("1/minute")
    counted.wait("2001:db8::1")
    assert counted.wait("2001:db8::2") is not None
    assert counted.wait("2001:db8:0:1::1") is None


def test_off_lets_all_pass() -> None:
    counted = limits("off")
    assert all(counted.wait("192.0.2.1") is None for _ in range(1000))


def test_a_redis_that_is_down_costs_no_refusal_and_keeps_the_limit() -> None:
    faults: list[Exception] = []
    counted = Limits("1/minute", secret=KEY, redis_url="redis://127.0.0.1:1/0", report=faults.append)
    assert counted.wait("192.0.2.1") is None
    assert counted.wait("192.0.2.1") is not None
    assert len(faults) == 2


def line_of(record: logging.LogRecord) -> dict[str, object]:
    text = JsonFormatter().format(record)
    assert "\n" not in text
    parsed: dict[str, object] = json.loads(text)
    return parsed


def test_an_exception_is_logged_without_its_message() -> None:
    try:
        secret = "my bladder"
        raise ValueError(secret)
    except ValueError:
        record = logging.LogRecord("chatbot", logging.ERROR, "f", 1, "fault", (), sys.exc_info())
    assert "bladder" not in json.dumps(line_of(record))
    assert line_of(record)["error"] == "ValueError"


def test_a_foreign_log_line_keeps_its_template_and_loses_its_arguments() -> None:
    record = logging.LogRecord("gunicorn", logging.WARNING, "f", 1, "Invalid request: %s", ("GET /my bladder",), None)
    assert line_of(record)["event"] == "Invalid request: %s"
    assert "bladder" not in json.dumps(line_of(record))


def test_only_allowed_keys_reach_a_log_line() -> None:
    record = logging.LogRecord("chatbot", logging.INFO, "f", 1, "x", (), None)
    record.__dict__ |= {"event": "replied", "kind": "answer", "message_text": "my bladder"}
    assert set(line_of(record)) == {"time", "level", "logger", "event", "kind"}
