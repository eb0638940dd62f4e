"""The life of alerts and what is told of it, as rows of one letter a window: tests/fixtures/lifecycle.txt.

verdict: n e w u, W a certain warning, _ not judged; `verdict a:kpa` names a rule and shop. state: . inactive, p pending, F firing,
r resolved. silence: x where one holds. notify: ! firing, + joined, @ reminder, r resolved, e a silence ends soon.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.alerts import Alert, AlertState, advance, fingerprint
from logwatch.config import bundled
from logwatch.levels import Level, Verdict, Why
from logwatch.notifications import REMIND_EVERY, Memory, NotifyReason, Silence, decide
from logwatch.rules import Inhibition, Rule, RuleSet, load_rules
from tests.conftest import ROOT

if TYPE_CHECKING:
    from logwatch.notifications import Notification

START = datetime(2026, 2, 24, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GRACE = timedelta(seconds=90)
LEVELS = {"n": Level.NORMAL, "e": Level.ELEVATED, "w": Level.WARNING, "W": Level.WARNING, "u": Level.UNKNOWN}
STATES = {AlertState.PENDING: "p", AlertState.FIRING: "F", AlertState.RESOLVED: "r"}
REASONS = {
    NotifyReason.FIRING: "!", NotifyReason.JOINED: "+", NotifyReason.REMINDER: "@", NotifyReason.RESOLVED: "r",
    NotifyReason.SILENCE_ENDING: "e",
}  # fmt: skip
BUNDLED = load_rules(bundled("rules"))


@dataclass
class Timeline:
    """One case of a file."""

    name: str
    keys: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)


def expand(notation: str) -> str:
    """Give one letter a window: `.x8` is eight of them."""
    return "".join(word[0] * int(word[2:] or 1) if word[1:2] == "x" else word for word in notation.split())


def timelines() -> list[Timeline]:
    """Read every case."""
    found: list[Timeline] = []
    for path in [ROOT / "tests/fixtures/lifecycle.txt"]:
        for line in path.read_text(encoding="utf-8").splitlines():
            head, _, rest = line.partition(" ")
            if head == "#":
                found.append(Timeline(rest))
            elif head == "verdict":
                name, _, notation = ("a", "", rest) if rest.startswith(" ") else rest.partition(" ")
                found[-1].verdicts[name] = expand(notation)
            elif head in {"state", "notify", "silence", "messages"}:
                found[-1].rows[head] = rest.strip() if head == "messages" else expand(rest)
            elif line:
                found[-1].keys |= {m[1].strip(): m[2].strip() for m in re.finditer(r"([\w ]+?):\s+(.+?)(?=\s{2,}|$)", line)}
    return found


def rule_set(case: Timeline) -> RuleSet:
    """Make the rules that a case names."""
    names = dict.fromkeys(name.partition(":")[0] for name in case.verdicts)
    rules = tuple(
        Rule.model_validate(
            {
                "rule": name, "summary": {"ko": name, "en": name}, "count": "x", "normal": "<= 0", "warning": "> 0",
                "for": case.keys["for"], "keep_firing_for": case.keys["keep_firing_for"],
                "procedure": case.keys.get(f"procedure {name}", "4.1"),
            }
        )
        for name in names
    )  # fmt: skip
    mutes = case.keys.get("mutes", "").split()
    because = {"ko": "그래서", "en": "so"}
    inhibitions = (Inhibition.model_validate({"when": mutes[:1], "mutes": mutes[1:], "because": because}),) if mutes else ()
    return replace(BUNDLED, rules=rules, inhibitions=inhibitions, where={})


def verdict(name: str, letter: str, end: datetime) -> Verdict:
    rule, _, shop = name.partition(":")
    labels = {"service": shop} if shop else {}
    return Verdict(
        rule, labels, end, LEVELS[letter], 1.0, None, None, True, Why.NONE, MINUTE, suspect=False, certain=letter == "W"
    )


def play(case: Timeline) -> tuple[str, list[list[Notification]]]:
    """Give the first alert's states, and what is told after each window."""
    rules, alerts, memory = rule_set(case), list[Alert](), Memory()
    repeat = int(case.keys.get("repeat", "1"))
    length = max(map(len, case.verdicts.values())) * repeat
    remind = timedelta(minutes=int(case.keys["remind_every"][:-1])) if "remind_every" in case.keys else REMIND_EVERY
    rule, _, shop = next(iter(case.verdicts)).partition(":")
    first = fingerprint(rule, {"service": shop} if shop else {})
    silence = case.rows.get("silence", "")
    states, told = "", []
    for window in range(length):
        end = START + (window + 1) * MINUTE
        letters = {name: (row * repeat)[window] for name, row in case.verdicts.items()}
        alerts, _ = advance(alerts, [verdict(*item, end) for item in letters.items() if item[1] != "_"], rules.by_id, end)
        states += next((STATES[alert.state] for alert in alerts if alert.fingerprint == first), ".")
        if silence[window : window + 1] == "x" and not memory.silences:
            over = START + len(silence.rstrip(".")) * MINUTE + GRACE + MINUTE / 2  # between two looks
            memory = memory.with_silence(Silence("s1", "a", {}, over, "work", "kim", end))
        decision = decide(alerts, memory, rules, end + GRACE, remind_every=remind)
        again = decide(alerts, decision.memory, rules, end + GRACE, remind_every=remind)
        assert again.notifications == (), "the same minute twice says nothing new"
        memory = decision.memory
        told.append(list(decision.notifications))
    return states, told


