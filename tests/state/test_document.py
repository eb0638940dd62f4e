"""The state's document: nothing in it is lost to an older program, and nothing in it breaks one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from logwatch.errors import BrokenStateError, StoreError
from logwatch.judge.alerts import Alert, AlertState
from logwatch.notify.answers import Answers, Reaction
from logwatch.notify.incidents import AnswerKind, Incident, Memory, Notification, NotifyReason
from logwatch.notify.outbox import After, ChannelDelivery, FollowUp, Note, Outgoing
from logwatch.notify.silences import RecurringSilence, Silence
from logwatch.publish.points import Point
from logwatch.state.document import FORM, Lease, State, dump_state, load_state
from tests.support.made_traffic import START, Traffic
from tests.support.replays import play, record

MINUTE = timedelta(minutes=1)


def whole_state(tmp_path: Any) -> State:
    """A state with something of everything."""
    replayed = play(record(tmp_path / "some.ndjson", Traffic(3, 20).entries())).state
    verdict = next(each for each in replayed.verdicts if each.rule == "cache-error")
    alert = Alert("cache-error", {}, AlertState.FIRING, START, verdict, verdict, firing_at=START)
    told = Notification("i.1", "i", NotifyReason.FIRING, START, "4.4", {}, START, (alert,), ())
    silence = Silence("s", "*", {}, START + timedelta(days=1), "why", "dana", START)
    weekly = RecurringSilence("w", "*", {}, "sun 03:00", 60, "Asia/Seoul", START + timedelta(days=90), "why", "dana", START)
    return State(
        run="r",
        started_at=START,
        lease=Lease("r", START),
        cursor=START,
        recent=replayed.recent,
        verdicts=(verdict,),
        alerts=(alert,),
        memory=Memory((Incident("i", "4.4", {}, START, (alert.fingerprint,), (alert,)),), (silence,), (alert,), (weekly,)),
        outbox=(Outgoing(told, {"slack": ChannelDelivery(1, START)}),),
        threads={"i": {"slack": "t"}},
        heads={"i.": told},
        follow_ups=(FollowUp("i", "slack", After.HEAD),),
        answers=Answers({"i.": (Reaction(AnswerKind.ACKNOWLEDGED, "U0KIM", START),)}, {"U0KIM": "Kim"}),
        notes=(Note("i.0", NotifyReason.FIRING, START, "4.4", ["cache-error"], {}, {"slack": START}),),
        points=(Point("heartbeat", {}, START, 1.0),),
        days=replayed.days,
    )


def with_news(part: Any, path: str = "") -> tuple[Any, int]:
    """Every record of a document with a key of a newer program, and how many they are; rows and maps are no records."""
    if isinstance(part, list):
        grown_, counts = zip(*(with_news(each, path) for each in part), strict=True) if part else ((), ())
        return list(grown_), sum(counts)
    if not isinstance(part, dict) or path.endswith(
        (
            "labels",
            "people",
            "refused",
            "threads",
            "counters",
            "hourly",
            "strayed",
            "warned",
            "most",
            "slow",
            "delivered",
            "later",
            "strangers",
            "doubts",
            "vanished",
            "i",
        )
    ):
        return part, 0
    found = {key: with_news(value, f"{path}.{key}") for key, value in part.items()}
    grown = {key: each for key, (each, _) in found.items()}
    if path.endswith(("deliveries", "pings", "carried", "missing", "heads", "given")):
        return grown, sum(count for _, count in found.values())
    return {**grown, "news": {"of": [path]}}, 1 + sum(count for _, count in found.values())


def test_what_a_newer_program_wrote_comes_back_from_every_record(tmp_path: Any) -> None:
    document, count = with_news(json.loads(dump_state(whole_state(tmp_path))))
    assert count > 20
    again = json.loads(dump_state(load_state(json.dumps(document).encode())))
    assert again == document


def test_news_stay_with_their_record_and_go_with_it(tmp_path: Any) -> None:
    state = whole_state(tmp_path)
    document, _ = with_news(json.loads(dump_state(state)))
    loaded = load_state(json.dumps(document).encode())
    other = Silence("t", "cache-hit", {}, START + timedelta(days=1), "why", "dana", START)
    (alert,) = loaded.alerts
    later = replace(alert.latest, window_end=START + 2 * MINUTE)
    memory = replace(loaded.memory, silences=(other, *loaded.memory.silences), over=())
    saved = json.loads(dump_state(replace(loaded, memory=memory, alerts=(replace(alert, latest=later),))))
    first, second = saved["memory"]["silences"]
    assert ("news" in first, "news" in second, "news" in saved["memory"], saved["memory"]["over"]) == (False, True, True, [])
    (alert_,) = saved["alerts"]
    assert ("news" in alert_, "news" in alert_["latest"], "news" in alert_["peak"]) == (True, False, True)


@pytest.mark.parametrize("form", [None, 1, FORM, FORM + 3])
def test_the_form_never_moves_back(form: int | None) -> None:
    document = {"schema": 1} if form is None else {"schema": 1, "form": form}
    assert json.loads(dump_state(load_state(json.dumps(document).encode())))["form"] == max(form or 1, FORM)


def test_a_word_that_only_a_newer_form_has_is_left_alone_and_not_taken_for_broken() -> None:
    note = {"id": "i", "reason": "teleported", "at": "2026-02-24T00:00:00Z", "procedure": "4.1", "rules": [], "labels": {}}
    document: dict[str, Any] = {"schema": 1, "form": FORM + 1, "notes": [note | {"delivered": {}}]}
    with pytest.raises(StoreError, match=f"form {FORM + 1}, this program knows {FORM}") as told:
        load_state(json.dumps(document).encode())
    assert not isinstance(told.value, BrokenStateError)
    with pytest.raises(BrokenStateError):
        load_state(json.dumps(document | {"form": FORM}).encode())


def test_an_older_program_is_never_shown_a_recurring_silence_as_one_that_holds_all_the_time(tmp_path: Any) -> None:
    memory = json.loads(dump_state(whole_state(tmp_path)))["memory"]
    assert [each["id"] for each in memory["silences"]] == ["s"]
    older = json.loads(dump_state(load_state(json.dumps({"schema": 2, "form": 3, "memory": {"silences": []}}).encode())))
    assert older["memory"]["recurring"] == []


BROKEN = {
    "a silence of no day": '{"schema":2,"memory":{"recurring":[{"id":"a","rule":"*","labels":{},"every":"x 1:00","minutes":1,"zone":"UTC","until":"2026-02-24T00:00:00Z","reason":"x","by":"x","created_at":"2026-02-24T00:00:00Z"}]}}',
    "a cursor without a zone": '{"schema":1,"cursor":"2026-02-24T00:00:00"}',
    "a cursor of year 1": '{"schema":1,"cursor":"0001-01-01T00:00:00Z"}',
    "a cursor of year 1 in Seoul": '{"schema":1,"cursor":"0001-01-01T00:00:00+09:00"}',
    "a lease of year 9999": '{"schema":1,"lease":{"owner":"x","until":"9999-12-31T23:59:59Z"}}',
    "a silence without a zone": '{"schema":1,"memory":{"silences":[{"id":"a","rule":"*","labels":{},"until":"2026-02-24T00:00:00","reason":"x","by":"x","created_at":"2026-02-24T00:00:00Z"}]}}',
    "a depth of 100,000": '{"schema":1,"news":' + "[" * 100_000 + "]" * 100_000 + "}",
    "a deep object": '{"schema":1,"news":' + '{"a":' * 100_000 + "1" + "}" * 100_001,
    "half of a surrogate pair": '{"schema":1,"run":"\\ud800"}',
    "half of a surrogate pair in a key": '{"schema":1,"\\udfff":1}',
    "no number": '{"schema":1,"points":[{"metric":"a","labels":{},"at":"2026-02-24T00:00:00Z","value":NaN}]}',
    "a number beyond floats": '{"schema":1,"points":[{"metric":"a","labels":{},"at":"2026-02-24T00:00:00Z","value":1e999}]}',
    "an entry of before 1970": '{"schema":1,"recent":{"names":["a"],"summaries":[[-1,0,0,"i",0,[]]]}}',
    "an entry of the year 2200": '{"schema":1,"recent":{"names":["a"],"summaries":[[7258118400000000000,0,0,"i",0,[]]]}}',
    "an entry beyond 64 bits": '{"schema":1,"recent":{"names":["a"],"slow":[[99999999999999999999,0,0,"i",0,0,0,1.0]]}}',
    "a window of the year 9999": '{"schema":1,"recent":{"names":["a"],"summaries":[[1,0,0,"i",0,[]]],"later":{"rows.decided":[9223372036854775807]}}}',
    "a day of one hour": '{"schema":1,"days":[{"date":"2026-02-24","judged":[60]}]}',
    "a day that is none": '{"schema":1,"days":[{"date":"yesterday"}]}',
    "a form of letters": '{"schema":1,"form":"x"}',
    "a list": "[1]",
    "a number": "1",
    "nothing": "",
    "bytes": "\x00",
}  # fmt: skip


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_document_that_cannot_be_is_broken_and_no_traceback(text: str) -> None:
    with pytest.raises(BrokenStateError, match="the state is broken: "):
        load_state(text.encode())


def test_what_is_unknown_costs_no_key_of_its_own() -> None:
    assert "unknown" not in json.loads(dump_state(State()))
    assert "unknown" not in json.loads(dump_state(load_state(b'{"schema":1,"unknown":{"a":1},"news":2}')))
