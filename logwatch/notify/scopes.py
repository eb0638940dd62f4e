"""Which shops an incident is about: found in the verdicts of all shops, not by which of them fires first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from logwatch.judge.alerts import Alert, AlertState
from logwatch.judge.verdicts import Level, Verdict, Why

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.ui.format import Audience

TOGETHER = timedelta(minutes=15)
"""How long after one shop another may begin to fail, and belong to the same incident."""
KNOWN_EVENTS = 5
"""Events of the other shops that say how they fare."""
MOST_SHOPS = 4
"""Shops that a scope names."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an incident is."""

    labels: dict[str, str] = field(default_factory=dict)
    """Of the one shop that it is about; empty: several, or all together."""
    shops: tuple[str, ...] = ()
    """Those that are shown to fail, in the order in which they were."""
    partial: bool = False
    """Whether it is several shops, while the others are well."""

    @property
    def everywhere(self) -> bool:
        """Whether it is all shops together."""
        return not self.labels and not self.partial

    def wider_than(self, told: Scope) -> bool:
        """Tell whether it reaches further than people have been told: one shop more beside many is no news."""
        if told.everywhere:
            return False
        more, before = len(self.shops), max(len(told.shops), 1)
        return 2 * more >= 3 * before or (self.everywhere and (bool(told.labels) or more == before))

    def name(self, audience: Audience) -> str:
        """Name it: one shop, several, or all with those that are shown to fail.

        >>> from zoneinfo import ZoneInfo
        >>> from logwatch.ui.format import Audience
        >>> readers = Audience("en", ZoneInfo("UTC"), "x")
        >>> Scope({"service": "kpa"}, ("kpa",)).name(readers), Scope().name(readers)
        ('kpa', 'all shops')
        >>> Scope(shops=("a", "b"), partial=True).name(readers), Scope(shops=("a",)).name(readers)
        ('2 shops (a, b)', 'all shops (also a)')
        """
        if self.labels or not self.shops:
            return audience.shop(self.labels)[:60]
        names = ", ".join(audience.shop({"": shop})[:40] for shop in self.shops[:MOST_SHOPS])
        if len(self.shops) > MOST_SHOPS:
            names = f"{names}, {audience.say('more_shops', count=len(self.shops) - MOST_SHOPS)}"
        if self.partial:
            return audience.say("some_shops", count=len(self.shops), names=names)
        return audience.say("all_shops_named" if len(self.shops) > 1 else "all_shops_also", names=names)

    def with_more(self, found: Scope, shop_label: str) -> Scope:
        """Add what was found later; what has been shown to fail stays."""
        shops = tuple(dict.fromkeys((*self.shops, *found.shops)))
        if self.everywhere or found.everywhere:
            return Scope(shops=shops)
        labels = self.labels if len(shops) < 2 else {}
        return Scope(labels or ({shop_label: shops[0]} if len(shops) == 1 else {}), shops, partial=len(shops) > 1)


class Circumstances(Protocol):
    """What the windows say besides the alerts, at the moment of a decision."""

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """Those of the window, of all rules and shops."""
        ...

    def lead(self, alert: Alert) -> str:
        """Give where its procedure points for its shop: a step, or a counter that no step is about; empty: nothing grew."""
        ...

    def without(self, rule: Rule, shops: Collection[str]) -> Verdict | None:
        """Judge all shops together as if these were not there; None where nobody can."""
        ...


@dataclass(frozen=True, slots=True)
class VerdictsAlone:
    """Circumstances of which only the verdicts are known."""

    verdicts: tuple[Verdict, ...] = ()

    def lead(self, alert: Alert) -> str:  # noqa: ARG002 - nobody knows of any
        """Give that nothing is known."""
        return ""

    def without(self, rule: Rule, shops: Collection[str]) -> Verdict | None:  # noqa: ARG002 - likewise
        """Give that nobody can tell."""
        return None


