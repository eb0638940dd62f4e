"""What is remembered of incidents: from the first message to the end, and through a relapse within the hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from logwatch.judge.alerts import Alert, advance
from logwatch.judge.rules.model import Severity
from logwatch.notify.decide import decide
from logwatch.notify.history import KEPT_FOR, MOST_RECORDS, IncidentRecord, remember
from logwatch.notify.incidents import Memory
from tests.support.timelines import START, make_rule, make_rules, make_verdict, window_end

AT_ONCE: dict[str, object] = {"for": 0, "keep_firing_for": 0}
RULES = make_rules(make_rule("a", **AT_ONCE), make_rule("b", **AT_ONCE, severity="page"))


def play(*windows: str, names: str = "ab", answered: str = "") -> tuple[IncidentRecord, ...]:
    """Take one window after the other, a level for each rule; `answered` takes the incident on after the first."""
    alerts: list[Alert] = []
    memory, records = Memory(), tuple[IncidentRecord, ...]()
    for place, letters in enumerate(windows):
        end = window_end(place)
        verdicts = [make_verdict(name, letter, end) for name, letter in zip(names, letters, strict=True)]
        alerts, _ = advance(alerts, verdicts, RULES.by_id, end)
        memory = decide(alerts, memory, RULES, end).memory
        if answered and place == 0:
            taken = (replace(each, acknowledged_by=answered, acknowledged_at=end) for each in memory.incidents)
            memory = replace(memory, incidents=tuple(taken))
        records = remember(records, memory.incidents, end)
    return records


def test_an_incident_is_remembered_from_its_first_message_to_its_end() -> None:
    (record,) = play("Wn", "Wn", "nn", answered="Kim")
    assert (record.told_at, record.over_at) == (window_end(0), window_end(2))
    assert (record.acknowledged_by, record.acknowledged_at) == ("Kim", window_end(0))
    assert (record.rules, record.severity, record.messages) == (("a",), Severity.WARN, 2)
    assert play("Wn")[0].over_at is None
    assert play("nn", "nn") == ()


def test_the_gravest_rule_says_how_grave_an_incident_is() -> None:
    assert play("Wn", "WW")[0].severity is Severity.PAGE
    assert play("Wn", "WW")[0].rules == ("a", "b")


def test_what_comes_back_within_the_hour_is_one_record_that_began_when_it_first_began() -> None:
    (record,) = play("Wn", "nn", "nW", answered="Kim")
    assert (record.rules, record.reopened, record.over_at) == (("a", "b"), 1, None)
    assert record.told_at == window_end(0)
    assert (record.since, record.acknowledged_by) == (START, "Kim")


def test_nothing_grows_and_what_is_not_over_stays() -> None:
    (record,) = play("Wn", "nn")
    ended = record.over_at or START
    assert remember((record,), (), ended + KEPT_FOR - timedelta(minutes=1)) == (record,)
    assert remember((record,), (), ended + KEPT_FOR) == ()
    lasting = replace(record, over_at=None)
    assert remember((lasting,), (), ended + 2 * KEPT_FOR) == (lasting,)
    many = tuple(replace(record, id=str(number)) for number in range(MOST_RECORDS + 3))
    assert [each.id for each in remember(many, (), ended)] == [str(number + 3) for number in range(MOST_RECORDS)]
