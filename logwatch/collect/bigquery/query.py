"""The questions that are put to BigQuery, each in a file of SQL of its own, with everything that is asked for filled in.

Values stand in the text as literals and not as parameters, so that what `--dump-filter` prints can be run as it is.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

_NAME = re.compile(r"@([a-z_]+)")
MINUTE_US = 60_000_000
"""A minute as BigQuery keeps times: in microseconds."""
DAY = 1440
"""Minutes of a day."""


def quote(text: str) -> str:
    r"""Write a string as SQL has it: JSON's escapes are among its own.

    >>> quote('a"b')
    '"a\\"b"'
    """
    return json.dumps(text, ensure_ascii=False)


def quote_all(texts: Iterable[str]) -> str:
    """Write an array of strings."""
    return f"[{', '.join(map(quote, texts))}]"


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.sql").read_text("utf-8")


def render(name: str, values: Mapping[str, str]) -> str:
    """Give a file's SQL with values, SQL themselves, in the places of their names; raises KeyError where one is missing."""
    return _NAME.sub(lambda match: values[match[1]], _text(name))


def write_time(moment: datetime) -> str:
    """Write a time."""
    return f"TIMESTAMP '{moment:%Y-%m-%dT%H:%M:%S.%fZ}'"
