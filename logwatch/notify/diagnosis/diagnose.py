"""A procedure walked as far as logwatch can: what each step asks for is looked up, and compared with before.

Nothing here raises for what cannot be looked up, or breaks on the way: a step that nobody could look at says why, and the
message goes out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from logwatch.judge.verdicts import Level
from logwatch.notify.diagnosis.changes import find_change
from logwatch.notify.diagnosis.findings import Fact, FactKind, Finding, StepState, Walked
from logwatch.notify.diagnosis.impact import weigh
from logwatch.notify.diagnosis.measure import Measured, Surroundings
from logwatch.notify.incidents import Notification, NotifyReason
from logwatch.ranges import Range
from logwatch.seams import Seam, Seams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logwatch.judge.alerts import Alert
    from logwatch.judge.rules.model import RuleSet
    from logwatch.judge.rules.step_checks import ProcedureChecks, StepCheck
    from logwatch.judge.verdicts import Verdict
    from logwatch.notify.diagnosis.measure import Archive

BOUNDED = {
    "": {FactKind.COUNT, FactKind.LINES, FactKind.GAUGE},
    "%": {FactKind.SHARE},
    "ms": {FactKind.GAUGE, FactKind.SLOW},
}
"""What a bound of each unit is held against."""


def walk(
    notification: Notification, rules: RuleSet, archive: Archive, verdicts: Sequence[Verdict], seams: Seams | None = None
) -> Walked | None:
    """Walk the procedure of a message; `verdicts` are those of its window. None where there is nothing to walk.

    What breaks on the way is told to `seams`.
    """
    seams = seams or Seams()
    return seams.guard(
        Seam.WALK,
        lambda: _walk(notification, rules, Surroundings(notification, rules, archive, verdicts), seams),
        lambda why: unlooked(notification, rules, why),
    )


def unlooked(notification: Notification, rules: RuleSet, why: str) -> Walked | None:
    """Give the procedure of a message of which nobody could look at any step, and why."""
    plan = rules.walk(notification.procedure)
    if plan is None or notification.reason is NotifyReason.SILENCE_ENDING:
        return None
    looked = [_Looked(look, [Measured(missed=why)]) for look in plan.steps]
    begin = rules.begin(plan)
    if begin:
        first = Finding(begin.step, StepState.NOT_LOOKED, here=True, why=why)
        return Walked(_mark(looked, None, 0, numbered=True, elsewhere=True), begin=first)
    return Walked(_mark(looked, _own_step(notification, rules), 0, numbered=True))


def _walk(notification: Notification, rules: RuleSet, scene: Surroundings, seams: Seams) -> Walked | None:
    plan, procedure = rules.walk(notification.procedure), rules.procedure(notification.procedure)
    if notification.reason in {NotifyReason.SILENCE_ENDING, NotifyReason.SUMMED}:
        return None
    impact = seams.guard(Seam.LOOKUP, lambda: weigh(scene), lambda _: None)
    if plan is None or procedure is None:
        return Walked((), impact=impact) if impact else None
    looked = [_look(scene, look, seams, numbered=procedure.numbered) for look in plan.steps]
    unstepped: list[Measured] = seams.guard(Seam.LOOKUP, lambda: _unstepped(scene, plan), lambda _: [])
    requests = plan.requests or ()
    more: list[Fact] = seams.guard(Seam.LOOKUP, lambda: scene.more(requests), lambda _: []) if requests else []
    besides: list[Fact] = seams.guard(Seam.LOOKUP, scene.routes, lambda _: []) if plan.routes else []
    rival = max((each.excess for each in unstepped), default=0)
    begin = rules.begin(plan)
    first = _look(scene, begin, seams, numbered=True) if begin else None
    findings = _mark(looked, _own_step(notification, rules), rival, numbered=procedure.numbered, elsewhere=first is not None)
    otherwise = all(each.state in {StepState.DONE, StepState.NOT_THE_CASE} for each in findings)
    return Walked(
        findings=findings,
        besides=tuple(besides),
        unstepped=tuple(fact for each in unstepped for fact in each.facts),
        requests=tuple(more) if otherwise and not unstepped else (),
        begin=_finding(first, here=True) if first else None,
        otherwise=otherwise,
        figures=tuple(seams.guard(Seam.LOOKUP, scene.figures, lambda _: [])),
        chart=seams.guard(Seam.CHART, scene.chart, lambda _: None),
        impact=impact,
        changed=seams.guard(Seam.LOOKUP, lambda: find_change(scene, plan.revisions), lambda _: None),
    )


def find_lead(alert: Alert, rules: RuleSet, archive: Archive) -> str:
    """Give the step that figures alone point to for an alert's shop, or the counter without a step that grew the most.

    Empty where nothing grew, or the rule has no procedure. Two shops with different leads do not fail for the same reason.
    """
    rule = rules.by_id.get(alert.rule)
    plan = rules.walk(rule.procedure) if rule else None
    if plan is None:
        return ""
    at = alert.latest.window_end
    told = Notification("", "", NotifyReason.FIRING, at, plan.procedure, alert.labels, alert.since, (alert,), ())
    scene, seams = Surroundings(told, rules, archive, ()), Seams()
    looked = [_look(scene, look, seams, numbered=True) for look in plan.steps]
    unstepped: list[Measured] = seams.guard(Seam.LOOKUP, lambda: _unstepped(scene, plan), lambda _: [])
    most = max(unstepped, key=lambda each: each.excess, default=Measured())
    findings = _mark(looked, _own_step(told, rules), most.excess, numbered=True)
    step = next((each.number for each in findings if each.here and each.state is StepState.TODO), None)
    return str(step) if step else most.facts[0].name if most.facts else ""


@dataclass(slots=True)
class _Looked:
    """What one look found."""

    look: StepCheck
    measured: list[Measured] = field(default_factory=list)
    state: StepState = StepState.NOT_LOOKED
    excess: float = 0
    """Events more than before, where that is why the step is to be taken."""

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(fact for each in self.measured for fact in each.facts)

    @property
    def why(self) -> str:
        """Why something could not be looked at."""
        return next((each.missed for each in self.measured if each.missed), "")


def _look(scene: Surroundings, look: StepCheck, seams: Seams, *, numbered: bool) -> _Looked:
    """Look at everything that a step names, each by itself, and say whether it is the case."""
    asked = [partial(scene.share, share) for share in look.shares]
    asked += [partial(scene.counters, look.counters)] if look.counters else []
    asked += [partial(scene.gauge, look.gauge)] if look.gauge else []
    asked += [partial(scene.slow)] if look.slow else []
    asked += [partial(scene.standing, look.rules)] if look.rules else []
    asked += [partial(scene.lines, look.lines)] if look.lines else []
    asked += [partial(scene.codes, look.codes)] if look.codes else []
    asked += [partial(scene.answer, look.endpoint)] if look.endpoint else []
    looked = _Looked(look, [seams.guard(Seam.LOOKUP, each, lambda why: Measured(missed=why)) for each in asked])
    looked.state = _judge(looked, numbered=numbered)
    looked.excess = sum(each.excess for each in looked.measured)
    return looked


def _judge(looked: _Looked, *, numbered: bool) -> StepState:
    """Say how far the step is walked; what is to be expected holds where there is nothing to do about it."""
    condition = looked.look.condition
    if not looked.facts:
        return StepState.NOT_LOOKED
    if condition is None:
        return StepState.DONE
    if not any(_holds(condition, each) for each in looked.measured):
        return StepState.NOT_THE_CASE if numbered or looked.look.todo is None else StepState.DONE
    return StepState.TODO if looked.look.todo is not None else StepState.DONE


def _holds(condition: str | Range, measured: Measured) -> bool:
    """Tell whether a measure meets a step's condition."""
    if isinstance(condition, Range):
        return any(_beyond(condition, fact) for fact in measured.facts)
    if condition == "grew":
        return measured.grew
    return any(fact.kind is FactKind.RULE and fact.level == Level.WARNING for fact in measured.facts)


