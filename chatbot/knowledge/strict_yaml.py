"""Reading YAML without its surprises: hides the event stream behind plain values that know their place.

Only `true`, `false` and `null` are more than text; anchors, aliases, tags, duplicate keys and second
documents are refused; depth and size are bounded before anything is built.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 4_000_000
MAX_EVENTS = 400_000
MAX_DEPTH = 16

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
Key = tuple[str | int, ...]


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """Something an editor has to mend; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str
    warning: bool = False

    def __str__(self) -> str:
        mark = "warning: " if self.warning else ""
        return f"{self.file}:{self.line}:{self.column}: {mark}{self.message}"


@dataclass(slots=True)
class Document:
    """A file's data, the place of each value in it, and what was wrong with it."""

    file: str
    data: Any = None
    digest: str = ""
    places: dict[Key, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_broken(self) -> bool:
        """Whether nothing of it could be read, as its problems tell."""
        return self.data is None and bool(self.problems)

    def place(self, key: Key) -> tuple[int, int]:
        """Line and column of a value, or of the nearest thing around it that exists."""
        while key and key not in self.places:
            key = key[:-1]
        return self.places.get(key, (1, 1))

    def problem(self, key: Key, message: str, *, warning: bool = False) -> Problem:
        """Make a problem that points at a value."""
        return Problem(self.file, *self.place(key), message, warning)


class _Refused(Exception):
    def __init__(self, mark: Any, message: str) -> None:
        super().__init__(message)
        self.line: int = mark.line + 1 if mark else 1
        self.column: int = mark.column + 1 if mark else 1


def read(path: Path, *, name: str) -> Document:
    """Read one file; never raises for what stands in it, all problems are in the document."""
    document = Document(name)
    try:
        raw = _bytes_of(path)
        document.digest = hashlib.sha256(raw).hexdigest()
        text = _decoded(raw)
        _Builder(document, _events(text)).build()
    except _Refused as refused:
        document.problems.append(Problem(name, refused.line, refused.column, str(refused)))
    return document


def _bytes_of(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _Refused(None, f"cannot be read ({error.strerror}); check the file") from None
    if len(raw) > MAX_BYTES:
        raise _Refused(None, f"is larger than {MAX_BYTES:,} bytes; split it by topic")
    return raw


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _Refused(None, "is not UTF-8; save it as UTF-8 in your editor") from None


def _events(text: str) -> Iterator[Any]:
    try:
        for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
            if count > MAX_EVENTS:
                raise _Refused(event.start_mark, "holds too many values; split it by topic")
            yield event
    except yaml.MarkedYAMLError as error:
        raise _Refused(error.problem_mark or error.context_mark, _advice(error)) from None
    except (yaml.YAMLError, ValueError) as error:
        raise _Refused(None, f"is not YAML: {str(error).splitlines()[0]}") from None


def _advice(error: yaml.MarkedYAMLError) -> str:
    said = error.problem or "not YAML"
    if "cannot start any token" in said or "tab" in said:
        return f"{said}; indent with spaces, not tabs, and quote text that starts with a special character"
    if "mapping values" in said:
        return f"{said}; put quotes around text that has a colon in it"
    return f"{said}; check indentation and quotes"


class _Builder:
    """Builds plain values from events, remembering where each began."""

    def __init__(self, document: Document, events: Iterator[Any]) -> None:
        self._document = document
        self._events = events

    def build(self) -> None:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if self._document.data is not None:
                    raise _Refused(event.start_mark, "holds a second document; keep one per file")
                self._document.data = self._value(next(self._events), ())

    def _value(self, event: Any, key: Key) -> Any:
        self._document.places.setdefault(key, (event.start_mark.line + 1, event.start_mark.column + 1))
        self._refuse_extras(event, key)
        if isinstance(event, yaml.ScalarEvent):
            return _CONSTANTS.get(event.value, event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(key)
        return self._mapping(key)

    def _refuse_extras(self, event: Any, key: Key) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused(event.start_mark, "anchors and aliases (& and *) are not allowed; write the text out")
        if event.tag and event.tag != "!":
            raise _Refused(event.start_mark, f"the tag {event.tag} is not allowed; write plain text")
        if len(key) > MAX_DEPTH:
            raise _Refused(event.start_mark, f"is nested deeper than {MAX_DEPTH} levels; check the indentation")

    def _sequence(self, key: Key) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            values.append(self._value(event, (*key, len(values))))
        return values

    def _mapping(self, key: Key) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            name = self._name(event)
            inner = (*key, name)
            if name in values:
                self._duplicate(event, name, inner)
            self._document.places[inner] = (event.start_mark.line + 1, event.start_mark.column + 1)
            values[name] = self._value(next(self._events), inner)
        return values

    def _name(self, event: Any) -> str:
        self._refuse_extras(event, ())
        if not isinstance(event, yaml.ScalarEvent):
            raise _Refused(event.start_mark, "a key has to be plain text")
        return str(event.value)

    def _duplicate(self, event: Any, name: str, inner: Key) -> None:
        line, _ = self._document.places[inner]
        self._document.problems.append(
            Problem(
                self._document.file,
                event.start_mark.line + 1,
                event.start_mark.column + 1,
                f"the key '{name}' stands twice (first in line {line}); remove or rename one",
            )
        )
