"""Why something or nothing was sent, and what comes next: what is foretold is what the next decisions do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.collect.files import FilesSource
from logwatch.collect.parse import OWN_GAUGES
from logwatch.count.windows import aggregate
from logwatch.judge.alerts import Alert, AlertState, advance
from logwatch.judge.evaluate import weigh
from logwatch.judge.kinds.interface import Term
from logwatch.judge.sequential import Needs, fewest, prove
from logwatch.judge.significance import Counted
from logwatch.judge.verdicts import Level
from logwatch.notify.decide import REMIND_EVERY, decide
from logwatch.notify.incidents import Incident, Memory, Muted, Suppression
from logwatch.notify.outbox import Note, Outgoing, enqueue, note_of
from logwatch.notify.silences import Silence
from logwatch.pipeline.tick import remembered
from logwatch.report.explain import Next, Question, _courses, explain, explained_json, explained_lines
from logwatch.spans import Span
from logwatch.state.document import State
from tests.conftest import LOGS, ROOT, Run
from tests.support.examples import FEWER
from tests.support.made_messages import CASES, PAYMENT, RULES, SILENCE, START, message
from tests.support.platform import SHAPE
from tests.support.replays import play as play_recording
from tests.support.replays import read, ticker
from tests.support.timelines import GRACE, MINUTE, make_rule, make_rules, make_verdict, title, window_end

if TYPE_CHECKING:
    from logwatch.languages import Lang
    from logwatch.pipeline.replay import Replayed

NOW = START + timedelta(minutes=10)
TOLD = Incident("i", "4.2", {}, START, (PAYMENT.fingerprint,), (PAYMENT,), (PAYMENT.fingerprint,), START, messages=1)
CAUSE = replace(PAYMENT, rule="cache-error", labels={})
HIT = replace(PAYMENT, rule="cache-hit", labels={})
SILENT_HIT = Suppression(HIT.fingerprint, Muted.INHIBITED, "cache-error")


def asked(state: State) -> Question:
    return Question(state, RULES, NOW, timedelta(hours=4), None)


def explained(lang: Lang, alert: Alert, state: State) -> str:
    audience, look = message(CASES["firing"], lang).audience, asked(state)
    found = [each for each in explain(RULES.by_id[alert.rule], look) if each.alert == alert]
    return "\n".join(line for each in found for line in explained_lines(each, look, audience))


def standing(*alerts: Alert, incident: Incident = TOLD, silences: tuple[Silence, ...] = ()) -> State:
    return State(alerts=alerts, memory=Memory((incident,), silences), cursor=NOW)


@pytest.mark.parametrize(("lang", "said"), [("ko", "다음 재알림까지 3시간 50분"), ("en", "next reminder in 3 h 50 min")])
def test_an_alert_that_has_been_told_says_when_it_is_told_again(lang: Lang, said: str) -> None:
    assert said in explained(lang, PAYMENT, standing(PAYMENT))


@pytest.mark.parametrize(
    ("lang", "reminder", "muted"),
    [
        ("ko", "재알림", "2026-02-24 16:00 KST까지 알림 중지: PG사 점검 (s1)"),
        ("en", "reminder", "2026-02-24 16:00 KST: PG사 점검 (s1)"),
    ],
)
def test_one_that_is_silenced_says_so_before_any_run_has_seen_it(lang: Lang, reminder: str, muted: str) -> None:
    told = explained(lang, PAYMENT, standing(PAYMENT, silences=(SILENCE,)))
    assert muted in told
    assert reminder not in told


def test_a_silence_that_was_ended_mutes_no_more_though_the_last_run_said_so() -> None:
    before = Suppression(PAYMENT.fingerprint, Muted.SILENCED, SILENCE.id, SILENCE.until)
    told = explained("en", PAYMENT, replace(standing(PAYMENT), suppressed=(before,)))
    assert "silenced" not in told
    assert "next reminder" in told


@pytest.mark.parametrize("state", [AlertState.FIRING, AlertState.PENDING])
def test_what_another_alert_explains_foretells_no_message(state: AlertState) -> None:
    hit = replace(HIT, state=state)
    told = explained("en", hit, standing(CAUSE, hit))
    assert "inhibited by cache-error" in told
    assert "message as soon as it fires" not in told
    assert "reminder" not in told
    assert "message as soon as it fires" in explained(
        "en", replace(HIT, state=AlertState.PENDING), standing(replace(HIT, state=AlertState.PENDING))
    )


def test_only_messages_that_named_an_alert_are_credited_to_it() -> None:
    joined = replace(PAYMENT, rule="payment-duplicate", firing_at=START + 5 * MINUTE)
    both = replace(TOLD, members=(PAYMENT.fingerprint, joined.fingerprint), told=(PAYMENT.fingerprint, joined.fingerprint))
    first, second = CASES["firing"], replace(CASES["joined"], at=START + 6 * MINUTE)
    notes = [
        replace(note_of(Outgoing(each, {})), id=f"i.{number}", delivered={"slack": each.at}, marks=marks)
        for number, each, marks in (
            (1, replace(first, at=START + 2 * MINUTE), (PAYMENT.fingerprint,)),
            (2, second, both.members),
        )
    ]
    state = replace(standing(PAYMENT, joined, incident=both), notes=tuple(notes))
    assert [explained("en", alert, state).count("sent: ") for alert in (PAYMENT, joined)] == [2, 1]
    old = tuple(replace(note, marks=(), rules=["payment-confirm"]) for note in notes)
    assert [explained("en", alert, replace(state, notes=old)).count("sent: ") for alert in (PAYMENT, joined)] == [2, 0]


def test_a_message_about_an_earlier_time_that_it_fired_is_not_credited_either() -> None:
    earlier = Note(
        "i.1", CASES["firing"].reason, START - timedelta(hours=1), "4.2", [PAYMENT.rule], {}, {}, marks=(PAYMENT.fingerprint,)
    )
    assert "sent: " not in explained("en", PAYMENT, replace(standing(PAYMENT), notes=(earlier,)))


def test_who_is_on_it_is_named_and_no_reminder_foretold() -> None:
    taken = replace(TOLD, acknowledged_at=START + 3 * MINUTE, acknowledged_by="Kim\x1b[2J")
    told = explained("en", PAYMENT, standing(PAYMENT, incident=taken))
    assert "Kim\\x1b[2J acknowledged at 15:23" in told
    assert "next reminder" not in told


def test_one_that_nobody_was_told_of_has_no_reminder() -> None:
    never = Incident("i", "4.2", {}, START, (PAYMENT.fingerprint,), (PAYMENT,))
    assert "reminder" not in explained("en", PAYMENT, standing(PAYMENT, incident=never))


# ---- what is foretold comes


MADE = make_rules(
    make_rule("a", **{"for": "2m", "keep_firing_for": "2m"}), make_rule("b", **{"for": 0, "keep_firing_for": "2m"}),
    make_rule("c", **{"for": "1m", "keep_firing_for": 0}, procedure="4.3"), mutes=("a", "c"),
)  # fmt: skip
NAMES = ("a", "b", "c", "a:kpa", "c:kpa")


@FEWER
@given(
    rows=st.lists(st.text("WWnE", min_size=len(NAMES), max_size=len(NAMES)), min_size=1, max_size=8),
    muted=st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", "*"]), st.sampled_from(["", "kpa"]), st.integers(1, 600)), max_size=2
    ),
)
def test_what_is_foretold_is_what_the_next_decisions_tell(rows: list[str], muted: list[tuple[str, str, int]]) -> None:
    silences = tuple(
        Silence(f"s{at}", rule, {"service": shop} if shop else {}, START + minutes * MINUTE, "work", "kim", START)
        for at, (rule, shop, minutes) in enumerate(muted)
    )
    alerts, memory, end = list[Alert](), Memory(silences=silences), START
    state = State()
    for number, row in enumerate(rows):
        end = window_end(number)
        alerts, _ = advance(
            alerts, [make_verdict(name, level, end) for name, level in zip(NAMES, row, strict=True)], MADE.by_id, end
        )
        decision = decide(alerts, memory, MADE, end + GRACE)
        memory = decision.memory
        outbox = enqueue(state.to_tell, decision.notifications, ("slack",))
        state = replace(
            state.after_telling(outbox), alerts=tuple(alerts), memory=memory, suppressed=decision.suppressed, cursor=end
        )
    look = Question(state, MADE, end + GRACE, REMIND_EVERY, None)
    found = {each.alert.fingerprint: each for rule in MADE.rules for each in explain(rule, look) if each.alert}
    for mark, each in found.items():
        if each.alert is None:
            continue
        if each.next is Next.REMINDER and each.next_in is not None:
            told = decide(alerts, memory, MADE, look.now + each.next_in).notifications
            assert any(mark in {alert.fingerprint for alert in one.alerts} for one in told), title(each.alert)
        if each.next is Next.FIRING:
            fired = [
                replace(alert, state=AlertState.FIRING, firing_at=end) if alert.fingerprint == mark else alert
                for alert in alerts
            ]
            assert not any(one.fingerprint == mark for one in decide(fired, memory, MADE, look.now).suppressed), title(
                each.alert
            )
        if each.next is Next.SILENT:
            fired = [
                replace(alert, state=AlertState.FIRING, firing_at=end) if alert.fingerprint == mark else alert
                for alert in alerts
            ]
            assert any(one.fingerprint == mark for one in decide(fired, memory, MADE, look.now).suppressed), title(each.alert)


# ---- the arithmetic


@cache
def replayed(name: str) -> Replayed:
    return play_recording(FilesSource([str(ROOT / LOGS / f"{name}.ndjson")], SHAPE))


@pytest.mark.long
@pytest.mark.parametrize("name", ["payment", "storm"])
def test_the_windows_that_a_state_remembers_are_judged_as_the_run_judged_them(name: str) -> None:
    state, rules = replayed(name).state, ticker().rules
    windows = remembered(state, rules, ticker().policy)
    look = Question(state, rules, NOW, REMIND_EVERY, windows)
    bare = Question(state, rules, NOW, REMIND_EVERY, None)
    for rule in rules.rules:
        judged = {each.verdicts[-1].labels.get("service", ""): each.verdicts[-1] for each in explain(rule, bare)}
        if not {*rule.kind.reads.gauges} & {*OWN_GAUGES}:
            again = {found[0][-1].labels.get("service", ""): found[0][-1] for found in _courses(rule, look).values()}
            assert again == judged, rule.rule


@pytest.mark.long
@pytest.mark.parametrize("name", ["payment", "storm"])
def test_a_warning_passes_every_test_and_what_is_proven_to_be_none_fails_one(name: str) -> None:
    state, rules = replayed(name).state, ticker().rules
    look = Question(state, rules, NOW, REMIND_EVERY, remembered(state, rules, ticker().policy))
    for each in (each for rule in rules.rules for each in explain(rule, look)):
        last = each.verdicts[-1]
        if each.weighed.tests and last.level is not Level.UNKNOWN:
            assert all(test.holds for test in each.weighed.tests) == (last.level is Level.WARNING), (each.rule.rule, last)


@pytest.mark.long
@pytest.mark.parametrize("name", ["payment", "storm"])
def test_at_every_minute_a_warning_is_what_passes_every_test(name: str) -> None:
    reading = read(FilesSource([str(ROOT / LOGS / f"{name}.ndjson")], SHAPE))
    whole = aggregate(reading).span
    seen = set()
    for minutes in range(15, (whole.end - whole.start) // MINUTE, 9):
        end = whole.start + minutes * MINUTE
        windows = aggregate(reading, span=Span(whole.start, end))
        for rule in ticker().rules.rules:
            for course, weighed in weigh(rule, windows, Span(end - MINUTE, end)):
                verdict = course.latest
                if weighed.tests and verdict.level is not Level.UNKNOWN:
                    passed = all(test.holds for test in weighed.tests)
                    assert passed == (verdict.level is Level.WARNING), (end, verdict, weighed)
                    seen.add((rule.kind.name, passed))
    assert {("ratio", True), ("ratio", False), ("count", False), ("slow", False), ("quiet", False)} <= seen


@pytest.mark.parametrize(("failing", "events"), [(0.0, 40), (0.3, 12), (0.5, 30), (1.0, 2)])
def test_as_many_failing_events_as_are_said_to_prove_a_warning_do_and_one_fewer_does_not(failing: float, events: int) -> None:
    rule = RULES.by_id["payment-confirm"]
    needs = Needs(weeks=4, min_events=5, widen=timedelta(hours=2))
    good = np.full(30, float(events))
    good[-1] = round(events * (1 - failing))

    def proves(counted: Counted) -> bool:
        return bool(prove(counted, needs, rule.bounds, 5, first=len(counted.known) - 1).stretch[-1])

    known = np.full(30, fill_value=True)
    counted = Counted(good, np.full(30, float(events)), known, ended=np.full(30, float(events)))
    least = fewest(counted, proves, numerator=False)
    assert least

    def with_more(failed: int) -> Counted:
        top, bottom = np.append(good, 0.0), np.append(counted.denominator, float(failed))
        return Counted(top, bottom, np.append(known, True), ended=np.append(np.full(30, float(events)), float(failed)))

    assert (proves(with_more(least)), proves(with_more(least - 1))) == (True, False)


@pytest.mark.long
def test_a_person_sees_each_window_each_test_and_what_is_missing(run: Run) -> None:
    given_ = ["explain", "payment-confirm", "--source", f"{LOGS}/payment.ndjson", "--at", "15:31", "--shop"]
    told = run(*given_, "kpa", "--lang", "en", COLUMNS="120").out
    assert told.splitlines()[:4] == [
        "tests/fixtures/logs/payment.ndjson: judged up to 2026-02-24 15:31 KST",
        "payment-confirm (kpa): alert firing since 15:21",
        "  last window 15:30–15:31 warning 24.5% (38/155, 11 min) (normal range >90%, warning threshold <70%)",
        "    15:29–15:30 warning 24.2% (32/132, 10 min)",
    ]
    for line in (
        "  ✓ share 24.5% (warning needs <70%)",
        "  ✓ samples 142 (warning needs ≥5)",
        "  ✓ odds of a real fault against chance 10^40× (warning needs ≥40,320×)",
        "  ✓ share of the newest samples 38.8% (warning needs ≤90%)",
        "  20 successes and no failure in the next window would be the normal range",
        "  15:23 [WARNING] simulated message",
        "  next reminder in 3 h 50 min",
    ):
        assert f"{line}\n" in told
    document = json.loads(run(*given_, "kpa", "--format", "json").out)
    (one,) = document["explained"]
    assert (document["schema"], document["windows_to_resolve"], one["state"], one["next"]) == (1, 6, "firing", "reminder")
    assert [each["test"] for each in one["tests"]] == [Term.SHARE, Term.EVENTS, Term.EVIDENCE, Term.NEWEST]
    assert (len(one["windows"]), one["to_prove"], one["to_recover"]) == (10, None, 20)
    wrong = run(*given_, "kpaa")
    assert (wrong.code, "did you mean 'kpa'?" in wrong.err) == (2, True)
    assert run("explain", "payment-confirm", "--at", "1h").code == 2


def test_json_of_a_state_that_nothing_was_judged_for_is_empty() -> None:
    rule = RULES.by_id["payment-confirm"]
    assert explained_json([], rule, NOW)["explained"] == []


@pytest.mark.parametrize(
    ("rule", "shop", "said", "unsaid"),
    [
        ("telemetry-unheard", [], ["unknown –, known only to logwatch run"], ["value 0 min"]),
        ("source-refused", [], ["unknown –, known only to logwatch run"], ["value 0 min"]),
        (
            "traffic-quiet",
            ["--shop", "kpa"],
            ["(warning needs ≤0.0000001%)", "a warning takes <2% and not <10%", "in brackets: events seen/expected"],
            ["≤<"],
        ),
        ("revision-checkout", [], ["there is nothing to compare"], ["15:58–15:59"]),
        ("payment-confirm", ["--shop", "kpa"], ["whether it is over, the newest samples tell"], []),
    ],
)
def test_figures_that_seem_to_contradict_each_other_are_explained(
    run: Run, rule: str, shop: list[str], said: list[str], unsaid: list[str]
) -> None:
    told = run("explain", rule, *shop, "--source", f"{LOGS}/payment.ndjson", "--lang", "en", COLUMNS="140").out
    assert [each for each in said if each not in told] == []
    assert [each for each in unsaid if each in told] == []
