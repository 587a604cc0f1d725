"""Measure the gate on each writer's messages with a vote that never saw that writer: `python -m tests.bench.vote`."""

from dataclasses import replace

from chatbot.knowledge import load
from chatbot.safety import Guard, Rules
from tests.bench.gate import KNOWLEDGE, Line, report


def without(rules: Rules, writer: int) -> Rules:
    """The rules without one writer's messages."""
    others = {
        group: tuple(block for block in blocks if block.writer != writer) for group, blocks in rules.examples.items()
    }
    return replace(rules, examples=others, harmless=tuple(one for one in rules.harmless if one.writer != writer))


def lines_of(rules: Rules, writer: int) -> list[Line]:
    """One writer's messages with the level expected of each."""
    told = [
        (text, block.level.value, group)
        for group, blocks in rules.examples.items()
        for block in blocks
        for text in block.says
        if block.writer == writer
    ]
    return told + [(text, "", "harmless") for one in rules.harmless for text in one.says if one.writer == writer]


def main() -> None:
    """Leave each writer out in turn."""
    english = load(KNOWLEDGE).languages["en"]
    rules = english.safety
    harmless = sorted({text for texts in english.phrasings.values() for text in texts})
    writers = sorted({block.writer for blocks in rules.examples.values() for block in blocks})
    for writer in writers:
        gate = Guard(without(rules, writer))
        gate.heed(gate.learn(harmless))
        report(gate, lines_of(rules, writer), name=f"writer {writer}, {len(writers) - 1} others listed")


if __name__ == "__main__":
    main()