@pytest.mark.parametrize("case", timelines(), ids=lambda case: case.name)
def test_a_timeline(case: Timeline) -> None:
    states, told = play(case)
    letters = "".join("".join(REASONS[each.reason] for each in now) or "." for now in told)
    if "state" in case.rows and "repeat" not in case.keys:
        assert states == case.rows["state"], f"\nexpected {case.rows['state']}\nfound    {states}"
    if "notify" in case.rows:
        assert letters == case.rows["notify"], f"\nexpected {case.rows['notify']}\nfound    {letters}"
    if "messages" in case.rows:
        assert sum(map(len, told)) == int(case.rows["messages"]), letters
    ids = [each.id for now in told for each in now]
    assert len(ids) == len(set(ids))
    firings = Counter(each.incident for now in told for each in now if each.reason is NotifyReason.FIRING)
    ends = Counter(each.incident for now in told for each in now if each.reason is NotifyReason.RESOLVED)
    assert all(ends[incident] <= count for incident, count in firings.items())


def test_shops_whose_names_look_alike_in_ascii_have_incidents_of_their_own() -> None:
    case = Timeline("", {"for": "0", "keep_firing_for": "0"}, {"a:약국": "w", "a:서점": "w"})
    _, told = play(case)
    assert len({each.incident for each in told[0]}) == 2


def test_a_notification_says_what_is_new_and_what_it_explains() -> None:
    keys = {"for": "0", "keep_firing_for": "0", "mutes": "a b", "procedure b": "4.3"}
    _, told = play(Timeline("", keys, {"a": "nww", "b": "www", "c": "nnw"}))
    assert [[(each.procedure, each.rules, len(each.new)) for each in now] for now in told] == [
        [("4.3", ["b"], 1)], [("4.1", ["a"], 1)], [("4.1", ["c", "a"], 1)],
    ]  # fmt: skip
    assert [alert.rule for alert in told[1][0].inhibited] == ["b"]
    assert (told[1][0].since, told[1][0].at) == (START + 2 * MINUTE, START + 2 * MINUTE + GRACE)


def test_orders_and_payments_that_fail_during_a_redis_outage_say_that_it_does_not_explain_them() -> None:
    end = START + MINUTE
    found = [replace(verdict("x", "w", end), rule=rule) for rule in ("cache-error", "checkout-error", "cache-hit")]
    alerts, _ = advance([], [replace(each, certain=True) for each in found], BUNDLED.by_id, end)
    decision = decide(alerts, Memory(), BUNDLED, end + GRACE)
    told = {each.procedure: each for each in decision.notifications}
    assert set(told) == {"4.4", "4.1"}
    assert [alert.rule for alert in told["4.4"].inhibited] == ["cache-hit"]
    assert told["4.1"].unexpected_with == ("cache-error",)
