"""A range: one bound and its direction, open or closed as the runbook writes it."""

import re
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

from pydantic_core import core_schema


@dataclass(frozen=True, slots=True)
class Range:
    """One bound and its direction, open or closed as the runbook writes it; percent is kept as a share of 1.

    >>> Range.parse("< 60 %").holds(0.6)
    False
    >>> str(Range.parse("<=50"))
    '<= 50'
    """

    direction: Literal["<", "<=", ">", ">="]
    bound: float
    unit: Literal["", "%", "ms"] = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `<= 50`, `> 80 %` or `< 50 ms`; raises ValueError with the forms that are right."""
        match = re.fullmatch(r"\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*(%|ms)?\s*", str(text))
        if match is None:
            raise ValueError(f"'{text}' is not a valid range; use e.g. '<= 50', '> 80 %', '< 50 ms'")
        unit = match[3] or ""
        bound = float(match[2]) / 100 if unit == "%" else float(match[2])
        return cls(match[1], bound, unit)  # type: ignore[arg-type]

    @property
    def falls(self) -> bool:
        """Whether it reaches downwards from its bound, so that a value enters it by falling."""
        return self.direction in {"<", "<="}

    @property
    def negated(self) -> "Range":
        """All that lies outside.

        >>> str(Range.parse("< 500 ms").negated)
        '>= 500 ms'
        """
        outside: dict[str, Literal["<", "<=", ">", ">="]] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
        return Range(outside[self.direction], self.bound, self.unit)

    def holds(self, value: Any) -> Any:  # noqa: ANN401 - a number gives a bool, a column gives a column
        """Tell whether a value lies in the range."""
        match self.direction:
            case "<":
                return value < self.bound
            case "<=":
                return value <= self.bound
            case ">":
                return value > self.bound
            case ">=":
                return value >= self.bound

    def __str__(self) -> str:
        """Write the range as a rule file does."""
        number = f"{self.bound * 100:g} %" if self.unit == "%" else f"{self.bound:g} {self.unit}".strip()
        return f"{self.direction} {number}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> core_schema.CoreSchema:  # noqa: ANN401
        """Read and write ranges as text in rule files."""
        return core_schema.no_info_after_validator_function(
            cls.parse, core_schema.str_schema(), serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, Any]:  # noqa: ANN401
        """Tell editors the form of a range."""
        return {"type": "string", "pattern": r"^\s*(<=|>=|<|>)\s*\d+(\.\d+)?\s*(%|ms)?\s*$"}


class Bounds(NamedTuple):
    """The two ranges that a figure is held against."""

    normal: Range
    warning: Range

    @property
    def middle(self) -> float:
        """The value half-way between the two bounds."""
        return (self.normal.bound + self.warning.bound) / 2


def check_bounds(normal: Range, warning: Range) -> None:
    """Raise ValueError where two bounds do not leave room for each other."""
    if normal.falls == warning.falls or normal.unit != warning.unit:
        raise ValueError(f"normal '{normal}' and warning '{warning}' must face each other in one unit")
    if normal.bound != warning.bound and (normal.bound > warning.bound) != warning.falls:
        raise ValueError(f"normal '{normal}' and warning '{warning}' overlap")
