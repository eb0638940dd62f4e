"""How figures and times are written for people, in their language and time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from logwatch.collect.parse import (
    LATE_MINUTES,
    REFUSED_MINUTES,
    SILENT_MINUTES,
    STOPPED_MINUTES,
    UNANSWERED,
    UNHEARD_MINUTES,
    VANISHED_COUNTERS,
)
from logwatch.judge.kinds.contrast import Contrast
from logwatch.judge.kinds.count import Count
from logwatch.judge.kinds.gauge import Gauge
from logwatch.judge.kinds.interface import FigureForm
from logwatch.judge.kinds.quiet import Quiet
from logwatch.judge.kinds.slow import Slow
from logwatch.judge.verdicts import Why
from logwatch.languages import text
from logwatch.languages.phrases import spoken
from logwatch.spans import WINDOW
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from logwatch.judge.rules.model import Rule
    from logwatch.judge.verdicts import Verdict
    from logwatch.languages import Lang
    from logwatch.languages.keys import Key
    from logwatch.ranges import Range
    from logwatch.spans import Span

NOTHING = "–"
"""Where nothing is known."""
GAUGE_UNITS: dict[str, Key] = {
    UNANSWERED: "in_pieces", VANISHED_COUNTERS: "in_pieces", SILENT_MINUTES: "in_minutes", STOPPED_MINUTES: "in_minutes",
    UNHEARD_MINUTES: "in_minutes", REFUSED_MINUTES: "in_minutes", LATE_MINUTES: "in_minutes",
}  # fmt: skip
"""In what the gauges are counted that no service brings along."""


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom a report is written."""

    lang: Lang
    zone: ZoneInfo
    service: str
    """Cloud Run service that the cures name."""
    target: str = ""
    """Which of several targets it is about; empty where there is one."""

    def named(self, text: str) -> str:
        """Give what is said of a target, with its name where there are several."""
        return f"{self.target} · {text}" if self.target else text

    def apart(self, name: str) -> str:
        """Give an id of ours as others keep it: two targets may have incidents of one name."""
        return f"{self.target}:{name}" if self.target else name

    def say(self, key: Key, **values: object) -> str:
        """Give a text in their language."""
        return text(key, self.lang, **values)

    def spoken(self, english: str) -> str:
        """Give what arose in English, as an error does, in their language and time zone."""
        return spoken(english, self.lang, self.zone)

    def columns(self, *keys: Key) -> tuple[str, ...]:
        """Give the heads of a table's columns."""
        return tuple(map(self.say, keys))

    def clock(self, moment: datetime, now: datetime | None = None) -> str:
        """Give a time of day in their time zone, and its day where that is another than the day of `now`."""
        there = moment.astimezone(self.zone)
        return f"{there:%H:%M}" if now is None or there.date() == now.astimezone(self.zone).date() else self.moment(moment)

    def shop(self, labels: Mapping[str, str]) -> str:
        """Name a shop, or all of them."""
        return shop_name(labels) or self.say("all_shops")

    def shop_cell(self, labels: Mapping[str, str]) -> str:
        """Name them where a column's head says that these are shops."""
        return shop_name(labels) or self.say("all_shops_cell")

    def why(self, verdict: Verdict) -> str:
        """Say why a verdict's level is not simply what its value says; empty where it is."""
        figures = {"n": verdict.denominator, "k": verdict.numerator}
        shown = {name: format_count(count) if count is not None else "?" for name, count in figures.items()}
        return self.say(verdict.why.key, **shown) if verdict.why else ""

    def moment(self, moment: datetime) -> str:
        """Give a day and a time of day in their time zone."""
        return f"{moment.astimezone(self.zone):%m-%d %H:%M}"

    def date(self, moment: datetime) -> str:
        """Give a day with its year, a time of day and the zone."""
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M %Z}"

    def incident(self, name: str) -> str:
        """Give an incident's id as people read it: with the day and the time of day at which it fired where they are.

        >>> from zoneinfo import ZoneInfo
        >>> readers = Audience("ko", ZoneInfo("Asia/Seoul"), "shop")
        >>> readers.incident("202602242022-4.2-east"), readers.incident("silence-s1-202602240030")
        ('0225-0522-4.2-east', 'silence-s1-0224-0930')
        """

        def local(found: re.Match[str]) -> str:
            try:
                fired = datetime.strptime(found[0], "%Y%m%d%H%M").replace(tzinfo=UTC)
            except ValueError:
                return found[0]
            return f"{fired.astimezone(self.zone):%m%d-%H%M}"

        return re.sub(r"(?<![^-])\d{12}(?![^-])", local, name, count=1)

    def stretch(self, start: datetime, end: datetime) -> tuple[str, str]:
        """Give both ends, the day only once where it is the same."""
        begun = self.moment(start)
        return begun, self.moment(end).removeprefix(begun[:6])

    def dates(self, span: Span) -> str:
        """Give a whole span with its year and the zone, the day only once where it is the same."""
        start, end = (moment.astimezone(self.zone) for moment in span)
        day = "" if start.date() == end.date() else f"{end:%Y-%m-%d} "
        return f"{start:%Y-%m-%d %H:%M} – {day}{end:%H:%M %Z}"


