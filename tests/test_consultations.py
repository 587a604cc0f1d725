"""Asking for a consultation, from the request to the clinic's staff."""

import itertools
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chatbot.booking import Destination, Draft, accept, consent_to
from chatbot.cli import main
from chatbot.config import Settings
from chatbot.storage import New
from chatbot.storage.database import HEAD
from chatbot.web import create_app

Make = Callable[..., FlaskClient]
PATH = "/api/v1/consultations"
_keys = (f"key-{number:08}" for number in itertools.count())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("booking")


@pytest.fixture(scope="module")
def app(folder: Path, compiled_dir: Path) -> Flask:
    for made in compiled_dir.glob("*.bin"):
        shutil.copy(made, folder)
    return create_app(Settings(instance_dir=folder, rate_limit="off", deliver_in_workers=False))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """The same app for all, with an empty database for each."""
    storage = app.extensions["parts"].storage
    for stored in storage.requests.all():
        storage.requests.erase(stored.reference)
    return app.test_client()


def body(client: FlaskClient, **changed: object) -> dict[str, object]:
    version = client.get(f"{PATH}/form").get_json()["consent_version"]
    return {"name": "Ada", "email": "ada@example.org", "consent": True, "consent_version": version, **changed}


def send(client: FlaskClient, *, key: str | None = None, **changed: object) -> TestResponse:
    return client.post(PATH, json=body(client, **changed), headers={"Idempotency-Key": key or next(_keys)})


def token_of(response: TestResponse) -> str:
    return str(response.get_json()["status_url"]).partition("#")[2]


