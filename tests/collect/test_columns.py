"""An entry that reading fails on costs itself, is counted, and is told with an excerpt and the place in the code."""

import json
from collections import UserDict
from dataclasses import replace

import pytest

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.collect.findings import FindingKind
from logwatch.collect.json_columns import UsualLines
from logwatch.collect.json_lines import take
from logwatch.count.windows import aggregate
from tests.support.platform import SHAPE, SUMMARY


class Trap(UserDict[str, tuple[str, ...]]):
    """Known counters, of which one makes whoever asks for it fail as nobody foresaw."""

    def __contains__(self, key: object) -> bool:
        if key == "poison":
            raise RuntimeError("nobody foresaw this")
        return super().__contains__(key)


TRAPPED = replace(SHAPE, known=Trap({"cache.hit": ()}))


def line(number: int, **counters: object) -> bytes:
    stamp = f"2026-02-24T06:{number:02d}:30Z"
    payload = {"message": SUMMARY, **counters}
    return json.dumps(
        {"logName": "l", "insertId": f"i{number}", "timestamp": stamp, "labels": {"instanceId": "a"}, "jsonPayload": payload}
    ).encode()


LINES = [line(0, **{"cache.hit": 1}), line(1, poison=2, secret="password=hunter2"), line(2, **{"cache.hit": 3})]  # noqa: S106


@pytest.mark.parametrize("usual", [True, False], ids=["in columns", "one by one"])
def test_an_unforeseen_failure_costs_one_entry_and_is_told(usual: bool) -> None:  # noqa: FBT001
    reading = Reading(shape=TRAPPED)
    if usual:
        lines = UsualLines(reading, take)
        lines.add(LINES, [])
        lines.flush()
    else:
        for each in LINES:
            take(each, reading)
    windows = aggregate(reading)
    assert windows.counters["value"].tolist() == [1.0, 3.0]
    assert (windows.quality.entries, windows.quality.samples, windows.quality.unparsed) == (3, 2, {"unreadable": 1})
    ((finding, times),) = windows.quality.findings.items()
    assert (finding.kind, times) == (FindingKind.UNREADABLE, 1)
    assert "RuntimeError at logwatch.collect.parse:" in finding.what
    assert "poison" in finding.what
    assert "hunter2" not in finding.what


def test_half_an_entry_is_taken_back() -> None:
    reading = Reading(shape=SHAPE)
    good = Entry("l", "a", 1, 1, "s", "i", None, {"message": SUMMARY, "cache.hit": 1})
    reading.add(good)
    reading.add(Entry("l", "b", 2**70, 1, "s", "i", None, {"message": SUMMARY, "cache.hit": 2}))  # a time that no column holds
    reading.add(Entry("l", "c", 3, 2**70, "s", "i", "x", None))
    reading.add(good)
    quality = aggregate(reading).quality
    assert (quality.entries, quality.samples, quality.duplicates, quality.unparsed) == (4, 1, 1, {"unreadable": 2})
    assert len(reading.counts.value) == 2
