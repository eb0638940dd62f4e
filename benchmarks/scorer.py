"""Score what a system would have sent on the log simulator's scenarios: `python -m benchmarks.scorer TRUTH MESSAGES`.

TRUTH is a truth.json of `tools/log-simulator/scenarios.py`; MESSAGES is a JSON object with the messages of each recording
under its name, in the form that `tools/log-simulator/README.md` describes.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from math import inf
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from benchmarks.estimates import Delay, quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Message = dict[str, Any]
"""At, reason, rules, labels, procedure, step."""

START = datetime(2026, 3, 10, tzinfo=UTC)
"""When every recording begins."""
TELLING = {"firing", "joined", "wider", "relapsed", "summed"}
"""Reasons of messages that tell of something new."""
AFTER = 10
"""Minutes after the end of an incident in which it may still be told."""
HEADINGS = (
    "scenario", "recordings", "told after, median (worst)", "missed", "right rule", "scope", "procedure", "step",
    "incidents (most)", "messages (most)", "over, median (p95)", "stray",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """How one incident was told."""

    delay: Delay
    """From its first bad second to the first message of a rule that should say it; not seen: missed."""
    first: bool
    """Whether the first message of any rule in its time was of such a rule."""
    procedure: bool | None
    """Whether that message names the procedure that is right; None where it was missed or none is wrong."""
    step: bool | None
    scope: bool | None
    """Whether it is about that shop alone, or about all shops, as is true; None where it was missed."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of one recording."""

    kind: str
    minutes: float
    told: tuple[Told, ...]
    """One for each incident of the truth: none in a healthy recording."""
    incidents: int
    """Incidents that were told first: messages that say firing."""
    messages: int
    stray: int
    """Messages of something new outside the time of every incident."""
    over: Delay | None
    """From the end of what was wrong to the message that says so; None where nothing was told, or it ends with it."""

    @property
    def healthy(self) -> bool:
        """Whether nothing was wrong in it."""
        return not self.told


def score(truth: dict[str, Any], messages: Iterable[Message]) -> Scored:
    """Hold what was sent on a recording against what is true of it."""
    sent = sorted(((minute(each["at"]), each) for each in messages), key=lambda pair: pair[0])
    new = [(at, each) for at, each in sent if each["reason"] in TELLING]
    told = tuple(_told(incident, new) for incident in truth["incidents"])
    inside = [any(_in_time(at, incident) for incident in truth["incidents"]) for at, _ in new]
    end = max((incident["off"] for incident in truth["incidents"]), default=truth["minutes"])
    ends = [at - end for at, each in sent if each["reason"] == "resolved" and at >= end]
    after = truth["minutes"] - end
    over = Delay(min(ends)) if ends else Delay(after, seen=False) if after > 0 else None
    return Scored(
        kind=truth["kind"],
        minutes=truth["minutes"],
        told=told,
        incidents=sum(each["reason"] == "firing" for _, each in sent),
        messages=len(sent),
        stray=inside.count(False),
        over=over if any(each.delay.seen for each in told) else None,
    )


def minute(text: str) -> float:
    """Give a time in minutes of the recording."""
    return (datetime.fromisoformat(text) - START).total_seconds() / 60


def _in_time(at: float, incident: dict[str, Any]) -> bool:
    return bool(incident["on"] - 0.1 <= at <= incident["off"] + AFTER)


def _told(incident: dict[str, Any], new: Sequence[tuple[float, Message]]) -> Told:
    mine = [(at, each) for at, each in new if _in_time(at, incident) and _concerns(each, incident["shop"])]
    hits = [(at, each) for at, each in mine if _says(each, incident["rules"])]
    if not hits:
        unseen = Delay(incident["off"] + AFTER - incident["on"], seen=False)
        return Told(unseen, first=False, procedure=None, step=None, scope=None)
    at, hit = hits[0]
    right = {name: hit[name] == incident[name] if incident[name] and name in hit else None for name in ("procedure", "step")}
    scope = _shops(hit) == (None if incident["shop"] is None else {incident["shop"]})
    return Told(Delay(at - incident["on"]), first=mine[0] == hits[0], scope=scope, **right)


