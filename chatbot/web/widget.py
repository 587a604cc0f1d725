"""The script of each door: hides how its code, its style and one partner's words become one small file."""

import gzip
import hashlib
import json
import os
import re
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import brotli
from flask import Response, request

from ..assistant import Assistant, Origin
from ..model import Contact

_STATIC = Path(__file__).parent / "static"
_BRIEFLY = "public, max-age=300"
_FOR_EVER = "public, max-age=31536000, immutable"
_DOORS = {
    "launcher": ("conversation.js", "consultation.js", "launcher.js"),
    "page": ("conversation.js", "consultation.js", "page.js"),
}
_WORD = re.compile(r"say\['([a-z._]+)'\]")


@dataclass(frozen=True)
class Script:
    """One finished file, its name made from its content, and its compressed forms."""

    content: bytes

    @cached_property
    def name(self) -> str:
        """The first 128 bits of its SHA-256, for an address that never changes its content."""
        return hashlib.sha256(self.content).hexdigest()[:32]

    @cached_property
    def integrity(self) -> str:
        """What a partner writes into the tag's `integrity`."""
        return f"sha384-{b64encode(hashlib.sha384(self.content).digest()).decode()}"

    @cached_property
    def _packed(self) -> Mapping[str, bytes]:
        return {"br": brotli.compress(self.content), "gzip": gzip.compress(self.content, mtime=0)}

    def response(self, *, keep: str = _BRIEFLY) -> Response:
        """Send it in the smallest form the browser takes, to any site."""
        packing = next((name for name in self._packed if request.accept_encodings.quality(name)), None)
        response = Response(self._packed[packing] if packing else self.content)
        response.headers["Content-Type"] = "text/javascript; charset=utf-8"
        if packing:
            response.headers["Content-Encoding"] = packing
        response.vary.add("Accept-Encoding")
        response.headers["Cache-Control"] = keep
        response.headers["Access-Control-Allow-Origin"] = "*"  # a tag with `integrity` needs it
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


class Widgets:
    """The widget for each partner, and the one without a partner that a page may pin by its hash."""

    def __init__(self, assistant: Assistant, *, public_url: str, kept_in: Path) -> None:
        self._assistant = assistant
        self._home = public_url
        self._kept_in = kept_in
        self._made: dict[tuple[str, ...], Script] = {}

    def for_partner(self, origin: Origin, *, door: str = "launcher") -> Script:
        """The script with this partner's numbers, accent, ways and words in it."""
        country = self._assistant.visitor(origin).country
        language = self._assistant.voice(origin).language.tag
        key = (self._assistant.partner(origin).slug, language, country.code if country else "", door)
        if key not in self._made:
            self._made[key] = self._make(Origin(*key[:3]), door)
        return self._made[key]

    @cached_property
    def pinned(self) -> Script:
        """The script for `integrity`, kept on disk so that its address outlives the next version."""
        script = self._make(Origin(), "launcher")
        with suppress(OSError):  # a folder that cannot be written costs old versions, not this one
            self._kept_in.mkdir(parents=True, exist_ok=True)
            draft = self._kept_in / f"{script.name}.{os.getpid()}"
            draft.write_bytes(script.content)
            draft.replace(self._kept_in / f"{script.name}.js")
        return script

    def version(self, name: str) -> Response | None:
        """A pinned script by its name, of this version or an earlier one; None when there is none."""
        if name == self.pinned.name:
            return self.pinned.response(keep=_FOR_EVER)
        try:
            old = Script((self._kept_in / f"{name}.js").read_bytes())
        except OSError:
            return None
        return old.response(keep=_FOR_EVER) if old.name == name else None

    def _make(self, origin: Origin, door: str) -> Script:
        spoken = self._assistant.voice(origin).language
        code = _WORD.sub(lambda found: _for_script(spoken.strings[found[1]]), _code(door))
        setup = _for_script(self._setup(origin) | ({"style": _style()} if door == "launcher" else {}))
        return Script(f"(()=>{{'use strict';const SETUP={setup};\n{code}\n}})();\n".encode())

    def _setup(self, origin: Origin) -> dict[str, Any]:
        """What differs by partner and language, besides the words."""
        assistant, partner = self._assistant, self._assistant.partner(origin)
        spoken, visitor = assistant.voice(origin).language, assistant.visitor(origin)
        content = spoken.content
        examples = [content.entries[id] for id in content.examples if id in content.entries]
        contacts = visitor.country.emergency if visitor.country else spoken.safety.unknown_country.contacts
        return {
            "home": self._home,
            "partner": partner.slug,
            "language": spoken.tag,
            "direction": spoken.direction,
            "country": visitor.country.code if visitor.country else "",
            "accent": partner.accent,
            "emergency": content.canned.emergency_line,
            "contacts": [_contact(contact) for contact in contacts],
            "examples": [{"entry": entry.id, "question": entry.question} for entry in examples],
            "ways": [
                {"mode": way.mode, "label": way.label or content.ways[way.mode], "url": way.url}
                for way in visitor.ways[:1]
            ],
        }


def _contact(contact: Contact) -> dict[str, str]:
    return {"label": contact.label, "number": contact.number, "url": contact.url}


def _for_script(value: Any) -> str:
    """JSON that is safe inside a script, whatever a text holds."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")


@cache
def _code(door: str) -> str:
    """A door's code without indentation and whole-line comments; nothing else is touched, so nothing can break."""
    code = "".join((_STATIC / name).read_text(encoding="utf-8") for name in _DOORS[door])
    lines = map(str.strip, code.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def _style() -> str:
    """The style sheets in one line, without comments."""
    sheets = ((_STATIC / name).read_text(encoding="utf-8") for name in ("panel.css", "launcher.css"))
    bare = re.sub(r"/\*.*?\*/|\n", " ", "".join(sheets), flags=re.DOTALL)
    return re.sub(r" *([{};,]) *", r"\1", re.sub(r" +", " ", re.sub(r": +", ":", bare))).strip()
