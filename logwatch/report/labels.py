"""The incidents that are remembered, with what people found them to be: for other programs, and for `backtest --incidents`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from logwatch.spans import rfc3339
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logwatch.judge.rules.service import Service
    from logwatch.notify.history import IncidentRecord

SCHEMA = 1
UNLABELLED = "unknown"
"""What an incident is that nobody has labelled."""
FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet would take a cell for that begins so."""


def labels_json(records: Iterable[IncidentRecord], service: Service) -> dict[str, Any]:
    """Give all incidents, oldest first; `to` is null while one goes on."""
    return {"schema": SCHEMA, "incidents": [_incident(each, service) for each in records]}


def labels_csv(records: Iterable[IncidentRecord], service: Service) -> str:
    """Give the same as a table, rules parted by blanks."""
    rows = [_incident(each, service) for each in records]
    written = io.StringIO()
    writer = csv.DictWriter(written, list(_COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(key, value) for key, value in row.items()} for row in rows)
    return written.getvalue()


_COLUMNS = (
    "id", "from", "to", "what", "procedure", "shop", "label", "rules", "severity", "told_at", "acknowledged_at",
    "acknowledged_by", "labelled_at", "labelled_by", "messages",
)  # fmt: skip


def _incident(record: IncidentRecord, service: Service) -> dict[str, Any]:
    shop = service.shop(record.labels)
    values = (
        record.id, rfc3339(record.since), rfc3339(record.over_at), ", ".join(record.rules), record.procedure or None, shop,
        str(record.label or UNLABELLED), list(record.rules), str(record.severity), rfc3339(record.told_at),
        rfc3339(record.acknowledged_at), printable(record.acknowledged_by), rfc3339(record.labelled_at),
        printable(record.labelled_by), record.messages,
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def _cell(key: str, value: object) -> object:
    if isinstance(value, list):
        return " ".join(value)
    if key.endswith("_by") and str(value).startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value