@pytest.fixture
def staff(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a staff command on the same database, and give what it prints."""
    monkeypatch.setenv("CHATBOT_INSTANCE_DIR", str(folder))

    def run(*arguments: str) -> str:
        capsys.readouterr()
        main(["consultations", *arguments])
        return capsys.readouterr().out

    return run


# -- sending -----------------------------------------------------------------------------------------


def test_a_request_gets_a_reference_and_a_status_link(client: FlaskClient) -> None:
    response = send(client)
    assert response.status_code == 201
    assert response.get_json()["state"] == "requested"
    assert len(token_of(response)) == 32


def test_the_same_key_gets_the_same_answer_again(client: FlaskClient) -> None:
    first, second = send(client, key="same-key-1"), send(client, key="same-key-1")
    assert first.get_json() == second.get_json()


def test_the_same_key_with_another_body_is_refused(client: FlaskClient) -> None:
    send(client, key="same-key-2")
    response = send(client, key="same-key-2", name="Grace")
    assert (response.status_code, response.get_json()["type"]) == (422, "/problems#key-reused")


@pytest.mark.parametrize("key", ["", "short", "x" * 201, "with space in", "é" * 10])
def test_a_missing_or_odd_key_is_refused(client: FlaskClient, key: str) -> None:
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    response = client.post(PATH, json=body(client), headers=headers)
    assert (response.status_code, response.get_json()["type"]) == (400, "/problems#no-key")


def test_danger_in_a_note_is_answered_without_a_key_too(client: FlaskClient) -> None:
    response = client.post(PATH, json=body(client, note="I can't breathe, help me now"))
    assert (response.status_code, response.get_json()["type"]) == (400, "/problems#no-key")
    assert response.get_json()["alert"]["kind"] == "emergency"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"surprise": 1}, "surprise"),
        ({"name": ""}, "name"),
        ({"name": "Ada\nBcc: x@example.org"}, "name"),
        ({"name": "Ada\x00"}, "name"),
        ({"email": "ada@example.org\r\nBcc: b@example.org"}, "email"),
        ({"email": "nonsense"}, "email"),
        ({"phone": "nonsense"}, "phone"),
        ({"note": "x" * 1001}, "note"),
        ({"note": "a\x07b"}, "note"),
        ({"note": "a\x9bb"}, "note"),
        ({"summary": "a\x00b"}, "summary"),
        ({"name": "Ada\x9b31m"}, "name"),
        ({"name": "Ada \u202egnirts"}, "name"),
        ({"phone": "+1 212\u2028555"}, "phone"),
        ({"interpreter": "a\tb"}, "interpreter"),
        ({"times": "monday"}, "times"),
        ({"partner": "a\nb"}, "partner"),
        ({"consent": "yes"}, "consent"),
        ({"consent": False}, "consent"),
        ({"for_someone_else": True}, "may_ask"),
        ({"times": [{"day": "monday"}]}, "times.0.part"),
        ({"times": [{"day": "noday", "part": "morning"}]}, "times"),
        ({"zone": "Mars/Olympus"}, "zone"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(
    client: FlaskClient, staff: Callable[..., str], changed: dict[str, object], field: str
) -> None:
    response = send(client, **changed)
    assert response.status_code == 422
    assert field in {error["field"] for error in response.get_json()["errors"]}
    assert staff("list") == ""


def test_every_bad_field_is_named_at_once_whatever_kind_of_bad(client: FlaskClient) -> None:
    response = send(
        client, surprise=1, other=2, name="", email="ada@", phone=7, note="a\x00", consent=False, zone="Mars"
    )
    fields = [error["field"] for error in response.get_json()["errors"]]
    assert sorted(fields) == ["consent", "email", "name", "note", "other", "phone", "surprise", "zone"]


def test_all_that_is_missing_is_named(client: FlaskClient) -> None:
    response = client.post(PATH, json={}, headers={"Idempotency-Key": next(_keys)})
    assert {error["field"] for error in response.get_json()["errors"]} == {
        "name",
        "email",
        "consent",
        "consent_version",
    }


def test_the_same_key_gets_the_same_answer_even_after_it_was_cancelled(client: FlaskClient) -> None:
    first = send(client, key="same-key-4")
    client.post(f"{PATH}/cancel", json={"token": token_of(first)})
    assert send(client, key="same-key-4").get_json() == first.get_json()


def test_the_same_key_for_another_partner_is_another_body(client: FlaskClient) -> None:
    send(client, key="same-key-5")
    assert send(client, key="same-key-5", partner="demo").get_json()["type"] == "/problems#key-reused"


@pytest.mark.parametrize("bad", [{"email": "ada@"}, {"surprise": 1}, {"consent": "yes"}])
def test_a_refused_request_with_danger_in_it_still_carries_the_alert(
    client: FlaskClient, bad: dict[str, object]
) -> None:
    response = send(client, note="I want to kill myself", **bad)
    assert response.status_code == 422
    assert response.get_json()["alert"]["kind"] == "crisis"


def test_neither_a_limit_nor_a_dead_database_silences_the_alert(make_client: Make) -> None:
    limited = make_client(rate_limit="1/minute")
    assert send(limited).status_code == 201
    response = send(limited, note="I want to kill myself", email="b@example.org")
    assert (response.status_code, response.get_json()["alert"]["kind"]) == (429, "crisis")
    down = make_client(database_url="sqlite:////proc/none/x.sqlite")
    response = send(down, note="I want to kill myself")
    assert (response.status_code, response.get_json()["alert"]["kind"]) == (503, "crisis")


def test_a_note_with_danger_is_stored_and_carries_the_alert(client: FlaskClient) -> None:
    response = send(client, note="I want to kill myself")
    assert response.status_code == 201
    assert response.get_json()["alert"]["kind"] == "crisis"


def test_a_database_that_is_down_is_an_honest_503(make_client: Make) -> None:
    client = make_client(database_url="sqlite:////proc/none/x.sqlite", deliver_in_workers=False)
    response = send(client)
    assert (response.status_code, response.get_json()["type"]) == (503, "/problems#unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_a_second_request_of_the_same_contact_looks_the_same_and_is_linked(
    client: FlaskClient, staff: Callable[..., str]
) -> None:
    first, second = send(client), send(client, email="ADA@example.org")
    assert second.status_code == 201
    assert second.get_json().keys() == first.get_json().keys()
    lines = staff("list").splitlines()
    assert lines[1].endswith(f"with {first.get_json()['reference']}")


# -- status and cancelling ---------------------------------------------------------------------------


def test_the_status_link_shows_and_cancels(client: FlaskClient) -> None:
    token = token_of(send(client))
    assert client.post(f"{PATH}/status", json={"token": token}).get_json()["state"] == "requested"
    assert client.post(f"{PATH}/cancel", json={"token": token}).get_json()["state"] == "cancelled"
    assert client.post(f"{PATH}/cancel", json={"token": token}).get_json()["can_cancel"] is False


def test_the_page_asks_before_it_cancels(client: FlaskClient) -> None:
    token = token_of(send(client))
    shown = client.post("/status", data={"token": token, "step": "show"}).text
    assert "Cancel the request?" in shown
    assert client.get(f"/status?token={token}&step=cancel").status_code == 200
    assert client.post(f"{PATH}/status", json={"token": token}).get_json()["state"] == "requested"
    client.post("/status", data={"token": token, "step": "cancel"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert client.post(f"{PATH}/status", json={"token": token}).get_json()["state"] == "requested"
    assert "It is cancelled." in client.post("/status", data={"token": token, "step": "cancel"}).text


def test_the_status_page_says_honestly_that_it_cannot_look(make_client: Make) -> None:
    client = make_client(database_url="sqlite:////proc/none/x.sqlite", rate_limit="1/minute")
    page = client.post("/status", data={"token": "0" * 32})
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert client.post("/status", data={"token": "0" * 32}).status_code == 429


@pytest.mark.parametrize("token", ["", "0" * 32, "nonsense"])
def test_an_unknown_token_finds_nothing(client: FlaskClient, token: str) -> None:
    assert client.post(f"{PATH}/status", json={"token": token}).status_code == 404


def test_only_the_tokens_hash_is_stored(client: FlaskClient, folder: Path) -> None:
    token = token_of(send(client))
    assert token.encode() not in b"".join(path.read_bytes() for path in folder.glob("chatbot.sqlite*"))


# -- without JavaScript ------------------------------------------------------------------------------


def hidden(page: str, name: str) -> str:
    return page.partition(f'name="{name}" value="')[2].partition('"')[0]


def form(client: FlaskClient, **changed: str) -> dict[str, str]:
    page = client.get("/consultation").text
    filled = {"name": "Ada", "email": "ada@example.org", "consent": "on", "for": "me"}
    tokens = {name: hidden(page, name) for name in ("form_token", "consent_version")}
    return {**filled, **tokens, **changed}


def slow_form(client: FlaskClient, **changed: str) -> dict[str, str]:
    """A form that was opened as long ago as a person needs."""
    with time_machine.travel(time.time() - 10):
        return form(client, **changed)


def test_a_reviewed_form_is_sent_once_however_often_it_is_pressed(
    client: FlaskClient, staff: Callable[..., str]
) -> None:
    data = slow_form(client, step="send")
    pages = [client.post("/consultation", data=data) for _ in range(3)]
    assert all("Request received" in page.text for page in pages)
    assert len(staff("list").splitlines()) == 1


def test_a_form_changed_after_sending_is_a_new_request(client: FlaskClient, staff: Callable[..., str]) -> None:
    data = slow_form(client, step="send")
    client.post("/consultation", data=data)
    client.post("/consultation", data={**data, "note": "one thing more"})
    assert len(staff("list").splitlines()) == 2


def test_a_form_sent_by_another_sites_page_is_not_taken(client: FlaskClient, staff: Callable[..., str]) -> None:
    page = client.post("/consultation", data=slow_form(client, step="send"), headers={"Sec-Fetch-Site": "cross-site"})
    assert "press the button once more" in page.text
    assert staff("list") == ""


@pytest.mark.parametrize("token", ["", "forged", "bm9uc2Vuc2U.aaaa.bbbb"])
def test_a_form_without_our_token_is_not_taken(client: FlaskClient, staff: Callable[..., str], token: str) -> None:
    page = client.post("/consultation", data=slow_form(client, step="send", form_token=token))
    assert "press the button once more" in page.text
    assert staff("list") == ""


def test_a_database_that_is_down_keeps_the_text_and_one_press_sends_it_later(make_client: Make, tmp_path: Path) -> None:
    client = make_client()
    data = slow_form(client, step="send", note="my long note", times="monday-morning")
    (tmp_path / "chatbot.sqlite").mkdir()  # in the way of the file
    page = client.post("/consultation", data=data)
    assert page.status_code == 503
    assert "could not be sent" in page.text
    assert "my long note" in page.text
    assert client.post("/api/v1/chat", json={"message": "is it safe?"}).get_json()["kind"] == "answer"
    (tmp_path / "chatbot.sqlite").rmdir()
    again = {**data, "form_token": hidden(page.text, "form_token")}
    assert "Request received" in client.post("/consultation", data=again).text
    assert len(client.application.extensions["parts"].storage.requests.all()) == 1


def test_too_many_forms_are_told_so_on_a_page_that_keeps_the_text(make_client: Make) -> None:
    client = make_client(rate_limit="1/minute")
    data = form(client, step="review", note="my long note")
    client.post("/consultation", data=data)
    page = client.post("/consultation", data=data)
    assert (page.status_code, page.mimetype) == (429, "text/html")
    assert "my long note" in page.text
    assert "wait a minute" in page.text


@pytest.mark.parametrize("step", ["review", "send"])
def test_danger_in_the_note_shows_the_card_before_anything_is_sent(client: FlaskClient, step: str) -> None:
    page = client.post("/consultation", data=form(client, step=step, note="I want to kill myself"))
    assert 'class="card"' in page.text


# -- the summary -------------------------------------------------------------------------------------


def test_the_questions_asked_are_shown_to_be_changed_and_go_along_only_when_ticked(
    client: FlaskClient, staff: Callable[..., str]
) -> None:
    token = client.post("/api/v1/chat", json={"choice": "is-it-safe"}).get_json()["conversation"]
    page = client.post("/consultation", data={"step": "start", "conversation": token}).text
    question = page.partition('name="summary"')[2].partition(">")[2].partition("<")[0]
    assert question == "Is the treatment safe?" or question.endswith("?")
    assert 'name="share" checked' not in page
    review = client.post("/consultation", data=form(client, step="review", summary="my words")).text
    assert "<dd>my words</dd>" not in review
    review = client.post("/consultation", data=form(client, step="review", summary="my words", share="on")).text
    assert "<dd>my words</dd>" in review


@pytest.mark.parametrize(("ticked", "kept"), [({}, ""), ({"share": "on"}, "my words")])
def test_an_unticked_summary_is_not_stored(
    client: FlaskClient, staff: Callable[..., str], ticked: dict[str, str], kept: str
) -> None:
    client.post("/consultation", data=slow_form(client, step="send", summary="my words", **ticked))
    assert json.loads(staff("export", "--format", "json"))[0]["summary"] == kept


def test_a_text_in_an_address_never_reaches_the_form(client: FlaskClient) -> None:
    page = client.get("/consultation?summary=zebracanary&name=zebracanary&note=zebracanary").text
    assert "zebracanary" not in page


def test_the_form_is_reviewed_before_it_is_sent(client: FlaskClient, staff: Callable[..., str]) -> None:
    page = client.post("/consultation", data=form(client, step="review"))
    assert "Is this right?" in page.text
    assert staff("list") == ""


def test_a_form_sent_faster_than_a_person_can_is_asked_once_more(
    client: FlaskClient, staff: Callable[..., str]
) -> None:
    page = client.post("/consultation", data=form(client, step="send"))
    assert "press the button once more" in page.text
    assert staff("list") == ""


def test_errors_stand_at_the_field_and_the_text_stays(client: FlaskClient) -> None:
    page = client.post("/consultation", data=form(client, step="review", email="ada@", note="my note"))
    assert page.status_code == 422
    assert 'id="email-problem"' in page.text
    assert "my note" in page.text


def test_the_trap_field_catches_robots_and_costs_a_person_no_text(
    client: FlaskClient, staff: Callable[..., str]
) -> None:
    page = client.post("/consultation", data=form(client, step="send", website="http://spam", note="my note"))
    assert (page.status_code, "my note" in page.text, "http://spam" in page.text) == (422, True, False)
    assert staff("list") == ""


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "ada@"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"note": "x" * 1001}, "note"),
        ({"note": "a\x00b"}, "note"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"times": "noday-morning"}, "times"),
        ({"interpreter": "x" * 61}, "interpreter"),
        ({"for": "someone_else"}, "may_ask"),
        ({"summary": "x" * 4001, "share": "on"}, "summary"),
    ],
)
def test_each_error_is_linked_to_its_field_and_described_there(
    client: FlaskClient, changed: dict[str, str], field: str
) -> None:
    page = client.post("/consultation", data=form(client, step="review", **changed)).text
    assert f'<a href="#{field}">' in page
    assert page.count(f'id="{field}"') == 1
    assert f'id="{field}-problem"' in page
    if field != "times":  # many boxes; the error stands above them
        described = page.partition(f'id="{field}"')[2].partition(">")[0]
        assert f"{field}-problem" in described
        assert 'aria-invalid="true"' in described


def test_what_a_browser_can_fill_in_says_so(client: FlaskClient) -> None:
    page = client.get("/consultation").text
    for field, token in (("name", "name"), ("email", "email"), ("phone", "tel")):
        assert f'autocomplete="{token}"' in page.partition(f'id="{field}"')[2].partition(">")[0]
    assert "maxlength" not in page  # would cut a dictated text without a word


def test_what_was_typed_is_escaped(client: FlaskClient) -> None:
    page = client.post("/consultation", data=form(client, step="review", note="<script>alert(1)</script>"))
    assert "<script>alert" not in page.text


# -- staff -------------------------------------------------------------------------------------------


def test_the_list_names_nobody(client: FlaskClient, staff: Callable[..., str]) -> None:
    send(client)
    assert "ada" not in staff("list").lower()


def test_showing_a_request_marks_it_seen(client: FlaskClient, staff: Callable[..., str]) -> None:
    reference = send(client).get_json()["reference"]
    assert json.loads(staff("show", reference).partition("\n}")[0] + "}")["state"] == "seen"


def test_a_request_can_be_moved_on(client: FlaskClient, staff: Callable[..., str]) -> None:
    reference = send(client).get_json()["reference"]
    assert staff("set-state", reference, "done") == f"{reference} is done\n"


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@x", "\uff1d1+1", "\uff20x"])
def test_a_formula_in_an_export_is_harmless(client: FlaskClient, staff: Callable[..., str], formula: str) -> None:
    send(client, name=formula)
    assert f'"\'{formula}"' in staff("export")


def test_an_erased_request_is_gone_from_the_files_bytes(
    client: FlaskClient, staff: Callable[..., str], folder: Path
) -> None:
    reference = send(client, name="Zebracanary", note="quokkacanary").get_json()["reference"]
    staff("erase", reference)
    left = b"".join(path.read_bytes() for path in folder.glob("chatbot.sqlite*"))
    assert b"Zebracanary" not in left
    assert b"quokkacanary" not in left


def test_what_the_database_and_the_outbox_hold_can_be_seen(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    send(client)
    monkeypatch.setenv("CHATBOT_INSTANCE_DIR", str(folder))
    for arguments in (["db", "status"], ["db", "migrate", "--to", "0001"], ["db", "migrate"]):
        assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"tables: revision {HEAD}",
        "deliveries: 0 due, 0 sent, 0 dead",
        "the tables are at revision 0001",
        f"the tables are at revision {HEAD}",
    ]


def test_a_given_up_delivery_is_listed_counted_and_tried_again(client: FlaskClient, staff: Callable[..., str]) -> None:
    storage = client.application.extensions["parts"].storage
    new = New(
        accept(
            Draft(name="Ada", email="ada@example.org", consent=True, consent_version="1"),
            consent=consent_to("I agree.", version="1"),
            region=None,
        ),
        "ABCD-2345", "token", "c" * 64, "default", "key", "body", time.time() - 90,
    )  # fmt: skip
    storage.requests.accept(new, [(Destination("webhook", "https://clinic.example/hook"), "msg_1")])
    (delivery,) = storage.outbox.of("ABCD-2345")
    assert 'chatbot_deliveries{state="due"} 1.0' in client.get("/metrics").text
    assert "the oldest for 90 s" in client.get("/readyz").get_json()["parts"]["deliveries"]["detail"]
    storage.outbox.failed(delivery, error="answered 500", next_at=None)
    assert 'chatbot_deliveries{state="dead"} 1.0' in client.get("/metrics").text
    assert client.get("/readyz").get_json()["parts"]["deliveries"]["ok"] is False
    assert staff("list", "--dead") == "ABCD-2345  webhook: dead after 1 tries answered 500\n"
    assert staff("retry") == ""
    assert staff("retry", "--all") == "1 deliveries will be tried again\n"
    assert staff("list", "--dead") == ""
