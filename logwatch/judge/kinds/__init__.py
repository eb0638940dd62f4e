"""The kinds of rules, a file each; what a kind answers for stands in `interface`.

A new kind is its file, and here its import, its place in KINDS, its key in a rule file, and what gives it.
"""

from typing import Self

from pydantic import Field, model_validator

from logwatch.judge.kinds.contrast import Contrast
from logwatch.judge.kinds.count import Count
from logwatch.judge.kinds.gauge import Gauge
from logwatch.judge.kinds.interface import Kind
from logwatch.judge.kinds.quiet import Quiet
from logwatch.judge.kinds.ratio import Ratio
from logwatch.judge.kinds.slow import Slow
from logwatch.judge.rules.yaml_types import Model

KINDS: tuple[type[Kind], ...] = (Count, Ratio, Gauge, Slow, Contrast, Quiet)


def kinds_listed(word: str) -> str:
    """List the kinds by their keys: `count, ratio, gauge and slow`."""
    *names, last = (kind.name for kind in KINDS)
    return f"{', '.join(names)} {word} {last}"


class Measures(Model):
    """What a rule may measure, by the kind's key; a rule gives exactly one."""

    count: Count | None = Field(default=None, description="Counters added up per 60 s window, all shops.")
    ratio: Ratio | None = None
    gauge: Gauge | None = Field(
        default=None, description="A measured value: a gauge of service.yaml, or one of logwatch's own."
    )
    slow: Slow | None = None
    contrast: Contrast | None = None
    quiet: Quiet | None = None

    @model_validator(mode="after")
    def _measures_one(self) -> Self:
        given = [kind.name for kind in KINDS if getattr(self, kind.name) is not None]
        if len(given) != 1:
            raise ValueError(f"has {' and '.join(given) or 'nothing'} to measure; give exactly one of {kinds_listed('or')}")
        return self

    @property
    def kind(self) -> Kind:
        """What the rule measures: one by one, so that the type checker names what a kind leaves open."""
        if self.count:
            return self.count
        if self.ratio:
            return self.ratio
        if self.gauge:
            return self.gauge
        if self.slow:
            return self.slow
        if self.contrast:
            return self.contrast
        if self.quiet:
            return self.quiet
        raise AssertionError("a rule that measures nothing was let through")
