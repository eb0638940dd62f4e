"""The line that says how far a long read is: what goes on, a bar, the share, the time so far and what is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from logwatch.collect.bigquery.billing import format_price, format_size

if TYPE_CHECKING:
    from logwatch.collect.interface import ReadPlan
    from logwatch.ui.format import Audience

WIDTH = 24
"""Cells of the bar."""
SURE_AFTER_S, SURE_FROM = 1.0, 0.02
"""From when on, and from which share, a guess at what is left is worth saying."""


TOLD_FROM_S, LONG_S = 30, 180
"""From how long on a read is told before it begins, and another way is named."""


def plan_texts(plan: ReadPlan, readers: Audience) -> list[str]:
    """Say what a long read will take, that an interrupted one goes on where it stopped, and what would be sooner.

    Of one that is paid for, say what it costs.
    """
    if plan.size is not None:
        figures = _figures(plan)
        return [readers.say("read_size", **figures) if plan.calls == 1 else readers.say("read_sizes", **figures)]
    if plan.seconds < TOLD_FROM_S:
        return []
    takes = clock(plan.seconds)
    texts = [readers.say("read_plan", calls=f"{plan.calls:,}", takes=takes)]
    texts += [readers.say("read_resumes")] if plan.keeps else []
    texts += [readers.say("read_kept", hours=plan.kept_hours)] if plan.kept_hours else []
    texts += [readers.say("read_sooner")] if plan.seconds >= LONG_S else []
    return texts


def bill_texts(bill: ReadPlan, readers: Audience) -> list[str]:
    """Say what several queries have cost together: what one costs was said before it."""
    return [readers.say("read_billed", **_figures(bill))] if bill.calls > 1 else []


def _figures(plan: ReadPlan) -> dict[str, str]:
    size = plan.size or 0
    return {"count": str(plan.calls), "size": format_size(size), "price": format_price(size)}


@dataclass(frozen=True, slots=True)
class Pace:
    """How far something is. It has parts, each from 0 to all of it; the time runs through all of them."""

    begun_s: float
    part_s: float
    """When the part began that goes on."""
    text: str
    share: float | None = None
    """None where nobody can know."""

    def at(self, text: str, share: float | None, now_s: float) -> Pace:
        """Give it further on; where less is done than before, another part has begun."""
        again = share is not None and (self.share is None or share < self.share)
        return replace(self, text=text, share=share, part_s=now_s if again else self.part_s)

    def left_s(self, now_s: float) -> float | None:
        """Guess how long the part goes on, at the pace that it had so far."""
        taken = now_s - self.part_s
        if self.share is None or self.share < SURE_FROM or self.share >= 1 or taken < SURE_AFTER_S:
            return None
        return taken * (1 - self.share) / self.share

    def line(self, now_s: float, say_left: str) -> str:
        """Write it; `say_left` has the place of what is left."""
        left = self.left_s(now_s)
        done = [] if self.share is None else [_bar(self.share), f"{int(self.share * 100):>3} %"]
        rest = [] if left is None else [say_left.format(left=clock(left))]
        return "  ".join([self.text, *done, clock(now_s - self.begun_s), *rest])


def _bar(share: float) -> str:
    full = int(share * WIDTH)
    return "━" * full + "─" * (WIDTH - full)


def clock(seconds: float) -> str:
    """Write a length of time.

    >>> clock(75), clock(3675)
    ('1:15', '1:01:15')
    """
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
