"""One rule at other settings near today's, over the same windows: how often it would have spoken, how soon, and for nothing.

Every line counts as if it had come in time, and the rule is judged alone: no other rule joins its incidents or explains it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import reduce
from itertools import product
from typing import TYPE_CHECKING, Any, assert_never

from pydantic import ValidationError

from logwatch.backtest.scores import Score, score
from logwatch.complaints import complaint
from logwatch.durations import format_duration, parse_duration
from logwatch.errors import ConfigError
from logwatch.judge.alerts import AlertState, advance
from logwatch.judge.evaluate import VerdictTable, evaluate
from logwatch.judge.kinds.interface import Knob, KnobScale
from logwatch.judge.rules.model import Rule
from logwatch.notify.decide import decide
from logwatch.pipeline.replay import Replayed
from logwatch.spans import WINDOW, Span
from logwatch.state.document import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from logwatch.backtest.known_incidents import Known
    from logwatch.count.windows import Windows
    from logwatch.judge.alerts import Transition
    from logwatch.judge.rules.model import RuleSet
    from logwatch.notify.incidents import Notification
    from logwatch.pipeline.tick import Policy

WEEK_DAYS = 7
MOST_CELLS = 200


def _minutes(text: str, make: Callable[[int], Iterable[int]]) -> list[str]:
    return [format_duration(each * WINDOW) for each in sorted(set(make(parse_duration(text) // WINDOW)))]


def _near_bound(text: str) -> list[str]:
    """Go five and ten points of percent up and down, or by halves; a bound of 0 goes up by ones."""
    direction, number, *unit = text.split()
    now = float(number)
    if unit == ["%"] and now >= 20:
        values = [now - 10, now - 5, now, now + 5, now + 10]
    elif now == 0:
        values = [0, 1, 2, 5]
    else:
        values = [now / 2, now * 3 / 4, now, now * 3 / 2, now * 2]
    return [" ".join([direction, f"{value:g}", *unit]) for value in values if unit != ["%"] or value < 100]


def _near(scale: KnobScale, text: str) -> list[str]:
    """Give values near one, each as a rule file has it."""
    match scale:
        case KnobScale.BOUND:
            return _near_bound(text)
        case KnobScale.WAIT:
            return _minutes(text, lambda now: (max(now - 1, 0), now, now + 1, now + 2, now + 4))
        case KnobScale.SPAN:
            return _minutes(text, lambda now: (max(now * 3 // 5, 1), now, 2 * now, 3 * now))
        case KnobScale.COUNT:
            now = int(text)
            return [str(each) for each in sorted({max(now // 2, 1), now, now + max(now // 2, 1), 2 * now, 4 * now})]
        case KnobScale.CONFIDENCE:
            doubt = 1 - float(text)
            return [f"{1 - doubt * by:.6g}" for by in (4, 2, 1, 0.2, 0.02) if doubt * by < 0.5]
        case KnobScale.CHANCE:
            return [f"{float(text) * by:.6g}" for by in (10, 1, 0.1) if float(text) * by <= 1]
    assert_never(scale)


COMMON = {"warning": Knob(("warning",), KnobScale.BOUND), "for": Knob(("for",), KnobScale.WAIT)}
"""What every rule can have turned."""


def _knobs(rule: Rule) -> dict[str, Knob]:
    """Give what of a rule can be turned, by name."""
    kind = rule.kind
    return {**COMMON, **{name: replace(knob, path=(kind.name, *knob.path)) for name, knob in kind.knobs.items()}}


@dataclass(frozen=True, slots=True)
class TuningResult:
    """The rule at one choice of settings, and what it came to."""

    settings: dict[str, str]
    """Setting to value: those that are turned."""
    today: bool
    """Whether these are the values of today."""
    alerts: int
    messages: int
    score: Score | None
    """Against the known incidents that the rule is for; None where none are given."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """One rule at many settings, over one span."""

    rule: Rule
    span: Span
    cells: tuple[TuningResult, ...]

    @property
    def is_grid(self) -> bool:
        """Whether every cell turns the same settings; else each turns one, the others as they are today."""
        return len({tuple(cell.settings) for cell in self.cells}) <= 1

    @property
    def days(self) -> float:
        """The length of the span in days."""
        return self.span.days

    def per_week(self, count: int) -> float:
        """Give how many that is a week."""
        return count / self.days * WEEK_DAYS


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings to try, and the rule that has them."""

    settings: dict[str, str]
    rule: Rule


def knobs_of(rule: Rule) -> dict[str, str]:
    """Give the settings of a rule that can be turned, with today's values."""
    told = _told(rule)
    return {name: str(_place(told, knob)[knob.path[-1]]) for name, knob in _knobs(rule).items()}


def _place(told: dict[str, Any], knob: Knob) -> dict[str, Any]:
    """Give what of a rule's file holds a setting."""
    return reduce(lambda place, key: place[key], knob.path[:-1], told)


