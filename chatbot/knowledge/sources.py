"""The knowledge folder's files as checked shapes: hides where each thing stands and how a mistake is told."""

import hashlib
import re
from collections.abc import Hashable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from . import shapes
from .strict_yaml import Document, Key, Problem, read

T = TypeVar("T")
Homes = dict[str, list[tuple[Document, int]]]
"""Each key of merged files: where it stands, and how many items of it came before."""

_PLACES = re.compile(
    r"(article|claims|safety-facts|countries|partners/[^/]+"
    r"|[^/]+/(language|style|vocabulary|thresholds|(strings|entries|phrasings|safety(/examples)?)/[^/]+))\.yaml"
)


class Sources:
    """The folder's files as documents, with the problems found in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.documents: dict[str, Document] = {}
        self.problems: list[Problem] = []
        self._digest = hashlib.sha256()
        for path in sorted(folder.rglob("*.y*ml")):
            if path.parent.name != "evaluation":  # labelled messages are no part of the base
                self._add(path)
        if not self.documents:
            self.problems.append(Problem(str(folder.name), 1, 1, "holds no YAML file; set CHATBOT_KNOWLEDGE_DIR"))

    def _add(self, path: Path) -> None:
        name = path.relative_to(self.folder).as_posix()
        if not path.resolve().is_relative_to(self.folder.resolve()):
            self.problems.append(Problem(name, 1, 1, "leads out of the knowledge folder; put the file itself here"))
            return
        if not _PLACES.fullmatch(name):
            self.problems.append(Problem(name, 1, 1, "is read by nothing; knowledge/README.md says where it belongs"))
            return
        document = read(path, name=name)
        self.problems += document.problems
        self.documents[name] = document
        self._digest.update(f"{name}\0{document.digest}\n".encode())

    @property
    def hash(self) -> str:
        """Sixteen hex digits that change with any file's content."""
        return self._digest.hexdigest()[:16]

    def under(self, prefix: str) -> Iterator[Document]:
        """The documents of one folder, in the order of their names."""
        return (document for name, document in self.documents.items() if name.startswith(prefix))

    def shaped(self, document: Document | None, shape: type[T], *, item: str | None = None) -> T | None:
        """Check a document, or one item of it; None and problems noted when it does not fit."""
        if document is None or document.is_broken:
            return None
        try:
            shaped: T = _adapter(cast(Hashable, shape)).validate_python(
                document.data if item is None else document.data[item]
            )
            return shaped
        except ValidationError as error:
            for one in error.errors():
                key = (*(() if item is None else (item,)), *one["loc"])
                self.problems.append(document.problem(key, _advice(one, key)))
            return None

    def items(self, document: Document | None, shape: type[T], *, named: str = r".+") -> Iterator[tuple[str, T]]:
        """Check each value of a document that maps ids to items of one shape; ids have to fit the pattern."""
        if document is None or document.is_broken:
            return
        if not isinstance(document.data, dict):
            self.problems.append(document.problem((), "has to hold `id: ...` items"))
            return
        for name in document.data:
            if not re.fullmatch(named, name):
                self.problems.append(document.problem((name,), f"the id '{name}' has to be {_in_words(f'^{named}$')}"))
            if (item := self.shaped(document, shape, item=name)) is not None:
                yield name, item

    def merged(self, prefix: str, shape: type[T]) -> T | None:
        """Check all files of one folder as one: lists of the same key joined, mappings merged."""
        merged: dict[str, Any] = {}
        homes: Homes = {}
        documents = [document for document in self.under(prefix) if isinstance(document.data, dict)]
        for document in documents:
            for key, value in document.data.items():
                homes.setdefault(key, []).append((document, len(merged.get(key, ()))))
                _merge(merged, key, value)
        try:
            whole: T = _adapter(cast(Hashable, shape)).validate_python(merged)
            return whole
        except ValidationError as error:
            first = documents[0] if documents else Document(prefix)
            self.problems += (_placed(one, homes, first) for one in error.errors())
            return None

    def required(self, name: str) -> Document | None:
        """One file that has to be there."""
        if name not in self.documents:
            self.problems.append(Problem(name, 1, 1, "is missing; put it back"))
            return None
        return self.documents[name]


def _advice(error: Any, key: Key) -> str:
    """What is wrong and what to do, in an editor's words."""
    named = [part for part in key if part != "[key]"]
    where = f"'{named[-1]}'" if named else "the file"
    kind, context = error["type"], error.get("ctx", {})
    said = {
        "missing": f"the key {where} is missing; add it",
        "extra_forbidden": f"the key {where} is unknown here; check its spelling or remove it",
        "unexpected_keyword_argument": f"the key {where} is unknown here; check its spelling or remove it",
        "string_type": f"{where} has to be text; put quotes around it",
        "literal_error": f"{where} has to be {context.get('expected')}",
        "string_too_short": f"{where} is empty; write the text",
        "string_pattern_mismatch": f"{where} does not look right: it has to be {_in_words(context.get('pattern'))}",
    }
    return said.get(kind, f"{where}: {error['msg'].removeprefix('Value error, ')}")


def _in_words(pattern: str | None) -> str:
    return shapes.IN_WORDS.get(pattern or "", f"of the form {pattern}")


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _merge(merged: dict[str, Any], key: str, value: Any) -> None:
    if isinstance(value, dict):
        merged[key] = {**merged.get(key, {}), **value}
    elif isinstance(value, list):
        merged[key] = [*merged.get(key, ()), *value]
    else:
        merged[key] = value


def _placed(error: Any, homes: Homes, first: Document) -> Problem:
    """One error of merged files at the file and place that it came from, or else at the first file."""
    loc: Key = tuple(error["loc"])
    for document, offset in reversed(homes.get(str(loc[0]), []) if loc else []):
        local = (loc[0], loc[1] - offset, *loc[2:]) if len(loc) > 1 and isinstance(loc[1], int) else loc
        inside = isinstance(local[1], str) and local[:2] in document.places if len(local) > 1 else True
        if inside or (isinstance(local[1], int) and local[1] >= 0):
            return document.problem(local, _advice(error, loc))
    return first.problem((), _advice(error, loc))
