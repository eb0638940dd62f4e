"""Which counters still come: those that stop beyond what chance explains, while something else says why, have vanished.

A counter at zero is not printed, so that one that stops may simply be at zero. It is doubted only where its figures may
stand elsewhere: in summaries that cannot be read, or under a key that is new since it last came. Nothing here imports numpy.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING

from logwatch.collect.parse import parse_series

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

HOUR = 60
"""Windows with summaries that a counter's share is taken of, and after which one that is absent is forgotten."""
LEARNED = 10
"""Windows with summaries before a key counts as new."""
CHANCE = 0.001
"""Absences less likely than this are no chance."""
SURE = 0.95
"""The share of a counter that came in every window: more is not known of so few."""
USUAL = 0.5
"""Share from which an absence is odd enough that a new key of quite another name puts it in doubt, for a few windows."""
ALIKE = 0.8
"""Likeness of two names from which one may be the other's new spelling."""
SHORTEST = 6
"""Letters of a name that may be found within another."""
MOST_KEYS = 300
"""Keys of a kind that are remembered."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A counter that rules read, as it came lately."""

    share: float = 0.0
    """Of the windows with summaries since it first came, an hour of them at the most."""
    windows: int = 0
    last: int = 0
    """The last minute with a figure of it."""

    def after(self, minutes: Iterable[int], came: Container[int]) -> Carried:
        """Give it after windows with summaries, in some of which it came."""
        share, windows, last = self.share, self.windows, self.last
        for minute in minutes:
            windows = min(windows + 1, HOUR)
            if minute in came:
                share, last = share + (1 - share) / windows, minute
            else:
                share *= 1 - 1 / windows
        return Carried(share, windows, last)


@dataclass(frozen=True, slots=True)
class Missing:
    """A counter that does not come, though its figures may stand elsewhere."""

    since: int = -1
    """The first minute without it."""
    windows: int = 0
    """Windows without it."""
    new: str = ""
    """The new key that may stand for it; empty where summaries cannot be read."""
    held: bool = False
    """Whether that goes on until the counter comes back: the names are alike, or nobody can read what the new key holds."""


@dataclass(frozen=True, slots=True)
class Census:
    """The counters and other keys of the windows up to a minute."""

    to: int | None = None
    """The first minute that is not looked at yet."""
    windows: int = 0
    """Windows with summaries so far, an hour of them at the most."""
    carried: dict[str, Carried] = field(default_factory=dict)
    strangers: dict[str, int] = field(default_factory=dict)
    """Keys that nobody knows, and the minute in which each first came; -1 where it was there from the beginning."""
    missing: dict[str, Missing] = field(default_factory=dict)
    doubts: dict[str, list[int]] = field(default_factory=dict)
    """Counter to the minutes, of the last hour, in which its absence says nothing."""

    def is_steady(self, minute: int, knows: Knows) -> bool:
        """Tell whether a window in which nothing is odd leaves it so: nothing is missing, and no key is new."""
        settled = all(first + HOUR + 1 < minute and not knows.known(name) for name, first in self.strangers.items())
        return settled and not self.missing and not self.doubts

    def is_gone(self, key: str) -> bool:
        """Tell whether a counter that is missing is so beyond chance."""
        missing, share = self.missing[key], min(self.carried[key].share, SURE)
        return (1 - share) ** missing.windows < CHANCE

    @property
    def vanished(self) -> dict[str, str]:
        """Counters that are gone beyond chance, with the new key that may stand for each; empty where there is none."""
        return {key: each.new for key, each in self.missing.items() if self.is_gone(key)}

    @property
    def doubted(self) -> set[str]:
        """Counters whose absence says nothing: they may be counted under another name, or where nobody can read it."""
        return {key for key, each in self.missing.items() if each.held or not each.new or not self.is_gone(key)}


@dataclass(frozen=True, slots=True)
class Knows:
    """Which names mean something to the rules."""

    read: Callable[[str], bool]
    """Whether a rule reads the counter."""
    known: Callable[[str], bool]
    """Whether anybody knows it."""


