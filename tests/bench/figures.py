"""The figures themselves: separation, times, memory, and the loop that makes machines comparable."""

import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import ceil, inf
from statistics import median
from typing import TypeVar

REJECTED = 0.9
"""The share of out-of-scope messages that a threshold has to reject."""

Item = TypeVar("Item")
Result = TypeVar("Result")
_HEARTBEAT = 10.0  # seconds between two lines of progress


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """How often a score from inside is above one from outside; ties count half."""
    ranked = sorted([(score, True) for score in inside] + [(score, False) for score in outside])
    above, below, at = 0.0, 0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        ours = sum(is_inside for _, is_inside in ranked[at:end])
        theirs = end - at - ours
        above += ours * (below + theirs / 2)
        below += theirs
        at = end
    return above / (len(inside) * len(outside))


def right_at_rejection(inside: Sequence[tuple[float, bool]], outside: Sequence[float]) -> float:
    """The share answered and right, where scores at or below the threshold that rejects 90 % outside are refused."""
    threshold = sorted(outside)[ceil(REJECTED * len(outside)) - 1]
    return sum(right for score, right in inside if score > threshold) / len(inside)


def percentile(values: Sequence[float], share: float) -> float:
    """The least value with at least this share at or below it."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)] if values else inf


class Stopwatch:
    """Milliseconds of processor time, all threads of this process together: others on the machine do not count."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    def time(self, call: Callable[[], Result]) -> Result:
        begin = time.process_time_ns()
        result = call()
        self.taken.append((time.process_time_ns() - begin) / 1e6)
        return result

    def figures(self) -> dict[str, float]:
        """p50 and p99 in milliseconds, and how long the calibrating loop takes here and now."""
        return {"p50": percentile(self.taken, 0.5), "p99": percentile(self.taken, 0.99), "loop": loop_ms()}


def loop_ms() -> float:
    """Milliseconds of a fixed piece of Python's work, the same in every version of this bench."""
    watch = Stopwatch()
    for _ in range(25):
        watch.time(_loop)
    return median(watch.taken)


def _loop() -> int:
    counts: dict[int, int] = {}
    for number in range(10_000):
        counts[number % 97] = counts.get(number % 97, 0) + number
    return sum(counts.values())


def memory_mb() -> float:
    """The most memory this process has held so far."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 if sys.platform.startswith("linux") else 1024 * 1024)


def progress(name: str, items: Sequence[Item]) -> Iterator[Item]:
    """The items one by one, with a line on stderr every ten seconds."""
    told = time.monotonic()
    for number, item in enumerate(items):
        if time.monotonic() - told > _HEARTBEAT:
            told = time.monotonic()
            say(f"    {name}: {number} of {len(items)}")
        yield item


def say(line: str) -> None:
    """One line of progress."""
    print(line, file=sys.stderr, flush=True)


def share(flags: Iterable[bool]) -> float:
    """The share of true ones, 0..1."""
    told = list(flags)
    return sum(told) / len(told) if told else 0.0
