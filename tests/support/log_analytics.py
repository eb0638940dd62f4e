"""Log entries as Log Analytics has them in BigQuery: the rows of an `_AllLogs` view."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.cloud.bigquery import Client

SCHEMA = """
  log_name STRING, insert_id STRING, timestamp TIMESTAMP, receive_timestamp TIMESTAMP, severity STRING, text_payload STRING,
  json_payload JSON, labels JSON, resource STRUCT<type STRING, labels JSON>
"""


def to_row(entry: dict[str, Any]) -> dict[str, Any]:
    """Give a LogEntry's row, as insert_rows_json takes it."""
    resource = entry.get("resource") or {}
    payload = entry.get("jsonPayload")
    return {
        "log_name": entry["logName"],
        "insert_id": entry.get("insertId"),
        "timestamp": entry["timestamp"],
        "receive_timestamp": entry.get("receiveTimestamp"),
        "severity": entry.get("severity", "DEFAULT"),
        "text_payload": entry.get("textPayload"),
        "json_payload": None if payload is None else json.dumps(payload, ensure_ascii=False),
        "labels": json.dumps(entry.get("labels") or {}),
        "resource": {"type": resource.get("type"), "labels": json.dumps(resource.get("labels") or {})},
    }


def load(client: Client, table: str, entries: Iterable[dict[str, Any]], batch: int = 2000) -> int:
    """Make a table of them, `project.dataset.view`, in place of the one that was there; gives how many there are."""
    dataset = table.rpartition(".")[0]
    client.create_dataset(dataset, exists_ok=True)
    client.delete_table(table, not_found_ok=True)
    client.query_and_wait(f"CREATE TABLE `{table}` ({SCHEMA})")
    rows = [to_row(entry) for entry in entries]
    for start in range(0, len(rows), batch):
        refused = client.insert_rows_json(table, rows[start : start + batch])
        assert not refused, refused[:2]
    return len(rows)
