"""JSON log lines from an allow-list of keys: no message text can reach a log, whatever breaks."""

import json
import logging
import sys
from datetime import UTC, datetime
from traceback import extract_tb
from typing import Any

ALLOWED = (
    "event", "method", "route", "status", "ms", "kind", "entry", "partner", "reference", "error", "where", "problems",
)  # fmt: skip


class JsonFormatter(logging.Formatter):
    """One JSON object a line; of a foreign record only its template stands there, never its arguments."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the allowed keys of a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        line |= {key: record.__dict__[key] for key in ALLOWED if key in record.__dict__}
        if "event" not in line:
            line["event"] = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        if record.exc_info and record.exc_info[1]:
            line |= fault(record.exc_info[1])
        return json.dumps(line)


def fault(error: BaseException) -> dict[str, str]:
    """An exception as its class and place: its message may hold what somebody typed."""
    frames = extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames))
    return {"error": type(error).__name__, "where": where}


def set_up() -> None:
    """Send the service's log lines to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("chatbot")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def report(error: BaseException) -> None:
    """Log a fault of ours."""
    logging.getLogger("chatbot").error("fault", extra={"event": "fault", **fault(error)})
