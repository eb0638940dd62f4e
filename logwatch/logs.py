"""Lines for Cloud Logging: what ended a run or a server, whatever it was; and with LOGWATCH_LOG=debug each step of a run."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from logwatch.errors import LogwatchError, UnforeseenError
from logwatch.seams import describe_error

if TYPE_CHECKING:
    from collections.abc import Iterator


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object, under the names that Cloud Logging reads; `details` of a record stand beside."""

    target = ""
    """Whose run it is, where several take their turns."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line; of an exception its kind and place, and not its words, which may hold anything."""
        line: dict[str, Any] = {"severity": record.levelname, "message": record.getMessage(), "logger": record.name}
        line |= {"target": self.target} if self.target else {}
        line |= getattr(record, "details", {})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json_line(line)


def json_line(document: object) -> str:
    r"""Give a document on one line that a person can read, and in which nothing is hidden or turned around.

    >>> json_line({"이름": "a\u202eb"})
    '{"이름": "a\\u202eb"}'
    """
    text = json.dumps(document, ensure_ascii=False, default=str)
    return text if text.isprintable() else "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def failure_line(command: str, owner: str, error: BaseException) -> dict[str, Any]:
    """Give the line of what could not be done, in the shape of a run's own, so that whoever looks for one finds both.

    Of an error that nobody foresaw it names kind and places, and not its words, which may hold anything.
    """
    known, trace = explain_failure(error)
    run: dict[str, Any] = {"owner": owner, "errors": [str(known)], **({"trace": trace} if trace else {})}
    return {"severity": "ERROR", "message": f"{command}: {str(known).splitlines()[0]}", "run": run}


def explain_failure(error: BaseException) -> tuple[LogwatchError, list[str]]:
    """Give an error as one of ours, and of one that nobody foresaw where it arose."""
    if isinstance(error, LogwatchError):
        return error, []
    places = [f"{each.filename}:{each.lineno} in {each.name}" for each in traceback.extract_tb(error.__traceback__)]
    return UnforeseenError(f"an error of logwatch itself: {describe_error(error)}"), places


def tell_line(line: dict[str, Any]) -> None:
    """Write one JSON line; a server's threads write whole lines."""
    sys.stdout.write(json_line(line) + "\n")
    sys.stdout.flush()


@contextmanager
def failures_told(command: str, owner: str) -> Iterator[None]:
    """Tell what ends a command that nobody watches, or one of its threads, in a line of its own.

    Raises LogwatchError: the one that it was, or UnforeseenError in the place of any other.
    """

    def tell_of_thread(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value and ended.exc_type is not SystemExit:
            tell_line(failure_line(command, owner, ended.exc_value))

    logging.basicConfig(level=logging.ERROR, handlers=[_json_handler()])  # what libraries say stands in lines, too
    before, threading.excepthook = threading.excepthook, tell_of_thread
    try:
        yield
    except Exception as error:
        tell_line(failure_line(command, owner, error))
        if isinstance(error, LogwatchError):
            raise
        raise explain_failure(error)[0] from error
    finally:
        threading.excepthook = before


def _json_handler(target: str = "") -> logging.Handler:
    handler = logging.StreamHandler(sys.stdout)
    lines = JsonLines()
    lines.target = target
    handler.setFormatter(lines)
    return handler


@contextmanager
def detailed(*, debug: bool, target: str = "") -> Iterator[None]:
    """Write what logwatch's own loggers tell to standard output, where it is asked for, with the target that it is about.

    Only those: what libraries tell at this level holds addresses and tokens.
    """
    logger = logging.getLogger("logwatch")
    if not debug:
        yield
        return
    handler = _json_handler(target)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
