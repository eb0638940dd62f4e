"""What a ratio promises, held by the product's own judging and alerts: chance makes a warning at most once in so many weeks.

At the middle between its two bounds, over minutes that are all looked at, from rest. The seeds are fixed; that other seeds would
have broken a promise that is kept has a chance of one in a thousand.
"""

from itertools import count

import pytest

from benchmarks.estimates import poisson_tail
from benchmarks.signal.counts import LOGWATCH, Cell, Weeks, promised_weeks, spend_weeks
from benchmarks.signal.detectors import MIDDLE, RULE
from logwatch.judge.kinds.ratio import Proof, Ratio
from logwatch.judge.rules.model import Rule
from tests.support.made_windows import RULE_SET, RULES

LEAST = 4
"""Weeks that the documents speak of."""
OFTEN = 0.05
"""Weeks of a promise that is broken often enough to be counted: twenty times a week at the most."""


def watched(promised: float | None, rate: float, weeks: int) -> Weeks:
    """So many weeks in which the share is what lies at the middle between the bounds."""
    return spend_weeks(Cell(LOGWATCH, promised, rate, MIDDLE, weeks=True, repeated=weeks, seed=2014))


def most(weeks: float, promised: float) -> int:
    """The largest number of firings that chance explains in weeks at rest where one in `promised` weeks is allowed."""
    return next(number for number in count() if poisson_tail(number + 1, weeks / promised) < 1e-3)


@pytest.mark.long
@pytest.mark.parametrize("rate", [1.0, 4.0])
def test_chance_makes_no_more_warnings_than_the_rule_promises(rate: float) -> None:
    found = watched(None, rate, weeks=1)
    assert found.firings <= most(found.at_rest, promised_weeks(RULES[RULE]))


@pytest.mark.long
@pytest.mark.parametrize("rate", [1.0, 4.0])
def test_a_promise_of_less_is_kept_as_well(rate: float) -> None:
    found = watched(OFTEN, rate, weeks=1)
    assert 0 < found.firings <= most(found.at_rest, OFTEN)


@pytest.mark.long
def test_a_proof_that_asks_for_less_would_be_found_out() -> None:
    loosened = watched(OFTEN / 10, 1.0, weeks=1)
    assert loosened.firings > most(loosened.at_rest, OFTEN)


@pytest.mark.parametrize("rule", [rule for rule in RULE_SET.rules if isinstance(rule.kind, Ratio)], ids=lambda rule: rule.rule)
def test_every_bundled_ratio_promises_as_much(rule: Rule) -> None:
    kind = rule.kind
    assert isinstance(kind, Ratio)
    assert isinstance(kind.proof, Proof)
    assert kind.proof.weeks >= LEAST
