"""The HTTP contract, as partners' programs rely on it."""

import json
from collections.abc import Callable
from dataclasses import replace

import jsonschema
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from chatbot.dialogue import Dialogue
from chatbot.model import Match
from chatbot.safety import Guard
from chatbot.web.api import raw_body

REPLY_FIELDS = {
    "kind", "entry", "question", "text", "sources", "choices", "contacts", "handoff", "notice", "conversation",
    "language", "knowledge",
}  # fmt: skip
KINDS = {
    "answer", "clarify", "not_covered", "personal", "handoff", "smalltalk", "emergency", "crisis", "urgent", "unknown",
}  # fmt: skip
Make = Callable[..., FlaskClient]


def ask(client: FlaskClient, **body: object) -> dict[str, object]:
    response = client.post("/api/v1/chat", json=body)
    assert response.status_code == 200, response.text
    parsed: dict[str, object] = response.get_json()
    return parsed


def raw(client: FlaskClient, data: bytes | str, path: str = "/api/v1/chat") -> TestResponse:
    return client.post(path, data=data, content_type="application/json")


def assert_problem(response: TestResponse, status: int) -> dict[str, object]:
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    document: dict[str, object] = response.get_json()
    assert document["status"] == status
    assert str(document["type"]).startswith("/problems#")
    assert document["detail"]
    return document


# -- a reply -----------------------------------------------------------------------------------------


def test_is_it_safe_gets_its_curated_answer_with_sources(client: FlaskClient) -> None:
    reply = ask(client, message="is it safe?")
    assert (reply["kind"], reply["entry"]) == ("answer", "is-it-safe")
    assert reply["sources"][0]["claim"] == "safety.robust"  # type: ignore[index]


def test_how_do_i_book_is_handed_over(client: FlaskClient) -> None:
    reply = ask(client, message="how do I book?")
    assert reply["kind"] == "handoff"
    assert reply["handoff"]["ways"]  # type: ignore[index]


@pytest.mark.parametrize(
    "message", ["is it safe?", "how do I book?", "asdfgh qwerty", "I want to die", "will I walk again"]
)
def test_every_field_is_always_there(client: FlaskClient, message: str) -> None:
    assert ask(client, message=message).keys() == REPLY_FIELDS


def test_a_choice_is_answered_exactly(client: FlaskClient) -> None:
    assert ask(client, choice="why-timing-matters")["entry"] == "why-timing-matters"


def test_an_unknown_choice_is_an_unknown_reply(client: FlaskClient) -> None:
    assert ask(client, choice="no-such-entry")["kind"] == "unknown"


@pytest.mark.parametrize("message", ["asdfgh qwerty", "the moon landing in colour", "purple bicycle polish"])
def test_what_fits_nothing_is_answered_by_no_neighbour(client: FlaskClient, message: str) -> None:
    assert ask(client, message=message)["kind"] == "unknown"


def test_the_offered_choices_can_all_be_picked(client: FlaskClient) -> None:
    for choice in ask(client, message="is it safe?")["choices"]:  # type: ignore[attr-defined]
        assert ask(client, choice=choice["entry"])["entry"] == choice["entry"]


def test_the_same_question_gets_the_same_answer_byte_for_byte(client: FlaskClient) -> None:
    def answer() -> dict[str, object]:
        return {**ask(client, message="what are the side effects"), "conversation": ""}

    assert all(answer() == answer() for _ in range(20))


def test_unknown_partner_language_country_and_token_are_never_refused(client: FlaskClient) -> None:
    body = {"partner": "nobody", "language": "xx", "country": "ZZ", "conversation": "forged", "extra": 1}
    assert ask(client, message="is it safe?", **body)["language"] == "en"


@pytest.mark.parametrize("field", ["conversation", "partner", "language", "country"])
@pytest.mark.parametrize("value", [44, 1.5, True, None, {}, ["US"]])
def test_an_emergency_is_never_refused_for_the_type_of_another_field(
    client: FlaskClient, field: str, value: object
) -> None:
    assert ask(client, message="I cannot breathe", **{field: value})["kind"] == "emergency"
    typed = client.post("/api/v1/suggest", json={"text": "I cannot breathe", field: value}).get_json()
    assert typed["alert"]["kind"] == "emergency"


@pytest.mark.parametrize("half", ["\\ud83d", "\\uDE00", "\\ud83d\\ud83d", "\\ud83dx", "\\ud83d\\\\ude00"])
def test_half_an_emoji_costs_nobody_the_reply(client: FlaskClient, half: str) -> None:
    response = raw(client, f'{{"message": "I cannot breathe {half}", "partner": "{half}"}}')
    assert (response.status_code, response.get_json()["kind"]) == (200, "emergency")


