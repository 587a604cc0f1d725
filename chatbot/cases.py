"""Labelled messages from a YAML file: hides the file's shape."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from .evaluation import Case
from .knowledge.shapes import Shape, Text
from .knowledge.strict_yaml import read
from .model import Kind


class CasesError(Exception):
    """The file does not hold labelled messages; the message says where and why."""


class _Row(Shape):
    q: Text | None = None
    turns: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    expect: Kind
    also: tuple[Kind, ...] = ()
    claims: tuple[str, ...] = ()
    style: str = "clean"
    entry: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.q is None) == (self.turns is None):
            raise ValueError("needs either q or turns")
        return self


_rows = TypeAdapter(tuple[_Row, ...])


def read_cases(path: Path) -> list[Case]:
    """Read labelled messages.

    Raises CasesError with every problem and its place.
    """
    if not path.exists():
        raise CasesError(f"there is no file {path}")
    document = read(path, name=str(path))
    if document.problems:
        raise CasesError("\n".join(map(str, document.problems)))
    try:
        rows = _rows.validate_python(document.data)
    except ValidationError as error:
        problems = (document.problem(tuple(one["loc"]), one["msg"]) for one in error.errors())
        raise CasesError("\n".join(map(str, problems))) from None
    return [Case(row.turns or (row.q or "",), row.expect, row.also, row.claims, row.style, row.entry) for row in rows]
