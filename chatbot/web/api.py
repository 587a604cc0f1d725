"""The JSON interface, version 1: each view reads a body, asks the assistant, writes a body."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from flask import Blueprint, Response, request

from ..assistant import Allow, Origin
from ..model import Context, Reply
from .parts import Parts, parts
from .problems import NotJson
from .schemas import (
    AboutOut,
    ArticleOut,
    ChatRequest,
    FeedbackOut,
    FeedbackRequest,
    Incoming,
    Outgoing,
    ReplyOut,
    SuggestionOut,
    SuggestOut,
    SuggestRequest,
)

api = Blueprint("api", __name__, url_prefix="/api/v1")
Body = TypeVar("Body", bound=Incoming)

# any escape, so that none is taken apart: a pair of surrogates, a surrogate alone (the group), or another one
_ESCAPE = re.compile(
    rb"\\(?:ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(ud[89a-f][0-9a-f]{2})|.)", re.DOTALL | re.IGNORECASE
)


@api.post("/chat")
def chat() -> Response:
    """Answer one message or one picked choice."""
    body = read_body(ChatRequest)
    origin = Origin(body.partner, body.language, body.country)
    context = parts().conversations.context(body.conversation)
    return send(reply_out(answer(body, origin, context), origin))


def answer(body: ChatRequest, origin: Origin, context: Context) -> Reply:
    """Ask the assistant, and count the reply."""
    assistant = parts().assistant
    if body.message is not None:
        reply = assistant.chat(body.message, context=context, origin=origin, allow=allow())
    else:
        reply = assistant.choose(body.choice or "", context=context, origin=origin, allow=allow())
    parts().metrics.replied(reply.kind)
    return reply


@api.post("/suggest")
def suggest() -> Response:
    """Offer whole questions for what was typed so far."""
    body = read_body(SuggestRequest)
    origin = Origin(body.partner, body.language, body.country)
    suggestions, alert = parts().assistant.suggest(body.text, origin=origin, allow=allow())
    found = tuple(map(SuggestionOut.of, suggestions))
    return send(SuggestOut(suggestions=found, alert=reply_out(alert, origin) if alert else None))


@api.post("/feedback")
def feedback() -> Response:
    """Count a thumb up or down; no text is taken."""
    body = read_body(FeedbackRequest)
    today = datetime.now(UTC).date()
    counted = parts().assistant.feedback(body.entry, helpful=body.helpful, day=today, allow=allow())
    return send(FeedbackOut(counted=counted))


@api.get("/about")
def about() -> Response:
    """Say what this is: the article, the clinic, and that it is no person."""
    base = parts().assistant.base
    article = base.article
    return send(
        AboutOut(
            article=ArticleOut(title=article.title, author=article.author, role=article.role, link=article.link),
            clinic=article.clinic,
            says=base.languages["en"].strings["about.automated"],
            languages=tuple(base.languages),
            knowledge=base.hash,
        )
    )


def reply_out(reply: Reply, origin: Origin) -> ReplyOut:
    """A reply in the contract's shape, with its conversation token."""
    mine: Parts = parts()
    return ReplyOut.of(
        reply,
        conversation=mine.conversations.token(reply.context),
        language=mine.assistant.voice(origin).language.tag,
        knowledge=mine.assistant.base.hash,
    )


def origin_in(given: Mapping[str, str]) -> Origin:
    """Where a request comes from, by its form or its address."""
    return Origin(given.get("partner"), given.get("language"), given.get("country"))


def allow() -> Allow:
    """The rate limit's question for the visitor who asks now."""
    return partial(parts().limits.wait, request.remote_addr or "")


def read_body(shape: type[Body]) -> Body:
    """Read the raw bytes; Flask's own JSON reading fails on hostile bodies."""
    return shape.model_validate_json(raw_body())


def raw_body() -> bytes:
    """The body's bytes, with U+FFFD for each half of a pair that stands alone: a cut emoji costs nobody the reply."""
    if request.mimetype != "application/json":
        raise NotJson
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], request.get_data(cache=False))


def send(body: Outgoing, *, status: int = 200) -> Response:
    """Write a body."""
    return Response(body.model_dump_json(), status, content_type="application/json")
