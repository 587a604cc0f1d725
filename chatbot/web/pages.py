"""The pages for people: each works without JavaScript and says only what stands in the language file."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from pydantic import ValidationError

from ..assistant import Origin, TooLong, TooMany
from ..knowledge import HEADING, Language
from ..model import DANGER_KINDS, ENTRY_KINDS, Entry, Kind, Reply
from .api import answer, origin_in
from .parts import parts
from .schemas import ChatRequest

pages = Blueprint("pages", __name__)


@pages.app_context_processor
def language_file() -> dict[str, Any]:
    """Give every template the words, the article's names, and where the visitor comes from for its links."""
    spoken = _language(origin_in(request.args))
    return {
        "say": spoken.strings,
        "language": spoken,
        "article": parts().assistant.base.article,
        "carried": _carried(request.args),
    }


@pages.get("/")
def chat() -> str:
    """Show the chat with its examples."""
    return _chat_page()


@pages.post("/")
def ask() -> tuple[str, int] | str:
    """Answer a question asked without JavaScript."""
    conversations = parts().conversations
    context = conversations.context(request.form.get("conversation"))
    try:
        body = ChatRequest.model_validate(_filled(request.form))
        reply = answer(body, origin_in(request.form), context)
    except ValidationError:
        return _chat_page(error="ask.empty"), 422
    except TooLong:
        return _chat_page(error="ask.long"), 422
    except TooMany:
        return _chat_page(error="ask.busy"), 429
    return _chat_page(reply=reply, token=conversations.token(reply.context))


@pages.get("/questions")
def questions() -> str:
    """Show every question and answer by topic."""
    spoken = _language(origin_in(request.args))
    topics = _by_topic(spoken)
    return render_template("questions.html", topics=topics, structured=_structured(spoken.content.entries.values()))


@pages.get("/<any(privacy, accessibility):name>")
def text_page(name: str) -> str:
    """Show one of the plain text pages."""
    page, settings = _language(origin_in(request.args)).pages[name], parts().settings
    told = "recording" if settings.record_unanswered else "not_recording"
    sections = [section for section in page.sections if section.when in ("always", told)]
    return render_template("text.html", page=page, sections=sections, days=settings.unanswered_days)


@pages.get("/demo")
def demo() -> str:
    """Show the widget as it stands on a partner's page."""
    panel = request.args.get("panel", "")
    return render_template("demo.html", panel=panel if panel in ("frame", "page") else "dialog")


@pages.get("/widget.js")
def widget_script() -> Response:
    """The widget with its partner's numbers and words in it."""
    return parts().widgets.for_partner(origin_in(request.args)).response()


@pages.get("/page.js")
def page_script() -> Response:
    """The same conversation for our own page."""
    return parts().widgets.for_partner(origin_in(request.args), door="page").response()


@pages.get("/widget/<name>.js")
def pinned_widget(name: str) -> Response:
    """The widget at an address whose content never changes, for a tag with `integrity`."""
    return parts().widgets.version(name) or abort(404)


@pages.get("/embed")
def embed() -> str:
    """Give a partner the tags to copy."""
    origin = origin_in(request.args)
    return render_template(
        "embed.html",
        home=parts().settings.public_url,
        partner=parts().assistant.partner(origin).slug,
        pinned=parts().widgets.pinned,
    )


@pages.get("/favicon.ico")
def favicon() -> Response:
    """Lead old browsers to the icon."""
    return redirect(url_for("static", filename="icon.svg"), 301)  # type: ignore[return-value]


def _chat_page(*, reply: Reply | None = None, token: str = "", error: str | None = None) -> str:
    given = request.form if request.method == "POST" else request.args
    assistant, origin = parts().assistant, origin_in(given)
    spoken = _language(origin)
    return render_template(
        "chat.html",
        reply=reply,
        token=token or given.get("conversation", ""),
        error=error,
        draft=given.get("message", "") if error else given.get("question", ""),
        examples=[spoken.content.entries[id] for id in spoken.content.examples if id in spoken.content.entries],
        countries=assistant.base.countries,
        origin=origin,
        carried=_carried(given),
        ways=assistant.visitor(origin).ways[:1],
        danger=reply is not None and reply.kind in DANGER_KINDS,
    )


def _carried(given: Mapping[str, str]) -> str:
    """Where the visitor comes from, as the end of a link."""
    carried = {name: value for name in ("partner", "language", "country") if (value := given.get(name))}
    return f"?{urlencode(carried)}" if carried else ""


def _filled(form: Mapping[str, str]) -> dict[str, str]:
    """The form's fields that say something; a pressed choice wins over what stands in the text box."""
    filled = {name: value for name, value in form.items() if value.strip()}
    if "choice" in filled:
        filled.pop("message", None)
    return filled


def _language(origin: Origin) -> Language:
    return parts().assistant.voice(origin).language


def _by_topic(spoken: Language) -> dict[str, list[Entry]]:
    """The entries under each topic, in the order of the headings in strings/; what the article covers comes first."""
    headed = [key.removeprefix(HEADING) for key in spoken.strings if key.startswith(HEADING)]
    entries = sorted(spoken.content.entries.values(), key=lambda entry: ENTRY_KINDS.index(entry.kind))
    topics = {subject: [entry for entry in entries if entry.subject == subject] for subject in headed}
    return {subject: found for subject, found in topics.items() if found}


def _structured(entries: Iterable[Entry]) -> dict[str, Any]:
    """The questions as schema.org FAQPage data."""
    asked = [entry for entry in entries if entry.kind in (Kind.ANSWER, Kind.NOT_COVERED)]
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": entry.question,
                "acceptedAnswer": {"@type": "Answer", "text": entry.answer},
            }
            for entry in asked
        ],
    }
