"""Whether there is more of something than there was, or chance may have made it look so."""

from math import exp, lgamma
from typing import NamedTuple

from logwatch.judge.significance import binomial_tail

GROWN, GROWN_EVENTS, GROWN_CHANCE = 2.0, 3, 0.01
"""Growth is at least twice as much, three events more, and more than chance shows once in a hundred times.

That is no proof by itself, and need not be: an alert has proven already that something is wrong."""
GROWN_SHARE = 0.2
"""A share that rose by so much grew as well, though it cannot double."""
KNOWN_EVENTS = 20
"""Events of which a share must have been, to be something to compare with."""


class Grown(NamedTuple):
    """Whether something grew, and by how many events."""

    grew: bool
    excess: float


class Among(NamedTuple):
    """So many events among so many, or in so many minutes."""

    events: float
    whole: float
    share: bool = False
    """Whether the whole is events too."""

    @property
    def rate(self) -> float | None:
        """One by the other; None where there is nothing to divide by."""
        return self.events / self.whole if self.whole else None

    @property
    def known(self) -> bool:
        """Whether it is enough to compare with."""
        return self.whole >= (KNOWN_EVENTS if self.share else 1)


def compare(now: Among, past: Among | None) -> Grown:
    """Tell whether there is more of something than before; where no past is known, a few events are taken for growth."""
    if past is None or not past.known:
        return Grown(now.events >= GROWN_EVENTS, now.events)
    more = now.events - now.whole * past.events / past.whole
    doubled = now.events >= GROWN * (now.events - more)
    if more < GROWN_EVENTS or not (doubled or (now.share and more >= GROWN_SHARE * now.whole)):
        return Grown(grew=False, excess=more)
    return Grown(_chance(now, past) < GROWN_CHANCE, more)


def _chance(now: Among, past: Among) -> float:
    """Give how often chance alone would put as many of all the events into now."""
    events, most = round(now.events), round(now.events + past.events)
    if now.share and now.events <= now.whole and past.events <= past.whole:
        return hypergeometric_tail(events, round(now.whole), most, round(now.whole + past.whole))
    return binomial_tail(events, most, now.whole / (now.whole + past.whole))


def hypergeometric_tail(least: int, drawn: int, marked: int, total: int) -> float:
    """Give how probable `least` or more marked ones are among so many drawn from a total without putting back.

    >>> round(hypergeometric_tail(2, 2, 2, 4), 4)
    0.1667
    """
    return sum(
        exp(_ways(marked, each) + _ways(total - marked, drawn - each) - _ways(total, drawn))
        for each in range(max(least, drawn - (total - marked)), min(marked, drawn) + 1)
    )


def _ways(among: int, chosen: int) -> float:
    return lgamma(among + 1) - lgamma(chosen + 1) - lgamma(among - chosen + 1)
