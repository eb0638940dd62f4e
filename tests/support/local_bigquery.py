"""BigQuery's REST protocol on loopback: jobs, dry runs and pages of answers, as the real client asks for them.

It computes nothing: it gives answers that an engine gave before, by the file of SQL that a query was made of.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.support.local_http import LocalService

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.local_http import Answer

Cells = list[str | int | None]


class LocalBigQuery(LocalService):
    """Answers queries with the rows that are given for what their first line says."""

    def __init__(self, *, size: int = 1_234_567_890, most_rows: int = 1000, by_day: bool = False) -> None:
        super().__init__()
        self.size = size
        """Bytes that each query would read; with `by_day`, for each day (UTC) that its span touches."""
        self.by_day = by_day
        self.most_rows = most_rows
        """Rows of a page, however many are asked for."""
        self.answers: dict[str, Sequence[Cells]] = {}
        """Rows by the first line of a query."""
        self.asked: list[str] = []
        """The queries that ran."""
        self.calls: Counter[str] = Counter()
        self.jobs: dict[str, str] = {}
        self.fails: dict[str, tuple[int, str, str]] = {}
        """Status, reason and words by the kind of call that fails: `dry run`, `query`, `rows`."""
        self.lost = 0
        """Rows that are missing at the end of each answer."""

    def reads(self, query: str) -> int:
        """Give how many bytes a query reads."""
        days = 1
        if self.by_day:
            start, end = map(datetime.fromisoformat, re.findall(r"timestamp >?<?=? TIMESTAMP '([^Z]+)Z'", query)[:2])
            days = ((end - timedelta(microseconds=1)).date() - start.date()).days + 1
        return self.size * days

    @property
    def billed(self) -> int:
        """Bytes of all queries that ran."""
        return sum(map(self.reads, self.asked))

    def take(self, path: str, headers: Mapping[str, str], raw: bytes) -> Answer:
        place = urlsplit(path)
        if raw:
            asked = json.loads(raw)
            query = asked["configuration"]["query"]
            dry = bool(asked["configuration"].get("dryRun"))
            kind = "dry run" if dry else "query"
        else:
            kind = "rows"
        self.calls[kind] += 1
        if kind in self.fails:
            return self._failure(*self.fails[kind])
        if kind == "rows":
            return self._rows(place.path.rsplit("/", 1)[1], {key: each[0] for key, each in parse_qs(place.query).items()})
        size = self.reads(query["query"])
        reference = {**asked["jobReference"], "location": "asia-northeast3"}
        if not dry:
            if query["query"].partition("\n")[0] not in self.answers:
                return self._failure(400, "invalidQuery", "nobody knows what the answer is")
            if int(query.get("maximumBytesBilled", size)) < size:
                return self._failure(400, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed")
            self.jobs[reference["jobId"]] = query["query"]
            self.asked.append(query["query"])
        processed, billed = {"totalBytesProcessed": str(size)}, {"totalBytesBilled": "0" if dry else str(size)}
        statistics = {**processed, "query": {**processed, **billed}}
        status = {"state": "DONE"}
        return self._document({**asked, "jobReference": reference, "statistics": statistics, "status": status})

    def _rows(self, job: str, asked: dict[str, str]) -> Answer:
        rows = self.answers[self.jobs[job].partition("\n")[0]]
        first, whole = int(asked.get("pageToken", 0)), len(rows) - self.lost
        end = min(first + min(int(asked.get("maxResults", self.most_rows)), self.most_rows), len(rows))
        fields = [
            {"name": f"f{n}", "type": "INTEGER" if type(cell) is int else "STRING"}
            for n, cell in enumerate(rows[0] if rows else ())
        ]
        document = {
            "jobReference": {"projectId": "o4o-demo", "jobId": job, "location": "asia-northeast3"},
            "jobComplete": True,
            "totalRows": str(len(rows)),
            "schema": {"fields": fields},
            "rows": [
                {"f": [{"v": None if cell is None else str(cell)} for cell in row]} for row in rows[first : min(end, whole)]
            ],
        }
        return self._document(document | ({"pageToken": str(end)} if end < whole else {}))

    def _failure(self, status: int, reason: str, words: str) -> Answer:
        error = {"code": status, "message": words, "errors": [{"message": words, "domain": "global", "reason": reason}]}
        return status, {"Content-Type": "application/json"}, json.dumps({"error": error}).encode()

    def _document(self, document: dict[str, Any]) -> Answer:
        return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()