def shop_name(labels: Mapping[str, str]) -> str:
    """Give the shop as it is shown; empty for all together, and a pair of quotes for one without a name."""
    return next((printable(shop) or '""' for shop in labels.values()), "")


def format_range(bounds: Range) -> str:
    """Write a bound as narrow as can be.

    >>> from logwatch.ranges import Range
    >>> format_range(Range.parse("> 80 %"))
    '>80%'
    """
    return "0" if str(bounds) == "<= 0" else str(bounds).replace(" ", "").replace("<=", "≤").replace(">=", "≥")


def format_count(count: float) -> str:
    """Write how many there are.

    >>> format_count(2712.0), format_count(0.5)
    ('2,712', '0.5')
    """
    return f"{count:,.0f}" if count == round(count) else f"{count:,.1f}"


def in_units(figure: str, rule: Rule, audience: Audience) -> str:
    """Give a figure of a rule, or a bound, with what is counted, where its unit does not say so: `14건`, `>10건`, `12 min`."""
    key: Key | None = "in_events" if isinstance(rule.kind, Count) else None
    if isinstance(rule.kind, Gauge):
        key = GAUGE_UNITS.get(rule.kind.series)
    return audience.say(key, n=figure) if key and figure != NOTHING else figure


def format_value(value: float | None, unit: str, *, digits: int = 1) -> str:
    """Write a value for people; 59.99 % must not look like 60 %.

    >>> format_value(0.5999, "%"), format_value(101.0, ""), format_value(None, "ms")
    ('59.9%', '101', '–')
    """
    if value is None:
        return NOTHING
    if unit == "%":
        return f"{int(value * 100 * 10**digits + 1e-9) / 10**digits:g}%"
    if value >= 1 or value == 0:
        return f"{value:.0f}{unit}" if unit else f"{value:,.0f}"
    return f"{value:.2g}{unit}"


def format_short(verdict: Verdict, rule: Rule | None, audience: Audience) -> str:
    """Write what is judged, a share with the stretch that it was counted over: `31.8% (5분)`, `14건`, `중단 (900ms)`."""
    head, counted = _judged(verdict, rule, audience), rule is not None and rule.kind.form is not FigureForm.PLAIN
    if rule is not None:
        head = in_units(head, rule, audience)
    return f"{head} ({format_span(verdict.span, audience)})" if counted and head != NOTHING else head


def format_worst(verdict: Verdict, rule: Rule | None, at: str, audience: Audience) -> str:
    """Write the worst that was judged with the time of day of it: `15.7% (15:24까지 5분)`, `14건 (15:24)`."""
    head = in_units(_judged(verdict, rule, audience), rule, audience) if rule else _judged(verdict, rule, audience)
    counted = rule is not None and rule.kind.form is not FigureForm.PLAIN and head != NOTHING
    over = audience.say("over_worst", at=at, span=format_span(verdict.span, audience)) if counted else at
    return audience.say("at_worst", value=head, at=over)


