"""What recordings hold besides: whole files of another form, which are named, and entries of a time that is not theirs."""

import re
from bisect import bisect_left
from itertools import pairwise

from logwatch.collect.columns import Reading
from logwatch.collect.parse import Reason
from logwatch.collect.recent_entries import pick, pick_gauges
from logwatch.collect.timestamps import EARLIEST, LATEST
from logwatch.errors import SourceError
from logwatch.spans import NS

DAY = 86_400 * NS
USUAL = 60 * DAY
"""How far a recording may reach before it is asked whether all of it belongs together."""
APART = 60 * DAY
"""How long nothing may come for what follows to be something else."""
FEW = 3
"""Entries that may be strays, however few the others are."""

_NAMES = (
    rb"insert_?Id|log_?Name|timestamp|receive_?Timestamp|severity|text_?Payload|json_?Payload|http_?Request|resource|labels"
)
_CSV = re.compile(rb'"?(?:%s)[^\n,"]*"?,[^\n]*\b(?:%s)\b' % (_NAMES, _NAMES), re.IGNORECASE)
_YAML = re.compile(rb"(?:---\s*\n)?\s*(?:- )?(?:%s):[ \n](?:.*\n)*?\s*(?:%s):" % (_NAMES, _NAMES), re.IGNORECASE)
HINT = "get the same entries as JSON: gcloud logging read 'FILTER' --project=PROJECT --format=json > lines.json"


def check_form(head: bytes, path: str) -> None:
    """Let all but tables and YAML pass, which hold entries in a form that is not read. Raises SourceError."""
    text = head[:20_000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if _CSV.match(text):
        raise SourceError(
            "this is a CSV table, as Logs Explorer downloads it, in which what a log entry holds is no longer told apart",
            where=path,
            hint=f"download it as JSON instead, or {HINT}",
        )
    if _YAML.match(text):
        raise SourceError("this is YAML, as gcloud prints entries by default", where=path, hint=HINT)


def without_strays(reading: Reading) -> Reading:
    """Set aside entries that stand years apart from nearly all others: one such would stretch the recording over them.

    Every stretch without a gap of `APART` is taken for one; it is a stray where it has fewer than a tenth of the entries of
    the largest, or no more than `FEW` while that has twice as many.
    """
    first, last = reading.first, reading.last
    if first is None or last is None or last - first <= USUAL:
        return reading
    times = sorted((*reading.rows.time, *reading.seen, *(entry.timestamp for entry, _ in reading.block_lines)))
    starts = [times[0], *(after for before, after in pairwise(times) if after - before > APART), LATEST]
    sizes = [bisect_left(times, end) - bisect_left(times, start) for start, end in pairwise(starts)]
    most = max(sizes)
    belongs = [size * 10 >= most and (size > FEW or size * 2 > most) for size in sizes]
    if all(belongs):
        return reading

    def inside(time: int) -> bool:
        return belongs[bisect_left(starts, time + 1) - 1]

    import numpy as np

    chosen = np.flatnonzero([inside(time) for time in reading.rows.time])
    kept = pick(reading, chosen)
    pick_gauges(reading, kept, EARLIEST, LATEST)
    kept.block_lines = [each for each in reading.block_lines if inside(each[0].timestamp)]
    kept.seen.extend(filter(inside, reading.seen))
    for name in ("entries", "ignored", "refused", "flaws", "findings", "service", "shape"):
        setattr(kept, name, getattr(reading, name))
    if strays := len(reading.rows.time) - len(chosen) + len(reading.block_lines) - len(kept.block_lines):
        kept.refused[Reason.TIMESTAMP_ABSURD] += strays
    return kept
