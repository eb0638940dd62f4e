"""What a new rule of each kind looks like: what it measures, its bounds, its cases, and the step that looks at it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from logwatch.collect.parse import GAUGES
from logwatch.errors import ConfigError
from logwatch.judge.rules.load import nearest
from logwatch.judge.rules.yaml_types import Text
from logwatch.ranges import Range

Kind = Literal["count", "ratio", "gauge", "slow"]
Bounds = tuple[Range | None, Range | None]
"""Normal and warning, where they were asked for."""

MANY = 1_000_000_000
"""Events of a case that prove whatever they show."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule to be, in the parts that its kind decides."""

    entry: tuple[str, ...]
    """Lines of its YAML that say what is measured."""
    counters: tuple[str, ...]
    """Counters that it reads."""
    normal: Range
    warning: Range
    cases: tuple[str, ...]
    """One for each level that it can give, and what becomes of its alert."""
    look: str
    """What a step of its procedure looks at, as rules/evidence.yaml says it."""
    step: Text
    """That step in the runbook."""


def _bounds(given: Bounds, normal: str, warning: str) -> tuple[Range, Range]:
    return given[0] or Range.parse(normal), given[1] or Range.parse(warning)


def _examples(normal: Range, warning: Range, *, most: float = float("inf")) -> dict[str, float]:
    """Give a value for each level that two bounds leave, between 0 and the most; raises ConfigError where one has none."""
    low, high = sorted((normal.bound, warning.bound))
    wide = [0.0, most] if most < float("inf") else [low, high, 0.0, low - 1, high + 1]
    found: dict[str, float] = {}
    for value in [*wide, (low + high) / 2, low / 2, low, high]:
        letter = "w" if warning.holds(value) else "n" if normal.holds(value) else "e"
        if 0 <= value <= most:
            found.setdefault(letter, value)
    if missing := {"n", "w"} - found.keys():
        which = "' and in '".join(str({"n": normal, "w": warning}[letter]) for letter in sorted(missing))
        hint = "right are e.g. '<= 5' and '> 20', of a share '> 80 %' and '< 60 %'"
        raise ConfigError(f"no value lies in '{which}'", where="--normal, --warning", hint=hint)
    return found


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _value_cases(normal: Range, warning: Range) -> tuple[str, ...]:
    """Give the cases of a rule whose every window is judged by its own value."""
    found = {letter: _number(value) for letter, value in _examples(normal, warning).items()}
    letters = [letter for letter in "new" if letter in found]
    values, n, w = " ".join(found[letter] for letter in letters), found["n"], found["w"]
    return (
        f'name: each level, values: "{values} _ {n}", levels: "{" ".join(letters)} u n"',
        f'name: one bad minute does not fire, values: "{n} {w} {n}x4", states: ". p .x4"',
        f'name: two in a row do and normal must last, values: "{n} {w}x2 {n}x6", states: ". p Fx6 r ."',
    )


def _count(measures: str | None, rule: str, known: Sequence[str], given: Bounds) -> Draft:  # noqa: ARG001 - one form for all
    names = _names(measures or rule.replace("-", "."))
    normal, warning = _bounds(given, "<= 5", "> 20")
    return Draft(
        entry=(f"  count: {_listed(names)}",),
        counters=names,
        normal=normal,
        warning=warning,
        cases=_value_cases(normal, warning),
        look=f"counters: {_listed(names)}, todo: grew",
        step=Text(ko=f"{', '.join(names)} 확인", en=f"Check {', '.join(names)}"),
    )


def _gauge(measures: str | None, rule: str, known: Sequence[str], given: Bounds) -> Draft:  # noqa: ARG001 - one form for all
    if measures is None or measures not in GAUGES:
        hint = f"{nearest(measures or rule.replace('-', '.'), list(GAUGES))}known: {', '.join(GAUGES)}"
        raise ConfigError(f"unknown gauge '{measures}'" if measures else "which gauge?", where="--measures", hint=hint)
    in_ms = measures.endswith("_ms")
    normal, warning = _bounds(given, *(("< 50 ms", "> 200 ms") if in_ms else ("<= 5", "> 20")))
    return Draft(
        entry=(f"  gauge: {measures}",),
        counters=(),
        normal=normal,
        warning=warning,
        cases=_value_cases(normal, warning),
        look=f"gauge: {measures}, todo: grew",
        step=Text(ko=f"{measures} 확인", en=f"Check {measures}"),
    )


