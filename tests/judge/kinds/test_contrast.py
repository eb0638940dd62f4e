from datetime import timedelta

import pytest

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.judge.evaluate import Course
from logwatch.judge.verdicts import Beside, Level, Why
from logwatch.spans import to_nanoseconds
from tests.support.made_windows import RULES, START, ask_everything, judge
from tests.support.platform import SHAPE, SUMMARY

OLD, NEW = "o4o-core-api-00412-xot", "o4o-core-api-00413-bad"
Side = tuple[int, int] | None
"""How many of how many are blocked; None where nobody writes."""


def side_by_side(*minutes: tuple[Side, Side], names: tuple[str, str] = (OLD, NEW)) -> Reading:
    """What the old revision and the new one count, minute by minute."""
    reading = Reading(shape=SHAPE)
    for number, sides in enumerate(minutes):
        time = to_nanoseconds(START + timedelta(minutes=number, seconds=30))
        reading.see(time)
        for name, side in zip(names, sides, strict=True):
            if side:
                payload = {"message": SUMMARY, "cache.hit": 1, "checkout.attempt": side[1], "checkout.blocked.stock": side[0]}
                reading.add(Entry("log", f"{number}-{name}", time, time, "s", name, None, payload, name))
    return reading


def judged(*minutes: tuple[Side, Side], names: tuple[str, str] = (OLD, NEW)) -> Course:
    return judge(RULES["revision-checkout"], side_by_side(*minutes, names=names))


GOOD, BAD = (1, 20), (7, 10)
BEFORE = [(GOOD, None)] * 5


def test_a_revision_that_fails_more_often_than_the_one_beside_it_is_a_warning_with_both_figures() -> None:
    latest = judged(*BEFORE, *[(GOOD, BAD)] * 3).latest
    assert (latest.level, latest.value, latest.numerator, latest.denominator) == (Level.WARNING, 0.7, 21, 30)
    assert latest.beside == Beside(NEW, START + timedelta(minutes=5), (OLD,), 3, 60)
    assert latest.certain


@pytest.mark.parametrize(
    ("minutes", "why"),
    {
        "as bad as the other": ([((14, 20), BAD)] * 9, Why.NONE),
        "better than the other": ([((14, 20), (0, 10))] * 9, Why.NONE),
        "alone": ([(None, BAD)] * 9, Why.NONE),
        "one after the other": ([*BEFORE, *[(None, BAD)] * 9], Why.NONE),
        "a share that wakes nobody": ([((0, 900), (80, 900))] * 9, Why.NONE),
    }.values(),
)
def test_what_is_not_worse_than_beside_it_or_has_nothing_beside_it_is_normal(
    minutes: list[tuple[Side, Side]], why: Why
) -> None:
    latest = judged(*minutes).latest
    assert (latest.level, latest.why) == (Level.NORMAL, why)


def test_where_no_line_names_its_revision_nothing_is_known_of_it() -> None:
    verdicts = judged(*[(None, BAD)] * 9, names=(OLD, "")).verdicts()
    assert {(each.level, each.why, each.value) for each in verdicts} == {(Level.UNKNOWN, Why.NO_REVISION, None)}


def test_a_few_events_prove_nothing() -> None:
    latest = judged(*BEFORE, (GOOD, (3, 3))).latest
    assert (latest.level, latest.why) == (Level.ELEVATED, Why.NOT_PROVEN)


def test_it_is_over_soon_after_its_newest_events_are_as_good_as_those_beside_it() -> None:
    levels = judged(*BEFORE, *[(GOOD, BAD)] * 10, *[(GOOD, (1, 20))] * 9).levels()
    assert levels[14] is Level.WARNING
    assert Level.WARNING not in levels[19:]
    assert levels[-1] is Level.NORMAL


def test_the_newest_is_the_one_that_came_last_and_of_those_that_were_there_the_last_by_name() -> None:
    came = judged(*BEFORE, *[(GOOD, BAD)] * 5, names=("z", "a"))
    assert came.latest.beside is not None
    assert came.latest.beside.revision == "a"
    there = judged(*[(GOOD, BAD)] * 40)
    assert there.latest.beside == Beside(NEW, None, (OLD,), 30, 600)
    assert judged(*[(BAD, GOOD)] * 40).latest.level is Level.NORMAL, "an old one that is worse is left behind in any case"


def test_a_counter_that_cannot_be_read_makes_it_unknown() -> None:
    assert judged(*BEFORE, *[(GOOD, BAD)] * 3, (GOOD, (-1, 10))).latest.why is Why.FLAWED


def test_what_a_run_can_see_gives_the_same_as_a_look_at_all_of_it() -> None:
    minutes = [*[(GOOD, None)] * 40, *[(GOOD, BAD)] * 5, *[(GOOD, GOOD)] * 20, *[(None, GOOD)] * 10]
    whole, reach = judged(*minutes).verdicts(), RULES["revision-checkout"].kind.reach // timedelta(minutes=1)
    for at in range(reach, len(minutes), 7):
        seen = judged(*minutes[at - reach : at + 1]).latest
        assert (seen.level, seen.value, seen.certain) == (whole[at].level, whole[at].value, whole[at].certain)


def test_a_contrast_answers_whatever_is_asked_of_a_kind() -> None:
    ask_everything(RULES["revision-checkout"], side_by_side(*BEFORE, *[(GOOD, BAD)] * 3))
