"""What each part of our matcher is worth: the same set with one part at a time switched off."""

from dataclasses import fields
from functools import partial
from typing import Any

import chatbot.matching
from chatbot.matching import Matcher, Vocabulary

from .compare import measure
from .figures import Stopwatch
from .peers import Ours
from .trials import Trial

ALL, VOCABULARY = "all parts", "vocabulary"


def parts() -> list[str]:
    """The parts that the matcher's constructor lets be switched off: the fields of its `Parts`, where it has them."""
    switches = getattr(chatbot.matching, "Parts", None)
    return [field.name for field in fields(switches)] if switches else []


def ablation(trial: Trial, without: str, *, most_draws: int) -> dict[str, Any]:
    """Our figures on one set without one part."""
    fitting = Stopwatch()
    matcher = fitting.time(partial(_without, trial, without))
    told = measure(trial, Ours(matcher), f"without {without}", most_draws=most_draws)
    return {**told, "fit_s": fitting.taken[0] / 1000}


def _without(trial: Trial, part: str) -> Matcher:
    if part in parts():
        switches = getattr(chatbot.matching, "Parts")(**{part: False})  # noqa: B009 -- not there in every version
        return Matcher(trial.phrasings, vocabulary=trial.vocabulary, **{"parts": switches})
    return Matcher(trial.phrasings, vocabulary=Vocabulary() if part == VOCABULARY else trial.vocabulary)
