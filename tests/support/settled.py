"""What `judged.sql` says of an instance's summaries, in Python: which of them stand in their own minute without doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from logwatch.spans import LONGEST_GAP, RHYTHM_TOLERANCE_S

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTE = 60_000_000
TOLERANCE = RHYTHM_TOLERANCE_S * 1_000_000


class Written(NamedTuple):
    """A summary: when it was written (microseconds), and the first run that sees it."""

    at: int
    seen: int
    plain: bool = True


def settled(line: Sequence[Written]) -> list[bool]:
    """Tell of each summary of an instance, sorted by time, whether it may be added up with others of its minute."""
    found, doubts = [], 0
    for place, (at, seen, plain) in enumerate(line):
        before, after = line[:place], line[place + 1 :]
        minute, phase = divmod(at, MINUTE)
        apart = minute - before[-1].at // MINUTE if before else None
        due = (at - before[-1].at + MINUTE // 2) // MINUTE if before else None
        pair = bool(after) and after[0].at // MINUTE == minute
        late = any(each.seen < seen for each in after)
        far = TOLERANCE <= phase < MINUTE - TOLERANCE
        fixed = not pair and not late
        fixed &= apart is None or due is None or due > LONGEST_GAP or (far and (phase < MINUTE // 2 or apart >= 2))
        doubtful = not (plain and (not before or before[-1].plain)) or pair or late or any(each.seen > seen for each in before)
        doubtful |= apart is not None and (apart < 1 or apart != due)
        doubts = 0 if fixed else doubts + doubtful
        found.append(doubts == 0 and plain)
    return found
