"""What a run did, line by line, for Cloud Logging: asked for with LOGWATCH_LOG=debug, and silent otherwise."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object, under the names that Cloud Logging reads; `details` of a record stand beside."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line; of an exception its kind and place, and not its words, which may hold anything."""
        line: dict[str, Any] = {"severity": record.levelname, "message": record.getMessage(), "logger": record.name}
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


@contextmanager
def detailed(*, debug: bool) -> Iterator[None]:
    """Write what logwatch's own loggers tell to standard output, where it is asked for.

    Only those: what libraries tell at this level holds addresses and tokens.
    """
    logger = logging.getLogger("logwatch")
    if not debug:
        yield
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
