"""The raw protobuf classes that travel on the wire, without generated stubs."""

from typing import Any

from google.cloud.logging_v2 import types

# Raw messages are an order of magnitude quicker than the wrappers of the client library, and a wrapper knows its own
# raw class. They have no static types: Any below, and `LogEntry` in docstrings for what is meant.
LogEntry: Any = types.LogEntry.pb(types.LogEntry()).__class__
ListLogEntriesRequest: Any = types.ListLogEntriesRequest.pb(types.ListLogEntriesRequest()).__class__
ListLogEntriesResponse: Any = types.ListLogEntriesResponse.pb(types.ListLogEntriesResponse()).__class__
