"""Booking over HTTP: the JSON interface and the pages that do the same without JavaScript."""

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request
from itsdangerous import BadData, URLSafeTimedSerializer

from ..assistant import Origin
from ..booking import CLOSED, DAYS, PARTS, Draft, FieldError, Refused, Time
from ..handoffs import booking_page, form_works
from ..reception import Receipt
from ..storage import KeyReused, StorageDown
from .api import allow, read_body, reply_out, send
from .fields import fields, words
from .parts import parts
from .problems import problem
from .schemas import (
    ConsultationFormOut,
    ConsultationOut,
    ConsultationRequest,
    FieldProblem,
    FitsOut,
    StatusOut,
    TokenRequest,
)

api = Blueprint("consultations_api", __name__, url_prefix="/api/v1/consultations")
pages = Blueprint("consultations", __name__)

_KEY = re.compile(r"[!-~]{8,200}")
_FASTEST = 2.0
"""Seconds; a form that comes back sooner is asked to be sent once more."""

# -- the JSON interface ------------------------------------------------------------------------------


@api.post("")
def request_consultation() -> Response:
    """Store a request; the answer leaves only after it is safely stored."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        return problem("no-key")
    body = read_body(ConsultationRequest)
    origin = Origin(body.partner, body.language, body.country)
    if not _form_open(origin):
        return problem("closed")
    parts().assistant.limit(allow())
    try:
        receipt = _stored(_drafted(body), origin, key=key)
    except Refused as refused:
        return problem("validation", detail=_said(refused), errors=_field_problems(refused.errors))
    alert = parts().assistant.alert(f"{body.note}\n{body.summary}", origin=origin)
    out = ConsultationOut(
        reference=receipt.reference,
        state=receipt.state,
        says=_say()["booking.sent.text"].format(reference=receipt.reference),
        status_url=f"/status#{receipt.token}",
        reply_within=receipt.reply_within,
        alert=reply_out(alert, origin) if alert else None,
    )
    return send(out, status=201)


@api.get("/form")
def form_facts() -> Response:
    """Say what the form needs: the consent text and its version, the days and parts of day."""
    say = _say()
    return send(
        ConsultationFormOut(
            open=_form_open(_origin(request.args)),
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
    body = read_body(ConsultationRequest)
    parts().assistant.limit(allow())
    try:
        parts().reception.check(_drafted(body), region=_region(Origin(body.partner, body.language, body.country)))
    except Refused as refused:
        return problem("validation", detail=_said(refused), errors=_field_problems(refused.errors))
    return send(FitsOut())


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


# -- the pages ---------------------------------------------------------------------------------------


@pages.get("/consultation")
def consultation() -> str:
    """Show the form where it is open, and the other ways."""
    return _form_page({})


@pages.post("/consultation")
def consultation_step() -> tuple[str, int] | str:
    """Check the form, show it for review, or send it."""
    form = request.form
    origin = _origin(form)
    if not _form_open(origin):
        abort(404)
    if form.get("website"):  # a field that people never see
        abort(422)
    if form.get("step") == "change":
        return _form_page(form)
    draft = _draft(form)
    try:
        parts().reception.check(draft, region=origin.country)
    except Refused as refused:
        return _form_page(form, errors=refused.errors), 422
    key = _read_form_token(form.get("form_token", ""))
    if form.get("step") != "send" or key is None:
        return render_template("consultation_review.html", draft=draft, **_shared(origin, form))
    return _send(draft, origin, form, key)


def _send(draft: Draft, origin: Origin, form: Mapping[str, str], key: str) -> tuple[str, int] | str:
    parts().assistant.limit(allow())
    try:
        receipt = _stored(draft, origin, key=key)
    except KeyReused:  # sent, gone back, changed and sent again: a new request
        receipt = _stored(draft, origin, key=secrets.token_hex(16))
    except StorageDown:
        return _form_page(form, errors=(FieldError("form", "booking.error.down"),)), 503
    alert = parts().assistant.alert(f"{draft.note}\n{draft.summary}", origin=origin)
    return render_template("consultation_sent.html", receipt=receipt, alert=alert)


@pages.get("/status")
def status_page() -> str:
    """Ask for the link's code; with JavaScript the code comes from the link itself."""
    return render_template("status.html", receipt=None, token="", missing=False)


