"""The minutes around a message, and what can be measured in them, each against before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, Protocol

from logwatch.collect.parse import parse_series
from logwatch.collect.redaction import fold
from logwatch.count.windows import Tally, from_minute, quantile, tally
from logwatch.errors import SourceError
from logwatch.judge.alerts import AlertState
from logwatch.judge.evaluate import evaluate
from logwatch.judge.kinds.interface import FigureForm
from logwatch.judge.kinds.ratio import Ratio
from logwatch.judge.kinds.slow import Slow
from logwatch.judge.rules.yaml_types import selects
from logwatch.judge.verdicts import Level
from logwatch.languages import COMMON
from logwatch.notify.diagnosis.findings import Chart, Fact, FactKind, Missed
from logwatch.notify.diagnosis.increase import Among, Grown, compare
from logwatch.notify.incidents import NotifyReason
from logwatch.spans import WINDOW, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from logwatch.collect.interface import Answer, SearchResult
    from logwatch.count.windows import Windows
    from logwatch.judge.alerts import Alert
    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.judge.rules.step_checks import Share
    from logwatch.judge.verdicts import Verdict
    from logwatch.notify.incidents import Notification

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONSET = 2 * WINDOW
"""How much older than what shows an incident its log lines may be."""
GAP = 5 * WINDOW
"""How long before its onset the hour before ends: an onset is an estimate."""
AFTER = 5 * WINDOW
"""What counts as after, once an incident is over."""
KNOWN_MINUTES = 10
"""Minutes with summaries that make a stretch worth comparing with."""
GROWN_GAUGE = 5
"""What a measured value must have risen by, besides being twice as high."""
SHOWN = 3
"""Texts, codes and routes that are shown."""

Key = tuple[str, tuple[tuple[str, str], ...]]
"""A counter's name and labels."""


class Archive(Protocol):
    """Where the past is looked up. Each method may raise SourceError."""

    @property
    def answers(self) -> Mapping[str, Answer]:
        """What the endpoints answered just now, by path; empty where nobody asked."""
        ...

    def windows(self, span: Span) -> Windows:
        """Give windows that reach over at least this span."""
        ...

    def search(self, text: str, span: Span) -> SearchResult:
        """Give the log lines that hold a text."""
        ...


@dataclass(slots=True)
class Measured:
    """What one measure came to."""

    facts: list[Fact] = field(default_factory=list)
    missed: str = ""
    """Why there is nothing, or less than was asked for: one of `Missed`, or an error's own words."""
    grew: bool = False
    excess: float = 0
    """Events more than before."""

    def add(self, fact: Fact, grown: Grown) -> None:
        """Take one more fact."""
        self.facts.append(fact)
        self.grew |= grown.grew
        self.excess += grown.excess if grown.grew else 0


Measure = Callable[[Tally], Among]
"""What to count in a stretch."""


class Stretches(NamedTuple):
    """The sums of now, and of what it is compared with; None where too little is known."""

    now: Tally
    before: Tally | None
    day_before: Tally | None
    after: Tally | None


