"""The page that says what was measured: its tables, from what was found."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from benchmarks.estimates import interval
from benchmarks.scorer import HEADINGS, Scored, reached, row, table, totals
from benchmarks.signal.counts import WAYS, Cell, Falls, Weeks, promised_weeks
from benchmarks.signal.detectors import MIDDLE, RULE, bundled_rules
from benchmarks.signal.traffic import FALLS, HOUR, LOOKED, RATES, STEADY, WEEK, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.estimates import Delay

TEMPLATE = Path(__file__).with_name("page.md.jinja")
GROUPS = {
    "total failure of a busy shop": ("stock-everywhere", "payments-refused-everywhere", "bad-revision"),
    "total failure of a tiny shop": ("tiny-shop-payments", "tiny-shop-stock"),
    "twenty shops at once": ("twenty-shops-out-of-stock",),
    "one shop of several": (
        "one-of-twenty-shops",
        "small-shop-in-a-big-total",
        "two-shops-one-procedure",
        "two-shops-two-procedures",
    ),
    "payments come back, 5 a minute": ("over-after-ten-minutes",),
    "what no row sees": ("prepares-fail", "shop-falls-quiet", "all-shops-fall-quiet", "everything-dies", "bad-canary"),
}
"""Kinds that ask the same question."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was measured, and how."""

    command: str
    seed: int
    weeks: int
    falls: int
    counts: Mapping[Cell, Weeks | Falls]
    recordings: int
    """Of each kind."""
    scored: Sequence[Scored] = ()
    healthy: Sequence[Scored] = ()
    """Of the kinds without an incident, on more salts."""


def write_page(found: Findings) -> str:
    """Write the page."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701 - Markdown
    guarantee = promised_weeks(bundled_rules().by_id[RULE])
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        command=found.command,
        seed=found.seed,
        weeks=found.weeks,
        falls=found.falls,
        guarantee=f"{guarantee:g}",
        needed=f"{log(WEEK * guarantee) / log(1 / (1 - MIDDLE)):.0f}",
        looked=", ".join(f"{LOOKED[rate] // HOUR} h at {rate:g}" for rate in RATES),
        kinds=len({each.kind for each in found.scored}),
        counts=[(f"{rate:g}", markdown(counts_table(found.counts, rate))) for rate in RATES],
        recordings=found.recordings,
        groups=markdown(groups_table(found.scored)),
        scenarios=markdown(table(found.scored)) if found.scored else "",
        totals=totals(found.scored) if found.scored else [],
        hours=f"{sum(each.minutes for each in found.healthy) / 60:.0f}",
        healthy=markdown(healthy_table(found.healthy)) if found.healthy else "",
    )


def counts_table(found: Mapping[Cell, Weeks | Falls], rate: float) -> list[list[str]]:
    """Give a row for each way to watch, below a row of headings."""
    heading = [
        "",
        f"false alarms a week at {percent(STEADY[0])}",
        *(f"at {percent(share)}" for share in STEADY[1:]),
        f"told after a fall to {percent(FALLS[0])}",
        *(f"to {percent(share)}" for share in FALLS[1:]),
        "over after",
        f"messages: a week at {percent(MIDDLE)}, an incident",
    ]
    standing = {
        (cell.way, cell.weeks, cell.share): each for cell, each in found.items() if cell.setting is None and cell.rate == rate
    }
    return [heading, *([way, *_counted(standing, way)] for way in WAYS)]


def _counted(standing: Mapping[tuple[str, bool, float], Any], way: str) -> list[str]:
    weeks: dict[float, Weeks] = {share: standing[way, True, share] for share in STEADY}
    falls: dict[float, Falls] = {share: standing[way, False, share] for share in FALLS}
    worst = falls[FALLS[0]]
    return [
        *(_alarms(weeks[share]) for share in STEADY),
        *(_delays(falls[share].told) for share in FALLS),
        _delays(worst.over),
        f"{weeks[MIDDLE].messages:.1f}, {worst.messages:.1f}",
    ]


def _alarms(weeks: Weeks) -> str:
    """Write a rate; where something fired nearly all the time, what it is at rest says little, and that is said."""
    a_week = f"{weeks.a_week:.2f}" if weeks.a_week < 10 else f"{weeks.a_week:.0f}"
    if weeks.firings >= 100:
        return a_week
    low, high = interval(weeks.firings, weeks.at_rest)
    return f"{a_week} ({low:.2f}–{high:.2f})" if high < 10 else f"{a_week} ({low:.0f}–{high:.0f})"


def _delays(delays: Sequence[Delay]) -> str:
    never = sum(not delay.seen for delay in delays)
    found = " / ".join(reached(delays, share).removesuffix(".0") for share in (0.5, 0.95))
    return f"{found}, {never} of {len(delays)} never" if never else found


def groups_table(scored: Iterable[Scored]) -> list[list[str]]:
    """Give the rows of kinds that ask the same question."""
    by_group = {name: [each for each in scored if each.kind in kinds] for name, kinds in GROUPS.items()}
    return [["", *HEADINGS[1:]], *([name, *row(mine)] for name, mine in by_group.items() if mine)]


def healthy_table(scored: Iterable[Scored]) -> list[list[str]]:
    """Give the hours and messages of each kind without an incident, and of all."""
    by_kind: dict[str, list[Scored]] = {}
    for each in scored:
        by_kind.setdefault(each.kind, []).append(each)
        by_kind.setdefault("all", []).append(each)
    by_kind["all"] = by_kind.pop("all", [])
    return [
        ["scenario", "recordings", "hours", "that spoke", "messages"],
        *(
            [
                kind,
                str(len(mine)),
                f"{sum(each.minutes for each in mine) / 60:.0f}",
                str(sum(each.messages > 0 for each in mine)),
                str(sum(each.messages for each in mine)),
            ]
            for kind, mine in by_kind.items()
        ),
    ]


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Write rows as a table, the first one above the line."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (rows[0], ["---"] * len(rows[0]), *rows[1:])]
    return "\n".join(lines)