@pages.post("/status")
def status_step() -> tuple[str, int] | str:
    """Show a request, or cancel it after the question was answered."""
    token = request.form.get("token", "").strip()
    parts().assistant.limit(allow())
    if request.form.get("step") == "cancel":
        receipt = parts().reception.cancel(token, at=time.time())
    else:
        receipt = parts().reception.status(token)
    closed = receipt is not None and receipt.state in CLOSED
    shown = render_template("status.html", receipt=receipt, token=token, missing=receipt is None, closed=closed)
    return shown if receipt else (shown, 404)


@pages.get("/go/<slug>/<int:position>")
def go(slug: str, position: int) -> Response:
    """Lead to a partner's booking page, chosen by its place and never by an address in the request."""
    partner = parts().assistant.base.partners.get(slug)
    ways = partner.ways if partner else ()
    if position >= len(ways) or ways[position].mode != "link":
        abort(404)
    parts().metrics.followed_link()
    leads_to = booking_page(ways[position], reference=secrets.token_hex(8))
    return redirect(leads_to, 302)  # type: ignore[return-value]


# -- parts of both -----------------------------------------------------------------------------------


def _stored(draft: Draft, origin: Origin, *, key: str) -> Receipt:
    partner = parts().assistant.partner(origin).slug
    return parts().reception.request(draft, partner=partner, region=_region(origin), key=key, at=time.time())


def _region(origin: Origin) -> str | None:
    country = parts().assistant.visitor(origin).country
    return country.code if country else None


def _drafted(body: ConsultationRequest) -> Draft:
    return Draft(
        **body.model_dump(exclude={"times", "partner", "language", "country"}),
        times=tuple(Time(time.day, time.part) for time in body.times),
    )


def _form_open(origin: Origin) -> bool:
    assistant = parts().assistant
    return form_works(assistant.partner(origin).slug, assistant.base, parts().settings)


def _origin(given: Mapping[str, str]) -> Origin:
    return Origin(given.get("partner"), given.get("language"), given.get("country"))


def _say() -> Mapping[str, str]:
    return parts().assistant.base.languages["en"].strings


def _said(refused: Refused) -> str:
    return "; ".join(f"{error.field}: {_say()[error.problem]}" for error in refused.errors)


def _field_problems(errors: tuple[FieldError, ...]) -> list[FieldProblem]:
    return [FieldProblem(field=error.field, message=_say()[error.problem]) for error in errors]


def _form_page(form: Mapping[str, str], *, errors: tuple[FieldError, ...] = ()) -> str:
    origin = _origin(form or request.args)
    visitor = parts().assistant.visitor(origin)
    named = {error.field: error.problem for error in errors}
    return render_template(
        "consultation.html",
        form_open=_form_open(origin),
        ways=[way for way in visitor.ways if way.mode != "form"],
        draft=_draft(form),
        errors=named,
        **_shared(origin, form),
    )


def _shared(origin: Origin, form: Mapping[str, str]) -> dict[str, Any]:
    token = form.get("form_token", "")
    known = _read_form_token(token, fastest=0.0) is not None
    return {"days": DAYS, "parts": PARTS, "origin": origin, "form_token": token if known else _new_form_token()}


def _draft(form: Mapping[str, str]) -> Draft:
    """A form's fields; what is not ticked or not chosen is off."""
    chosen = request.form.getlist("times") if form else []
    pairs = (choice.partition("-") for choice in chosen)
    return Draft(
        name=form.get("name", ""),
        email=form.get("email", ""),
        phone=form.get("phone", ""),
        for_someone_else=form.get("for") == "someone_else",
        may_ask="may_ask" in form,
        voicemail="voicemail" in form,
        times=tuple(Time(day, part) for day, _, part in pairs),
        zone=form.get("zone", ""),
        interpreter=form.get("interpreter", ""),
        note=form.get("note", "").replace("\r\n", "\n"),
        consent="consent" in form,
        consent_version=form.get("consent_version", ""),
    )


def _new_form_token() -> str:
    return str(_serializer().dumps(secrets.token_hex(16)))


def _read_form_token(token: str, *, fastest: float = _FASTEST) -> str | None:
    """The key inside a form token; None when it is not ours, or came back faster than a person can."""
    try:
        key, signed_at = _serializer().loads(token, return_timestamp=True)
    except BadData:
        return None
    return str(key) if time.time() - signed_at.timestamp() >= fastest else None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(parts().conversations.secret_key, salt="form")
