"""What the windows say besides the alerts: where a shop's figures point, and how all shops are without some of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from logwatch.collect.parse import parse_series
from logwatch.count.windows import to_minute
from logwatch.errors import SourceError
from logwatch.judge.evaluate import Course
from logwatch.judge.grid import Grid
from logwatch.judge.kinds.ratio import Ratio
from logwatch.notify.diagnosis.diagnose import find_lead
from logwatch.notify.diagnosis.findings import Missed
from logwatch.seams import Seam, Seams
from logwatch.spans import WINDOW, Span

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
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

    def over(self, rule: Rule, stretch: timedelta) -> Sequence[Verdict]:
        """Judge every shop on a stretch alone, whether that proves anything or not."""
        return self.seams.guard(Seam.SCOPE, lambda: self._judge(_unproven(rule, stretch))[1:], lambda _: [])

    def without(self, rule: Rule, shops: Collection[str], stretch: timedelta | None = None) -> Verdict | None:
        """Judge all shops together on the windows without what these counted: as the rule does, or on a stretch alone."""
        judging = _unproven(rule, stretch) if stretch else rule
        return self.seams.guard(Seam.SCOPE, lambda: self._judge(judging, shops)[0], lambda _: None)

    def _judge(self, rule: Rule, gone: Collection[str] | None = None) -> list[Verdict]:
        """Give the verdicts on all shops together, then, where nobody is left out, on each."""
        end = self._end
        windows = self.held.within(Span(max(end - rule.kind.reach - WINDOW, self.held.span.start), end))
        if gone is not None:
            shops = [self.rules.service.shop(parse_series(key).labels) for key in windows.counters.names["series"]]
            left = np.array([shop not in gone for shop in shops], bool)
            windows = replace(windows, counters=windows.counters.take(left[windows.counters["series"]]))
        grid = Grid(windows, to_minute(end - WINDOW) - to_minute(windows.span.start))
        courses = rule.kind.judge(rule.bounds, grid)
        minute = to_minute(end - WINDOW)
        return [
            Course(rule, labels, grid.minutes, columns).verdict(minute)
            for labels, columns in (courses if gone is None else islice(courses, 1))
        ]


def _unproven(rule: Rule, stretch: timedelta) -> Rule:
    """Give a rule as it would judge without proof, on a stretch; one that asks for none stays as it is."""
    if not isinstance(rule.kind, Ratio):
        return rule
    loose = rule.kind.model_copy(update={"span": stretch, "proof": "none", "min_events": 1})
    return rule.model_copy(update={"ratio": loose})
