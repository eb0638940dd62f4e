"""Entries as others hand them on: rows of Log Analytics and BigQuery, Pub/Sub envelopes, times in parts, null for absent.

Asked only of what is no LogEntry as it stands.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import timedelta
from typing import Any

from logwatch.collect.entries import ENTRY_LABELS, RESOURCE_LABELS, storable
from logwatch.spans import EPOCH

ENVELOPE = re.compile(rb'"(?:publishTime|publish_time|messageId|message_id|ackId)"\s*:')
"""What an envelope of Pub/Sub holds and an entry does not."""
_TEXTS = ("logName", "insertId", "timestamp", "receiveTimestamp")
_OBJECTS = ("labels", "resource", "jsonPayload")
_SNAKE = re.compile(r"_([a-z])")


def is_enveloped(head: bytes) -> bool:
    """Tell whether the first line is an envelope, in which nothing can be seen from outside."""
    first = head.lstrip().partition(b"\n")[0]
    return b'"data"' in first and ENVELOPE.search(first) is not None


def to_entry_fields(found: dict[str, Any]) -> dict[str, Any] | None:
    """Give the fields of a LogEntry, without those that are null; None where one of them is not what it should be."""
    inner = _open_envelope(found)
    fields: dict[str, Any] = {}
    for key, value in (found if inner is None else inner).items():
        name = _SNAKE.sub(lambda letter: letter[1].upper(), key)
        if value is not None and (name in _TEXTS or name in _OBJECTS or name == "textPayload"):
            fields.setdefault(name, value)
    for name in _TEXTS:
        if name in fields and name.lower().endswith("timestamp"):
            fields[name] = _to_time(fields[name])
        if not isinstance(fields.get(name, ""), str):
            return None
    for name in _OBJECTS:
        fields[name] = value = _to_object(fields.get(name))
        if value is not None and not isinstance(value, dict):
            return None
    labels = _take_labels(fields["labels"] or {}, ENTRY_LABELS)
    resource = _to_object((fields["resource"] or {}).get("labels"))
    owner = _take_labels(resource if isinstance(resource, dict) else {}, RESOURCE_LABELS)
    text = fields.get("textPayload")
    if labels is None or owner is None or not isinstance(text, str | None):
        return None
    texts = {name: storable(fields.get(name, "")) for name in _TEXTS}
    return {**texts, "text": text, "payload": fields["jsonPayload"], **owner, **labels}


def _open_envelope(found: dict[str, Any]) -> dict[str, Any] | None:
    """Give what a message of Pub/Sub carries; None where it is none."""
    message = found.get("message") if isinstance(found.get("message"), dict) else found
    data = message.get("data") if isinstance(message, dict) else None
    if not isinstance(data, str) or any(name in found for name in ("logName", "log_name")):
        return None
    try:
        inner = json.loads(base64.b64decode(data, validate=True), strict=False)
    except (binascii.Error, ValueError, RecursionError):
        return None
    return inner if isinstance(inner, dict) else None


def _to_time(value: object) -> object:
    """Write a time that stands in seconds and nanoseconds as text; one of no possible date stays as it is."""
    if not isinstance(value, dict) or not value.keys() <= {"seconds", "nanos"}:
        return value
    try:
        whole, nanos = int(value.get("seconds") or 0), int(value.get("nanos") or 0)
        moment = EPOCH + timedelta(seconds=whole)
    except (TypeError, ValueError, OverflowError):
        return ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z" if 0 <= nanos < 10**9 else ""


def _to_object(value: object) -> object:
    """Read an object that a row has as text, and labels that it has as a list of pairs."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            value = json.loads(value, strict=False)
        except (ValueError, RecursionError):
            return value
    if isinstance(value, list) and all(isinstance(each, dict) and "key" in each for each in value):
        return {str(each["key"]): each.get("value") for each in value}
    return value


def _take_labels(labels: dict[str, Any], wanted: dict[str, str]) -> dict[str, str] | None:
    """Give the labels that are wanted, by the names they fill; None where one is no text."""
    plain = {_plain(key): value for key, value in reversed(labels.items())}
    found = {name: labels.get(label, plain.get(_plain(label))) or "" for name, label in wanted.items()}
    return {name: storable(value) for name, value in found.items()} if all(isinstance(v, str) for v in found.values()) else None


def _plain(key: str) -> str:
    return key.replace("_", "").lower()
