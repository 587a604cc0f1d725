"""The embeddable script: hides how its code, its style and one partner's words become one file."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Response

from ..assistant import Assistant, Origin
from ..model import Country

_STATIC = Path(__file__).parent / "static"
_MAX_AGE = 300  # seconds a partner's script may be kept


def script(assistant: Assistant, origin: Origin, *, public_url: str) -> Response:
    """The widget for one partner, to be cached briefly and loaded from anywhere."""
    code = f"const SETUP = {_for_script(_setup(assistant, origin, public_url))};\n{_code()}"
    response = Response(f"(() => {{\n'use strict';\n{code}}})();\n", content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = f"public, max-age={_MAX_AGE}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _setup(assistant: Assistant, origin: Origin, public_url: str) -> dict[str, Any]:
    partner, spoken = assistant.partner(origin), assistant.voice(origin).language
    country = assistant.visitor(origin).country
    examples = [spoken.content.entries[id] for id in spoken.content.examples if id in spoken.content.entries]
    return {
        "home": public_url,
        "partner": partner.slug,
        "language": spoken.tag,
        "country": country.code if country else None,
        "emergency": _emergency(spoken.strings["page.emergency"], country),
        "examples": [{"entry": entry.id, "question": entry.question} for entry in examples],
        "say": {key: text for key, text in spoken.strings.items() if key.split(".")[0] in _SPOKEN},
        "style": _style(),
    }


_SPOKEN = ("ask", "log", "reply", "examples", "card", "widget", "helpful", "about")


def _emergency(line: str, country: Country | None) -> dict[str, Any]:
    """The card that stands in the script itself, for when the server does not answer."""
    numbers = [contact.number for contact in country.emergency] if country else ["112", "911", "999"]
    return {"text": line, "numbers": numbers}


def _for_script(value: dict[str, Any]) -> str:
    """JSON that is safe inside a script, whatever a text holds."""
    return json.dumps(value, ensure_ascii=True).replace("<", "\\u003c")


@cache
def _code() -> str:
    return (_STATIC / "widget.js").read_text(encoding="utf-8")


@cache
def _style() -> str:
    return " ".join((_STATIC / "panel.css").read_text(encoding="utf-8").split())
