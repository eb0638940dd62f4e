"""The revision that appeared about when an incident began: named where it is the cause, told where it only came along."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from logwatch.collect.columns import Reading
from logwatch.collect.entries import Entry
from logwatch.collect.interface import SearchResult
from logwatch.count.windows import aggregate
from logwatch.notify.diagnosis.changes import find_change
from logwatch.notify.diagnosis.diagnose import walk
from logwatch.notify.diagnosis.measure import Surroundings
from logwatch.notify.incidents import NotifyReason
from logwatch.spans import WINDOW, to_nanoseconds
from tests.support.made_messages import RULES, START, alert, notification
from tests.support.platform import SHAPE, SUMMARY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logwatch.collect.interface import Answer
    from logwatch.count.windows import Windows
    from logwatch.notify.diagnosis.findings import RevisionChange
    from logwatch.spans import Span

OLD, NEW = "o4o-core-api-00412-xot", "o4o-core-api-00413-bad"
USUAL, WORSE = 0.05, 0.8
UNTIL = 12
"""Minute of the message; the incident begins at 0."""


class Served:
    """An archive of one reading."""

    answers: Mapping[str, Answer] = {}

    def __init__(self, reading: Reading) -> None:
        self.made = aggregate(reading)

    def windows(self, span: Span) -> Windows:
        return self.made.within(span)

    def search(self, _text: str, _span: Span) -> SearchResult:
        return SearchResult((), complete=True)


def served(
    seed: int, *, new: float, old_until: float, fails: Mapping[str, float], shop: str = "kpa", load: float = 15
) -> Reading:
    """Summaries of an instance of each revision; each of `fails` fails at WORSE from its minute on, and usually at USUAL.

    The new one begins at minute `new`, the old one ends at `old_until` and loses what it has not written yet.
    """
    rng, reading = np.random.default_rng(seed), Reading(shape=SHAPE)
    both = max(old_until - new, 0)
    for name, begin, end in ((OLD, -70 - rng.random(), old_until), (NEW, new, UNTIL + 1.0)):
        for number, ends in enumerate(np.arange(begin + 1, end, 1.0).tolist()):
            at = ends - rng.random(rng.poisson(load / (2 if both and ends > new and ends < old_until else 1)))
            failed = int((rng.random(len(at)) < np.where(at >= fails.get(name, np.inf), WORSE, USUAL)).sum())
            payload = {
                "message": SUMMARY,
                f"checkout.attempt{{service={shop}}}": len(at),
                f"checkout.success{{service={shop}}}": len(at) - failed,
            }
            time = to_nanoseconds(START + ends * WINDOW)
            reading.add(Entry("log", f"{name}-{number}", time, time, "o4o-core-api", name, None, payload, name))
    return reading


def found(reading: Reading, rule: str = "checkout-success", labels: Mapping[str, str] | None = None) -> RevisionChange | None:
    one = alert(rule)
    told = notification(NotifyReason.FIRING, [replace(one, latest=replace(one.latest, window_end=START + UNTIL * WINDOW))])
    told = replace(told, labels=dict(labels or {}))
    looks = RULES.walk(RULES.by_id[rule].procedure)
    assert looks
    return find_change(Surroundings(told, RULES, Served(reading), ()), looks.revisions)


SEEDS = range(12)


def proven(changes: list[RevisionChange | None]) -> int:
    return sum(bool(each and each.proven) for each in changes)


def test_a_revision_that_fails_beside_one_that_does_not_is_the_cause() -> None:
    every = [found(served(seed, new=-0.5, old_until=99, fails={NEW: -0.5})) for seed in SEEDS]
    assert proven(every) == len(SEEDS)
    change = every[0]
    assert change
    assert (change.revision, change.previous, change.together) == (NEW, OLD, True)
    assert change.since == START
    assert change.failed / change.events > 0.6
    assert change.other_failed / change.other_events < 0.2
    assert change.events < 100  # the minutes in which both were alive, and not the hour before


def test_a_revision_that_takes_over_and_fails_from_its_first_event_on_is_the_cause() -> None:
    every = [found(served(seed, new=0.2, old_until=0.3, fails={NEW: 0})) for seed in SEEDS]
    assert proven(every) >= len(SEEDS) - 1
    change = next(each for each in every if each and each.proven)
    assert not change.together
    assert change.other_events > 500  # the hour before


@pytest.mark.parametrize("apart", [-45, -20, -8, -3, 3, 6])
def test_a_revision_that_took_over_at_another_time_only_came_along(apart: float) -> None:
    every = [found(served(seed, new=apart, old_until=apart + 0.1, fails={OLD: 0, NEW: 0})) for seed in SEEDS]
    assert proven(every) == 0
    change = every[0]
    assert change
    assert (change.revision, change.since) == (NEW, START + (int(apart) + 1) * WINDOW)
    assert change.onset == START


@pytest.mark.parametrize("new", [-30, -5, -1, 0, 4])
def test_where_both_fail_alike_side_by_side_neither_is_the_cause(new: float) -> None:
    assert proven([found(served(seed, new=new, old_until=99, fails={OLD: 0, NEW: 0})) for seed in SEEDS]) == 0


@pytest.mark.long
def test_a_deploy_into_a_failure_is_not_its_cause_and_a_healthy_one_neither() -> None:
    assert proven([found(served(seed, new=2, old_until=99, fails={OLD: 0})) for seed in SEEDS]) == 0
    assert proven([found(served(seed, new=0, old_until=99, fails={})) for seed in SEEDS]) == 0


def test_the_figures_beside_a_revision_are_those_of_the_one_that_is_named() -> None:
    reading = served(3, new=0, old_until=UNTIL + 1, fails={NEW: 0})
    for minute in range(-60, UNTIL):
        time = to_nanoseconds(START + (minute + 0.5) * WINDOW)
        payload = {"message": SUMMARY, "checkout.attempt{service=kpa}": 2, "checkout.blocked.stock{service=kpa}": 2}
        reading.add(
            Entry("log", f"third-{minute}", time, time, "o4o-core-api", "third", None, payload, "o4o-core-api-00410-abc")
        )
    change = found(reading)
    assert change
    assert (change.revision, change.previous) == (NEW, OLD)
    assert change.other_failed / change.other_events < 0.15, "the third, of which everything fails, is neither"


def test_few_events_prove_nothing() -> None:
    assert proven([found(served(seed, new=0.2, old_until=0.3, fails={NEW: 0}, load=0.1)) for seed in SEEDS]) == 0


def test_a_shop_s_incident_looks_at_what_the_shop_s_customers_had() -> None:
    reading = served(1, new=-0.5, old_until=99, fails={NEW: -0.5}, shop="kpa")
    mine, other = (found(reading, labels={"service": shop}) for shop in ("kpa", "main"))
    assert mine
    assert mine.proven
    assert other
    assert (other.proven, other.events) == (False, 0)


def test_a_procedure_that_looks_at_no_events_tells_the_revision_without_blame() -> None:
    change = found(served(1, new=-3, old_until=99, fails={NEW: -3}), rule="slow-api")
    assert change
    assert (change.revision, change.since, change.proven, change.events) == (NEW, START - 2 * WINDOW, False, 0)


def test_one_revision_alone_and_one_that_was_there_all_along_are_no_change() -> None:
    alone = served(1, new=UNTIL + 5, old_until=99, fails={OLD: 0})
    assert found(alone) is None
    assert found(served(1, new=-64, old_until=99, fails={NEW: 0})) is None


def test_the_walk_brings_it_along() -> None:
    one = alert("checkout-success")
    told = notification(NotifyReason.FIRING, [replace(one, latest=replace(one.latest, window_end=START + UNTIL * WINDOW))])
    walked = walk(told, RULES, Served(served(1, new=-0.5, old_until=99, fails={NEW: -0.5})), ())
    assert walked
    assert walked.changed
    assert walked.changed.proven
    assert walked.impact
    assert walked.impact.rule == "checkout-success"
    assert timedelta(0) <= START - walked.impact.since <= 5 * WINDOW
