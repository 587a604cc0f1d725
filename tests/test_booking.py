"""The rules of a consultation request."""

import string
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.booking import (
    RETRIES,
    Draft,
    NotAllowed,
    Payload,
    Refused,
    State,
    Time,
    accept,
    cell,
    change,
    consent_to,
    next_try,
    opened,
    payload,
    zones,
)

CONSENT = consent_to("I agree.", version="1")
GOOD = Draft(name="Ada", email="ada@example.org", consent=True, consent_version="1")


def bad_fields(draft: Draft, *, region: str | None = None) -> set[str]:
    with pytest.raises(Refused) as caught:
        accept(draft, consent=CONSENT, region=region)
    return {error.field for error in caught.value.errors}


def test_a_name_an_address_and_consent_are_enough() -> None:
    assert accept(GOOD, consent=CONSENT, region=None).email == "ada@example.org"


def test_a_phone_number_alone_is_enough_too() -> None:
    request = accept(replace(GOOD, email="", phone="+44 20 7946 0018"), consent=CONSENT, region=None)
    assert request.phone == "+442079460018"


def test_the_country_reads_a_number_without_its_code() -> None:
    request = accept(replace(GOOD, phone="(212) 555-0100"), consent=CONSENT, region="US")
    assert request.phone == "+12125550100"


@pytest.mark.parametrize(("phone", "region"), [("12345", "GB"), ("112", "DE")])
def test_a_number_that_only_a_neighbour_could_ring_is_refused(phone: str, region: str) -> None:
    assert "phone" in bad_fields(replace(GOOD, phone=phone), region=region)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "Ada\r\nBcc: x@example.org"}, "name"),
        ({"email": ""}, "email"),
        ({"email": "ada"}, "email"),
        ({"email": "ada@"}, "email"),
        ({"email": "ada@example.org\r\nBcc: b@example.org"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"phone": "call me"}, "phone"),
        ({"phone": "0207 946 0018"}, "phone"),
        ({"note": "x" * 1001}, "note"),
        ({"summary": "x" * 4001}, "summary"),
        ({"interpreter": "x" * 61}, "interpreter"),
        ({"consent": False}, "consent"),
        ({"consent_version": "0"}, "consent"),
        ({"for_someone_else": True}, "may_ask"),
        ({"times": (Time("someday", "morning"),)}, "times"),
        ({"times": (Time("monday", "midnight"),)}, "times"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"note": "a\x00b"}, "note"),
        ({"note": "a\x85b"}, "note"),
        ({"summary": "a\x1bb"}, "summary"),
        ({"name": "Ada\x9b"}, "name"),
        ({"name": "Ada\u202e"}, "name"),
    ],
)
def test_a_bad_field_is_named(changed: dict[str, object], field: str) -> None:
    assert field in bad_fields(replace(GOOD, **changed))  # type: ignore[arg-type]


def test_every_bad_field_is_named_at_once() -> None:
    assert bad_fields(Draft()) == {"name", "email", "consent"}


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_nothing_typed_raises_anything_but_a_refusal(name: str, email: str, phone: str) -> None:
    with suppress(Refused):
        accept(replace(GOOD, name=name, email=email, phone=phone), consent=CONSENT, region="US")


@given(st.text(alphabet=string.printable, max_size=60))
def test_no_accepted_line_holds_a_line_break(name: str) -> None:
    try:
        request = accept(replace(GOOD, name=name), consent=CONSENT, region=None)
    except Refused:
        return
    assert not set(request.name) & set("\r\n\0")


def test_the_consent_hash_changes_with_the_text() -> None:
    assert consent_to("I agree.", version="1").hash != consent_to("I agree!", version="1").hash


@pytest.mark.parametrize(
    ("state", "to"), [(State.REQUESTED, State.SEEN), (State.SEEN, State.CONFIRMED), (State.CONFIRMED, State.DONE)]
)
def test_a_request_moves_on(state: State, to: State) -> None:
    assert change(state, to) is to


@pytest.mark.parametrize(
    ("state", "to"), [(State.DONE, State.SEEN), (State.CANCELLED, State.REQUESTED), (State.SEEN, State.SEEN)]
)
def test_a_request_cannot_go_back(state: State, to: State) -> None:
    with pytest.raises(NotAllowed):
        change(state, to)


def test_a_delivery_is_tried_by_the_standards_schedule_and_then_given_up() -> None:
    waits = [next_try(attempts) for attempts in range(11)]
    assert waits == [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, None]
    assert len(RETRIES) == 10


def test_the_thin_payload_names_nobody() -> None:
    request = accept(replace(GOOD, note="a note"), consent=CONSENT, region=None)
    assert payload(request, Payload.THIN, reference="ABCD-2345") == {"reference": "ABCD-2345"}


def test_only_the_full_payload_carries_the_note() -> None:
    request = accept(replace(GOOD, note="a note"), consent=CONSENT, region=None)
    assert "note" not in payload(request, Payload.CONTACT, reference="R")
    assert payload(request, Payload.FULL, reference="R")["note"] == "a note"


def test_line_breaks_and_tabs_in_a_note_are_made_alike() -> None:
    request = accept(replace(GOOD, note=" a\r\nb\rc\td "), consent=CONSENT, region=None)
    assert request.note == "a\nb\nc d"


def test_a_time_named_twice_counts_once() -> None:
    request = accept(replace(GOOD, times=(Time("monday", "morning"),) * 3), consent=CONSENT, region=None)
    assert request.times == (Time("monday", "morning"),)


def test_an_address_is_kept_so_that_every_mail_server_takes_it() -> None:
    request = accept(replace(GOOD, email="ada@b\u00fccher.example.org"), consent=CONSENT, region=None)
    assert request.email == "ada@xn--bcher-kva.example.org"


@pytest.mark.parametrize("zone", ["Europe/London", "America/Argentina/Ushuaia", "Asia/Kolkata"])
def test_the_zones_to_choose_from_are_accepted(zone: str) -> None:
    assert zone in zones()[zone.partition("/")[0]]
    assert accept(replace(GOOD, zone=zone), consent=CONSENT, region=None).zone == zone


def test_reading_a_request_marks_it_seen_and_never_takes_it_back() -> None:
    assert [opened(state) for state in (State.REQUESTED, State.CONFIRMED)] == [State.SEEN, State.CONFIRMED]


@pytest.mark.parametrize("formula", ["=1", "+1", "-1", "@x", " =1", "\t1", "\r1", "\n1", "\uff1d1"])
def test_no_cell_begins_as_a_formula(formula: str) -> None:
    assert cell(formula) == f"'{formula}"


@pytest.mark.parametrize("plain", ["Ada", "a=b", "2", "", None])
def test_a_plain_cell_stays_as_it_is(plain: str | None) -> None:
    assert cell(plain) == (plain or "")
