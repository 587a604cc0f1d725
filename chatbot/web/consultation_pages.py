"""Booking as pages: the same as the JSON interface, without JavaScript; whatever fails, the text stays."""

import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request
from itsdangerous import BadData, URLSafeTimedSerializer

from ..assistant import Origin, TooMany
from ..booking import CLOSED, DAYS, PARTS, Draft, FieldError, Refused, Time, zones
from ..handoffs import booking_page
from ..reception import Receipt
from ..storage import KeyInFlight, KeyReused, StorageDown
from . import desk
from .api import allow, origin_in
from .parts import parts

pages = Blueprint("consultations", __name__)
Page = tuple[str, int]

_FASTEST = 2.0
"""Seconds; a form that comes back sooner is asked to be sent once more."""


@pages.get("/consultation")
def consultation() -> Page:
    """Show the form where it is open, and the other ways."""
    origin = ("partner", "language", "country")  # and nothing else: no text of a request stands in an address
    return _form_page({name: request.args[name] for name in origin if name in request.args}, fresh=True)


@pages.post("/consultation")
def consultation_step() -> Page:
    """Begin with a conversation's questions, check the form, show it for review, or send it."""
    form, step = request.form, request.form.get("step")
    if step == "start":
        return _form_page(_with_questions(form), fresh=True)
    if step == "change" or not desk.is_open(origin_in(form)):
        return _form_page(form)
    if form.get("website"):  # a field that people never see; it is emptied, in case a browser filled it in
        return _form_page(form, errors=(FieldError("form", "booking.error.again"),), status=422)
    draft, origin = _draft(form), origin_in(form)
    try:
        parts().assistant.limit(allow())
        parts().reception.check(draft, region=desk.region(origin))
    except TooMany:
        return _form_page(form, errors=(FieldError("form", "booking.error.busy"),), status=429)
    except Refused as refused:
        return _form_page(form, errors=refused.errors, status=422)
    return _send(draft, origin, form) if step == "send" else _review_page(draft, form)


def _send(draft: Draft, origin: Origin, form: Mapping[str, str]) -> Page:
    key = _read_form_token(form.get("form_token", ""))
    if key is None or _from_another_site():
        return _review_page(draft, form, error="booking.error.again")
    try:
        receipt = _book(draft, origin, key)
    except (StorageDown, KeyInFlight):
        return _review_page(draft, form, error="booking.error.down", status=503)
    return render_template("consultation_sent.html", receipt=receipt, alert=desk.alert(draft, origin)), 200


def _book(draft: Draft, origin: Origin, key: str) -> Receipt:
    try:
        return desk.book(draft, origin, key=key)
    except KeyReused:  # sent, gone back, changed and sent again: a new request
        return desk.book(draft, origin, key=secrets.token_hex(16))


def _form_page(
    form: Mapping[str, str], *, errors: tuple[FieldError, ...] = (), status: int = 200, fresh: bool = False
) -> Page:
    origin = origin_in(form)
    draft = Draft() if fresh else _draft(form)
    shown = render_template(
        "consultation.html",
        form_open=desk.is_open(origin),
        ways=desk.other_ways(origin),
        draft=draft,
        summary=form.get("summary", ""),
        share="share" in form,
        zones=zones(),
        errors={error.field: error.problem for error in errors},
        alert=None if fresh else desk.alert(draft, origin),
        **_shared(origin, form),
    )
    return shown, status if desk.is_open(origin) or status != 200 or request.method == "GET" else 503


def _review_page(draft: Draft, form: Mapping[str, str], *, error: str | None = None, status: int = 200) -> Page:
    origin = origin_in(form)
    shown = render_template(
        "consultation_review.html",
        draft=draft,
        summary=form.get("summary", ""),
        error=error,
        ways=desk.other_ways(origin) if status == 503 else (),
        alert=desk.alert(draft, origin),
        **_shared(origin, form),
    )
    return shown, status


@pages.get("/status")
def status_page() -> Page:
    """Ask for the link's code; with JavaScript the code comes from the link itself."""
    return render_template("status.html"), 200


@pages.post("/status")
def status_step() -> Page:
    """Show a request, or cancel it after the question was answered."""
    token = request.form.get("token", "").strip()
    cancels = request.form.get("step") == "cancel" and not _from_another_site()
    try:
        parts().assistant.limit(allow())
        reception = parts().reception
        receipt = reception.cancel(token, at=time.time()) if cancels else reception.status(token)
    except TooMany:
        return render_template("status.html", token=token, error="booking.status.busy"), 429
    except StorageDown:
        return render_template("status.html", token=token, error="booking.status.down"), 503
    if receipt is None:
        return render_template("status.html", token=token, error="booking.status.none" if token else ""), 404
    return render_template("status.html", receipt=receipt, token=token, closed=receipt.state in CLOSED), 200


@pages.get("/go/<slug>/<int:position>")
def go(slug: str, position: int) -> Response:
    """Lead to a partner's booking page, chosen by its place and never by an address in the request."""
    partner = parts().assistant.base.partners.get(slug)
    ways = partner.ways if partner else ()
    if position >= len(ways) or ways[position].mode != "link":
        abort(404)
    reference = secrets.token_hex(8)
    parts().metrics.followed_link(slug)
    noted = {"event": "booking link", "partner": slug, "reference": reference}
    logging.getLogger("chatbot").info("booking link", extra=noted)
    return redirect(booking_page(ways[position], reference=reference), 302)  # type: ignore[return-value]


# -- what a form holds -------------------------------------------------------------------------------


def _draft(form: Mapping[str, str]) -> Draft:
    """A form's fields; what is not ticked or not chosen is off."""
    pairs = (choice.partition("-") for choice in request.form.getlist("times"))
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
        summary=form.get("summary", "").replace("\r\n", "\n") if "share" in form else "",
        consent="consent" in form,
        consent_version=form.get("consent_version", ""),
    )


def _with_questions(form: Mapping[str, str]) -> dict[str, str]:
    """The form with a summary to look at: the one that was sent, else what the conversation's token names."""
    context = parts().conversations.context(form.get("conversation"))
    entry = parts().assistant.voice(origin_in(form)).language.content.entries.get(context.entry or "")
    return {**form, "summary": form.get("summary") or (entry.question if entry else "")}


def _from_another_site() -> bool:
    """Whether a browser says that another site's page sent this form."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site"


def _shared(origin: Origin, form: Mapping[str, str]) -> dict[str, Any]:
    token = form.get("form_token", "")
    known = _read_form_token(token, fastest=0.0) is not None
    return {"days": DAYS, "parts": PARTS, "origin": origin, "form_token": token if known else _new_form_token()}


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
