"""Which shops an incident is about: found in the verdicts of all shops, not by which of them fires first."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from logwatch.judge.alerts import Alert, AlertState
from logwatch.judge.verdicts import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from logwatch.judge.rules.model import Rule, RuleSet
    from logwatch.ui.format import Audience

TOGETHER = timedelta(minutes=15)
"""How long after one shop another may begin to fail, and belong to the same incident."""
PLAIN = timedelta(minutes=5)
"""Over what shops are compared where no alert says over what it was proven."""
CHANCE = 0.05
"""How often chance may let shops look bad that fare as well as just normal ones do."""
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
        >>> Scope({"service": "a"}, ("a",)).name(readers), Scope().name(readers)
        ('a', 'all shops')
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

    def cell(self, audience: Audience) -> str:
        """Name it where a column's head says that these are shops."""
        return self.name(audience) if self.labels or self.shops else audience.shop_cell({})

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

    def over(self, rule: Rule, stretch: timedelta) -> Sequence[Verdict]:
        """Judge every shop on a stretch alone, proof or none."""
        ...

    def without(self, rule: Rule, shops: Collection[str], stretch: timedelta | None = None) -> Verdict | None:
        """Judge all shops together as if these were not there, as the rule does or on a stretch; None where nobody can."""
        ...


@dataclass(frozen=True, slots=True)
class VerdictsAlone:
    """Circumstances of which only the verdicts are known."""

    verdicts: tuple[Verdict, ...] = ()

    def lead(self, alert: Alert) -> str:  # noqa: ARG002 - nobody knows of any
        """Give that nothing is known."""
        return ""

    def over(self, rule: Rule, stretch: timedelta) -> Sequence[Verdict]:  # noqa: ARG002 - whatever the stretch
        """Give the verdicts as they are."""
        return [each for each in self.verdicts if each.rule == rule.rule and each.labels]

    def without(self, rule: Rule, shops: Collection[str], stretch: timedelta | None = None) -> None:
        """Give that nobody can tell."""


def find_scope(alerts: Sequence[Alert], around: Circumstances, rules: RuleSet, elsewhere: Collection[str]) -> Scope:
    """Find where alerts of one procedure and cause are, the first of which is the one to explain.

    Besides the shops that fire, it is those that are bad over the same stretch, proven or not, and for which the same has
    grown. Where the others together are bad without them, it is also those for which nobody knows what has grown; and if it
    takes more than these, it is all shops. `elsewhere` are shops that speak for themselves, or are to be silent.
    """
    if all(alert.peak.beside for alert in alerts):  # what one revision does, it does in every shop
        return Scope()
    shop_label = rules.service.shop_label
    shown = tuple(dict.fromkeys(alert.labels[shop_label] for alert in alerts if shop_label in alert.labels))
    rule = _telling_apart(alerts, rules)
    if rule is None:
        return _of_alerts(alerts, shown, shop_label)
    total = any(not alert.labels for alert in alerts)
    stretch = min((alert.latest.span for alert in alerts if alert.rule == rule.rule), default=PLAIN)
    own = around.lead(alerts[0])
    leads = {
        shop: around.lead(_as_alert(each))
        for each in around.over(rule, stretch)
        if _is_bad(each, rule, elevated=total) and (shop := each.labels[shop_label]) not in {*shown, *elsewhere}
    }
    apart = {shop for shop, lead in leads.items() if lead and own and lead != own}
    unsure = tuple(shop for shop, lead in leads.items() if not lead or not own)
    shown = (*shown, *(shop for shop, lead in leads.items() if lead and lead == own))
    others = around.without(rule, {*shown, *apart, *elsewhere}, stretch)
    if unsure and ((total and not shown) or _is_bad(others, rule, elevated=total)):
        shown = (*shown, *unsure)
        others = around.without(rule, {*shown, *apart, *elsewhere}, stretch)
    if shown and _is_bad(others, rule, elevated=total):
        return Scope(shops=shown)
    scope = _of_alerts(alerts, shown, shop_label)
    return replace(scope, partial=len(shown) > 1 and others is not None and others.level is Level.NORMAL)


def _as_alert(verdict: Verdict) -> Alert:
    """Give the alert that a shop's verdict would begin with."""
    begun = verdict.window_end - verdict.span
    return Alert(verdict.rule, verdict.labels, AlertState.PENDING, verdict.window_end, verdict, verdict, began_at=begun)


def _of_alerts(alerts: Sequence[Alert], shops: tuple[str, ...], shop_label: str) -> Scope:
    """Give the scope of alerts and shops where nothing is known of others."""
    if len(shops) == 1:
        return Scope({shop_label: shops[0]}, shops)
    return Scope(alerts[0].labels if not shops and all(alert.labels == alerts[0].labels for alert in alerts) else {}, shops)


def same_lead(alert: Alert, other: Alert, around: Circumstances) -> bool | None:
    """Tell whether two alerts have the same lead; None where one has none."""
    leads = [around.lead(alert), around.lead(other)]
    return leads[0] == leads[1] if all(leads) else None


def soon_after(alert: Alert, others: Iterable[Alert]) -> bool:
    """Tell whether a shop began to fail within minutes of others; a small one takes long to show it."""
    return alert.since - max(other.since for other in others) <= TOGETHER


def _telling_apart(alerts: Iterable[Alert], rules: RuleSet) -> Rule | None:
    """Give the rule that says which shops alerts of one procedure are about: one of theirs, else another of the procedure."""
    own = [rules.by_id[alert.rule] for alert in alerts if alert.rule in rules.by_id]
    procedures = {rule.procedure for rule in own} - {""}
    apart = [rule for rule in (*own, *rules.rules) if rules.service.shop_label in rule.kind.reads.by]
    return next((rule for rule in apart if rule in own or rule.procedure in procedures), None)


def _is_bad(verdict: Verdict | None, rule: Rule, *, elevated: bool) -> bool:
    """Tell whether a verdict is beyond the warning bound, or where that is asked for not normal, and hardly by chance."""
    if verdict is None or verdict.level not in ({Level.WARNING, Level.ELEVATED} if elevated else {Level.WARNING}):
        return False
    if verdict.numerator is None or not verdict.denominator or rule.normal.unit != "%":
        return True
    from logwatch.judge.significance import binomial_tail  # it brings numpy

    failed, usual = verdict.numerator, rule.normal.bound
    if rule.warning.falls:
        failed, usual = verdict.denominator - failed, 1 - usual
    return binomial_tail(round(failed), round(verdict.denominator), usual) < CHANCE