def plan_trials(rule: Rule, wanted: Mapping[str, Sequence[str]]) -> list[Trial]:
    """Give the trials: each combination of the wanted values, or without any, each setting near today's by itself.

    Raises ConfigError for a setting that the rule does not have, and for values that it cannot have.
    """
    if rule.kind.reads.gauges:
        hint = "a rule that counts, or is about slow requests, can be tuned"
        raise ConfigError(f"'{rule.rule}' is measured by logwatch, and no log line records it", where="RULE", hint=hint)
    today = knobs_of(rule)
    for name in wanted:
        if name not in today:
            known = ", ".join(f"{each} (now {value})" for each, value in today.items())
            raise ConfigError(f"'{rule.rule}' has no setting '{name}' to vary", where="--vary", hint=f"it has {known}")
    if not wanted:
        return [trial for name, value in today.items() for trial in _line(rule, name, value)]
    cells = [dict(zip(wanted, values, strict=True)) for values in product(*wanted.values())]
    if len(cells) > MOST_CELLS:
        raise ConfigError(f"{len(cells)} combinations are too many", where="--vary", hint=f"at most {MOST_CELLS}: fewer values")
    trials = [_trial(rule, cell) for cell in cells]
    return list({tuple(trial.settings.items()): trial for trial in trials}.values())


def _line(rule: Rule, name: str, today: str) -> list[Trial]:
    """Give one setting at values near today's, those that the rule cannot have left out."""
    trials = []
    for value in _near(_knobs(rule)[name].scale, today):
        with suppress(ConfigError):
            trials.append(_trial(rule, {name: value}))
    return trials


def _trial(rule: Rule, settings: Mapping[str, str]) -> Trial:
    turned = _turned(rule, settings)
    values = knobs_of(turned)
    return Trial({name: values[name] for name in settings}, turned)


def _told(rule: Rule) -> dict[str, Any]:
    """Give a rule as its file has it."""
    return rule.model_dump(mode="json", by_alias=True, exclude_none=True)


def _turned(rule: Rule, settings: Mapping[str, str]) -> Rule:
    """Give the rule with other settings; raises ConfigError where it cannot have them."""
    told, knobs = _told(rule), _knobs(rule)
    for name, value in settings.items():
        knob = knobs[name]
        place, last = _place(told, knob), knob.path[-1]
        bare = knob.scale is KnobScale.BOUND and value[:1] not in {"<", ">"}
        place[last] = f"{place[last].split()[0]} {value}" if bare else value
        place |= {each: max(float(place[each]), _number(value)) for each in knob.at_least}
    try:
        return Rule.model_validate(told)
    except ValidationError as error:
        message = complaint(error.errors()[0])
        shown = ", ".join(f"{name}={value}" for name, value in settings.items())
        raise ConfigError(f"{shown}: {message}", where="--vary", hint="logwatch rules schema says what it holds") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


@dataclass(frozen=True, slots=True)
class Bench:
    """What every choice of settings is tried on."""

    rules: RuleSet
    windows: Windows
    span: Span
    policy: Policy
    known: tuple[Known, ...] = ()
    """Incidents that people know of."""


def tune(rule: Rule, trials: Sequence[Trial], bench: Bench) -> Tuning:
    """Judge the rule at each choice of settings; the windows are made once."""
    today = knobs_of(rule)
    judged: dict[str, VerdictTable] = {}
    cells = []
    for trial in trials:
        measure = trial.rule.model_copy(update={"for_": timedelta()}).model_dump_json()
        if measure not in judged:  # how long a warning must last changes no verdict
            judged[measure] = VerdictTable(evaluate([trial.rule], bench.windows, bench.span))
        replayed = _play(replace(bench.rules, rules=(trial.rule,)), judged[measure], bench)
        cells.append(
            TuningResult(
                settings=trial.settings,
                today=trial.settings.items() <= today.items(),
                alerts=sum(each.after is AlertState.FIRING for each in replayed.transitions),
                messages=len(replayed.notifications),
                score=_score(replayed, bench, rule) if bench.known else None,
            )
        )
    return Tuning(rule, bench.span, tuple(cells))


def _score(replayed: Replayed, bench: Bench, rule: Rule) -> Score:
    """Hold it against all that is known; what another procedure is for, this rule need not find."""
    whole = score(replayed, bench.known)
    return replace(
        whole, scored=tuple(each for each in whole.scored if each.known.procedure in {None, rule.procedure, *rule.also})
    )


def _play(rules: RuleSet, judged: VerdictTable, bench: Bench) -> Replayed:
    """Take the windows one after the other, as a run does."""
    state = State(history_from=bench.span.start)
    transitions: list[Transition] = []
    notifications: list[Notification] = []
    by_id, policy, place = rules.by_id, bench.policy, 0
    while place < len(judged):
        if state.is_calm:
            place = judged.next_eventful(place, len(judged), policy.ahead)
        verdicts, *ahead = judged.between(place, place + 1 + policy.ahead)
        end = verdicts[0].window_end
        alerts, moved = advance(state.alerts, verdicts, by_id, end, ahead)
        decision = decide(alerts, state.memory, rules, policy.closed_at(end), remind_every=policy.remind_every)
        state = replace(state, alerts=tuple(alerts), memory=decision.memory)
        transitions += moved
        notifications += decision.notifications
        place += 1
    return Replayed(bench.span, len(judged), tuple(transitions), tuple(notifications), 0, state)
