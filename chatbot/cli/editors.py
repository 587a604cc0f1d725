"""The commands for editors: validate, ask, unanswered, compile."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..config import Settings
from ..model import OFF_SUBJECT
from .asking import print_reply
from .command import Command, argument
from .validation import validate
from .voice import fit_beforehand, voice_of

# -- ask ---------------------------------------------------------------------------------------------


def ask(options: argparse.Namespace, settings: Settings) -> int:
    """Show the reply to one question, and why: score, runner-up, phrasings and words that counted."""
    voice = voice_of(settings)
    print_reply(
        voice.dialogue,
        matcher=voice.matcher,
        content=voice.language.content,
        turns=options.question,
        as_json=options.json,
    )
    return 0


# -- compile -----------------------------------------------------------------------------------------


def compile_base(options: argparse.Namespace, settings: Settings) -> int:
    """Fit the matcher, the gate's vote and the index once, and keep them in the instance folder until stale."""
    fit_beforehand(settings)
    voice_of(settings)
    print(f"compiled into {settings.instance_dir}")
    return 0


# -- unanswered --------------------------------------------------------------------------------------


def unanswered(options: argparse.Namespace, settings: Settings) -> int:
    """Print groups of alike questions that got no answer, ready to paste, and delete what is past its days."""
    import time

    from ..building import open_storage
    from ..unanswered import FEWEST, groups

    storage = open_storage(settings)
    storage.unanswered.purge(time.time(), days=settings.unanswered_days)
    texts = storage.unanswered.texts()
    if not texts and not settings.record_unanswered:
        print("Nothing is kept: CHATBOT_RECORD_UNANSWERED is off.", file=sys.stderr)
        return 0
    voice = voice_of(settings)
    found = groups(texts, voice.matcher.match)
    for group in found:
        print(_to_paste(group, voice.language.content.entries))
    shown = sum(group.times for group in found)
    print(f"{len(texts)} kept, {shown} in groups of {FEWEST} and more; the rest is not shown", file=sys.stderr)
    return 0


def _to_paste(group: Any, entries: Mapping[str, Any]) -> str:
    """A group as a comment, and as a phrasing under the entry that comes nearest."""
    nearest = group.nearest
    if nearest is None:
        return f"# {group.times} times; no entry is near\n{OFF_SUBJECT}:\n  - {json.dumps(group.words)}\n"
    known = entries.get(nearest.label)
    question = known.question if known else "off the subject"
    head = f"# {group.times} times; nearest ({nearest.score:.2f}): {question}"
    return f"{head}\n{nearest.label}:\n  - {json.dumps(group.words)}\n"


COMMANDS = (
    Command(
        "validate",
        validate,
        "Check every file of the knowledge base.",
        (
            argument("--review", action="store_true", help="print the pack for a physician to sign"),
            argument("--article", type=Path, metavar="FILE", help="the article's text: check its fingerprints"),
        ),
    ),
    Command(
        "ask",
        ask,
        "Show the reply to a question, and why.",
        (
            argument("question", nargs="+", help="one message, or several turns of a conversation"),
            argument("--json", action="store_true", help="print JSON"),
        ),
    ),
    Command(
        "unanswered",
        unanswered,
        "Show what got no answer five times and more, to paste, and delete what is past its days; needs recording.",
    ),
    Command("compile", compile_base, "Fit the matcher, the gate's vote and the suggestions' index, and keep them."),
)