def count_window(census: Census, minute: int, values: Mapping[str, float], *, unread: bool, knows: Knows) -> Census:
    """Take a window with summaries; `unread` where some of them held no counter that could be read."""
    names = {key: parse_series(key).name for key in values}
    windows = min(census.windows + 1, HOUR)
    strangers = dict(census.strangers)
    for name in names.values():
        if not knows.known(name) and name not in strangers and len(strangers) < MOST_KEYS:
            strangers[name] = minute if windows > LEARNED else -1
    # Who has put a new key into counters.yaml has answered the question.
    strangers = {name: first for name, first in strangers.items() if not knows.known(name)}
    blind = {names[key] for key, value in values.items() if names[key] in strangers and isnan(value)}
    carried, missing = dict(census.carried), dict(census.missing)
    present = {key for key, value in values.items() if not isnan(value) and knows.read(names[key])}
    for key in present:
        carried[key] = carried.get(key, Carried(1.0)).after((minute,), {minute})
        missing.pop(key, None)
    for key in carried.keys() - present:
        last = carried[key].last
        news = [name for name, first in strangers.items() if first > last]
        found = _explain(key, missing.get(key), news, blind, carried[key].share if not unread and key not in values else None)
        gone = missing.get(key) is not None and (1 - min(carried[key].share, SURE)) ** missing[key].windows < CHANCE
        if found is None or (gone and found.new and not found.held and minute - last > HOUR):
            missing.pop(key, None)
            carried[key] = carried[key].after((minute,), ())
        else:
            missing[key] = replace(found, since=found.since if found.since >= 0 else minute, windows=found.windows + 1)
    kept = {key: each for key, each in carried.items() if key in missing or minute - each.last <= HOUR}
    latest = sorted(kept, key=lambda key: kept[key].last)[-MOST_KEYS:]
    missing = {key: each for key, each in missing.items() if key in latest}
    after = Census(minute + 1, windows, {key: kept[key] for key in latest}, strangers, missing)
    doubts = {key: [at for at in minutes if at > minute - HOUR] for key, minutes in census.doubts.items()}
    for key in after.doubted:
        doubts[key] = [*doubts.get(key, []), minute]
    return replace(after, doubts={key: minutes for key, minutes in doubts.items() if minutes})


def count_steady(census: Census, minutes: Sequence[int], came: Mapping[str, Sequence[int]]) -> tuple[Census, int]:
    """Take windows with summaries as `count_window` takes one after the other, and give how many those are.

    The census is steady, and nothing is odd in any of them; `came` gives the minutes in which each counter came that rules
    read. Where one has been absent for so long that it is forgotten, that window is left to `count_window`; so are all where
    there are more than are remembered.
    """
    keys = dict.fromkeys((*census.carried, *came))
    end = len(minutes) if len(keys) <= MOST_KEYS else 0
    for key in keys:
        seen = came.get(key, ())
        for last, after in pairwise((*((census.carried[key].last,) if key in census.carried else ()), *seen, minutes[-1] + 1)):
            forgotten = bisect_right(minutes, last + HOUR)
            if forgotten < end and minutes[forgotten] < after:
                end = forgotten
    carried = {}
    for key in keys:
        seen = came.get(key, ())
        begin = 0 if key in census.carried else bisect_left(minutes, seen[0])
        if key in census.carried or begin < end:
            carried[key] = census.carried.get(key, Carried(1.0)).after(minutes[begin:end], frozenset(seen))
    latest = {key: carried[key] for key in sorted(carried, key=lambda key: carried[key].last)}
    to = minutes[end - 1] + 1 if end else census.to
    return replace(census, to=to, windows=min(census.windows + end, HOUR), carried=latest), end


def _explain(key: str, before: Missing | None, news: list[str], blind: set[str], share: float | None) -> Missing | None:
    """Say where an absent counter's figures may stand; None where nothing says that they are not simply 0.

    `share` is None where what the window holds could not all be read.
    """
    start = before or Missing(-1, 0)
    alike = max(news, key=lambda name: likeness(key, name), default="")
    held = bool(alike) and (likeness(key, alike) >= ALIKE or alike in blind)
    hidden = next((name for name in news if name in blind), "")
    if held or hidden:
        return replace(start, new=alike if held else hidden, held=True)
    if start.held:  # the new key need not come in every window either
        return start if start.new in news else None
    if share is None:
        return start
    return replace(start, new=alike) if alike and share >= USUAL else None


def likeness(key: str, other: str) -> float:
    """Say how alike two names are, 1 where one is the other in another case, or with something before, behind or around it.

    >>> likeness("order.error{service=a}", "app.order.errorTotal")
    1.0
    """
    mine, theirs = (_letters(parse_series(name).name) for name in (key, other))
    shorter, longer = sorted((mine, theirs), key=len)
    if len(shorter) >= SHORTEST and shorter in longer:
        return 1.0
    return SequenceMatcher(None, mine, theirs).ratio()


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
