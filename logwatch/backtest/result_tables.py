"""What a backtest found as tables: its days, the difference between two rule sets, known incidents, one rule's settings.

Each is built once and written for a terminal or in Markdown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from logwatch.backtest.check_sent import check_sent, sent_sections
from logwatch.backtest.comparison import Change, compare
from logwatch.backtest.incident_history import build_timeline
from logwatch.backtest.scores import IncidentOutcome, score
from logwatch.judge.alerts import AlertState
from logwatch.report.state_lists import name
from logwatch.ui.format import format_brief, format_span
from logwatch.ui.tables import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime, timedelta

    from logwatch.backtest.check_sent import SentCheck
    from logwatch.backtest.comparison import Comparison, Firing, Load, Side
    from logwatch.backtest.incident_history import Story
    from logwatch.backtest.known_incidents import Known
    from logwatch.backtest.scores import Score, Scored
    from logwatch.backtest.tuning import Tuning, TuningResult
    from logwatch.judge.alerts import Alert
    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.languages.keys import Key
    from logwatch.pipeline.replay import Replayed
    from logwatch.spans import Span
    from logwatch.state.document import State
    from logwatch.ui.format import Audience

NONE = "–"
CHANGES = tuple(change for change in Change if change is not Change.SAME)
"""What may become of a firing, as a table shows it."""
SHORT_DAYS = 1
"""Days below which a rate is little more than a guess, and says so."""


@dataclass(frozen=True, slots=True)
class Backtested:
    """A replay, and what it is held against."""

    side: Side
    comparison: Comparison | None
    scores: tuple[Score, ...]
    """Against the known incidents: of the replay itself, then of the rules that it is compared with; empty without any."""
    checked: SentCheck | None = None
    """Against what was really sent, where that is asked."""

    @property
    def is_compared(self) -> bool:
        """Whether it is held against anything."""
        return bool(self.comparison or self.scores or self.checked)


def judge_backtest(sides: Sequence[Side], known: Sequence[Known], state: State | None = None) -> Backtested:
    """Hold the first side against the second, if there is one, what a state says was sent, and all of them what is known."""
    comparison = compare(sides[1], sides[0]) if len(sides) > 1 else None
    scores = tuple(score(each.replayed, known) for each in sides) if known else ()
    return Backtested(sides[0], comparison, scores, check_sent(sides[0], state) if state else None)


def backtest_sections(found: Backtested, audience: Audience, source: str) -> list[Section]:
    """Give the comparison where there is one, else the days; then what was really sent, and the known incidents."""
    sent = sent_sections(found.checked, audience) if found.checked else []
    if found.comparison is None:
        sections = timeline_sections(found.side.replayed, found.side.rules, audience, source)
        return sections + sent + [each for one in found.scores for each in score_sections(one, audience)]
    sections = comparison_sections(found.comparison, audience, source)
    named = zip(found.scores, (found.comparison.after.name, found.comparison.before.name), strict=False)
    return sections + sent + [section for one, title in named for section in score_sections(one, audience, title)]


def _day(day: date, audience: Audience) -> str:
    return f"{day:%m-%d} {audience.say('weekdays').split()[day.weekday()]}"


def _clock(moment: datetime | None, since: datetime, audience: Audience) -> str:
    """Write a time of day, with the day where it is another than that of what stands before."""
    if moment is None:
        return NONE
    day, before = (each.astimezone(audience.zone).date() for each in (moment, since))
    return audience.clock(moment) if day == before else audience.moment(moment)


def _span(span: Span, audience: Audience) -> str:
    return f"{audience.moment(span.start)} – {audience.moment(span.end)}"


def _minutes(span: timedelta | None, audience: Audience) -> str:
    return audience.say("span_m", count=f"{span.total_seconds() / 60:.1f}") if span is not None else NONE


def _rate(value: float) -> str:
    return f"{value:.1f}"


# ---- the days of one replay


def timeline_sections(replayed: Replayed, rules: RuleSet, audience: Audience, source: str) -> list[Section]:
    """Give the head, the days with their incidents, and the alerts behind them."""
    say = audience.say
    fired = [alert for alert in replayed.alerts if alert.firing_at]
    told = len(replayed.notifications)
    counts = say("backtest_counts", ticks=replayed.ticks, alerts=len(fired), notifications=told, late=replayed.late)
    head = Section(f"{say('backtest_title')}  {source}", notes=(f"{_span(replayed.span, audience)}  {counts}",))
    if not fired:
        return [head, Section(say("nothing_sent"))]
    days = Section(
        say("incidents_by_day"),
        audience.columns("day", "from_when", "told_col", "lasted_col", "procedure", "shop", "rules"),
        tuple(_day_rows(replayed, audience)),
    )
    alerts = Section(
        say("backtest_alerts"),
        audience.columns("alert", "pending_at", "firing_at", "resolved_col", "peak_col", "runbook_col"),
        tuple(_alert_row(alert, rules, audience) for alert in fired),
    )
    return [head, days, alerts]


def _alert_row(alert: Alert, rules: RuleSet, audience: Audience) -> tuple[str, ...]:
    begun, rule = alert.pending_at, rules.by_id[alert.rule]
    over = alert.resolved_at if alert.state is AlertState.RESOLVED else None
    return (
        name(alert, audience),
        audience.moment(begun),
        _clock(alert.firing_at, begun, audience),
        _clock(over, alert.firing_at or begun, audience),
        _peak(alert, rule, audience),
        rule.procedure,
    )


def _peak(alert: Alert, rule: Rule, audience: Audience) -> str:
    """Write the worst of an alert, with its time where that is on another day than the beginning."""
    worst, begun = (each.astimezone(audience.zone).date() for each in (alert.peak.window_end, alert.pending_at))
    figure = format_brief(alert.peak, rule, audience)
    return figure if worst == begun else f"{figure} {audience.moment(alert.peak.window_end)}"


def _day_rows(replayed: Replayed, audience: Audience) -> Iterator[tuple[str, ...]]:
    for day in build_timeline(replayed, audience.zone):
        if not day.stories:
            yield (_day(day.day, audience), *[NONE] * 5, audience.say("quiet_day"))
        for number, story in enumerate(day.stories):
            yield (_day(day.day, audience) if number == 0 else "", *_story_row(story, replayed.span.end, audience))


def _story_row(story: Story, until: datetime, audience: Audience) -> tuple[str, ...]:
    step = audience.say("step_short", step=story.step) if story.step else ""
    more = f" ×{len(story.told)}" if len(story.told) > 1 else ""
    lasted = format_span(story.lasted(until), audience)
    return (
        audience.clock(story.first.since),
        f"{_clock(story.first.at, story.first.since, audience)}{more}",
        lasted if story.ended_at else f"{lasted} {audience.say('and_goes_on')}",
        f"{story.first.procedure or NONE}{step}",
        story.scope.cell(audience),
        ", ".join(dict.fromkeys(alert.rule for alert in story.alerts)),
    )


# ---- two rule sets


def comparison_sections(comparison: Comparison, audience: Audience, source: str) -> list[Section]:
    """Give what changes from one rule set to the other."""
    say, before, after = audience.say, comparison.before, comparison.after
    notes = [f"{source}  {_span(after.replayed.span, audience)}", say("sides", before=before.name, after=after.name)]
    head = Section(say("comparison_title"), notes=(*notes, *_short(comparison.days, audience)))
    rows = [_load_row(load, comparison, load.procedure or NONE) for load in comparison.loads]
    total = _load_row(comparison.total, comparison, say("total"))
    heads = audience.columns("procedure", "backtest_alerts", *(each.key for each in CHANGES), "messages_a_day")
    loads = Section(say("by_procedure"), heads, (*rows, total))
    if not comparison.changed:
        return [head, loads, Section("", notes=(say("nothing_changed"),))]
    changed = Section(
        say("changed_alerts"),
        audience.columns("change", "procedure", "alert", "fired"),
        tuple(_firing_row(firing, audience) for firing in comparison.changed),
    )
    return [head, loads, changed]


def _load_row(load: Load, comparison: Comparison, title: str) -> tuple[str, ...]:
    before, after = (_rate(count / comparison.days) for count in load.messages)
    return (
        title,
        f"{load.firings(after=False)} → {load.firings(after=True)}",
        *(str(load.changes[each]) for each in CHANGES),
        f"{before} → {after}",
    )


def _firing_row(firing: Firing, audience: Audience) -> tuple[str, ...]:
    before, after = (alert.firing_at if alert else None for alert in (firing.before, firing.after))
    fired = audience.moment(before) if before else NONE
    if after:
        moved = f" ({_moved(firing.moved, audience)})" if firing.moved else ""
        fired += f" → {_clock(after, before, audience) if before else audience.moment(after)}{moved}"
    else:
        fired += f" → {NONE}"
    return (audience.say(firing.change.key), firing.procedure or NONE, name(firing.alert, audience), fired)


def _moved(moved: timedelta, audience: Audience) -> str:
    return audience.say("span_m", count=f"{moved.total_seconds() / 60:+.0f}")


def _short(days: float, audience: Audience) -> tuple[str, ...]:
    return (audience.say("short_span"),) if days < SHORT_DAYS else ()


# ---- known incidents


def score_sections(found: Score, audience: Audience, title: str = "") -> list[Section]:
    """Give which known incidents were found, and what was told for nothing; `title` says whose rules these are."""
    say = audience.say
    head = Section(
        say("score_title") + (f"  {title}" if title else ""),
        audience.columns("outcome", "from_when", "until", "took", "procedure", "step_col", "shop", "what"),
        tuple(_scored_row(each, audience) for each in found.scored),
        (_summary(found, audience),),
    )
    if not found.false:
        return [head]
    false = Section(
        say("false_alarms"),
        audience.columns("when", "kind", "procedure", "shop", "rules"),
        tuple(
            (
                audience.moment(each.at),
                say(each.reason.key),
                each.procedure or NONE,
                each.scope.cell(audience),
                ", ".join(each.rules),
            )
            for each in found.false
        ),
    )
    return [head, false]


def _summary(found: Score, audience: Audience) -> str:
    parts = [
        audience.say("found_of", found=found.count(IncidentOutcome.FOUND), covered=found.covered),
        audience.say("median_took", took=_minutes(found.median_took, audience)),
        audience.say("false_per_day", rate=_rate(found.false_per_day), count=len(found.false)),
    ]
    right_ones: dict[Key, bool] = {"procedure_right": False, "step_right": True}
    for key, step in right_ones.items():
        right, among = found.right(step=step)
        parts += [audience.say(key, right=right, among=among)] if among else []
    return " · ".join(parts)


def _scored_row(scored: Scored, audience: Audience) -> tuple[str, ...]:
    known = scored.known
    return (
        audience.say(scored.outcome.key),
        audience.moment(known.from_),
        _clock(known.to, known.from_, audience),
        _minutes(scored.took, audience),
        _procedure_cell(scored, audience),
        _right(str(known.step), ok=scored.step_right) if known.step else NONE,
        audience.shop_cell({"shop": known.shop} if known.shop else {}),
        known.what,
    )


def _procedure_cell(scored: Scored, audience: Audience) -> str:
    cell = _right(scored.known.procedure or NONE, ok=scored.procedure_right)
    if scored.procedure_right is False:
        first = scored.told[0].procedure or ", ".join(scored.told[0].rules)
        later = audience.say("named_later") if scored.procedure_later else ""
        return f"{cell} ({first}{later})"
    return cell


def _right(text: str, *, ok: bool | None) -> str:
    return f"{text} {'✓' if ok else '✗'}" if ok is not None else text


# ---- one rule's settings


def tuning_sections(tuning: Tuning, audience: Audience, source: str) -> list[Section]:
    """Give what a rule would have come to at each choice of settings."""
    say = audience.say
    scored = any(cell.score for cell in tuning.cells)
    same = not scored and len(tuning.cells) > 1 and len({(cell.alerts, cell.messages) for cell in tuning.cells}) == 1
    told = (say("tuning_note"), say("tuning_counts"), *([say("tuning_same")] if same else []))
    notes = (f"{source}  {_span(tuning.span, audience)}", *told, *_short(tuning.days, audience))
    scores = audience.columns("found_col", "median_col", "false_a_week") if scored else ()
    turned = tuple(tuning.cells[0].settings) if tuning.is_grid else audience.columns("setting", "value")
    return [
        Section(say("tuning_title", rule=tuning.rule.rule), notes=notes),
        Section(
            say("tuning_grid") if tuning.is_grid else say("tuning_star"),
            (*turned, *audience.columns("alerts_a_week", "messages_a_week"), *scores),
            tuple(_cell_row(cell, tuning, audience) for cell in tuning.cells),
        ),
    ]


def _cell_row(cell: TuningResult, tuning: Tuning, audience: Audience) -> tuple[str, ...]:
    *others, last = cell.settings.values() if tuning.is_grid else next(iter(cell.settings.items()))
    found = cell.score
    return (
        *others,
        f"{last} {audience.say('today_mark')}" if cell.today else last,
        _a_week(cell.alerts, tuning),
        _a_week(cell.messages, tuning),
        *((f"{found.count(IncidentOutcome.FOUND)}/{found.covered}", _minutes(found.median_took, audience)) if found else ()),
        *((_a_week(len(found.false), tuning),) if found else ()),
    )


def _a_week(count: int, tuning: Tuning) -> str:
    """Write a rate, and behind it what was counted."""
    return f"{_rate(tuning.per_week(count))} ({count})"
