"""What a page draws of each course: the chart's plot, and the same in words for who does not see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from logwatch.judge.alerts import AlertState, fingerprint
from logwatch.judge.verdicts import SEVERITY, UNPROVEN, Level, badness
from logwatch.spans import WINDOW
from logwatch.ui.charts import Period, Plot
from logwatch.ui.format import format_figure, format_normal, format_short, format_value, format_warning, shop_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from logwatch.judge.evaluate import Course, Judged
    from logwatch.judge.rules.model import Rule
    from logwatch.judge.verdicts import Verdict
    from logwatch.pipeline.replay import Replayed
    from logwatch.ui.format import Audience

MOST_POINTS = 240
"""Points of a chart; where there are more windows, each point is the worst of those it stands for."""
MOST_SHOPS = 8
"""Shops of a rule that are drawn, the worst of them; the table has all."""
MOST_STRETCHES = 30
"""Lines of a chart in words."""

Point = tuple[float | None, str]
"""A value, and its tone."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Windows one after the other at one level."""

    times: str
    """`15:04–15:20`."""
    level: Level
    tone: str
    values: str
    """`84.2% – 97%`: the least and the most; empty where nothing is known."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One chart: what it is of, how it is drawn, and what it says."""

    name: str
    """Unique on the page, and the same for the same report."""
    rule: str
    summary: str
    shop: str
    """Empty: all shops together."""
    value: str
    level: Level
    tone: str
    worst: Level
    worst_tone: str
    normal: str
    warning: str
    remark: str
    """What the figures stand for, and why the last level is not what its value says."""
    title: str
    """All of it in one sentence."""
    plot: Plot
    stretches: tuple[Stretch, ...]
    more: int
    """Stretches that are not listed."""

    @property
    def calm(self) -> bool:
        """Whether nothing shows that it ever left the normal range, as far as is known."""
        return self.worst_tone in {Level.NORMAL, UNPROVEN} and not self.plot.periods


@dataclass(frozen=True, slots=True)
class Gallery:
    """The charts of a page, and what is not drawn."""

    drawings: tuple[Drawing, ...]
    unknown: tuple[str, ...]
    """Rules and shops of which nothing is known in the whole span."""
    undrawn: int
    """Shops that lack a chart of some rule because there are too many."""


def draw_courses(judged: Judged, replayed: Replayed, audience: Audience) -> Gallery:
    """Give the charts in the order of the rules, each rule's worst shops after it."""
    periods = alert_periods(replayed)
    drawings: list[Drawing] = []
    unknown: list[str] = []
    undrawn: set[str] = set()
    numbered = enumerate(judged.courses, start=1)
    for _, group in groupby(numbered, key=lambda numbered: numbered[1].rule.rule):
        known = []
        for number, course in group:
            if course.worst is None:
                unknown.append(_name(course))
            else:
                found = tuple(periods.get(fingerprint(course.rule.rule, course.labels), ()))
                known.append(_draw(course, course.worst, found, f"chart-{number}", audience))
        kept, left = _choose(known)
        drawings += kept
        undrawn |= left
    return Gallery(tuple(drawings), tuple(unknown), len(undrawn))


def _name(course: Course) -> str:
    shop = shop_name(course.labels)
    return f"{course.rule.rule}({shop})" if shop else course.rule.rule


def _choose(drawings: list[Drawing]) -> tuple[list[Drawing], set[str]]:
    """Keep all shops together, and the worst of the single ones, in their order; give the shops left out besides."""
    shops = [drawing for drawing in drawings if drawing.shop]
    worst = sorted(shops, key=lambda each: (not each.plot.periods, -SEVERITY[each.worst]))[:MOST_SHOPS]
    kept = [each for each in drawings if not each.shop or each in worst]
    return kept, {each.shop for each in shops if each not in worst}


def alert_periods(replayed: Replayed) -> dict[str, list[Period]]:
    """Give when each alert was pending and when it was firing, by fingerprint."""
    found: dict[str, list[Period]] = {}
    begun: dict[str, tuple[datetime, AlertState]] = {}

    def end(mark: str, at: datetime) -> None:
        if mark in begun:
            start, state = begun.pop(mark)
            found.setdefault(mark, []).append(Period(start, at, firing=state is AlertState.FIRING))

    for transition in replayed.transitions:
        mark = transition.alert.fingerprint
        end(mark, transition.at)
        if transition.after in {AlertState.PENDING, AlertState.FIRING}:
            begun[mark] = transition.at, AlertState(transition.after)
    for mark in list(begun):
        end(mark, replayed.span.end)
    return found


def _draw(course: Course, worst: Verdict, periods: tuple[Period, ...], name: str, audience: Audience) -> Drawing:
    rule, latest = course.rule, course.latest
    start = latest.window_end - len(course.minutes) * WINDOW
    per, points = _squeeze(course)
    plot = Plot(start, tuple(value for value, _ in points), *rule.drawn, per * WINDOW, periods)
    stretches = _stretches(points, plot, audience)
    value = format_figure(latest, rule, audience)
    bounds = {"normal": format_normal(rule, audience), "warning": format_warning(rule, audience)}
    said = {"value": value, "level": audience.say(latest.level.key), **bounds}
    peak = f"{format_short(worst, rule, audience)} {audience.clock(worst.window_end, latest.window_end)}"
    shop = shop_name(course.labels)
    return Drawing(
        name=name,
        rule=rule.rule,
        summary=rule.summary[audience.lang],
        shop=shop,
        value=value,
        level=latest.level,
        tone=latest.tone,
        worst=worst.level,
        worst_tone=worst.tone,
        remark=_remark(rule, latest, per, audience),
        title=f"{rule.rule}{' ' + shop if shop else ''}: {audience.say('chart_says', worst=peak, **said)}",
        plot=plot,
        stretches=tuple(stretches[:MOST_STRETCHES]),
        more=max(len(stretches) - MOST_STRETCHES, 0),
        **bounds,
    )


def _remark(rule: Rule, latest: Verdict, per: int, audience: Audience) -> str:
    parts = [audience.say(rule.kind.drawn)] if rule.kind.drawn else []
    parts += [audience.why(latest)] if latest.why else []
    parts += [audience.say("chart_squeezed", minutes=per)] if per > 1 else []
    return " · ".join(parts)


def _squeeze(course: Course) -> tuple[int, list[Point]]:
    """Give the points, and how many windows each stands for: it shows the worst of them."""
    windows: list[Point] = list(zip(course.values(), course.tones(), strict=True))
    worse = partial(badness, falls=course.rule.drawn.warning.falls)
    per = -(-len(windows) // MOST_POINTS)
    return per, [max(windows[at : at + per], key=lambda each: worse(*each)) for at in range(0, len(windows), per)]


def _stretches(points: Sequence[Point], plot: Plot, audience: Audience) -> list[Stretch]:
    """Say a chart in words: how long it stood at each level, between which values."""
    long = len(points) * plot.step > 24 * 60 * WINDOW
    clock = audience.moment if long else audience.clock
    found, at = [], 0
    for tone, group in groupby(points, key=lambda point: point[1]):
        run = list(group)
        start, end = (clock(plot.start + place * plot.step) for place in (at, at + len(run)))
        known = [value for value, _ in run if value is not None]
        ends = dict.fromkeys(format_value(value, plot.normal.unit) for value in (min(known), max(known))) if known else {}
        level = Level.ELEVATED if tone == UNPROVEN else Level(tone)
        found.append(Stretch(f"{start}–{end}", level, tone, " – ".join(ends)))
        at += len(run)
    return found
