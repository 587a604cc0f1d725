"""Asking for a consultation, from the request to the clinic's staff."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chatbot.cli import main

Make = Callable[..., FlaskClient]
PATH = "/api/v1/consultations"
_keys = (f"key-{number:08}" for number in itertools.count())


@pytest.fixture
def client(make_client: Make) -> FlaskClient:
    return make_client(rate_limit="off", deliver_in_workers=False)


def body(client: FlaskClient, **changed: object) -> dict[str, object]:
    version = client.get(f"{PATH}/form").get_json()["consent_version"]
    return {"name": "Ada", "email": "ada@example.org", "consent": True, "consent_version": version, **changed}


def send(client: FlaskClient, *, key: str | None = None, **changed: object) -> TestResponse:
    return client.post(PATH, json=body(client, **changed), headers={"Idempotency-Key": key or next(_keys)})


def token_of(response: TestResponse) -> str:
    return str(response.get_json()["status_url"]).partition("#")[2]


@pytest.fixture
def staff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a staff command on the same database, and give what it prints."""
    monkeypatch.setenv("CHATBOT_INSTANCE_DIR", str(tmp_path))

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


def test_a_note_with_danger_is_stored_and_carries_the_alert(client: FlaskClient) -> None:
    response = send(client, note="I want to kill myself")
    assert response.status_code == 201
    assert response.get_json()["alert"]["kind"] == "crisis"


def test_a_database_that_is_down_is_an_honest_503(make_client: Make) -> None:
    client = make_client(database_url="sqlite:////proc/none/x.sqlite", deliver_in_workers=False)
    assert send(client).status_code == 503


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


@pytest.mark.parametrize("token", ["", "0" * 32, "nonsense"])
def test_an_unknown_token_finds_nothing(client: FlaskClient, token: str) -> None:
    assert client.post(f"{PATH}/status", json={"token": token}).status_code == 404


def test_only_the_tokens_hash_is_stored(client: FlaskClient, tmp_path: Path) -> None:
    token = token_of(send(client))
    assert token.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("chatbot.sqlite*"))


# -- without JavaScript ------------------------------------------------------------------------------


def form(client: FlaskClient, **changed: str) -> dict[str, str]:
    page = client.get("/consultation").text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    version = page.partition('name="consent_version" value="')[2].partition('"')[0]
    filled = {"name": "Ada", "email": "ada@example.org", "consent": "on", "for": "me"}
    return {**filled, "form_token": token, "consent_version": version, **changed}


def test_the_form_is_reviewed_before_it_is_sent(client: FlaskClient, staff: Callable[..., str]) -> None:
    page = client.post("/consultation", data=form(client, step="review"))
    assert "Is this right?" in page.text
    assert staff("list") == ""


def test_a_form_sent_faster_than_a_person_can_is_asked_once_more(
    client: FlaskClient, staff: Callable[..., str]
) -> None:
    page = client.post("/consultation", data=form(client, step="send"))
    assert "Is this right?" in page.text
    assert staff("list") == ""


def test_errors_stand_at_the_field_and_the_text_stays(client: FlaskClient) -> None:
    page = client.post("/consultation", data=form(client, step="review", email="ada@", note="my note"))
    assert page.status_code == 422
    assert 'id="email-problem"' in page.text
    assert "my note" in page.text


def test_the_trap_field_catches_robots(client: FlaskClient, staff: Callable[..., str]) -> None:
    assert client.post("/consultation", data=form(client, step="send", website="http://spam")).status_code == 422
    assert staff("list") == ""


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


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@x"])
def test_a_formula_in_an_export_is_harmless(client: FlaskClient, staff: Callable[..., str], formula: str) -> None:
    send(client, name=formula)
    assert f'"\'{formula}"' in staff("export")


def test_an_erased_request_is_gone_from_the_files_bytes(
    client: FlaskClient, staff: Callable[..., str], tmp_path: Path
) -> None:
    reference = send(client, name="Zebracanary", note="quokkacanary").get_json()["reference"]
    staff("erase", reference)
    client.application.extensions["parts"].storage.close()
    left = b"".join(path.read_bytes() for path in tmp_path.glob("chatbot.sqlite*"))
    assert b"Zebracanary" not in left
    assert b"quokkacanary" not in left


# -- ways --------------------------------------------------------------------------------------------


def test_in_production_a_form_that_nobody_reads_is_not_shown(make_client: Make) -> None:
    client = make_client(environment="production", secret_key="s" * 40, serve_drafts=True, deliver_in_workers=False)
    assert client.post("/api/v1/chat", json={"message": "how do I book?"}).get_json()["handoff"]["ways"] == []
    assert client.get(f"{PATH}/form").get_json()["open"] is False
    assert send(client).status_code == 503