def _ratio(measures: str | None, rule: str, known: Sequence[str], given: Bounds) -> Draft:  # noqa: ARG001 - one form for all
    stem = rule.replace("-", ".")
    above, slash, below = (measures or f"{stem}.success / {stem}.attempt").partition("/")
    numerator, denominator = _names(above), _names(below)
    if not slash or not numerator or not denominator:
        hint = "right are e.g. 'coupon.success / coupon.attempt', 'cache.hit / cache.hit + cache.miss'"
        raise ConfigError(f"'{measures}' is no share", where="--measures", hint=hint)
    normal, warning = _bounds(given, "> 80 %", "< 60 %")
    within = bool({*numerator} & {*denominator})

    def case(name: str, share: float, rest: str, times: int) -> str:
        part = round(MANY * share)
        whole = MANY - part if within else MANY
        return f'name: {name}, numerator: "{part}x{times}", denominator: "{whole}x{times}", {rest}'

    found = _examples(normal, warning, most=1)
    names = {"n": "normal", "e": "between the bounds", "w": "beyond the bound"}
    return Draft(
        entry=("  ratio:", f"    numerator: {_listed(numerator)}", f"    denominator: {_listed(denominator)}"),
        counters=tuple(dict.fromkeys(numerator + denominator)),
        normal=normal,
        warning=warning,
        cases=(
            *(case(names[letter], found[letter], f'levels: "{letter}x4"', 4) for letter in "new" if letter in found),
            'name: silence is unknown, numerator: "_x2", denominator: "_x2", levels: "ux2"',
            case("what is normal does not fire", found["n"], 'states: ".x4"', 4),
            case("what is proven beyond doubt fires at once", found["w"], 'states: "Fx4"', 4),
        ),
        look=f"counters: {_listed(dict.fromkeys(numerator + denominator))}",
        step=Text(
            ko=f"{' + '.join(numerator)} / {' + '.join(denominator)} 확인",
            en=f"Check {' + '.join(numerator)} / {' + '.join(denominator)}",
        ),
    )


def _slow(measures: str | None, rule: str, known: Sequence[str], given: Bounds) -> Draft:
    label = measures or rule.removeprefix("slow-").replace("-", ".")
    normal, warning = _bounds(given, "< 500 ms", "> 1000 ms")
    between = _number((normal.bound + warning.bound) / 2)
    lines = next(iter(known), "case.lines")

    def series(times: int) -> str:
        return f'series: {{{lines}: "1x{times}"}}'

    return Draft(
        entry=(
            "  # requests: counters that add up to all requests of the label, to ask for a share of them",
            f"  slow: {{label: {label}}}",
        ),
        counters=(),
        normal=normal,
        warning=warning,
        cases=(
            f'name: a single one wakes nobody, values: "0 1 0x2", {series(4)}, levels: "nx4"',
            f'name: between the bounds, values: "4x2", ms: {between}, {series(2)}, levels: "ex2"',
            f'name: beyond the bound, values: "0 4x3", {series(4)}, levels: "n wx3"',
            'name: silence is unknown, values: "_x2", levels: "ux2"',
            f'name: two windows in a row fire, values: "0 4x3", {series(4)}, states: ". p Fx2"',
        ),
        look="slow: true, todo: grew",
        step=Text(ko=f"[SlowRequest] 로그에서 {label} 경로 확인", en=f"Check the routes of {label} in the [SlowRequest] lines"),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for each in text.replace(",", "+").split("+") if (name := each.strip()))


def _listed(names: Iterable[str]) -> str:
    """Write one counter, or a list of them."""
    given = tuple(names)
    return given[0] if len(given) == 1 else f"[{', '.join(given)}]"


Drafter = Callable[[str | None, str, Sequence[str], Bounds], Draft]

DRAFTS: dict[Kind, Drafter] = {"count": _count, "ratio": _ratio, "gauge": _gauge, "slow": _slow}
"""Kind to what drafts a rule of it, of what it measures (None: to be guessed by the rule's id), the id, the counters that are
known, and the bounds that were asked for."""
