"""Every timeline of tests/fixtures/timelines goes as it is drawn, and one that does not says how it went."""

from __future__ import annotations

from collections import Counter

import pytest

from logwatch.notify.incidents import NotifyReason
from tests.support.timelines import Timeline, counts, difference, load_timelines, parse_timelines, play

CASES = load_timelines()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.where.partition('.')[0]}-{case.name}")
def test_a_timeline_goes_as_it_is_drawn(case: Timeline) -> None:
    """No id comes twice in it, and no incident ends more often than it begins."""
    looks = play(case)
    if differs := difference(case, looks):
        pytest.fail(differs, pytrace=False)
    ids = Counter(each.id for look in looks if look for each in look.decision.notifications)
    assert not [each for each, times in ids.items() if times > 1]
    told = counts(looks)
    assert all(
        told[incident, NotifyReason.FIRING] >= n for (incident, reason), n in told.items() if reason is NotifyReason.RESOLVED
    )


def test_a_timeline_that_goes_otherwise_shows_expected_and_found_under_each_other() -> None:
    text = """
# one that is drawn wrong
# with a word of comment
for: 1m   keep_firing_for: 0
verdict  n wx2 n
state    . p p r
notify   . . ! r
told 3  about a   since 3
"""
    (case,) = parse_timelines(text, "wrong.txt")
    assert difference(case, play(case)) == (
        "wrong.txt:2: one that is drawn wrong\n"
        "  verdict a  n w w n\n"
        "  state      . p p r   expected\n"
        "             . p F r   found\n"
        "  notify     . . ! r\n"
        "  told 3     about a   since 3   expected\n"
        "             about a   since 2   found"
    )


def test_a_message_that_no_row_expects_is_a_difference() -> None:
    (case,) = parse_timelines("# a case\nfor: 0   keep_firing_for: 0\nverdict  w n\nnotify 4.2  . .\n", "x.txt")
    assert "! r   found" in difference(case, play(case))


def test_a_line_that_is_no_row_and_no_setting_is_an_error() -> None:
    for line in ("notify 4.1 ! . r", "forr: 1m", "verdict n w"):
        with pytest.raises(ValueError, match=r"x.txt:2: .* is neither settings nor a row"):
            parse_timelines(f"# a case\n{line}\n", "x.txt")


def test_the_files_hold_many_cases_and_no_name_twice() -> None:
    names = Counter(case.name for case in CASES)
    assert len(names) == len(CASES) > 90
