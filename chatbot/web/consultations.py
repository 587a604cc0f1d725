"""Booking over HTTP: the JSON interface."""

import re
import time
from collections.abc import Mapping

from flask import Blueprint, Response, request
from pydantic import ValidationError
from pydantic_core import from_json

from ..assistant import Origin, TooMany
from ..booking import CLOSED, DAYS, PARTS, Draft, FieldError, Refused, Time
from ..reception import Receipt
from . import desk
from .api import allow, origin_in, raw_body, read_body, reply_out, send
from .fields import fields, words
from .parts import parts
from .problems import REFUSALS, invalid, misshapen, problem, refusal
from .schemas import (
    ConsultationFormOut,
    ConsultationOut,
    ConsultationRequest,
    FieldProblem,
    FitsOut,
    ReplyOut,
    StatusOut,
    TokenRequest,
    WayOut,
)

api = Blueprint("consultations_api", __name__, url_prefix="/api/v1/consultations")

_KEY = re.compile(r"[!-~]{8,200}")
_EMPTY = {"name": "", "consent": False, "consent_version": ""}


@api.post("")
def request_consultation() -> Response:
    """Store a request; the answer leaves only after it is safely stored.

    The text is looked at for danger first: neither a refusal nor a database that is down may silence the alert.
    """
    body, faults = _read()
    origin = Origin(body.partner, body.language, body.country)
    alert = _alert_out(body, origin)
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        return problem("no-key", alert=alert)
    if not desk.is_open(origin):
        return problem("closed", alert=alert, ways=_ways_out(origin))
    try:
        parts().assistant.limit(allow())
        if faults:
            _judge(_draft(body), faults, origin)
        receipt = desk.book(_draft(body), origin, key=key)
    except Refused as refused:
        return invalid([*faults, *_field_problems(refused.errors)], alert=alert)
    except tuple(REFUSALS) as fault:
        return refusal(fault, alert=alert, ways=_ways_out(origin))
    return send(_sent(receipt, alert), status=201)


def _read() -> tuple[ConsultationRequest, list[FieldProblem]]:
    """The body and what is wrong with its shape; wrong fields are left out, so that the rest can be judged too.

    Raises NotJson, or ValidationError when there is nothing to judge.
    """
    raw = raw_body()
    try:
        return ConsultationRequest.model_validate_json(raw), []
    except ValidationError as error:
        wrong = {one["loc"][0] for one in error.errors() if one["loc"]}
        if not wrong:
            raise
        kept = {name: value for name, value in from_json(raw).items() if name not in wrong}
        return ConsultationRequest.model_validate({**_EMPTY, **kept}), misshapen(error)


def _judge(draft: Draft, faults: list[FieldProblem], origin: Origin) -> None:
    """Raise Refused with what is wrong besides the faults that are known already, or because of them."""
    named = {fault.field.partition(".")[0] for fault in faults}
    try:
        parts().reception.check(draft, region=desk.region(origin))
    except Refused as refused:
        raise Refused(tuple(error for error in refused.errors if error.field not in named)) from None
    if faults:
        raise Refused(())


def _draft(body: ConsultationRequest) -> Draft:
    return Draft(
        **body.model_dump(exclude={"times", "partner", "language", "country"}),
        times=tuple(Time(time.day, time.part) for time in body.times),
    )


def _alert_out(body: ConsultationRequest, origin: Origin) -> ReplyOut | None:
    found = desk.alert(_draft(body), origin)
    return reply_out(found, origin) if found else None


def _ways_out(origin: Origin) -> list[WayOut]:
    return [WayOut.of(way) for way in desk.other_ways(origin)]


def _sent(receipt: Receipt, alert: ReplyOut | None) -> ConsultationOut:
    return ConsultationOut(
        reference=receipt.reference,
        state=receipt.state,
        says=_say()["booking.sent.text"].format(reference=receipt.reference),
        status_url=f"/status#{receipt.token}",
        reply_within=receipt.reply_within,
        alert=alert,
    )


@api.get("/form")
def form_facts() -> Response:
    """Say what the form needs: the consent text and its version, the days and parts of day."""
    say = _say()
    return send(
        ConsultationFormOut(
            open=desk.is_open(origin_in(request.args)),
            consent=say["booking.consent"],
            consent_version=say["booking.consent.version"],
            days=DAYS,
            parts=PARTS,
            fields=fields(say),
            words=words(say),
        )
    )


@api.post("/check")
def check() -> Response:
    """Say whether a request could be accepted; nothing is stored."""
    body, faults = _read()
    origin = Origin(body.partner, body.language, body.country)
    alert = _alert_out(body, origin)
    try:
        parts().assistant.limit(allow())
        _judge(_draft(body), faults, origin)
    except Refused as refused:
        return invalid([*faults, *_field_problems(refused.errors)], alert=alert)
    except TooMany as fault:
        return refusal(fault, alert=alert)
    return send(FitsOut(alert=alert))


@api.post("/status")
def status() -> Response:
    """Show where a request stands."""
    body = read_body(TokenRequest)
    parts().assistant.limit(allow())
    return _status_out(parts().reception.status(body.token))


@api.post("/cancel")
def cancel() -> Response:
    """Cancel a request."""
    body = read_body(TokenRequest)
    parts().assistant.limit(allow())
    return _status_out(parts().reception.cancel(body.token, at=time.time()))


def _status_out(receipt: Receipt | None) -> Response:
    if receipt is None:
        return problem("not-found", detail=_say()["booking.status.none"])
    return send(
        StatusOut(
            reference=receipt.reference,
            state=receipt.state,
            says=_say()[f"booking.state.{receipt.state}"],
            reply_within=receipt.reply_within,
            can_cancel=receipt.state not in CLOSED,
        )
    )


def _say() -> Mapping[str, str]:
    return parts().assistant.base.languages["en"].strings


def _field_problems(errors: tuple[FieldError, ...]) -> list[FieldProblem]:
    return [FieldProblem(field=error.field, message=_say()[error.problem]) for error in errors]
