"""Keeping what was fitted on disk, matchers, votes and indexes: hides the files, the lock and when they are stale."""

import fcntl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeVar

from .matching import FORMAT, Matcher, Vocabulary, shipped_words
from .safety import VOTE_FORMAT, Guard, Rules, Vote
from .typeahead import FORMAT as INDEX_FORMAT
from .typeahead import Index

KEPT_OF_A_KIND = 4
"""Two languages, each with and without drafts, share an instance folder without refitting at every start."""

Progress = Callable[[str], None]


@contextmanager
def one_at_a_time(folder: Path, what: str = "") -> Iterator[None]:
    """Hold the instance folder's lock for a thing, so that many workers make it once when it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".lock{what}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def matcher(
    phrasings: Mapping[str, tuple[str, ...]],
    vocabulary: Vocabulary,
    *,
    folder: Path,
    progress: Progress = lambda line: None,
) -> Matcher:
    """Load the matcher fitted on exactly these phrasings, or fit it and keep it."""
    name = f"matcher-{_content_hash(phrasings, FORMAT, shipped_words().digest, vocabulary)}.bin"
    fit = partial(Matcher, phrasings, vocabulary=vocabulary, progress=progress)
    return _kept(folder / name, load=Matcher.load, fit=fit)


def guard(
    rules: Rules, phrasings: Mapping[str, tuple[str, ...]], *, folder: Path, progress: Progress = lambda line: None
) -> Guard:
    """The guard with its vote, loaded, or fitted on the rules' examples and these harmless phrasings, and kept."""
    voting = Guard(rules)
    harmless = sorted({text for texts in phrasings.values() for text in texts})
    name = f"vote-{_vote_hash(rules, harmless)}.bin"
    fit = partial(voting.learn, harmless, progress=progress)
    voting.heed(_kept(folder / name, load=Vote.load, fit=fit))
    return voting


def index(phrasings: Mapping[str, tuple[str, ...]], *, folder: Path) -> Index:
    """Load the typeahead's index of exactly these phrasings, or make it and keep it."""
    name = f"index-{_content_hash(phrasings, INDEX_FORMAT, tuple(phrasings))}.bin"
    return _kept(folder / name, load=Index.load, fit=partial(Index.of, phrasings))


class _Fitted(Protocol):
    def dump(self) -> bytes: ...


Kept = TypeVar("Kept", bound=_Fitted)


def _kept(path: Path, *, load: Callable[[bytes], Kept], fit: Callable[[], Kept]) -> Kept:
    if (kept := _load(path, load)) is not None:
        return kept
    with one_at_a_time(path.parent, _kind(path)):
        return _load(path, load) or _fit(path, fit)


def _kind(path: Path) -> str:
    return path.name.partition("-")[0]


def _fit(path: Path, fit: Callable[[], Kept]) -> Kept:
    fitted = fit()
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(fitted.dump())
    unfinished.rename(path)
    _tidy(path)
    return fitted


def _tidy(made: Path) -> None:
    """Delete all but the newest files of the kind just made; those of other languages stay."""
    older = [path for path in made.parent.glob(f"{_kind(made)}-*.bin") if path != made]
    with suppress(FileNotFoundError):  # a broken one that another worker deletes just now
        older.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for stale in older[KEPT_OF_A_KIND - 1 :]:
            stale.unlink()


def _load(path: Path, load: Callable[[bytes], Kept]) -> Kept | None:
    try:
        return load(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, EOFError):
        path.unlink(missing_ok=True)  # cut short by a full disk or a kill: fit again
        return None


def _vote_hash(rules: Rules, harmless: Iterable[str]) -> str:
    return sha256(f"{VOTE_FORMAT}\n{rules!r}\n{chr(0).join(harmless)}".encode()).hexdigest()[:16]


def _content_hash(phrasings: Mapping[str, tuple[str, ...]], *about: object) -> str:
    digest = sha256("".join(f"{thing}\n" for thing in about).encode())
    for label, texts in sorted(phrasings.items()):
        digest.update("\0".join((label, *texts)).encode() + b"\n")
    return digest.hexdigest()[:16]
