"""The life of alerts and what is told of it, as rows of one letter a window: tests/fixtures/timelines/*.txt.

A case is a name after `#`, further lines of comment, settings as `key: value`, and rows; a blank line ends it. Two spaces stand
between a row's head and its letters; `nx8` is eight of them, `[w n]x8` eight pairs. Without a name a row means the first alert, and
`verdict` the alert `a`.

verdict  n e w u, W a certain warning, E shown to lie between the bounds, _ not judged; `verdict a:kpa` names a rule and shop
state    . inactive, p pending, F firing, r resolved; `state b` is another alert's
notify   ! firing, + joined, * wider, ~ eased, ^ relapsed, @ reminder, r resolved, e a silence ends soon, # several summed up,
         2 for two messages; `notify 4.2:kpa` is one incident's,
         and without a name it is what no other row names
muted    s silenced, i inhibited; `muted b` is another alert's
silence  x where one holds, / where a person takes it away; `silence *` and `silence a:kpa` as well
minute   ^ where the run takes the minute; - where it does not, and nobody does later: nothing is judged and nothing told
told 4   what the message after the 4th window says: `about` and `new` alerts, `inhibited`, `unexpected` rules, `again`, `since` window;
         `told 4 4.2` where there are several
messages how many there are in all

Settings: for, keep_firing_for, procedure (4.1), each for one rule too as `for b: 0`; remind_every; `mutes: a b c`, b and c by a;
`rules: bundled`, where names are those of the program's own rules.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from logwatch.durations import parse_duration
from logwatch.judge.alerts import Alert, AlertState, advance, fingerprint
from logwatch.judge.rules.load import load_rules
from logwatch.judge.rules.model import Inhibition, Rule, RuleSet
from logwatch.judge.verdicts import Level, Verdict, Why
from logwatch.notify.decide import REMIND_EVERY, decide
from logwatch.notify.incidents import Memory, Muted, NotifyReason
from logwatch.notify.scopes import VerdictsAlone
from logwatch.notify.silences import Silence
from logwatch.settings import bundled
from logwatch.state.document import State, dump_state, load_state
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from logwatch.notify.decide import Decision
    from logwatch.notify.incidents import Notification

START = datetime(2026, 2, 24, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GRACE = timedelta(seconds=90)
LEVELS = {
    "n": Level.NORMAL,
    "e": Level.ELEVATED,
    "E": Level.ELEVATED,
    "w": Level.WARNING,
    "W": Level.WARNING,
    "u": Level.UNKNOWN,
}
VALUES = {"n": 0.0, "e": 10.0, "E": 10.0, "w": 30.0, "W": 30.0, "u": None}
STATES = {AlertState.PENDING: "p", AlertState.FIRING: "F", AlertState.RESOLVED: "r"}
MUTED = {Muted.SILENCED: "s", Muted.INHIBITED: "i"}
REASONS = {
    NotifyReason.FIRING: "!", NotifyReason.JOINED: "+", NotifyReason.REMINDER: "@", NotifyReason.RESOLVED: "r",
    NotifyReason.SILENCE_ENDING: "e", NotifyReason.TEST: "t", NotifyReason.WIDER: "*", NotifyReason.EASED: "~",
    NotifyReason.RELAPSED: "^", NotifyReason.SUMMED: "#", NotifyReason.ESCALATED: "x", NotifyReason.DIGEST: "w",
    NotifyReason.ANSWERED: "a",
}  # fmt: skip
BUNDLED = load_rules(bundled("rules"))
FACTS: dict[str, Callable[[Notification], Iterable[object]]] = {
    "about": lambda each: map(title, each.alerts),
    "shops": lambda each: each.shops,
    "new": lambda each: [title(alert) for alert in each.alerts if alert.fingerprint in each.new],
    "inhibited": lambda each: map(title, each.inhibited),
    "unexpected": lambda each: each.unexpected_with,
    "again": lambda each: [each.again],
    "since": lambda each: [(each.since - START) // MINUTE + 1],
}
"""What can be said of a message."""

_ROW = re.compile(r"(verdict|state|notify|muted|silence|minute|told|messages)((?: \S+)*)(?: {2,}| (?=\d+$))(\S.*)")
_SETTING = re.compile(r"((?:for|keep_firing_for|procedure|remind_every|mutes|rules)(?: [\w-]+)?): (.+)")


@dataclass(slots=True)
class Timeline:
    """One case of a file."""

    name: str
    where: str
    keys: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    """What is expected, and silences, by their heads."""


@dataclass(frozen=True, slots=True)
class Look:
    """One window: the alerts after it, and what was decided about them."""

    alerts: tuple[Alert, ...]
    decision: Decision


def expand(notation: str) -> str:
    """Give one letter a window.

    >>> expand("n wx3 n"), expand("[w n]x2 nx3")
    ('nwwwn', 'wnwnnnn')
    """
    notation = re.sub(r"\[(.*?)\]x(\d+)", lambda match: f"{match[1]} " * int(match[2]), notation)
    return "".join(word[0] * int(word[2:] or 1) if word[1:2] == "x" else word for word in notation.split())


def load_timelines() -> list[Timeline]:
    """Read the cases of all files."""
    paths = sorted((ROOT / "tests/fixtures/timelines").glob("*.txt"))
    return [case for path in paths for case in parse_timelines(path.read_text(encoding="utf-8"), path.name)]


def parse_timelines(text: str, file: str) -> list[Timeline]:
    """Read cases; a block of nothing but comment is a file's preface."""
    found: list[Timeline] = []
    begun = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#"):
            if not begun:
                found.append(Timeline(line[1:].strip(), f"{file}:{number}"))
        elif match := _ROW.fullmatch(line.rstrip()):
            kind, name, rest = match[1], match[2].strip(), match[3]
            if kind == "verdict":
                found[-1].verdicts[name or "a"] = expand(rest)
            else:
                found[-1].rows[f"{kind} {name}".strip()] = rest if kind in {"told", "messages"} else expand(rest)
        elif line:
            pairs = [_SETTING.fullmatch(pair) for pair in re.split(r" {2,}", line)]
            if None in pairs:
                raise ValueError(f"{file}:{number}: '{line}' is neither settings nor a row with two spaces after its head")
            found[-1].keys |= {pair[1]: pair[2] for pair in pairs if pair}
        begun = bool(line)
    return [case for case in found if case.verdicts]