def _concerns(message: Message, shop: str | None) -> bool:
    shops = _shops(message)
    return shop is None or shops is None or shop in shops


def _shops(message: Message) -> set[str] | None:
    """Give the shops that a message is about; None: all of them."""
    one = (message.get("labels") or {}).get("service")
    return {one} if one else set(message["shops"]) if message.get("partial") else None


def _says(message: Message, wanted: Iterable[str]) -> bool:
    rules = message.get("rules")
    return not rules or any(fnmatch(rule, each) for rule in rules for each in wanted)


def table(scored: Iterable[Scored]) -> list[list[str]]:
    """Give a row for each kind, below a row of headings."""
    by_kind: dict[str, list[Scored]] = {}
    for each in scored:
        by_kind.setdefault(each.kind, []).append(each)
    return [list(HEADINGS), *([kind, *row(mine)] for kind, mine in by_kind.items())]


def row(mine: Sequence[Scored]) -> list[str]:
    """Give the cells of some recordings together, in the order of the headings."""
    told = [one for each in mine for one in each.told]
    delays = [one.delay for one in told]
    worst = max((delay.minutes for delay in delays if delay.seen), default=inf)
    ends = [each.over for each in mine if each.over]
    return [
        str(len(mine)),
        f"{reached(delays, 0.5)} ({shown(worst)})" if delays else "–",
        str(sum(not delay.seen for delay in delays)) if delays else "–",
        ratio([one.first for one in told]),
        ratio([one.scope for one in told]),
        ratio([one.procedure for one in told]),
        ratio([one.step for one in told]),
        *(f"{mean(each):.1f} ({max(each)})" for each in zip(*((one.incidents, one.messages) for one in mine), strict=True)),
        f"{reached(ends, 0.5)} ({reached(ends, 0.95)})" if ends else "–",
        str(sum(each.stray for each in mine)),
    ]


def ratio(held: Iterable[bool | None]) -> str:
    """Write how many hold of those that can be told."""
    known = [each for each in held if each is not None]
    return f"{sum(known)}/{len(known)}" if known else "–"


def reached(delays: Sequence[Delay], share: float) -> str:
    """Write after how many minutes a share of them had ended, or that so long was not enough."""
    found = quantile(delays, share)
    return shown(found) if found < inf else f"> {shown(max((delay.minutes for delay in delays), default=0))}"


def shown(minutes: float) -> str:
    """Write minutes."""
    return "never" if minutes == inf else f"{minutes:.1f}" if minutes < 100 else f"{minutes:.0f}"


def totals(scored: Sequence[Scored]) -> list[str]:
    """Give what holds over all of them, a sentence each."""
    told = [one for each in scored for one in each.told]
    delays = [one.delay for one in told]
    ends = [each.over for each in scored if each.over]
    healthy = [each for each in scored if each.healthy]
    hours, spoke = sum(each.minutes for each in healthy) / 60, sum(each.messages for each in healthy)
    stray, missed = sum(each.stray for each in scored if not each.healthy), sum(not delay.seen for delay in delays)
    told_after, over_after = (
        f"{reached(each, 0.5)} min in the median, {reached(each, 0.95)} at p95" for each in (delays, ends)
    )
    return [
        f"{len(delays)} incidents: told after {told_after}; {missed} missed",
        f"over: told {over_after} after the end",
        ", ".join(f"right {name} {ratio([getattr(one, name) for one in told])}" for name in ("scope", "procedure", "step")),
        f"{spoke} messages in {hours:.0f} hours without an incident; {stray} outside the time of an incident elsewhere",
    ]


def print_scores(scored: Sequence[Scored]) -> None:
    """Print a line for each kind, and what holds over all."""
    rows = table(scored)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(*totals(scored), sep="\n")


def main() -> None:
    """Score one system on the recordings of one truth."""
    truth, messages = (json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:3])
    print_scores([score(each, messages.get(each["name"], ())) for each in truth])


if __name__ == "__main__":
    main()
