"""Keeping a fitted matcher on disk: hides the file, the lock and when it is stale."""

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from .matching import FORMAT, Matcher, Vocabulary, shipped_words

Progress = Callable[[str], None]


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the instance folder's lock, so that many workers make a missing thing once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
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
    path = folder / f"matcher-{_content_hash(phrasings, vocabulary)}.bin"
    if (kept := _load(path)) is not None:
        return kept
    with one_at_a_time(folder):
        return _load(path) or _fit(path, phrasings, vocabulary, progress)


def _fit(path: Path, phrasings: Mapping[str, tuple[str, ...]], vocabulary: Vocabulary, progress: Progress) -> Matcher:
    fitted = Matcher(phrasings, vocabulary=vocabulary, progress=progress)
    for stale in path.parent.glob("matcher-*.bin"):
        stale.unlink()
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(fitted.dump())
    unfinished.rename(path)
    return fitted


def _load(path: Path) -> Matcher | None:
    try:
        return Matcher.load(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, EOFError):
        path.unlink(missing_ok=True)  # cut short by a full disk or a kill: fit again
        return None


def _content_hash(phrasings: Mapping[str, tuple[str, ...]], vocabulary: Vocabulary) -> str:
    digest = sha256(f"{FORMAT}\n{shipped_words().digest}\n{vocabulary!r}\n".encode())
    for label, texts in sorted(phrasings.items()):
        digest.update("\0".join((label, *texts)).encode() + b"\n")
    return digest.hexdigest()[:16]