def labels_of(name: str) -> dict[str, str]:
    """Give the labels of `rule:shop`, or of `procedure:shop`."""
    _, _, shop = name.partition(":")
    return {"service": shop} if shop else {}


def title(alert: Alert | Verdict) -> str:
    """Name an alert as the rows do."""
    return ":".join([alert.rule, *alert.labels.values()])


def make_rule(name: str, **settings: object) -> Rule:
    """Make a rule that counts something, normal up to 5 and a warning above 20."""
    base = {"summary": {"ko": name, "en": name}, "count": "x", "normal": "<= 5", "warning": "> 20", "procedure": "4.1"}
    return Rule.model_validate({**base, "rule": name, **settings})


def make_rules(*rules: Rule, mutes: Iterable[str] = ()) -> RuleSet:
    """Make a set of rules of which the first that is named in `mutes` explains the others that are."""
    names = list(mutes)
    because = {"ko": "그래서", "en": "so"}
    inhibitions = (Inhibition.model_validate({"when": names[:1], "mutes": names[1:], "because": because}),) if names else ()
    return replace(BUNDLED, rules=rules, inhibitions=inhibitions, where={})


def make_verdict(name: str, letter: str, end: datetime, value: float | None = None) -> Verdict:
    """Make the verdict of `rule:shop` on the window that ends at `end`."""
    return Verdict(
        name.partition(":")[0], labels_of(name), end, LEVELS[letter], VALUES[letter] if value is None else value, None, None,
        None if letter == "u" else True, Why.NO_LINES if letter == "u" else Why.NONE, MINUTE, suspect=False, certain=letter == "W",
        eased=letter == "E",
    )  # fmt: skip


def window_end(window: int) -> datetime:
    """Give the end of a window, counted from 0."""
    return START + (window + 1) * MINUTE


def _rule_set(case: Timeline) -> RuleSet:
    if case.keys.get("rules") == "bundled":
        return BUNDLED
    names = dict.fromkeys(name.partition(":")[0] for name in case.verdicts)
    settings = [
        {
            key: case.keys.get(f"{key} {name}", case.keys.get(key))
            for key in ("for", "keep_firing_for", "procedure")
            if {f"{key} {name}", key} & case.keys.keys()
        }
        for name in names
    ]
    rules = [make_rule(name, **given) for name, given in zip(names, settings, strict=True)]
    return make_rules(*rules, mutes=case.keys.get("mutes", "").split())


def _silences(case: Timeline, window: int, memory: Memory) -> Memory:
    """Add the silences that begin with this window, and take away those that a person ends here."""
    for row, letters in case.rows.items():
        kind, _, name = row.partition(" ")
        if kind != "silence":
            continue
        rule, before = (name or "a").partition(":")[0], letters[max(window - 1, 0) : window]
        if letters[window : window + 1] == "x" and before != "x":
            over = window + len(letters[window:]) - len(letters[window:].lstrip("x"))
            # Silences end between two looks; one that is taken away would have held much longer.
            until = window_end(over - 1) + (timedelta(days=1) if letters[over : over + 1] == "/" else GRACE + MINUTE / 2)
            silence = Silence(f"{name}{window}", rule, labels_of(name), until, "work", "kim", window_end(window))
            memory = memory.with_silence(silence)
        if letters[window : window + 1] == "/":
            ended = [each.id for each in memory.silences if (each.rule, each.labels) == (rule, labels_of(name))]
            memory = memory.without_silence(ended[-1])
    return memory


