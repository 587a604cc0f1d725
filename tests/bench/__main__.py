"""`make bench`: our matcher beside its peers, and the product on its own base; prints Markdown tables."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from platform import python_version

from .ablation import ALL, VOCABULARY, parts
from .compare import MOST_DRAWS
from .figures import loop_ms, say
from .growth import QUICK_SIZES, SIZES
from .peers import PEERS
from .product import STEPS
from .tables import TABLES, write
from .trials import BASE, PUBLIC, QUESTIONS, ROOT
from .worker import Job, run

_ABLATED = (BASE, "banking77", "clinc150", "covidq")
_QUICK_ROWS = 60


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    add, sets = parser.add_argument, (BASE, *PUBLIC)
    add("--public", type=Path, metavar="FOLDER", help="the public sets; without it, this base alone")
    add("--questions", type=Path, action="append", metavar="FILE", help="labelled messages on this base")
    add("--only", choices=TABLES, nargs="+", default=list(TABLES), metavar="PART", help=", ".join(TABLES))
    add("--sets", choices=sets, nargs="+", metavar="SET", help=", ".join(sets))
    add("--matchers", choices=PEERS, nargs="+", default=list(PEERS), metavar="NAME", help=", ".join(PEERS))
    add("--quick", action="store_true", help="a few rows and two sizes: whether it runs, not what it is worth")
    add("--patience", type=float, default=30, metavar="MINUTES", help="for one matcher on one set (30)")
    add("--write", action="store_true", help="write the tables into README.md")
    add("--json", type=Path, metavar="FILE", help="keep all figures as JSON, after every step")
    options = parser.parse_args(arguments)
    if options.public is None and set(options.sets or ()) - {BASE}:
        parser.error("public sets need --public")
    if options.write and (options.quick or options.sets or options.matchers != list(PEERS)):
        parser.error("--write is for whole parts: not with --quick, --sets or --matchers")
    return options


def jobs(options: argparse.Namespace) -> Iterator[Job]:
    """Everything to be measured, part by part."""
    sets = options.sets or ((BASE, *PUBLIC) if options.public else (BASE,))
    shared = {
        "public": str(options.public.resolve()) if options.public else None,
        "questions": [str(file.resolve()) for file in options.questions or QUESTIONS],
        "most": _QUICK_ROWS if options.quick else None,
        "draws": 1 if options.quick else MOST_DRAWS,
    }
    sizes = QUICK_SIZES if options.quick else SIZES
    of_part: dict[str, Callable[[], Iterator[Job]]] = {
        "compare": lambda: ({"set": name, "peer": peer} for name in sets for peer in options.matchers),
        "growth": lambda: ({"size": size, "peer": peer} for size in sizes for peer in options.matchers),
        "ablation": lambda: (
            {"set": name, "without": part}
            for name in _ABLATED if name in sets
            for part in (ALL, *([VOCABULARY] if name == BASE else []), *parts())
        ),
        "path": lambda: ({"step": step} for step in STEPS),
        "dialogue": lambda: iter([{}]),
        "keystrokes": lambda: iter([{}]),
    }  # fmt: skip
    for part in options.only:
        yield from ({"part": part, **shared, **job} for job in of_part[part]())


def main(options: argparse.Namespace) -> int:
    """Measure, print, and write where asked; returns 1 where something failed."""
    if options.public is None:
        say("No public sets: measured on this base alone (their folder is given with PUBLIC=...)")
    planned, done = list(jobs(options)), []
    if {"path", "dialogue", "keystrokes"} & set(options.only):
        say("Compiling this base where it is stale ...")
        run({**planned[0], "part": "compile"}, patience=60 * options.patience)
    for number, job in enumerate(planned, start=1):
        begin = time.monotonic()
        say(f"[{number}/{len(planned)}] {' · '.join(str(job[key]) for key in NAMES if key in job)}")
        done.append((job, run(job, patience=60 * options.patience)))
        say(f"    {time.monotonic() - begin:.0f} s")
        if options.json:
            options.json.write_text(json.dumps([{**job, **got} for job, got in done], indent=1), encoding="utf-8")
    texts = {part: TABLES[part]([pair for pair in done if pair[0]["part"] == part]) for part in options.only}
    texts = {part: f"{text}\n\n{caption(options, part)}" for part, text in texts.items()}
    print("\n\n".join(texts.values()))
    if options.write:
        write(ROOT / "README.md", texts)
    return 1 if any(got.get("failed") == "failed" for _, got in done) else 0


NAMES = ("part", "set", "size", "peer", "without", "step")


def caption(options: argparse.Namespace, part: str) -> str:
    """The command that made a table, and on what."""
    public = " PUBLIC=path" if options.public else ""
    questions = ' QUESTIONS="files"' if options.questions else ""
    flags = [*(["--only", part] if options.only != list(TABLES) else []), *(["--quick"] if options.quick else [])]
    arguments = f' ARGS="{" ".join(flags)}"' if flags else ""
    alone = "" if options.public else "; this base alone, no public sets"
    return (
        f"`make bench{public}{questions}{arguments}`, {date.today()}, Python {python_version()}, "
        f"processor time on one thread; one loop is {loop_ms():.2f} ms here{alone}."
    )


if __name__ == "__main__":
    sys.exit(main(options_of()))