def format_brief(verdict: Verdict, rule: Rule, audience: Audience) -> str:
    """Write the same where there is little room: `31.8%/5m`."""
    head, counted = _judged(verdict, rule, audience), rule.kind.form is not FigureForm.PLAIN
    return f"{head}/{verdict.span // WINDOW}m" if counted and head != NOTHING else head


def format_figure(verdict: Verdict, rule: Rule, audience: Audience) -> str:
    """Write the same with all that it was counted from: `31.8% (34/107, 5분)`, `20% (8/40, 5분, p95 2024ms)`."""
    head = _judged(verdict, rule, audience)
    if rule.kind.form is FigureForm.PLAIN or head == NOTHING:
        return in_units(head, rule, audience)
    counts = [f"{format_count(verdict.numerator or 0)}/{format_count(verdict.denominator)}"] if verdict.denominator else []
    slowest = verdict.value is not None and rule.kind.form is FigureForm.EVENTS
    p95 = [f"p95 {format_value(verdict.value, rule.normal.unit)}"] if slowest else []
    return f"{head} ({', '.join([*counts, format_span(verdict.span, audience), *p95])})"


def format_chance(verdict: Verdict, rule: Rule, warnings: int, audience: Audience) -> str:
    """Say how rarely chance alone makes such a warning; where nothing is left to chance, for how many windows it has lasted."""
    weeks = rule.kind.weeks
    match rule.kind:
        case Contrast(once_in=once_in):
            weeks = once_in // timedelta(weeks=1)
        case Slow(chance=chance) | Quiet(chance=chance) if verdict.denominator:
            return audience.say("chance_at_most", odds=f"{1 / chance:,.0f}")
    if weeks:
        return audience.say("chance_weeks", weeks=weeks)
    return audience.say("warned_for", span=format_span(warnings * WINDOW, audience)) if warnings > 1 else ""


def _judged(verdict: Verdict, rule: Rule | None, audience: Audience) -> str:
    """Write what is judged: a value; of slow requests their share, or their number where that is all that counts."""
    if rule is not None and isinstance(rule.kind, Slow):
        number = verdict.numerator
        if number is None:
            return NOTHING
        if verdict.denominator and (number >= rule.kind.min_count or not number):
            return format_value(verdict.events[0], "%")
        return audience.say("slow_count", k=format_count(number))
    value = format_value(verdict.value, rule.normal.unit if rule else "")
    if verdict.why is not Why.DOWN:
        return value
    return audience.say("down") + (f" ({value})" if verdict.value is not None else "")


def format_normal(rule: Rule, audience: Audience) -> str:
    """Write what is normal: `>80%`, `≥500ms 요청 <5%`."""
    if not isinstance(rule.kind, Slow):
        return in_units(format_range(rule.normal), rule, audience)
    return _of_requests(rule.kind.held.normal, rule.normal.negated, audience)


def format_warning(rule: Rule, audience: Audience) -> str:
    """Write what is a warning: `<60%`, `>700ms 요청 ≥5%`."""
    if not isinstance(rule.kind, Slow):
        return in_units(format_range(rule.warning), rule, audience)
    return _of_requests(rule.kind.held.warning, rule.warning, audience)


def _of_requests(share: Range, slow: Range, audience: Audience) -> str:
    return audience.say("slow_bound", share=format_range(share), slow=format_range(slow))


def format_span(span: timedelta, audience: Audience) -> str:
    """Write a length of time in whole minutes: `1시간 5분`, `1 h 5 min`."""
    minutes = max(int(span.total_seconds()) // 60, 1)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    counts: dict[Key, int] = {"span_d": days, "span_h": hours, "span_m": minutes}
    return " ".join(audience.say(key, count=count) for key, count in counts.items() if count)