def find_scope(alerts: Sequence[Alert], around: Circumstances, rules: RuleSet, elsewhere: Collection[str]) -> Scope:
    """Find where alerts of one procedure and cause are, the first of which is the one to explain.

    Besides the shops that fire, it is those that are bad as well, proven or not, and for which the same has grown. Where the
    others together are bad without them, it is also those for which nobody knows what has grown; and if it takes more than
    these, it is all shops. `elsewhere` are shops that speak for themselves, or are to be silent.
    """
    shop_label, judging = rules.service.shop_label, _telling_apart(alerts, rules)
    firing = tuple(dict.fromkeys(alert.labels[shop_label] for alert in alerts if shop_label in alert.labels))
    total = any(not alert.labels for alert in alerts)
    own = around.lead(alerts[0])
    bad = _bad_shops(around.verdicts, judging, shop_label, elevated=total)
    leads = {shop: around.lead(alert) for shop, alert in bad.items() if shop not in {*firing, *elsewhere}}
    apart = {shop for shop, lead in leads.items() if lead and own and lead != own}
    unsure = tuple(shop for shop, lead in leads.items() if not lead or not own)
    shown = (*firing, *(shop for shop, lead in leads.items() if lead and lead == own))

    def rest() -> Verdict | None:
        """Judge the other shops; None where they have too few events to say how they fare."""
        others = around.without(judging[0], {*shown, *apart, *elsewhere}) if judging else None
        return others if others and (others.denominator or 0) >= KNOWN_EVENTS else None

    others = rest()
    if unsure and ((total and not shown) or (others and _is_bad(others, elevated=total))):
        shown = (*shown, *unsure)
        others = rest()
    if shown and others and _is_bad(others, elevated=total):
        return Scope(shops=shown)
    if len(shown) == 1:
        return Scope({shop_label: shown[0]}, shown)
    if shown:
        return Scope(shops=shown, partial=others is not None)
    return Scope(alerts[0].labels if all(alert.labels == alerts[0].labels for alert in alerts) else {})


def same_lead(alert: Alert, other: Alert, around: Circumstances) -> bool | None:
    """Tell whether two alerts have the same lead; None where one has none."""
    leads = [around.lead(alert), around.lead(other)]
    return leads[0] == leads[1] if all(leads) else None


def soon_after(alert: Alert, others: Iterable[Alert]) -> bool:
    """Tell whether a shop can have begun to fail within minutes of others; a small one takes long to show it."""
    begun = min(alert.pending_at, alert.latest.window_end - alert.latest.span)
    return begun - max(other.pending_at for other in others) <= TOGETHER


def _telling_apart(alerts: Iterable[Alert], rules: RuleSet) -> list[Rule]:
    """Give the rules that say which shops alerts of one procedure are about: their own, else others of the procedure."""
    own = [rules.by_id[alert.rule] for alert in alerts if alert.rule in rules.by_id]
    procedures = {rule.procedure for rule in own} - {""}
    apart = [rule for rule in (*own, *rules.rules) if rules.service.shop_label in rule.kind.reads.by]
    return [rule for rule in apart if rule in own] or [rule for rule in apart if rule.procedure in procedures]


def _bad_shops(verdicts: Iterable[Verdict], judging: Iterable[Rule], shop_label: str, *, elevated: bool) -> dict[str, Alert]:
    """Give the shops that fare badly by any of the rules, each as the alert that it would be."""
    named = {rule.rule for rule in judging}
    return {
        each.labels[shop_label]: Alert(each.rule, each.labels, AlertState.PENDING, each.window_end, each, each)
        for each in verdicts
        if each.rule in named and shop_label in each.labels and _is_bad(each, elevated=elevated)
    }


def _is_bad(verdict: Verdict, *, elevated: bool) -> bool:
    """Tell whether a verdict is beyond the warning bound, proven or not, or where that is asked for not normal."""
    beyond = verdict.level is Level.WARNING or verdict.why is Why.NOT_PROVEN
    return beyond or (elevated and verdict.level is Level.ELEVATED)