class Surroundings:
    """One message's stretches of time, each looked up once."""

    def __init__(self, notification: Notification, rules: RuleSet, archive: Archive, verdicts: Sequence[Verdict]) -> None:
        """Lay out the stretches; nothing is looked up yet."""
        self.notification, self.rules, self.archive, self.verdicts = notification, rules, archive, verdicts
        self.until = max(alert.latest.window_end for alert in notification.alerts)
        self.over = notification.reason is NotifyReason.RESOLVED
        end = self._end()
        self.so_far = Span(max(notification.since, end - HOUR), end)
        """While it is so, or was; an hour at the most."""
        judged = self._judged()
        self.now = Span(judged.latest.window_end - judged.latest.span, judged.latest.window_end) if judged else self.so_far
        """The one stretch of the message: that of its first share, so that none is told in two ways."""
        begun = min(notification.since, self.now.start) - GAP
        self.before = Span(begun - HOUR, begun)
        self.day_before = Span(self.until - DAY - HOUR / 2, self.until - DAY + HOUR / 2)
        self._found: dict[str, SearchResult | str] = {}
        self._tallies: dict[Span, Tally | str] = {}

    def _judged(self) -> Alert | None:
        """Give the first alert whose events are counted over a stretch of its own; none once it is over."""
        going_on = () if self.over else self.notification.alerts
        forms = {alert.rule: self.rules.by_id[alert.rule].kind.form for alert in going_on if alert.rule in self.rules.by_id}
        counted = [
            alert
            for alert in going_on
            if alert.state is AlertState.FIRING and forms.get(alert.rule, FigureForm.PLAIN) is not FigureForm.PLAIN
        ]
        return next(iter(counted), None)

    def _end(self) -> datetime:
        """Give the end of the trouble: an alert is resolved only when normal has lasted for a while."""
        if not self.over:
            return self.until
        rules = [self.rules.by_id[alert.rule] for alert in self.notification.alerts if alert.rule in self.rules.by_id]
        lasted = max((rule.keep_firing_for for rule in rules), default=AFTER)
        return max(self.until - lasted, self.notification.since)

    def _tally(self, span: Span) -> Tally | str:
        """Give the sums of a stretch, added up once, or why they are not known."""
        if span not in self._tallies:
            try:
                self._tallies[span] = tally(self.archive.windows(span), span)
            except SourceError as error:
                self._tallies[span] = error.message
        return self._tallies[span]

    def _known(self, span: Span) -> Tally | None:
        """Give the sums of a stretch if enough of it is known to compare with."""
        found = self._tally(span)
        return (
            found
            if isinstance(found, Tally) and found.minutes >= min(KNOWN_MINUTES, (span.end - span.start) // WINDOW)
            else None
        )

    @cached_property
    def stretches(self) -> Stretches | str:
        """The sums of every stretch, or why those of now are not known."""
        now = self._tally(self.now)
        if isinstance(now, str) or not now.minutes:
            return now if isinstance(now, str) else Missed.NO_LINES
        after = self._known(Span(self.until - AFTER, self.until)) if self.over else None
        return Stretches(now, self._known(self.before), self._known(self.day_before), after)

    # ---- what is counted

    def counters(self, selectors: Sequence[str]) -> Measured:
        """Count events by name and shop, against their rate before."""
        keys = {key for each in self._all for key in self._split(each, selectors)}
        keys = keys or {(name, ()) for name in selectors if not name.endswith("*")}
        measured = self._measure((FactKind.COUNT, key, self._of_key(key)) for key in sorted(keys))
        measured.facts.sort(key=lambda fact: -(fact.value or 0))
        return measured

    def grown(self, selectors: Sequence[str], requests: Sequence[str] | None) -> list[Measured]:
        """Give the counters that grew, each for all its shops together: as shares of the requests where these are counted."""
        names = sorted({key[0] for each in self._all for key in self._split(each, selectors)})
        found = [self._among(name, requests) if requests else self._rate(name, [name]) for name in names]
        return [each for each in found if each.grew]

    def more(self, requests: Sequence[str]) -> list[Fact]:
        """Give the requests against their rate before, all together and then by shop, where there are more; else none."""
        total = self._rate(" + ".join(requests), requests)
        if not total.grew or total.facts[0].before is total.facts[0].day_before is None:
            return []
        split = self.counters(requests).facts
        return total.facts + (split if len(split) > 1 else [])

    def share(self, share: Share) -> Measured:
        """Give a share of events, against what it was before."""
        return self._shared(share.name[COMMON], share.numerator, share.denominator)

    def _among(self, name: str, requests: Sequence[str]) -> Measured:
        return self._shared(f"{name} / {' + '.join(requests)}", [name], requests)

    def _shared(self, name: str, numerator: Sequence[str], denominator: Sequence[str]) -> Measured:
        key = (name, tuple(sorted(self.notification.labels.items())))
        return self._measure([(FactKind.SHARE, key, self._of_share(numerator, denominator))])

    def _rate(self, name: str, selectors: Sequence[str]) -> Measured:
        key = (name, tuple(sorted(self.notification.labels.items())))
        return self._measure([(FactKind.COUNT, key, lambda each: Among(self._sum(each, selectors), each.minutes))])

    def slow(self) -> Measured:
        """Count slow requests by label, against their rate before; where there is none, of the label that is judged last."""
        judged = [label for rule in self.rules.rules for label in rule.kind.reads.labels]
        labels = {label for each in self._all for label, _, _ in each.slow} or {*judged[-1:]}
        return self._measure((FactKind.SLOW, (label, ()), self._of_label(label)) for label in sorted(labels))

    @property
    def _all(self) -> list[Tally]:
        return [] if isinstance(self.stretches, str) else [each for each in self.stretches if each]

    def _of_key(self, key: Key) -> Measure:
        return lambda each: Among(self._split(each, [key[0]]).get(key, 0.0), each.minutes)

    def _of_share(self, numerator: Sequence[str], denominator: Sequence[str]) -> Measure:
        return lambda each: Among(self._sum(each, numerator), self._sum(each, denominator), share=True)

    def _of_label(self, label: str) -> Measure:
        return lambda each: Among(sum(one == label for one, _, _ in each.slow), each.minutes)

    def _measure(self, wanted: Iterable[tuple[FactKind, Key, Measure]]) -> Measured:
        """Measure each in every stretch, against the hour before, or else the day before."""
        if isinstance(self.stretches, str):
            return Measured(missed=self.stretches)
        measured, (current, *earlier) = Measured(), self.stretches
        for kind, (name, labels), measure in wanted:
            now = measure(current)
            before, day_before, after = (measure(each) if each else None for each in earlier)
            fact = Fact(
                kind,
                name,
                now.events,
                dict(labels),
                now.whole,
                minutes=self._minutes if kind is FactKind.SHARE else 0,
                before=_per(before),
                day_before=_per(day_before),
                after=_per(after),
            )
            known = [each for each in (before, day_before) if each and each.known]
            measured.add(fact, compare(now, known[0] if known else None))
        return measured

    def figures(self) -> list[Fact]:
        """Give the shares that the alerts besides the first are about, over the first one's stretch."""
        first, found = self._judged(), self.stretches
        if first is None or isinstance(found, str):
            return []
        facts = []
        for alert in self.notification.alerts:
            rule = self.rules.by_id.get(alert.rule)
            if rule and alert is not first and alert.state is AlertState.FIRING:
                facts += self._figure(rule, alert.labels, found.now)
        return facts

    def _figure(self, rule: Rule, labels: dict[str, str], now: Tally) -> list[Fact]:
        """Give what a rule counts in the stretch of now; nothing where there are no events, or it is of no such kind."""
        kind = rule.kind
        if isinstance(kind, Ratio):
            whole = self._sum(now, kind.denominator, labels)
            part = self._sum(now, kind.numerator, labels)
            return [Fact(FactKind.SHARE, rule.rule, part, labels, whole, minutes=self._minutes)] if whole else []
        if isinstance(kind, Slow):
            slow = [duration for label, _, duration in now.slow if label == kind.label]
            whole, p95 = self._sum(now, kind.requests or (), labels), quantile(slow, 0.95) if slow else None
            of = whole if whole >= len(slow) else None
            return [Fact(FactKind.SLOW, rule.rule, len(slow), labels, of or None, minutes=self._minutes, p95=p95)]
        return []

    @property
    def _minutes(self) -> int:
        return (self.now.end - self.now.start) // WINDOW

    def _split(self, found: Tally, selectors: Sequence[str], labels: Mapping[str, str] | None = None) -> dict[Key, float]:
        """Add up counters by name and labels, of those labels only, else of the incident's shop where it has one."""
        wanted = self.notification.labels if labels is None else labels
        sums: Counter[Key] = Counter()
        for text, value in found.counters.items():
            series = parse_series(text)
            if wanted.items() <= series.labels.items() and selects(selectors, series.name):
                sums[series.name, tuple(sorted(series.labels.items()))] += value  # type: ignore[assignment]
        return dict(sums)

    def _sum(self, found: Tally, selectors: Sequence[str], labels: Mapping[str, str] | None = None) -> float:
        return sum(self._split(found, selectors, labels).values())

    # ---- what is measured, answered, written

    def gauge(self, name: str) -> Measured:
        """Give the last of a measured value, against the median before; or that what is measured is down."""
        values, earlier = (self._gauges(name, span) for span in (self.now, Span(self.before.start, self.now.start)))
        usual = median(earlier) if earlier else None
        downs = [rule.kind.reads.down for rule in self.rules.rules if name in rule.kind.reads.gauges and rule.kind.reads.down]
        if any(self._gauges(down, self.now)[-1:] > (0,) for down in downs):
            last = values[-1] if values else None
            return Measured([Fact(FactKind.GAUGE, name, last, before=usual, level=Level.WARNING)], grew=True)
        if not values:
            return Measured(missed=self._unmeasured())
        more = values[-1] - (usual or 0)
        grew = usual is not None and values[-1] >= 2 * usual and more >= GROWN_GAUGE
        return Measured([Fact(FactKind.GAUGE, name, values[-1], before=usual)], grew=grew, excess=more)

    def _gauges(self, name: str, span: Span) -> tuple[float, ...]:
        found = self._tally(span)
        return found.gauges.get(name, ()) if isinstance(found, Tally) else ()

    def _unmeasured(self) -> str:
        """Say why no endpoint gave a value."""
        errors = [answer.error for answer in self.archive.answers.values() if answer.error]
        return next(iter(errors), Missed.NO_ANSWER) if self.archive.answers else Missed.NO_ENDPOINT

    def answer(self, path: str) -> Measured:
        """Give what an endpoint answered just now."""
        answer = self.archive.answers.get(path)
        if answer is None:
            return Measured(missed=Missed.NO_ENDPOINT)
        if answer.error or not answer.details:
            return Measured(missed=answer.error or Missed.NO_ANSWER)
        words = {key: f"{value:g}" if isinstance(value, float) else str(value) for key, value in answer.details.items()}
        return Measured([Fact(FactKind.ANSWER, path, labels=words)])

    def standing(self, rules: Iterable[str]) -> Measured:
        """Say how rules stand: each shop at warning, else all together."""
        measured = Measured()
        for rule in rules:
            mine = [each for each in self.verdicts if each.rule == rule and each.level is not Level.UNKNOWN]
            warned = [each for each in mine if each.level is Level.WARNING]
            for each in warned or [each for each in mine if not each.labels]:
                minutes = each.span // WINDOW if each.denominator else 0
                measured.facts.append(Fact(FactKind.RULE, rule, each.value, each.labels, level=each.level, minutes=minutes))
        measured.missed = "" if measured.facts else Missed.NO_LINES
        return measured

    def lines(self, text: str) -> Measured:
        """Count the log lines that hold a text, and give the commonest."""
        found = self._search(text)
        if isinstance(found, str):
            return Measured(missed=found)
        times = [line.at for line in found.lines]
        head = Fact(
            FactKind.LINES,
            text,
            len(times),
            first=min(times, default=None),
            last=max(times, default=None),
            more=not found.complete,
        )
        groups = Counter(fold(line.text) for line in found.lines).most_common(SHOWN)
        return Measured([head, *(Fact(FactKind.TEXT, name, count) for name, count in groups)])

    def codes(self, text: str) -> Measured:
        """Count the response codes that those lines name."""
        found = self._search(text)
        if isinstance(found, str):
            return Measured(missed=found)
        groups = Counter(line.code for line in found.lines if line.code).most_common(SHOWN)
        return Measured([Fact(FactKind.CODE, name, count) for name, count in groups])

    def _search(self, text: str) -> SearchResult | str:
        if text not in self._found:
            try:
                self._found[text] = self.archive.search(text, self.so_far.widen(ONSET, timedelta()))
            except SourceError as error:
                self._found[text] = error.message
        return self._found[text]

    # ---- what is shown besides

    def routes(self) -> list[Fact]:
        """Give the routes on which slow requests spent the most time: p95 and count."""
        if isinstance(self.stretches, str):
            return []
        by_route: dict[str, list[float]] = {}
        for _, route, duration in self.stretches.now.slow:
            by_route.setdefault(route, []).append(duration)
        worst = sorted(by_route.items(), key=lambda item: -sum(item[1]))[:SHOWN]
        return [Fact(FactKind.ROUTE, route, quantile(durations, 0.95), of=len(durations)) for route, durations in worst]

    def chart(self) -> Chart | None:
        """Give the course of the first alert over the last hour."""
        first = self.notification.alerts[0]
        rule = self.rules.by_id.get(first.rule)
        span = Span(self.until - HOUR, self.until)
        if rule is None:
            return None
        try:
            windows = self.archive.windows(span.widen(rule.kind.reach, 0 * WINDOW))
        except SourceError:
            return None
        course = next((each for each in evaluate([rule], windows, span) if each.labels == first.labels), None)
        if course is None:
            return None
        return Chart(rule.rule, first.labels, from_minute(int(course.minutes[0])), tuple(course.values()))


def _per(among: Among | None) -> float | None:
    return among.rate if among else None
