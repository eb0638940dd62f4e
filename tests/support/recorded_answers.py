"""What an engine answered to the query of a recording's entries, kept in a file beside it; and the same entries as a file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from logwatch.collect.bigquery.source import BigQuerySource
from logwatch.collect.files import FilesSource
from logwatch.spans import Span
from tests.support.platform import SHAPE

if TYPE_CHECKING:
    from logwatch.collect.columns import Reading
    from logwatch.collect.interface import Source

FIXTURES = Path(__file__).parent.parent / "fixtures"
VIEW = "o4o-demo.logs._AllLogs"


@dataclass(frozen=True)
class Case:
    """A recording, and the span of it that is read."""

    name: str
    path: Path
    span: Span

    @property
    def answer(self) -> Path:
        return FIXTURES / f"bigquery/{self.name}.answer.json"

    def entries(self) -> list[dict[str, Any]]:
        """Give the entries as BigQuery has them: to the microsecond."""
        return [{key: _cut(value) for key, value in json.loads(line).items()} for line in self.path.read_text().splitlines()]

    def recording(self, folder: Path) -> FilesSource:
        path = folder / f"{self.name}.ndjson"
        path.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in self.entries()))
        return FilesSource([str(path)], SHAPE)


def _cut(value: Any) -> Any:
    return re.sub(r"(\.\d{6})\d*Z$", r"\1Z", value) if isinstance(value, str) else value


def _case(name: str, path: str, start: str, minutes: int) -> Case:
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return Case(name, FIXTURES / path, Span(begin, begin + timedelta(minutes=minutes)))


CASES = [
    _case("payment", "logs/payment.ndjson", "2026-02-24 06:00", 60),
    _case("text", "logs/text.ndjson", "2026-02-24 07:59", 30),
    _case("odd", "bigquery/odd.ndjson", "2026-03-10 00:38", 20),
]
"""An hour with an incident; summaries as text of all kinds; and late, repeated, flawed, nameless and Korean ones."""
RECORDED = [case for case in CASES if case.name != "text"]
"""Those whose answers are kept: text travels as it is."""


def settings(endpoint: str, **changes: Any) -> Any:
    """Give what is set of how BigQuery is asked."""
    usual = {"location": None, "max_bytes": "50GB", "read_budget": timedelta(seconds=5), "starts": timedelta(seconds=20)}
    return SimpleNamespace(**usual | {"bigquery_endpoint": endpoint} | changes)


def source(endpoint: str, view: str = VIEW, **changes: Any) -> BigQuerySource:
    return BigQuerySource(view, SHAPE, settings(endpoint, **changes))


def read(found: Source, span: Span | None) -> Reading:
    return found.read(span, service=None, progress=lambda *_: None, meanwhile=lambda: None)


def digest(query: str) -> str:
    """Say which query an answer is to."""
    return sha256(query.encode()).hexdigest()[:16]


def save(case: Case, query: str, rows: list[list[Any]]) -> None:
    """Write an answer, a row on a line, sorted: an engine gives them in any order."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in sorted(rows))
    case.answer.write_text(f'{{"query": "{digest(query)}", "rows": [\n{lines}\n]}}\n')


def load(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(case.answer.read_text())
    return found
