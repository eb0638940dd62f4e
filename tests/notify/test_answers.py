"""Reactions: what each means, that the same one twice changes nothing, and that one that is taken back is undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from logwatch.judge.rules.oncall import OnCall
from logwatch.notify.answers import QUIET_FOR, Answers, Heard, renew_heads, take_answers
from logwatch.notify.decide import decide
from logwatch.notify.follow_ups import set_head
from logwatch.notify.history import remember
from logwatch.notify.incidents import AnswerKind, Label, Memory, NotifyReason
from logwatch.notify.listen import MOST_ASKED, in_turn
from logwatch.notify.outbox import After, Outbox, enqueue
from logwatch.state.document import State, dump_state, load_state
from tests.support.made_messages import RULES, START, alert, notification

if TYPE_CHECKING:
    from datetime import datetime

    from logwatch.notify.answers import Answered, Reactions
    from logwatch.notify.decide import Decision
    from logwatch.notify.incidents import Incident

MINUTE = timedelta(minutes=1)
EYES, BELL, REAL, FALSE = AnswerKind.ACKNOWLEDGED, AnswerKind.SILENCED, AnswerKind.REAL, AnswerKind.FALSE
PEOPLE = {"U0KIM": "Kim", "U0LEE": "Lee"}
FAILING = (alert("payment-confirm", "kpa"), alert("payment-duplicate", value=14))
ONCALL = OnCall.model_validate(
    {
        "routes": [
            {"mention": "here", "escalate": [{"after": "10m", "mention": "U0SECOND"}, {"after": "20m", "channels": "pager"}]}
        ]
    }
)
CALLING = replace(RULES, oncall=ONCALL)


def at(minute: int) -> datetime:
    return START + minute * MINUTE


def look(memory: Memory, minute: int, *, over: bool = False) -> Decision:
    return decide(() if over else FAILING[:1], memory, CALLING, at(minute))


class Chat:
    """One incident, what stands on its message, and what a run a minute makes of it; saved and loaded in between."""

    def __init__(self) -> None:
        self.memory = look(Memory(), 0).memory
        self.history = remember((), self.memory.incidents, at(0))
        self.answers = Answers()

    def hear(self, minute: int, *reactions: tuple[AnswerKind, str], asked: bool = True, on: str = "C0OPS:1.5") -> Answered:
        seen: dict[str, Reactions] = {self.incident.id: reactions} if asked else {}
        heard = Heard(seen, PEOPLE, {self.incident.id: on} if asked else {})
        found = take_answers(self.memory, self.history, self.answers, heard, at(minute))
        saved = load_state(dump_state(State(memory=found.memory, history=found.history, answers=found.answers)))
        assert (saved.memory, saved.history, saved.answers) == (found.memory, found.history, found.answers)
        self.memory, self.history, self.answers = found.memory, found.history, found.answers
        return found

    def look(self, minute: int, *, over: bool = False) -> list[str]:
        decision = look(self.memory, minute, over=over)
        self.memory = decision.memory
        return [str(each.reason) for each in decision.notifications]

    @property
    def incident(self) -> Incident:
        return self.memory.incidents[0]


def said(found: Answered) -> list[tuple[AnswerKind, str, bool]]:
    return [(each.kind, each.who, each.undone) for told in found.notifications for each in told.said]


def test_eyes_say_who_is_on_it_once_and_are_forgotten_when_they_are_taken_back() -> None:
    chat = Chat()
    found = chat.hear(3, (EYES, "U0KIM"))
    assert said(found) == [(EYES, "Kim", False)]
    assert (chat.incident.acknowledged_by, chat.incident.acknowledged_at) == ("Kim", at(3))
    assert said(chat.hear(4, (EYES, "U0KIM"))) == []
    assert said(chat.hear(5, (EYES, "U0KIM"), (EYES, "U0NEW"))) == [(EYES, "@U0NEW", False)]
    assert chat.incident.acknowledged_by == "Kim, @U0NEW"
    assert said(chat.hear(6, (EYES, "U0NEW"))) == [(EYES, "Kim", True)]
    assert said(chat.hear(7)) == [(EYES, "@U0NEW", True)]
    assert (chat.incident.acknowledged_by, chat.incident.acknowledged_at, chat.answers.given) == ("", None, {})


def test_what_nobody_could_ask_about_stays_as_it_was() -> None:
    chat = Chat()
    chat.hear(3, (EYES, "U0KIM"), (REAL, "U0LEE"))
    before = chat.incident
    assert said(chat.hear(4, asked=False)) == []
    assert chat.incident == before


def test_what_stands_on_a_former_head_was_not_taken_back() -> None:
    chat = Chat()
    chat.hear(3, (EYES, "U0KIM"), (BELL, "U0KIM"), (REAL, "U0LEE"))
    before, silences = chat.incident, chat.memory.silences
    assert said(chat.hear(4, on="C0NEW:2.5")) == []
    assert (chat.incident, chat.memory.silences) == (before, silences)
    assert said(chat.hear(5, (EYES, "U0KIM"), on="C0NEW:2.5")) == []
    assert chat.incident == before
    assert said(chat.hear(6, on="C0NEW:2.5")) == [(EYES, "Kim", True)]
    assert (chat.incident.acknowledged_at, chat.incident.label, chat.memory.silences) == (None, Label.REAL, silences)


def test_each_message_of_an_incident_has_a_number_of_its_own() -> None:
    chat = Chat()
    (first,) = chat.hear(3, (EYES, "U0KIM")).notifications
    (second,) = chat.hear(4).notifications
    assert [first.id, second.id] == [f"{chat.incident.id}.2", f"{chat.incident.id}.3"]


def test_of_two_labels_that_are_found_together_the_one_counts_that_was_put_last() -> None:
    chat = Chat()
    chat.hear(3, (REAL, "U0KIM"), (FALSE, "U0KIM"))
    assert chat.incident.label is Label.FALSE


def test_a_head_that_called_the_next_no_longer_says_that_nobody_is_on_it() -> None:
    chat = Chat()
    (called,) = look(chat.memory, 10).notifications
    assert called.reason is NotifyReason.ESCALATED
    chat.memory = look(chat.memory, 10).memory
    outbox = set_head(Outbox(threads={chat.incident.id: {"slack": "C0OPS:1.5"}}), called)
    chat.hear(12, (EYES, "U0KIM"))
    head = renew_heads(outbox, chat.memory.incidents, ("slack",)).heads[chat.incident.id]
    assert (head.reason, head.unanswered_since, head.acknowledged_by) == (NotifyReason.REMINDER, None, "Kim")


def test_an_answer_names_what_the_head_names_first() -> None:
    chat = Chat()
    shop, everywhere = alert("payment-confirm", "kpa"), alert("payment-confirm")
    chat.memory = replace(chat.memory, incidents=(replace(chat.incident, labels={}, alerts=(shop, everywhere)),))
    (told,) = chat.hear(3, (EYES, "U0KIM")).notifications
    assert told.alerts == (everywhere, shop)


@pytest.mark.parametrize("by", [EYES, BELL])
def test_who_has_answered_is_neither_reminded_nor_escalated_over(by: AnswerKind) -> None:
    chat = Chat()
    chat.hear(3, (by, "U0KIM"))
    assert [chat.look(minute) for minute in range(4, 50)] == [[]] * 46


def test_reminders_stop_while_somebody_is_on_it() -> None:
    chat = Chat()
    chat.hear(3, (EYES, "U0KIM"))
    assert chat.look(5 * 60) == []
    chat.hear(5 * 60 + 1)
    assert chat.look(5 * 60 + 1) == ["reminder"]


def test_without_an_answer_each_step_is_taken_once() -> None:
    chat = Chat()
    told = {minute: found for minute in range(1, 60) if (found := chat.look(minute))}
    assert told == {10: ["escalated"], 20: ["escalated"]}
    assert chat.incident.also == ("pager",)


def test_after_a_pause_all_that_is_due_is_one_message() -> None:
    chat = Chat()
    decision = look(chat.memory, 25)
    (told,) = decision.notifications
    assert (told.reason, told.mention, told.also) == (NotifyReason.ESCALATED, ("U0SECOND",), ("pager",))
    assert told.unanswered_since == at(0)


def test_minutes_of_a_pause_escalate_nothing_that_nobody_could_have_answered() -> None:
    memory, told = Memory(), []
    for minute in range(40):
        decision = decide(FAILING[:1], memory, CALLING, at(minute), real=at(39))
        memory = decision.memory
        told += [each.reason for each in decision.notifications]
    assert told == [NotifyReason.FIRING]
    assert [look(memory, minute).notifications for minute in (40, 48)] == [(), ()]
    assert [each.reason for each in look(memory, 49).notifications] == [NotifyReason.ESCALATED]


def test_what_is_given_back_is_escalated_anew_from_then_on() -> None:
    chat = Chat()
    assert chat.look(10) == ["escalated"]
    chat.hear(11, (EYES, "U0KIM"))
    chat.hear(30)
    told = {minute: found for minute in range(30, 60) if (found := chat.look(minute))}
    assert told == {40: ["escalated"], 50: ["escalated"]}


def test_a_firing_message_calls_its_route_and_the_end_goes_where_the_escalation_went() -> None:
    fired = look(Memory(), 0)
    assert [each.mention for each in fired.notifications] == [("here",)]
    chat = Chat()
    chat.look(25)
    over = look(chat.memory, 26, over=True)
    assert [(each.reason, each.mention, each.also) for each in over.notifications] == [(NotifyReason.RESOLVED, (), ("pager",))]
    waiting = enqueue(Outbox(), over.notifications, ("slack",), ("mail", "pager")).waiting
    assert list(waiting[0].deliveries) == ["slack", "pager"]


def test_a_bell_mutes_the_incidents_rules_where_it_is_for_an_hour_and_not_again() -> None:
    chat = Chat()
    assert said(chat.hear(3, (BELL, "U0KIM"))) == [(BELL, "Kim", False)]
    (silence,) = chat.memory.silences
    assert (silence.rule, silence.labels, silence.by, silence.until) == (
        "payment-confirm",
        {"service": "kpa"},
        "Kim",
        at(3) + QUIET_FOR,
    )
    suppressed = look(chat.memory, 4).suppressed
    assert [each.by for each in suppressed] == [silence.id]
    chat.memory = look(chat.memory, 64).memory
    assert chat.memory.silences == ()
    assert said(chat.hear(65, (BELL, "U0KIM"))) == []
    assert chat.memory.silences == ()
    assert said(chat.hear(66)) == [], "it was over already"


def test_a_bell_that_is_taken_back_mutes_nothing_any_more_and_leaves_others_silences_alone() -> None:
    chat = Chat()
    chat.hear(3, (BELL, "U0KIM"), (BELL, "U0LEE"))
    assert [each.by for each in chat.memory.silences] == ["Kim", "Lee"]
    assert said(chat.hear(4, (BELL, "U0LEE"))) == [(BELL, "Kim", True)]
    assert [each.by for each in chat.memory.silences] == ["Lee"]
    chat.hear(5)
    assert (chat.memory.silences, chat.incident.muted_until) == ((), at(5))


def test_a_silence_put_twice_by_a_killed_run_is_the_same_silence() -> None:
    one, other = Chat(), Chat()
    assert one.hear(3, (BELL, "U0KIM")).memory == other.hear(3, (BELL, "U0KIM")).memory


@pytest.mark.parametrize(
    ("steps", "label", "by"),
    [
        ([[(REAL, "U0KIM")]], Label.REAL, "Kim"),
        ([[(FALSE, "U0KIM")]], Label.FALSE, "Kim"),
        ([[(REAL, "U0KIM")], [(REAL, "U0KIM"), (FALSE, "U0LEE")]], Label.FALSE, "Lee"),
        ([[(REAL, "U0KIM"), (FALSE, "U0LEE")], [(REAL, "U0KIM")]], Label.REAL, "Kim"),
        ([[(REAL, "U0KIM")], []], None, ""),
    ],
)
def test_the_label_is_the_last_that_stands_and_is_kept_in_the_record(
    steps: list[list[tuple[AnswerKind, str]]], label: Label | None, by: str
) -> None:
    chat = Chat()
    for minute, reactions in enumerate(steps, start=3):
        assert chat.hear(minute, *reactions).notifications == ()
    assert (chat.incident.label, chat.incident.labelled_by) == (label, by)
    assert (chat.history[0].label, chat.history[0].labelled_by) == (label, by)


def test_an_incident_that_is_over_for_long_is_labelled_in_its_record_and_nowhere_acknowledged() -> None:
    chat = Chat()
    name = chat.incident.id
    chat.memory = Memory()
    heard = Heard({name: ((FALSE, "U0LEE"), (EYES, "U0KIM"), (BELL, "U0KIM"))}, PEOPLE)
    found = take_answers(chat.memory, chat.history, chat.answers, heard, at(300))
    (record,) = found.history
    assert (record.label, record.labelled_by, record.labelled_at) == (Label.FALSE, "Lee", at(300))
    assert (found.notifications, found.memory.silences) == ((), ())


def test_who_was_on_an_incident_is_on_it_when_it_comes_back_within_the_hour() -> None:
    chat = Chat()
    chat.hear(3, (EYES, "U0KIM"))
    assert chat.look(20, over=True) == ["resolved"]
    assert said(chat.hear(21, (EYES, "U0KIM"))) == []
    assert chat.look(30) == ["firing"]
    assert (chat.incident.reopened, chat.incident.acknowledged_by) == (1, "Kim")
    assert said(chat.hear(31, (EYES, "U0KIM"))) == []
    assert [chat.look(minute) for minute in range(31, 60)] == [[]] * 29


def test_an_incident_that_comes_back_unanswered_waits_from_then_on() -> None:
    chat = Chat()
    chat.look(12)
    chat.look(20, over=True)
    told = {minute: found for minute in range(50, 75) if (found := chat.look(minute))}
    assert told == {50: ["firing"], 60: ["escalated"], 70: ["escalated"]}


def test_heads_and_waiting_messages_say_what_was_answered() -> None:
    chat = Chat()
    told = replace(notification(NotifyReason.FIRING, [FAILING[0]]), incident=chat.incident.id)
    outbox = enqueue(
        replace(set_head(Outbox(), told), threads={chat.incident.id: {"slack": "C:1", "email": "<x>"}}), (told,), ("x",)
    )
    chat.hear(3, (EYES, "U0KIM"))
    after = renew_heads(outbox, chat.memory.incidents, ["slack"])
    assert [(each.channel, each.what) for each in after.follow_ups] == [("slack", After.HEAD)]
    assert after.heads[chat.incident.id].acknowledged_by == after.waiting[0].notification.acknowledged_by == "Kim"
    assert renew_heads(replace(after, follow_ups=()), chat.memory.incidents, ["slack"]).follow_ups == ()


def test_of_more_incidents_than_can_be_asked_about_each_has_its_turn() -> None:
    open_, over = [f"open{number}" for number in range(14)], [f"over{number}" for number in range(30)]
    asked = [in_turn(open_, over, minute) for minute in range(60)]
    assert {len(each) for each in asked} == {MOST_ASKED}
    assert {name for each in asked for name in each} == {*open_}
    assert {name for minute in range(60) for name in in_turn(open_[:4], over, minute)} == {*open_[:4], *over}
    assert in_turn([], [], 3) == []
