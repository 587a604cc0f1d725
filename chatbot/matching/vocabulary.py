"""What an editor can teach the matcher: plain data, no code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A base's own words; from vocabulary.yaml.

    `aliases` maps a word or phrase, as plain lower-case words, to what it stands for; every reading of an
    utterance is made after they are applied.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}  # an unknown key in the YAML is a mistake

    aliases: Mapping[str, str] = field(default_factory=dict)
