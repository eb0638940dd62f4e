"""What the timelines cannot draw of a message: its names and contents; receivers, each by itself; and what holds for any course."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.errors import ChannelError
from logwatch.judge.alerts import Alert, advance
from logwatch.notify.decide import REMIND_EVERY, Decision, decide
from logwatch.notify.incidents import Incident, Memory, Muted, Notification, NotifyReason, Suppression
from logwatch.notify.outbox import Outbox, enqueue, fall_over, next_due, record_delivery, record_failure
from logwatch.notify.silences import RecurringSilence, Silence
from tests.support.examples import FEWER
from tests.support.timelines import (
    BUNDLED,
    GRACE,
    MINUTE,
    REASONS,
    START,
    Look,
    Timeline,
    make_rule,
    make_rules,
    make_verdict,
    play,
    title,
    window_end,
)  # fmt: skip

if TYPE_CHECKING:
    from logwatch.judge.rules.model import RuleSet

AT_ONCE: dict[str, object] = {"for": 0, "keep_firing_for": 0}
RULES = make_rules(
    make_rule("a", **AT_ONCE), make_rule("b", **AT_ONCE), make_rule("c", **AT_ONCE, procedure="4.3"),
    make_rule("loose", **AT_ONCE, procedure=""), mutes=("a", "c"),
)  # fmt: skip


def look(names: str, window: int = 0, alerts: list[Alert] | None = None, rules: RuleSet = RULES) -> list[Alert]:
    """Let these alerts fire, and no others."""
    end = window_end(window)
    firing = [make_verdict(name, "W", end) for name in names.split()]
    over = [make_verdict(title(alert), "n", end) for alert in alerts or () if title(alert) not in names.split()]
    return advance(alerts or [], [*firing, *over], rules.by_id, end)[0]


def first(names: str, memory: Memory = Memory(), rules: RuleSet = RULES) -> Decision:  # noqa: B008 - frozen
    return decide(look(names, rules=rules), memory, rules, window_end(0) + GRACE)


def silence(rule: str = "*", shop: str = "", minutes: int = 60, mark: str = "s1") -> Silence:
    return Silence(mark, rule, {"service": shop} if shop else {}, START + minutes * MINUTE, "work", "kim", START)


@pytest.mark.parametrize(
    ("name", "rules", "expected"),
    [
        ("a", RULES, "202602240001-4.1-all.1"),
        ("a:kpa", RULES, "202602240001-4.1-kpa.1"),
        ("c:kpa", RULES, "202602240001-4.3-kpa.1"),
        ("loose", RULES, "202602240001-loose-all.1"),
        ("telemetry-silent", BUNDLED, "202602240001-telemetry-silent-all.1"),
        ("a:k-pa", RULES, "202602240001-4.1-k_pa-6005eb.1"),
        ("a:k_pa", RULES, "202602240001-4.1-k_pa.1"),
        ("a:약국", RULES, "202602240001-4.1-__-e2f047.1"),
        (f"a:{'x' * 60}", RULES, f"202602240001-4.1-{'x' * 40}-dbde27.1"),
    ],
)
def test_a_message_is_named_after_when_what_and_where(name: str, rules: RuleSet, expected: str) -> None:
    (told,) = first(name, rules=rules).notifications
    assert told.id == expected
    assert told.id == f"{told.incident}.1"


def test_shops_that_look_alike_have_incidents_of_their_own() -> None:
    shops = ["약국", "서점", "k-pa", "k_pa", "k pa", "", " ", "x" * 41, "x" * 42, "\ud800", "\udfff"]
    told: list[Notification] = []
    for shop in shops:
        alerts, _ = advance([], [replace(make_verdict("a", "W", window_end(0)), labels={"service": shop})], RULES.by_id, START)
        told += decide(alerts, Memory(), RULES, window_end(0) + GRACE).notifications
    assert len({each.id for each in told}) == len(told) == len(shops)


def test_the_same_look_gives_the_same_message_wherever_it_is_taken() -> None:
    assert first("a b a:kpa") == first("a b a:kpa")


def test_the_messages_of_an_incident_are_numbered_on_when_it_comes_back() -> None:
    alerts, memory, ids = list[Alert](), Memory(), []
    for window, names in enumerate(["a", "a b", "", "b"]):
        alerts = look(names, window, alerts)
        decision = decide(alerts, memory, RULES, window_end(window) + GRACE)
        memory = decision.memory
        ids += [(each.id, each.reason.value, each.again) for each in decision.notifications]
    name = "202602240001-4.1-all"
    assert ids == [
        (f"{name}.1", "firing", 0),
        (f"{name}.2", "joined", 0),
        (f"{name}.3", "resolved", 0),
        (f"{name}.4", "firing", 1),
    ]


def test_a_message_holds_what_there_is_to_say() -> None:
    (told,) = first("b a:kpa a b:kpa").notifications
    assert (told.reason, told.procedure, told.labels) == (NotifyReason.FIRING, "4.1", {"service": "kpa"})
    assert (told.at, told.since) == (window_end(0) + GRACE, window_end(-1))
    assert [title(alert) for alert in told.alerts] == ["a:kpa", "b:kpa", "a", "b"]
    assert told.rules == ["a", "b"]
    assert set(told.new) == {alert.fingerprint for alert in told.alerts}
    assert (told.inhibited, told.unexpected_with, told.again, told.silence, told.resolved_at) == ((), (), 0, None, None)


def test_a_reminder_is_headed_by_what_still_fires() -> None:
    decided = first("a b")
    alerts = look("b", 1, look("a b"))
    at = window_end(0) + GRACE
    (told,) = decide(alerts, decided.memory, RULES, at + REMIND_EVERY).notifications
    assert (told.reason, told.rules) == (NotifyReason.REMINDER, ["b", "a"])


def test_an_end_says_when_the_last_alert_was_over_and_shows_each_as_resolved() -> None:
    alerts, memory = list[Alert](), Memory()
    for window, names in enumerate(["a b", "a", ""]):
        alerts = look(names, window, alerts)
        decision = decide(alerts, memory, RULES, window_end(window) + GRACE)
        memory = decision.memory
    (told,) = decision.notifications
    assert told.reason is NotifyReason.RESOLVED
    assert told.resolved_at == window_end(2) + GRACE
    assert [(title(alert), alert.resolved_at) for alert in told.alerts] == [("a", window_end(2)), ("b", window_end(1))]


def test_the_end_of_a_silence_is_a_message_of_its_own_with_all_that_it_mutes() -> None:
    decision = first("a c:kpa", Memory(silences=(silence(minutes=8),)))
    (told,) = decision.notifications
    assert (told.id, told.incident, told.reason) == ("silence-s1.1", "silence-s1", NotifyReason.SILENCE_ENDING)
    assert {title(alert) for alert in told.alerts} == {"a", "c:kpa"}
    assert (told.new, told.silence, told.since) == ((), silence(minutes=8), window_end(-1))
    assert [each.told for each in decision.memory.silences] == [True]


def test_what_keeps_silent_says_why_and_until_when() -> None:
    decision = first("a b c", Memory(silences=(silence("b"), silence("b", minutes=90, mark="s2"), silence("a", "kpa"))))
    marks = {alert.fingerprint: title(alert) for alert in look("a b c")}
    assert {marks[each.fingerprint]: replace(each, fingerprint="") for each in decision.suppressed} == {
        "b": Suppression("", Muted.SILENCED, "s2", START + 90 * MINUTE),  # the one that holds longest
        "c": Suppression("", Muted.INHIBITED, "a"),
    }


@pytest.mark.parametrize(
    ("rule", "shop", "minutes", "mutes"),
    [
        ("a", "", 60, {"a", "a:kpa", "a:cosmetics"}),
        ("a", "kpa", 60, {"a:kpa"}),
        ("*", "", 60, {"a", "a:kpa", "a:cosmetics", "b:kpa"}),
        ("*", "kpa", 60, {"a:kpa", "b:kpa"}),
        ("c", "", 60, set()),
        ("*", "", 2, set()),  # over before the look
    ],
)
def test_a_silence_mutes_its_rule_and_shop_until_its_end(rule: str, shop: str, minutes: int, mutes: set[str]) -> None:
    now = window_end(0) + GRACE
    alerts = look("a a:kpa a:cosmetics b:kpa")
    assert {title(alert) for alert in alerts if silence(rule, shop, minutes).mutes(alert, now)} == mutes


def test_a_silence_is_over_at_its_very_end() -> None:
    (alert,) = look("a")
    assert silence().mutes(alert, START + 60 * MINUTE - timedelta(microseconds=1))
    assert not silence().mutes(alert, START + 60 * MINUTE)


def test_silences_that_are_over_are_forgotten() -> None:
    memory = Memory(silences=(silence(minutes=1), silence(mark="s2")))
    assert [each.id for each in decide([], memory, RULES, window_end(0) + GRACE).memory.silences] == ["s2"]


def test_a_recurring_silence_mutes_at_its_hour_tells_each_end_once_and_is_forgotten_with_its_last() -> None:
    every = RecurringSilence("r1", "b", {}, "tue 00:00", 30, "UTC", START + timedelta(days=8), "work", "kim", START)
    memory, told, muted = Memory(recurring=(every,)), list[str](), list[bool]()
    for minutes in (0, 25, 26, 29, 30, 7 * 24 * 60 + 22, 8 * 24 * 60):
        decision = decide(look("b"), memory, RULES, START + minutes * MINUTE)
        memory = decision.memory
        muted.append(bool(decision.suppressed))
        told += [each.id for each in decision.notifications if each.reason is NotifyReason.SILENCE_ENDING]
    assert muted == [True, True, True, True, False, True, False]
    assert told == ["silence-r1-202602240030.1", "silence-r1-202603030030.1"]
    assert memory.recurring == ()


def test_a_memory_takes_silences_and_gives_them_back() -> None:
    memory = Memory().with_silence(silence()).with_silence(silence(mark="s2"))
    assert [each.id for each in memory.without_silence("s1").silences] == ["s2"]
    assert memory.without_silence("s9") == memory


def test_an_incident_that_no_message_has_named_speaks_as_new() -> None:
    # Alertmanager's needsUpdate 4: a log entry without a time. Here an incident that was saved before it had spoken.
    alerts = look("a")
    memory = Memory((Incident("x", "4.1", {}, START, tuple(alert.fingerprint for alert in alerts), tuple(alerts)),))
    (told,) = decide(alerts, memory, RULES, window_end(0) + GRACE).notifications
    assert (told.id, told.reason) == ("x.1", NotifyReason.FIRING)


def test_a_rule_that_is_taken_away_while_it_fires_ends_its_incident() -> None:
    told = first("a")
    rules = make_rules(make_rule("b", **AT_ONCE))
    alerts = advance(look("a"), [], rules.by_id, window_end(1))[0]
    (ended,) = decide(alerts, told.memory, rules, window_end(1) + GRACE).notifications
    assert (ended.reason, ended.rules) == (NotifyReason.RESOLVED, ["a"])


def test_rules_without_a_procedure_share_an_incident() -> None:
    rules = make_rules(make_rule("loose", **AT_ONCE, procedure=""), make_rule("other", **AT_ONCE, procedure=""))
    (told,) = first("loose other", rules=rules).notifications
    assert told.rules == ["loose", "other"]


@pytest.mark.parametrize(("gap", "again"), [(59, 1), (60, 0)])
def test_an_incident_is_remembered_for_an_hour(gap: int, again: int) -> None:
    alerts = look("a")
    memory = decide(alerts, Memory(), RULES, window_end(0) + GRACE).memory
    memory = decide(look("", 1, alerts), memory, RULES, window_end(1) + GRACE).memory
    (told,) = decide(look("a", 1 + gap), memory, RULES, window_end(1 + gap) + GRACE).notifications
    assert told.again == again


MANY = make_rules(*(make_rule(f"r{number}", **AT_ONCE, procedure=f"4.{number}") for number in range(9)))


def test_more_messages_than_people_can_read_are_summed_up_and_none_of_their_incidents_is_lost() -> None:
    names = " ".join(f"r{number}" for number in range(9))
    begun = first(names, rules=MANY)
    *apart, summed = begun.notifications
    assert [each.rules for each in apart] == [["r0"], ["r1"], ["r2"], ["r3"]]
    assert (summed.reason, [each.rules for each in summed.summed]) == (NotifyReason.SUMMED, [[f"r{n}"] for n in range(4, 9)])
    assert summed.rules == ["r4", "r5", "r6", "r7", "r8"]
    alerts = look("", 1, look(names, rules=MANY), MANY)
    *ends, last = decide(alerts, begun.memory, MANY, window_end(1) + GRACE).notifications
    over = [part for each in (*ends, last) for part in each.parts]
    assert {each.reason for each in over} == {NotifyReason.RESOLVED}
    assert {each.incident for each in over} == {part.incident for each in begun.notifications for part in each.parts}


def test_what_fires_anew_stands_by_itself_sooner_than_what_is_over() -> None:
    begun = first("r0 r1 r2 r3 r4", rules=MANY)
    alerts = look("r5 r6", 1, look("r0 r1 r2 r3 r4", rules=MANY), MANY)
    told = decide(alerts, begun.memory, MANY, window_end(1) + GRACE).notifications
    assert [each.reason.value for each in told] == ["firing", "firing", "resolved", "resolved", "summed"]


def test_two_decisions_of_one_run_share_what_may_be_told_in_a_minute() -> None:
    begun = first("r0 r1 r2 r3", rules=MANY)
    alerts = look("r0 r1 r2 r3 r4 r5", rules=MANY)
    (told,) = decide(alerts, begun.memory, MANY, window_end(0) + GRACE).notifications
    assert [each.rules for each in told.summed] == [["r4"], ["r5"]]


def test_a_memory_of_an_older_program_speaks_on_from_the_scope_that_it_told() -> None:
    alerts = look("a:kpa")
    told = decide(alerts, Memory(), RULES, window_end(0) + GRACE).memory.incidents[0]
    older = replace(told, shops=(), told_scope=None, first_scope=None)
    joined = look("a:kpa a:cosmetics", 1, alerts)
    (wider,) = decide(joined, Memory((older,)), RULES, window_end(1) + GRACE).notifications
    assert (wider.id, wider.reason, {*wider.shops}) == (f"{told.id}.2", NotifyReason.WIDER, {"kpa", "cosmetics"})
    assert wider.first_scope is not None
    assert wider.first_scope.labels == {"service": "kpa"}


def test_an_incident_that_comes_back_elsewhere_as_well_is_the_same_one_at_its_new_scope() -> None:
    alerts, memory, told = list[Alert](), Memory(), list[Notification]()
    for window, names in enumerate(["a:kpa a:cosmetics", "", "a:kpa", ""]):
        alerts = look(names, window, alerts)
        decision = decide(alerts, memory, RULES, window_end(window) + GRACE)
        memory, told = decision.memory, [*told, *decision.notifications]
    assert [(each.reason.value, each.labels, each.again) for each in told] == [
        ("firing", {}, 0),
        ("resolved", {}, 0),
        ("firing", {"service": "kpa"}, 1),
    ]
    assert len({each.incident for each in told}) == 1


# Receivers, as in Alertmanager's TestRetry and TestRetryStage: a message a letter, x where the channel fails.
DELIVERIES = [
    # the one that fails gets all of it later, in order; the other gets each once and in time
    ("! . . @ . . r", {"chat": ". . . . . . .", "mail": "x x . . . . ."}, {"chat": "! . . @ . . r", "mail": ". . ! @ . . r"}),
    # Theirs: the one that has failed gets the first message late, and its reminder its own interval after that.
    # Ours differs: what is told is decided once for all channels, so a late channel is sent what it missed.
    ("! . . @ . . .", {"chat": ". . . . . . .", "mail": "x x x x . . ."}, {"chat": "! . . @ . . .", "mail": ". . . . !@ . ."}),
    ("! + r", {"chat": ". x .", "mail": ". . ."}, {"chat": "! . +r", "mail": "! + r"}),
    # both fail, each by itself
    ("! . . .", {"chat": "x . . .", "mail": "x x x ."}, {"chat": ". ! . .", "mail": ". . . !"}),
    # P: the same again cannot help, so it waits for half an hour, and the other channel takes its place
    ("! . +", {"chat": "P . .", "mail": ". . ."}, {"chat": ". . +", "mail": "! . +"}),
    # R: the channel asked for three minutes
    ("! + . . .", {"chat": "R . . . .", "mail": ". . . . ."}, {"chat": ". . . !+ .", "mail": "! + . . ."}),
]  # fmt: skip


@pytest.mark.parametrize(("messages", "fails", "expected"), DELIVERIES)
def test_a_failing_receiver_is_retried_by_itself(messages: str, fails: dict[str, str], expected: dict[str, str]) -> None:
    letters = {letter: reason for reason, letter in REASONS.items()}
    outbox, found = Outbox(), {name: list[str]() for name in fails}
    (about,) = first("a").notifications
    for minute, letter in enumerate(messages.split()):
        now = START + minute * MINUTE
        if letter != ".":
            one = replace(about, id=f"x.{minute}", reason=letters[letter], at=now)
            outbox = enqueue(outbox, (one,), tuple(fails))
        for name, course in fails.items():
            sent = ""
            while due := next_due(outbox, name, now):
                trouble = course.split()[minute]
                if trouble != ".":
                    wait = 3 * MINUTE if trouble == "R" else None
                    error = ChannelError("no", permanent=trouble == "P", retry_after=wait)
                    outbox = record_failure(outbox, due, name, now, error)
                    break
                sent += REASONS[due.notification.reason]
                outbox = record_delivery(outbox, due, name, now, None)
            found[name].append(sent or ".")
    assert {name: " ".join(row) for name, row in found.items()} == expected


def test_resolved_is_sent_on_every_channel_and_the_outbox_is_empty_then() -> None:
    # Alertmanager's send_resolved filters by receiver; here there is no such setting, and nothing to be set as notified.
    (about,) = first("a").notifications
    outbox = enqueue(Outbox(), (about, replace(about, id="x.2", reason=NotifyReason.RESOLVED)), ("chat", "mail"))
    for name in ("chat", "mail"):
        while due := next_due(outbox, name, START):
            outbox = record_delivery(outbox, due, name, START, None)
    assert (outbox.waiting, [note.reason.value for note in outbox.notes]) == ((), ["firing", "resolved"])
    assert fall_over(outbox, ("chat", "mail"), START)[1] == []


NAMES = ("a", "a:kpa", "a:cosmetics", "b", "b:kpa", "c", "c:kpa")
CASES = st.builds(
    Timeline,
    name=st.just(""),
    where=st.just(""),
    keys=st.fixed_dictionaries(
        {
            "for": st.sampled_from(["0", "1m"]),
            "keep_firing_for": st.sampled_from(["0", "2m"]),
            "mutes": st.just("b c"),
            "procedure c": st.sampled_from(["4.1", "4.3"]),
            "remind_every": st.sampled_from(["3m", "10m", "4h"]),
        }
    ),
    verdicts=st.dictionaries(
        st.sampled_from(NAMES),
        st.lists(
            st.sampled_from(["n", "w", "W", "e", "E", "EE", "u", "_", "wn", "wwn", "wwww", "nnnn", "n" * 35, "n" * 65]),
            max_size=12,
        ).map("".join),
        min_size=1,
    ),
    rows=st.dictionaries(
        st.sampled_from(["silence a", "silence b", "silence c", "silence *", "silence a:kpa"]),
        st.lists(st.sampled_from([".", "x", "....", "xxxx", "x" * 20, "." * 20]), max_size=8).map("".join),
        max_size=2,
    ),
)


def watched(case: Timeline) -> list[Look]:
    """Play a case in which every alert is judged to the end of the longest course, and normal for 40 minutes after it."""
    length = max(map(len, case.verdicts.values())) + 40
    verdicts = {name: letters.ljust(length, "n") for name, letters in case.verdicts.items()}
    return [each for each in play(replace(case, verdicts=verdicts)) if each]


def by_incident(looks: list[Look]) -> dict[str, list[Notification]]:
    told = defaultdict(list)
    for each in looks:
        for one in each.decision.notifications:
            if one.reason is not NotifyReason.SILENCE_ENDING:
                told[one.incident].append(one)
    return told


@pytest.mark.long
@FEWER
@given(CASES)
def test_a_second_identical_decision_says_nothing_and_the_state_survives_being_written(case: Timeline) -> None:
    assert watched(case)  # `play` holds both after every window


@pytest.mark.long
@FEWER
@given(CASES)
def test_no_message_is_about_silenced_or_inhibited_alerts_alone(case: Timeline) -> None:
    for each in watched(case):
        muted = {one.fingerprint for one in each.decision.suppressed}
        firing = {alert.fingerprint for alert in each.alerts if alert.firing_at and not alert.resolved_at}
        for told in each.decision.notifications:
            if told.reason not in {NotifyReason.RESOLVED, NotifyReason.SILENCE_ENDING}:
                assert {alert.fingerprint for alert in told.alerts} & firing - muted, told.reason
                assert not set(told.new) & muted


@pytest.mark.long
@FEWER
@given(CASES)
def test_every_alert_that_may_speak_has_been_told(case: Timeline) -> None:
    for each in watched(case):
        muted = {one.fingerprint for one in each.decision.suppressed}
        firing = {alert.fingerprint for alert in each.alerts if alert.firing_at and not alert.resolved_at}
        open_ = [incident for incident in each.decision.memory.incidents if not incident.closed_at]
        told = {mark for incident in open_ for mark in incident.told}
        # What joins so soon after others have waits for the next message, and what eases or recovers is no news.
        waiting = {mark for incident in open_ if incident.widened_at for mark in incident.members}
        calm = {alert.fingerprint for alert in each.alerts if alert.eased_at or alert.normals}
        assert firing - muted - waiting - calm <= told


@pytest.mark.long
@FEWER
@given(CASES)
def test_an_incident_begins_with_firing_and_ends_with_one_resolved(case: Timeline) -> None:
    looks = watched(case)
    for told in by_incident(looks).values():
        reasons = [each.reason for each in told]
        assert reasons[0] is NotifyReason.FIRING
        assert reasons[-1] is NotifyReason.RESOLVED
        for before, after in pairwise(reasons):
            assert (before is NotifyReason.RESOLVED) == (after is NotifyReason.FIRING)
        assert [each.id.rpartition(".")[2] for each in told] == [str(number) for number in range(1, len(told) + 1)]
    assert all(incident.closed_at for incident in looks[-1].decision.memory.incidents)


@pytest.mark.long
@FEWER
@given(CASES)
def test_an_incident_never_says_the_same_twice_but_reminds(case: Timeline) -> None:
    for told in by_incident(watched(case)).values():
        news = [(each.again, each.reason, each.new) for each in told if each.reason is not NotifyReason.REMINDER]
        said = Counter(each for each in news if each[1] not in {NotifyReason.EASED, NotifyReason.RELAPSED})
        assert not [each for each, times in said.items() if times > 1]
        assert not [after for before, after in pairwise(news) if before == after], "to and fro may come again, each in its turn"
        named = Counter((each.again, mark) for each in told for mark in each.new)
        assert not [mark for mark, times in named.items() if times > 1]


@pytest.mark.long
@FEWER
@given(CASES)
def test_a_reminder_comes_no_sooner_than_its_time(case: Timeline) -> None:
    every = timedelta(minutes=int(case.keys["remind_every"][:-1])) if case.keys["remind_every"][-1] == "m" else REMIND_EVERY
    for told in by_incident(watched(case)).values():
        for before, after in pairwise(told):
            assert after.reason is not NotifyReason.REMINDER or after.at - before.at >= every


@pytest.mark.long
@FEWER
@given(CASES)
def test_since_stays_while_an_incident_is_open_and_ids_are_unique(case: Timeline) -> None:
    looks = watched(case)
    for told in by_incident(looks).values():
        for before, after in pairwise(told):
            assert after.since <= before.since or after.reason is NotifyReason.FIRING
    ids = Counter(each.id for one in looks for each in one.decision.notifications)
    assert max(ids.values(), default=1) == 1


@pytest.mark.long
@FEWER
@given(CASES)
def test_an_incident_is_of_one_procedure_and_names_every_shop_that_fires_in_it(case: Timeline) -> None:
    for told in by_incident(watched(case)).values():
        for each in told:
            assert {title(alert)[0] in "ab" or case.keys["procedure c"] == "4.1" for alert in each.alerts} <= {
                each.procedure == "4.1"
            }
            shops = {shop for alert in each.alerts for shop in alert.labels.values()}
            assert shops <= {*each.shops}
            assert each.labels == ({"service": each.shops[0]} if len(each.shops) == 1 and each.labels else {})
            assert len(shops) <= 1 or not each.labels