@pytest.mark.parametrize("whole", ["\\ud83d\\ude00", "\\\\ud83d", "\\u0020", '\\"'])
def test_every_other_escape_is_read_as_it_stands(client: FlaskClient, whole: str) -> None:
    with client.application.test_request_context(data=f'"{whole}"', content_type="application/json"):
        assert raw_body() == f'"{whole}"'.encode()


def test_an_emergency_has_numbers_and_nothing_else(client: FlaskClient) -> None:
    reply = ask(client, message="I can't breathe", country="US")
    assert reply["kind"] == "emergency"
    assert reply["contacts"][0] == {"label": "Emergency", "number": "911", "url": "tel:911"}  # type: ignore[index]
    assert (reply["handoff"], reply["choices"]) == (None, [])


def test_the_action_and_number_come_first(client: FlaskClient) -> None:
    assert "911" in str(ask(client, message="I can't breathe", country="us")["text"])[:80]


def test_an_unlisted_country_names_three_numbers(client: FlaskClient) -> None:
    start = str(ask(client, message="I can't breathe")["text"])[:80]
    assert all(number in start for number in ("112", "911", "999"))


def test_a_reply_never_repeats_the_visitor(client: FlaskClient) -> None:
    reply = client.post("/api/v1/chat", json={"message": "zebracanary is it safe zebracanary"})
    assert "zebracanary" not in reply.text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=st.text(min_size=1, max_size=300))
def test_any_text_gets_a_reply_or_a_reason(client: FlaskClient, message: str) -> None:
    response = raw(client, json.dumps({"message": message}))
    if response.status_code == 200:
        assert response.get_json()["kind"] in KINDS
    else:
        assert_problem(response, 422)


# -- bad bodies --------------------------------------------------------------------------------------

BAD_BODIES = [
    b"", b"null", b"[]", b"1", b'"text"', b"{", b"{}", b"[" * 8000, b'{"a":' * 8000, b"NaN", b'{"message": NaN}',
    b'{"message": 1}', b'{"message": null}', b'{"message": ["a"]}', b'{"message": {"a": 1}}', b'{"message": true}',
    b'{"message": "\xff"}', b"\xff\xfe{\x00}\x00", b'{"message": "a", "choice": "b"}',
    b'{"message": "   "}', b'{"message": "\\u0000\\u0001\\t\\n"}', b'{"message": "\\u200b\\u200b"}', b'{"choice": 7}',
    b'{"message": 1e999}',
    b'{"message": "a"} {"message": "b"}', b"message=a", b"\x00" * 100,
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_bad_body_gets_a_problem_with_a_reason(client: FlaskClient, body: bytes) -> None:
    assert assert_problem(raw(client, body), 422)["errors"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_no_bytes_break_any_endpoint(client: FlaskClient, body: bytes) -> None:
    for path in ("chat", "suggest", "feedback"):
        assert raw(client, body, f"/api/v1/{path}").status_code in (200, 422)


def test_a_body_over_64_kib_is_refused_before_it_is_read(client: FlaskClient) -> None:
    assert_problem(raw(client, json.dumps({"message": "a" * 70_000})), 413)


def test_a_long_message_without_danger_is_refused(client: FlaskClient) -> None:
    document = assert_problem(raw(client, json.dumps({"message": "is it safe " * 400})), 422)
    assert document["errors"][0]["field"] == "message"  # type: ignore[index]


def test_a_long_message_with_danger_at_its_end_is_an_emergency(client: FlaskClient) -> None:
    story = "We went to the park and had a long day with the family. " * 90
    assert ask(client, message=story + "I can't breathe, help me now.")["kind"] == "emergency"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
def test_another_content_type_is_refused(client: FlaskClient, content_type: str) -> None:
    assert_problem(client.post("/api/v1/chat", data=b'{"message": "a"}', content_type=content_type), 415)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/chat", 405),
        ("DELETE", "/api/v1/about", 405),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/x", 404),
    ],
)
def test_every_other_error_has_the_same_shape(client: FlaskClient, method: str, path: str, status: int) -> None:
    assert_problem(client.open(path, method=method), status)


def test_a_browser_gets_a_page_for_an_error(client: FlaskClient) -> None:
    response = client.get("/nothing", headers={"Accept": "text/html"})
    assert (response.status_code, response.mimetype) == (404, "text/html")


