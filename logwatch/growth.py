"""Whether there is more of something than there was, or chance may have made it look so."""

from typing import NamedTuple

from logwatch.proof import binomial_tail

GROWN, GROWN_EVENTS, GROWN_CHANCE = 2.0, 3, 0.001
"""Growth is at least twice as much, three events more, and more than chance shows once in a thousand times."""
GROWN_SHARE = 0.2
"""A share that rose by so much grew as well, though it cannot double."""


class Grown(NamedTuple):
    """Whether something grew, and by how many events."""

    grew: bool
    excess: float


class Among(NamedTuple):
    """So many events among so many, or in so many minutes."""

    events: float
    whole: float

    @property
    def rate(self) -> float | None:
        """One by the other; None where there is nothing to divide by."""
        return self.events / self.whole if self.whole else None


def compare(now: Among, past: Among | None) -> Grown:
    """Tell whether there is more of something than before; where no past is known, a few events are taken for growth."""
    if past is None or not past.whole:
        return Grown(now.events >= GROWN_EVENTS, now.events)
    expected = now.whole * past.events / past.whole
    more = now.events - expected
    if more < GROWN_EVENTS or (now.events < GROWN * expected and more < GROWN_SHARE * now.whole):
        return Grown(grew=False, excess=more)
    chance = binomial_tail(round(now.events), round(now.events + past.events), now.whole / (now.whole + past.whole))
    return Grown(chance < GROWN_CHANCE, more)
