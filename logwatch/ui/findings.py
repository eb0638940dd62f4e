"""What reading came upon, in words, with what mends it: the same for reports, runs and doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logwatch.collect.findings import by_kind
from logwatch.collect.parse import Flaw, Reason
from logwatch.languages import text
from logwatch.ui.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logwatch.collect.findings import LogFinding
    from logwatch.languages import Lang

MOST_NAMED = 3
"""Keys or excerpts that a text names."""


def finding_texts(findings: Mapping[LogFinding, int], flaws: Mapping[str, int], lang: Lang) -> list[str]:
    """Say each kind of finding once, and each flaw of counters with the counters that have it."""
    found = [text(kind.key, lang, count=count, what=_named(whats)) for kind, count, whats in by_kind(findings)]
    return [*_flaws(flaws, lang), *found]


def unread_texts(refused: Mapping[str, int], lang: Lang) -> list[str]:
    """Say of entries that were not understood how many there are, why, and what mends it: a line each reason."""
    reasons = ((Reason(reason), count) for reason, count in refused.items())
    return [
        text("unparsed", lang, count=count, reason=text(each.key, lang), mend=text(each.key_in("mend"), lang))
        for each, count in reasons
    ]


def _flaws(flaws: Mapping[str, int], lang: Lang) -> list[str]:
    found = []
    for flaw in Flaw:
        mine = {what.partition(": ")[2]: count for what, count in flaws.items() if what.partition(":")[0] == flaw}
        if mine:
            what = f"{text(flaw.key, lang)}: {_named([key for key in mine if key], ', ')}"
            found.append(text("flaw", lang, count=sum(mine.values()), what=what))
    return found


def _named(whats: list[str], between: str = "; ") -> str:
    return between.join(map(printable, whats[:MOST_NAMED])) + (" …" if len(whats) > MOST_NAMED else "")