# -- limits ------------------------------------------------------------------------------------------


def test_too_many_requests_are_told_when_to_come_back(make_client: Make) -> None:
    client = make_client(rate_limit="2/minute")
    responses = [raw(client, b'{"message": "is it safe?"}') for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert 1 <= int(responses[2].headers["Retry-After"]) <= 60
    assert_problem(responses[2], 429)


def test_an_emergency_is_answered_even_when_rate_limited(make_client: Make) -> None:
    client = make_client(rate_limit="1/minute")
    replies = [ask(client, message="I can't breathe") for _ in range(5)]
    assert {reply["kind"] for reply in replies} == {"emergency"}


def test_a_forwarded_address_is_not_believed_without_a_proxy(make_client: Make) -> None:
    client = make_client(rate_limit="1/minute")
    statuses = [
        client.post("/api/v1/chat", json={"message": "hi"}, headers={"X-Forwarded-For": f"192.0.2.{i}"}).status_code
        for i in range(2)
    ]
    assert statuses == [200, 429]


def test_a_forwarded_address_is_believed_from_a_configured_proxy(make_client: Make) -> None:
    client = make_client(rate_limit="1/minute", trusted_proxies=1)
    statuses = [
        client.post("/api/v1/chat", json={"message": "hi"}, headers={"X-Forwarded-For": f"192.0.2.{i}"}).status_code
        for i in range(2)
    ]
    assert statuses == [200, 200]


# -- the other endpoints -----------------------------------------------------------------------------


def test_suggest_offers_at_most_five_questions(client: FlaskClient) -> None:
    body = client.post("/api/v1/suggest", json={"text": "is it sa"}).get_json()
    assert body["alert"] is None
    assert 1 <= len(body["suggestions"]) <= 5
    assert body["suggestions"][0]["entry"] == "is-it-safe"


def test_a_suggestion_request_with_danger_carries_the_alert(client: FlaskClient) -> None:
    body = client.post("/api/v1/suggest", json={"text": "i want to kill myself"}).get_json()
    assert body["alert"]["kind"] == "crisis"


def test_a_long_text_with_danger_carries_the_alert_while_typing(client: FlaskClient) -> None:
    story = "We went to the park and had a long day with the family. " * 90
    body = client.post("/api/v1/suggest", json={"text": story + "I can't breathe, help me now."}).get_json()
    assert (body["alert"]["kind"], body["suggestions"]) == ("emergency", [])
    document = assert_problem(raw(client, json.dumps({"text": story}), "/api/v1/suggest"), 422)
    assert document["errors"][0]["field"] == "text"  # type: ignore[index]


def test_feedback_is_counted(client: FlaskClient) -> None:
    assert client.post("/api/v1/feedback", json={"entry": "is-it-safe", "helpful": True}).get_json() == {
        "counted": True
    }


def test_feedback_on_an_unknown_entry_is_not_counted(client: FlaskClient) -> None:
    assert client.post("/api/v1/feedback", json={"entry": "x", "helpful": True}).get_json() == {"counted": False}


def test_feedback_takes_true_or_false_alone(client: FlaskClient) -> None:
    assert_problem(raw(client, b'{"entry": "is-it-safe", "helpful": "yes"}', "/api/v1/feedback"), 422)


def test_about_says_that_it_is_no_person(client: FlaskClient) -> None:
    about = client.get("/api/v1/about").get_json()
    assert about["automated"] is True
    assert about["article"]["author"] == "Kate Kabissky"


def test_health_and_readiness(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "alive"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert set(ready.get_json()["parts"]) >= {"knowledge", "database", "words"}


def test_readyz_says_no_when_no_entry_is_served(make_client: Make) -> None:
    client = make_client()
    assert client.get("/readyz").get_json()["parts"]["knowledge"]["ok"] is True
    client.application.extensions["parts"].assistant.base.languages["en"].content.entries.clear()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["parts"]["knowledge"]["ok"]) == (503, False)
    assert ask(client, message="I can't breathe")["kind"] == "emergency"


def test_readyz_names_a_missing_vote(make_client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_client().get("/readyz").get_json()["parts"]["safety"]["ok"] is True
    monkeypatch.setattr("chatbot.compiled.guard", lambda *_, **__: 1 / 0)
    client = make_client()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["parts"]["safety"]["ok"]) == (200, False)
    assert ask(client, message="I can't breathe")["kind"] == "emergency"


def test_chat_goes_on_when_the_database_is_down(make_client: Make) -> None:
    client = make_client(database_url="sqlite:////proc/none/x.sqlite")
    assert ask(client, message="is it safe?")["kind"] == "answer"
    assert client.get("/readyz").get_json()["parts"]["database"]["ok"] is False
    assert_problem(raw(client, b'{"entry": "is-it-safe", "helpful": true}', "/api/v1/feedback"), 503)


def test_metrics_count_replies_and_can_be_locked(make_client: Make) -> None:
    client = make_client(metrics_token="t" * 20)
    ask(client, message="is it safe?")
    assert client.get("/metrics").status_code == 404
    shown = client.get("/metrics", headers={"Authorization": "Bearer " + "t" * 20}).text
    assert 'chatbot_replies_total{kind="answer"} 1.0' in shown


# -- headers -----------------------------------------------------------------------------------------

PARTNER_ORIGIN = "http://127.0.0.1:8000"


def test_a_partners_page_may_read_and_preflight(client: FlaskClient) -> None:
    response = client.options("/api/v1/chat", headers={"Origin": PARTNER_ORIGIN})
    assert response.headers["Access-Control-Allow-Origin"] == PARTNER_ORIGIN
    assert "Idempotency-Key" in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8000.evil.example", ""])
def test_other_origins_get_no_cors_header(client: FlaskClient, origin: str) -> None:
    response = client.post("/api/v1/chat", json={"message": "hi"}, headers={"Origin": origin})
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/", "/questions", "/api/v1/about", "/nothing", "/widget.js", "/healthz"])
def test_every_response_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_no_cookie_is_ever_set(client: FlaskClient) -> None:
    responses = [client.get("/"), client.post("/", data={"message": "is it safe?"}), client.get("/widget.js")]
    assert all("Set-Cookie" not in response.headers for response in responses)


def test_without_javascript_the_partner_and_country_stay_in_the_links(client: FlaskClient) -> None:
    page = client.post("/", data={"message": "how do I book?", "partner": "demo", "country": "GB"}).text
    assert 'href="/consultation?partner=demo&amp;country=GB"' in page
    assert 'href="/consultation"' not in page


# -- the document ------------------------------------------------------------------------------------


def test_real_replies_fit_the_openapi_document(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()

    def fits(body: object, name: str) -> None:
        jsonschema.validate(body, {"$ref": f"#/components/schemas/{name}", "components": document["components"]})

    for message in ("is it safe?", "how do I book?", "I can't breathe", "qwertz", "should I do it", "cost"):
        fits(ask(client, message=message), "ReplyOut")
    fits(client.post("/api/v1/suggest", json={"text": "is it"}).get_json(), "SuggestOut")
    fits(client.get("/api/v1/about").get_json(), "AboutOut")
    fits(raw(client, b"{}").get_json(), "ProblemOut")


def test_every_api_route_stands_in_the_document(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    routes = {str(rule) for rule in client.application.url_map.iter_rules() if str(rule).startswith("/api/")}
    assert routes == set(document["paths"])


# -- nothing typed is kept ---------------------------------------------------------------------------


class BrokenMatcher:
    """A matcher with a fault that holds what the visitor typed."""

    def match(self, text: str, limit: int = 3) -> tuple[Match, ...]:
        raise RuntimeError(text)


def _break_the_matcher(client: FlaskClient) -> None:
    voices = client.application.extensions["parts"].assistant.voices
    language = voices["en"].language
    broken = Dialogue(language.content, Guard(language.safety), BrokenMatcher())
    voices["en"] = replace(voices["en"], dialogue=broken)


def test_a_broken_matcher_leaves_the_emergency_card(make_client: Make) -> None:
    client = make_client()
    _break_the_matcher(client)
    assert ask(client, message="I can't breathe")["kind"] == "emergency"
    reply = ask(client, message="is it safe?")
    assert "112, 911 or 999" in str(reply["notice"])


def test_what_a_visitor_types_reaches_no_log(make_client: Make, capfd: pytest.CaptureFixture[str]) -> None:
    client = make_client()
    canary = "zebracanary"
    ask(client, message=f"{canary} is it safe?")
    client.post("/", data={"message": f"{canary} is it safe?"})
    client.post("/api/v1/suggest", json={"text": canary})
    raw(client, f'{{"message": 1, "x": "{canary}"}}')
    _break_the_matcher(client)
    assert ask(client, message=f"{canary} is it safe?")["kind"] == "unknown"
    written = "".join(capfd.readouterr())
    assert '"event": "fault"' in written
    assert canary not in written
