"""The fields of a LogEntry that a filter may name, and how to read each of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from google.protobuf.json_format import MessageToDict

Reader = Callable[[Any], Any]
"""Raw LogEntry to str, int, float, bool, list or dict; None where the entry has no such field."""


class Kind(Enum):
    """What values of a field are compared as."""

    FREE = "whatever type the entry holds"
    NUMBER = "number"
    SEVERITY = "rank of a severity"
    TIME = "nanoseconds since 1970"


@dataclass(frozen=True, slots=True)
class Field:
    """One path of a LogEntry."""

    kind: Kind
    read: Reader


def find_field(path: tuple[str, ...]) -> Field:
    """Give the field of a path such as `("resource", "labels", "service_name")`.

    The camelCase and the snake_case spelling of a name are both known. Raises LookupError where LogEntry has no such
    field, or has it but it is not offered here.
    """
    names = tuple(_SNAKE.get(name, name) for name in path)
    if names in _PLAIN:
        return _PLAIN[names]
    match names:
        case ("labels", key):
            return Field(Kind.FREE, lambda entry: _item(entry.labels, key))
        case ("resource", "labels", key):
            return Field(Kind.FREE, lambda entry: _item(entry.resource.labels, key))
        case ("json_payload",):
            return Field(Kind.FREE, lambda entry: MessageToDict(entry.json_payload) if _has_json(entry) else None)
        case ("json_payload", *_):
            # The keys of a payload are the application's own: they keep their spelling.
            return Field(Kind.FREE, _payload_reader(path[1:]))
    raise LookupError(f"unknown field '{'.'.join(path)}'")


def strings_of(entry: Any) -> Iterator[str]:
    """Give every string value of a raw LogEntry."""
    yield from (entry.log_name, entry.insert_id, entry.text_payload, entry.trace, entry.resource.type)
    yield from entry.resource.labels.values()
    yield from entry.labels.values()
    if _has_json(entry):
        yield from strings_within(MessageToDict(entry.json_payload))


def strings_within(value: Any) -> Iterator[str]:
    """Give every string in a JSON value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_within(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_within(item)


def nanoseconds(timestamp: Any) -> int:
    """Give a protobuf Timestamp as nanoseconds since 1970."""
    return int(timestamp.seconds) * 1_000_000_000 + int(timestamp.nanos)


def _item(labels: Mapping[str, str], key: str) -> str | None:
    # With brackets, asking a protobuf map for a key that it lacks would add the key.
    return labels.get(key)


def _has_json(entry: Any) -> bool:
    return bool(entry.HasField("json_payload"))


def _payload_reader(path: tuple[str, ...]) -> Reader:
    def read(entry: Any) -> Any:
        if not _has_json(entry):
            return None
        struct = entry.json_payload
        for name in path[:-1]:
            if name not in struct.fields or not struct.fields[name].HasField("struct_value"):
                return None
            struct = struct.fields[name].struct_value
        return _json_value(struct.fields[path[-1]]) if path[-1] in struct.fields else None

    return read


def _json_value(value: Any) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "number_value":
            return value.number_value
        case "bool_value":
            return value.bool_value
        case _:
            return MessageToDict(value)


def _time_reader(name: str) -> Reader:
    return lambda entry: nanoseconds(getattr(entry, name)) if entry.HasField(name) else None


def _request_reader(name: str) -> Reader:
    return lambda entry: getattr(entry.http_request, name) or None if entry.HasField("http_request") else None


_SNAKE = {
    "logName": "log_name",
    "insertId": "insert_id",
    "receiveTimestamp": "receive_timestamp",
    "textPayload": "text_payload",
    "jsonPayload": "json_payload",
    "httpRequest": "http_request",
    "requestMethod": "request_method",
    "requestUrl": "request_url",
}

_PLAIN = {
    ("log_name",): Field(Kind.FREE, lambda entry: entry.log_name or None),
    ("insert_id",): Field(Kind.FREE, lambda entry: entry.insert_id or None),
    ("trace",): Field(Kind.FREE, lambda entry: entry.trace or None),
    ("resource", "type"): Field(Kind.FREE, lambda entry: entry.resource.type or None),
    ("text_payload",): Field(Kind.FREE, lambda entry: entry.text_payload if entry.HasField("text_payload") else None),
    # An entry without a severity has the severity DEFAULT, rank 0.
    ("severity",): Field(Kind.SEVERITY, lambda entry: entry.severity),
    ("timestamp",): Field(Kind.TIME, _time_reader("timestamp")),
    ("receive_timestamp",): Field(Kind.TIME, _time_reader("receive_timestamp")),
    ("http_request", "status"): Field(Kind.NUMBER, _request_reader("status")),
    ("http_request", "request_method"): Field(Kind.FREE, _request_reader("request_method")),
    ("http_request", "request_url"): Field(Kind.FREE, _request_reader("request_url")),
}