def _beyond(bound: Range, fact: Fact) -> bool:
    if fact.kind is FactKind.GAUGE and fact.level:  # down, which is beyond whatever bound it has
        return True
    if fact.kind not in BOUNDED[bound.unit] or fact.value is None:
        return False
    return bool(bound.holds(fact.value / fact.of if fact.kind is FactKind.SHARE and fact.of else fact.value))


def _own_step(notification: Notification, rules: RuleSet) -> int | None:
    """Give the step that the first alert's own rule names."""
    rule = rules.by_id.get(notification.alerts[0].rule)
    return rule.step if rule and rule.procedure == notification.procedure else None


def _mark(
    looked: Sequence[_Looked], own: int | None, rival: float, *, numbered: bool, elsewhere: bool = False
) -> tuple[Finding, ...]:
    """Choose the step to begin with: the rule's own, else the one that ranks highest, else the one that grew the most.

    Where none is the case, it is the first that could not be looked at: somebody has to. And it is none where something
    grew by more events, `rival`, for which there is no step: what comes along with it is not the cause; nor where the step
    to begin with stands `elsewhere`.
    """
    todo = [each for each in looked if each.state is StepState.TODO]
    missed = [each for each in looked if each.state is StepState.NOT_LOOKED and numbered]
    best = max(todo, key=lambda each: (each.look.step == own, each.look.rank, each.excess, -each.look.step), default=None)
    if best and best.look.step != own and not best.look.rank and best.excess < rival:
        best = None
    chosen = best or (next(iter(missed), None) if not todo else None)
    return tuple(_finding(each, here=each is chosen and not elsewhere) for each in looked)


def _finding(looked: _Looked, *, here: bool) -> Finding:
    return Finding(looked.look.step, looked.state, here, looked.facts, looked.why)


def _unstepped(scene: Surroundings, plan: ProcedureChecks) -> list[Measured]:
    """Give the counters of a group that grew, and that no step is about: reasons that the runbook does not know yet."""
    groups = tuple(name for look in plan.steps for name in look.counters or () if name.endswith("*"))
    covered = {name for look in plan.steps for name in look.selectors if not name.endswith("*")}
    found = scene.grown(groups, plan.requests) if groups else []
    return [each for each in found if not covered & {fact.name.partition(" ")[0] for fact in each.facts}]
