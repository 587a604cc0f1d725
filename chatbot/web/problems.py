"""Every refusal as one shape: RFC 9457 problem documents, and plain pages for people."""

import math
from collections.abc import Iterable

from flask import Blueprint, Flask, Response, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from ..assistant import LONGEST_MESSAGE, TooLong, TooMany
from ..storage import KeyInFlight, KeyReused, StorageDown
from .schemas import FieldProblem, ProblemOut, ReplyOut, WayOut

PROBLEMS = {
    "validation": (422, "The request does not fit", "A field is missing, wrong or too long; `errors` names each one."),
    "too-long": (422, "The message is too long", f"A message may have {LONGEST_MESSAGE} characters."),
    "too-large": (413, "The request is too large", "A request body may have 64 KiB."),
    "not-json": (415, "Not JSON", "Send the body as `application/json`."),
    "too-many": (429, "Too many requests", "Wait as many seconds as `Retry-After` says, then send it again."),
    "unavailable": (
        503,
        "Not available now",
        "A part behind this is down. Try again in a moment; the same key never counts twice.",
    ),
    "no-key": (400, "No idempotency key", "Send a header `Idempotency-Key` with a new random value for each request."),
    "key-in-flight": (409, "Already on its way", "The same request is being stored now. Send it again in a moment."),
    "key-reused": (422, "Key used before", "This idempotency key came with another body. Use a new one."),
    "closed": (503, "The form is not open", "Nobody would read a request here. Use another way to reach the clinic."),
    "not-found": (404, "Not found", "There is nothing at this address."),
    "wrong-method": (405, "Wrong method", "This address does not take this method; `Allow` says which it takes."),
    "bad-request": (400, "Bad request", "The request could not be read."),
    "fault": (500, "Our fault", "Something broke on our side. In an emergency call your local emergency number."),
}
_BY_STATUS = {400: "bad-request", 404: "not-found", 405: "wrong-method", 413: "too-large", 415: "not-json"}

REFUSALS: dict[type[Exception], str] = {
    TooMany: "too-many",
    KeyReused: "key-reused",
    KeyInFlight: "key-in-flight",
    StorageDown: "unavailable",
}
_DOWN_FOR = 5  # seconds after which it is worth another try

pages = Blueprint("problems", __name__)


@pages.get("/problems")
def catalogue() -> str:
    """Explain every problem type; the `type` of a problem document leads here."""
    return render_template("problems.html", problems=PROBLEMS)


class NotJson(Exception):
    """The body's content type is not JSON."""


def problem(
    slug: str,
    *,
    detail: str | None = None,
    errors: Iterable[FieldProblem] = (),
    status: int | None = None,
    alert: ReplyOut | None = None,
    ways: Iterable[WayOut] = (),
) -> Response:
    """Make one problem document; `alert` and `ways` stand in it only where there are any."""
    usual_status, title, usual_detail = PROBLEMS[slug]
    document = ProblemOut(
        type=f"/problems#{slug}",
        title=title,
        status=status or usual_status,
        detail=detail or usual_detail,
        errors=tuple(errors),
        alert=alert,
        ways=tuple(ways),
    )
    empty = {name for name in ("alert", "ways") if not getattr(document, name)}
    body = document.model_dump_json(exclude=empty)
    return Response(body, document.status, content_type="application/problem+json")


def refusal(fault: Exception, *, alert: ReplyOut | None = None, ways: Iterable[WayOut] = ()) -> Response:
    """The problem document of one of the refusals in REFUSALS."""
    response = problem(REFUSALS[type(fault)], alert=alert, ways=ways)
    if isinstance(fault, (TooMany, StorageDown)):
        response.headers["Retry-After"] = str(max(1, math.ceil(getattr(fault, "wait", _DOWN_FOR))))
    return response


def register(app: Flask) -> None:
    """Translate every exception at this one place."""
    app.register_blueprint(pages)
    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(TooLong, _too_long)
    app.register_error_handler(NotJson, lambda _: problem("not-json"))
    for kind in REFUSALS:
        app.register_error_handler(kind, refusal)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, lambda fault: _fault(app, fault))


def _too_long(fault: TooLong) -> Response:
    words = f"has more than {LONGEST_MESSAGE} characters; shorten it"
    return problem("too-long", errors=[FieldProblem(field=fault.field, message=words)])


def _invalid(error: ValidationError) -> Response:
    return invalid(misshapen(error))


def invalid(errors: list[FieldProblem], *, alert: ReplyOut | None = None) -> Response:
    """The problem document that names every field in question."""
    detail = "; ".join(f"{one.field}: {one.message}" for one in errors[:3])
    return problem("validation", detail=detail, errors=errors, alert=alert)


def misshapen(error: ValidationError) -> list[FieldProblem]:
    """Every field that has the wrong shape."""
    return [
        FieldProblem(field=".".join(map(str, one["loc"])) or "body", message=_words(one["msg"]))
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def _words(message: str) -> str:
    return message.removeprefix("Value error, ")


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(error.get_response().get_data(), status, dict(error.get_headers()))
    response = _document_or_page(_BY_STATUS.get(status, "bad-request" if status < 500 else "fault"), status)
    if (allow := dict(error.get_headers()).get("Allow")) is not None:
        response.headers["Allow"] = allow
    return response


def _fault(app: Flask, fault: Exception) -> Response:
    app.extensions["report"](fault)
    return _document_or_page("fault", 500)


def _document_or_page(slug: str, status: int) -> Response:
    if request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        return problem(slug, status=status)
    return Response(render_template("problem.html", problem=PROBLEMS[slug]), status)
