"""What a kind says that a verdict stands on is what it was judged by: in every case of the bundled rules."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from logwatch.judge.evaluate import evaluate, weigh
from logwatch.judge.kinds import KINDS
from logwatch.judge.rules import unit_tests
from logwatch.judge.verdicts import Level, Why
from logwatch.spans import WINDOW, Span
from tests.support.replays import RULES

if TYPE_CHECKING:
    from logwatch.count.windows import Windows
    from logwatch.judge.rules.model import Rule

PLACES = (1, 2, 4, 7, 12)
"""Windows from the end of a case that are looked at, each as if it were the last."""


@pytest.mark.long
def test_a_warning_passes_every_test_and_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, set[Level]] = defaultdict(set)

    def looked(rules: list[Rule], windows: Windows, *more: Any) -> Any:
        ends = (windows.span.end - (back - 1) * WINDOW for back in PLACES)
        for end in (end for end in ends if end > windows.span.start):
            for course, weighed in weigh(rules[0], windows.within(Span(windows.span.start, end)), Span(end - WINDOW, end)):
                verdict = course.latest
                if verdict.level is not Level.UNKNOWN and weighed.tests:
                    passed = all(test.holds for test in weighed.tests)
                    assert passed == (verdict.level is Level.WARNING), (verdict, weighed)
                    seen[rules[0].kind.name].add(verdict.level)
                elif verdict.level is Level.WARNING:
                    assert verdict.why is Why.DOWN, (verdict, weighed)
        return evaluate(rules, windows, *more)

    monkeypatch.setattr(unit_tests, "evaluate", looked)
    assert unit_tests.run_cases(RULES).problems == ()
    assert {kind.name for kind in KINDS} == {
        name for name, levels in seen.items() if Level.WARNING in levels and len(levels) > 1
    }
