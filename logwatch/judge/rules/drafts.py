"""What a new rule of a kind looks like: what it measures, its bounds, its cases, and the step that looks at it."""

from collections.abc import Iterable
from dataclasses import dataclass

from logwatch.errors import ConfigError
from logwatch.ranges import Range

MANY = 1_000_000_000
"""Events of a case that prove whatever they show."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a new rule is asked to be."""

    rule: str
    measures: str
    """Empty: what the rule's id suggests."""
    normal: Range | None
    warning: Range | None
    known: tuple[str, ...]
    """Counters that the application is known to write."""
    gauges: tuple[str, ...]
    """Values that are measured."""

    @property
    def stem(self) -> str:
        """The rule's id as counters are named: `coupon.error`."""
        return self.rule.replace("-", ".")

    def bounds(self, normal: str, warning: str) -> tuple[Range, Range]:
        """Give both ranges, these where none are asked for."""
        return self.normal or Range.parse(normal), self.warning or Range.parse(warning)


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
    step: dict[str, str]
    """That step in the runbook, by language."""


def examples(normal: Range, warning: Range, *, most: float = float("inf")) -> dict[str, float]:
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
        hint = "use e.g. '<= 5' and '> 20', of a share '> 80 %' and '< 60 %'"
        raise ConfigError(f"no value lies in '{which}'", where="--normal, --warning", hint=hint)
    return found


def write_number(value: float) -> str:
    """Write a value as cases have it: plainly."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def value_cases(normal: Range, warning: Range) -> tuple[str, ...]:
    """Give the cases of a rule whose every window is judged by its own value."""
    found = {letter: write_number(value) for letter, value in examples(normal, warning).items()}
    letters = [letter for letter in "new" if letter in found]
    values, n, w = " ".join(found[letter] for letter in letters), found["n"], found["w"]
    return (
        f'name: each level, values: "{values} _ {n}", levels: "{" ".join(letters)} u n"',
        f'name: one bad minute does not fire, values: "{n} {w} {n}x4", states: ". p .x4"',
        f'name: two in a row do and normal must last, values: "{n} {w}x2 {n}x6", states: ". p Fx6 r ."',
    )


def split_names(text: str) -> tuple[str, ...]:
    """Read `a.b + c.d`."""
    return tuple(name for each in text.replace(",", "+").split("+") if (name := each.strip()))


def listed(names: Iterable[str]) -> str:
    """Write one counter, or a list of them."""
    given = tuple(names)
    return given[0] if len(given) == 1 else f"[{', '.join(given)}]"