def play(case: Timeline) -> list[Look | None]:
    """Take window after window as a run does, with the state written and read in between; None where no run is."""
    rules, alerts, memory = _rule_set(case), tuple[Alert, ...](), Memory()
    remind = parse_duration(case.keys["remind_every"]) if "remind_every" in case.keys else REMIND_EVERY
    looks: list[Look | None] = []
    for window in range(max(map(len, case.verdicts.values()))):
        end = window_end(window)
        memory = _silences(case, window, memory)
        if case.rows.get("minute", "")[window : window + 1] == "-":
            looks.append(None)
            continue
        letters = {name: row[window] for name, row in case.verdicts.items()}
        verdicts = [make_verdict(*item, end) for item in letters.items() if item[1] != "_"]
        advanced, _ = advance(alerts, verdicts, rules.by_id, end)
        around = VerdictsAlone(tuple(verdicts))
        decision = decide(advanced, memory, rules, end + GRACE, remind_every=remind, around=around)
        again = decide(advanced, decision.memory, rules, end + GRACE, remind_every=remind, around=around)
        assert again.notifications == (), "the same moment twice says nothing new"
        saved = load_state(dump_state(State(alerts=tuple(advanced), memory=decision.memory)))
        alerts, memory = saved.alerts, saved.memory
        assert (alerts, memory) == (tuple(advanced), decision.memory)
        looks.append(Look(alerts, decision))
    return looks


def found_rows(case: Timeline, looks: list[Look | None]) -> dict[str, str]:
    """Give what came of it, in the rows that the case has; where it has a row `notify`, messages that none expects have one too."""
    rows = [row for row in case.rows if row.partition(" ")[0] not in {"silence", "minute"}]
    rows += ["notify"] if any(row.startswith("notify ") for row in rows) and "notify" not in rows else []
    return {row: _found(row, case, looks) for row in rows}


def _found(row: str, case: Timeline, looks: list[Look | None]) -> str:
    kind, _, name = row.partition(" ")
    if kind == "told":
        return _said(name, case.rows[row], looks)
    if kind == "messages":
        return str(sum(len(look.decision.notifications) for look in looks if look))
    if kind == "notify":
        named = [other.partition(" ")[2] for other in case.rows if other.startswith("notify ")]
        return "".join(_notified(look, name, named) if look else "-" for look in looks)
    rule = (name or next(iter(case.verdicts))).partition(":")[0]
    mark = fingerprint(rule, labels_of(name or next(iter(case.verdicts))))
    if kind == "state":
        states = [{alert.fingerprint: STATES[alert.state] for alert in look.alerts} if look else {mark: "-"} for look in looks]
        return "".join(each.get(mark, ".") for each in states)
    muted = [
        {each.fingerprint: MUTED[each.why] for each in look.decision.suppressed} if look else {mark: "-"} for look in looks
    ]
    return "".join(each.get(mark, ".") for each in muted)


def _notified(look: Look, name: str, named: list[str]) -> str:
    """Give the letter of the messages of one incident, or of those that no row names."""
    names = [(":".join([each.procedure, *each.labels.values()]), each) for each in look.decision.notifications]
    meant = [each for other, each in names if (other == name if name else other not in named)]
    return REASONS[meant[0].reason] if len(meant) == 1 else str(len(meant)) if meant else "."


def _said(head: str, facts: str, looks: list[Look | None]) -> str:
    window, _, name = head.partition(" ")
    look = looks[int(window) - 1]
    for each in look.decision.notifications if look else ():
        if not name or name == ":".join([each.procedure, *each.labels.values()]):
            keys = [fact.split()[0] for fact in re.split(r" {2,}", facts)]
            return "   ".join(" ".join([key, *map(str, FACTS[key](each))]) for key in keys)
    return "nothing is told"


def difference(case: Timeline, looks: list[Look | None]) -> str:
    """Give the rows that are not as drawn, expected and found under each other; empty where all are."""
    found = found_rows(case, looks)
    expected = {row: re.sub(r" {2,}", "   ", case.rows.get(row, "." * len(found[row]))) for row in found}
    if all(found[row].rstrip(".") == expected[row].rstrip(".") for row in found):
        return ""
    width = max(map(len, [*found, *case.rows, *(f"verdict {name}" for name in case.verdicts)]))
    lines = [f"{case.where}: {case.name}"]
    lines += [f"  {f'verdict {name}':{width}}  {_spread(letters)}" for name, letters in case.verdicts.items()]
    for row in found:
        same = found[row].rstrip(".") == expected[row].rstrip(".")
        lines.append(f"  {row:{width}}  {_spread(expected[row])}" + ("" if same else "   expected"))
        lines += [] if same else [f"  {'':{width}}  {_spread(found[row])}   found"]
    return "\n".join(lines)


def _spread(letters: str) -> str:
    return letters if " " in letters else " ".join(letters)


def counts(looks: list[Look | None]) -> Counter[tuple[str, NotifyReason]]:
    """Count the messages by incident and reason."""
    return Counter((each.incident, each.reason) for look in looks if look for each in look.decision.notifications)
