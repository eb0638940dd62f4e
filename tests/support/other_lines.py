"""Entries of any kind: what services log beside their summaries, and a source that reads them."""

import json
from datetime import datetime, timedelta
from typing import Any

from logwatch.collect.live.cloud_logging import CloudLoggingSource
from logwatch.collect.live.read_quota import ReadQuota
from tests.support.fake_clock import FakeClock
from tests.support.local_google import LoggingServer
from tests.support.platform import SHAPE

PROJECT = "o4o-demo"


API = "o4o-core-api"


WORKER = "o4o-worker"


START = datetime.fromisoformat("2026-02-24T03:00:00+00:00")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def entry(minutes: float, *, service: str = API, kind: str = "jsonPayload", payload: Any = None) -> dict[str, Any]:
    return {
        "logName": f"projects/{PROJECT}/logs/run.googleapis.com%2Fstdout",
        "insertId": f"i{minutes}",
        "timestamp": f"{at(minutes):%Y-%m-%dT%H:%M:%S.%fZ}",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": service, "location": "asia-northeast3"}},
        kind: payload if payload is not None else {"message": "[ReadCache] GET error, falling back to DB"},
    }


def lines(entries: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(found).encode() + b"\n" for found in entries)


def connect(server: LoggingServer, *, quota: int = 55, **options: Any) -> tuple[CloudLoggingSource, FakeClock]:
    clock = FakeClock(0.0)
    found = ReadQuota(quota, clock=clock, sleep=clock.sleep)
    return CloudLoggingSource(PROJECT, SHAPE, endpoint=server.address, quota=found, **options), clock
