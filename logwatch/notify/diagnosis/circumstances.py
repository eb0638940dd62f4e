"""What the windows say besides the alerts: where a shop's figures point, and how all shops are without some of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from logwatch.collect.parse import parse_series
from logwatch.count.windows import to_minute
from logwatch.errors import SourceError
from logwatch.judge.evaluate import Course
from logwatch.judge.grid import Grid
from logwatch.notify.diagnosis.diagnose import find_lead
from logwatch.notify.diagnosis.findings import Missed
from logwatch.seams import Seam, Seams
from logwatch.spans import WINDOW, Span

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta

    from logwatch.collect.interface import Answer, SearchResult
    from logwatch.count.windows import Windows
    from logwatch.judge.alerts import Alert
    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.judge.verdicts import Verdict


@dataclass(slots=True)
class WindowCircumstances:
    """The windows that were judged, up to the end of one of them; nothing is looked up anywhere else."""

    held: Windows
    rules: RuleSet
    verdicts: tuple[Verdict, ...]
    back: timedelta
    """How far before the window's end a run is sure to have windows."""
    seams: Seams = field(default_factory=Seams)
    """Hears of what breaks here: nothing is kept from being told by it."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    _leads: dict[str, str] = field(default_factory=dict)

    @property
    def _end(self) -> datetime:
        """End of the window that is judged."""
        return self.verdicts[0].window_end if self.verdicts else self.held.span.end

    def windows(self, span: Span) -> Windows:
        """Give the windows of a span, as far as they are at hand."""
        start = max(self._end - self.back, span.start, self.held.span.start)
        return self.held.within(Span(start, max(start, min(span.end, self._end))))

    def search(self, text: str, span: Span) -> SearchResult:  # noqa: ARG002 - whatever it is
        """Raise SourceError: lines are not read for this."""
        raise SourceError(Missed.OUT_OF_BUDGET)

    def lead(self, alert: Alert) -> str:
        """Give the step that the figures of an alert's shop point to, or the counter that grew; empty where nothing did."""
        mark = alert.fingerprint
        if mark not in self._leads:
            self._leads[mark] = self.seams.guard(Seam.SCOPE, lambda: find_lead(alert, self.rules, self), lambda _: "")
        return self._leads[mark]

    def without(self, rule: Rule, shops: Collection[str]) -> Verdict | None:
        """Judge all shops together on the windows without what these shops counted: the same proof, on what is left."""
        return self.seams.guard(Seam.SCOPE, lambda: self._without(rule, shops), lambda _: None)

    def _without(self, rule: Rule, shops: Collection[str]) -> Verdict | None:
        end = self._end
        span = Span(max(end - rule.kind.reach - WINDOW, self.held.span.start), end)
        if not self.verdicts or span.end <= span.start:
            return None
        windows = self.held.within(span)
        keys = windows.counters["series"].cat.categories
        gone = [key for key in keys if self.rules.service.shop(parse_series(str(key)).labels) in shops]
        counters = windows.counters[~windows.counters["series"].isin(gone)].reset_index(drop=True)
        grid = Grid(replace(windows, counters=counters))
        labels, columns = next(rule.kind.judge(rule.bounds, grid))  # all shops together come first
        return Course(rule, labels, grid.minutes, columns).verdict(to_minute(end - WINDOW))
