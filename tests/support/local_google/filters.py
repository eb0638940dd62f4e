"""The Logging query language: the text of a filter becomes a predicate over raw LogEntry messages."""

# conjunction = disjunction { ["AND"] disjunction }        so a new line, or a blank, is AND
# disjunction = term { "OR" term }                         OR binds tighter than AND, as in the service
# term        = { "NOT" | "-" } ( "(" conjunction ")" | leaf )
# leaf        = path operator ( value | "(" conjunction of values ")" | "*" )  |  text

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.support.local_google.comparisons import Predicate, compare, has_text, is_present
from tests.support.local_google.fields import Field, find_field

_MAX_DEPTH = 100

_SEGMENT = r'(?:"(?:[^"\\]|\\.)*"|[\w+/%$@][\w+/%$@-]*)'
_TOKEN = re.compile(
    rf"(?P<space>\s+|--[^\n]*)|(?P<sign>>=|<=|!=|=~|!~|[=<>:])|(?P<name>{_SEGMENT}(?:\.{_SEGMENT})*)|(?P<mark>[()*-])",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


class FilterError(ValueError):
    """The filter cannot be understood; the message names the place."""

    def __init__(self, reason: str, text: str, position: int) -> None:
        """`position` counts characters of `text` from 0."""
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        super().__init__(f"filter: {reason} at line {line}, column {column} (position {position})")
        self.position = position


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    """One of sign, name, mark and end."""
    text: str
    """As written."""
    position: int

    @property
    def segments(self) -> tuple[str, ...]:
        """Give the parts between dots, without quotation marks."""
        return tuple(_unquote(part) for part in re.findall(_SEGMENT, self.text, re.DOTALL))

    @property
    def value(self) -> str | None:
        """Give the text of a plain word or of one quoted string; None for a path with quoted parts."""
        if '"' not in self.text:
            return self.text
        return self.segments[0] if len(self.segments) == 1 else None


def compile_filter(text: str) -> Predicate:
    """Give the predicate of a filter; an empty filter matches every entry. Raises FilterError."""
    return _Parser(text).parse()


def _unquote(segment: str) -> str:
    if not segment.startswith('"'):
        return segment
    # A backslash before another character stays: regular expressions need it.
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), segment[1:-1], flags=re.DOTALL)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            quoted = text[position] == '"'
            reason = "quotation mark without its pair" if quoted else f"unquoted special character '{text[position]}'"
            raise FilterError(reason, text, position)
        if found.lastgroup != "space":
            yield _Token(str(found.lastgroup), found[0], position)
        position = found.end()
    yield _Token("end", "the end", position)


def _all_of(terms: list[Predicate]) -> Predicate:
    return terms[0] if len(terms) == 1 else lambda entry: all(term(entry) for term in terms)


def _any_of(terms: list[Predicate]) -> Predicate:
    return terms[0] if len(terms) == 1 else lambda entry: any(term(entry) for term in terms)


def _not(term: Predicate) -> Predicate:
    return lambda entry: not term(entry)


class _Parser:
    """Recursive descent; `leaf` is what may stand between the logical operators: terms, or values in a list."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def parse(self) -> Predicate:
        if self._next.kind == "end":
            return lambda _entry: True
        predicate = self._conjunction(self._restriction)
        if self._next.kind != "end":
            raise self._unexpected()
        return predicate

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _skip(self, *texts: str) -> bool:
        """Step over the next token if it is one of these."""
        found = self._next.text in texts and self._next.kind in ("name", "mark")
        self._at += found
        return found

    def _error(self, reason: str, token: _Token) -> FilterError:
        return FilterError(reason, self._text, token.position)

    def _unexpected(self) -> FilterError:
        return self._error(f"unexpected {self._next.text}", self._next)

    def _conjunction(self, leaf: Callable[[], Predicate]) -> Predicate:
        terms = [self._disjunction(leaf)]
        while self._skip("AND") or (self._next.kind != "end" and self._next.text != ")"):
            terms.append(self._disjunction(leaf))
        return _all_of(terms)

    def _disjunction(self, leaf: Callable[[], Predicate]) -> Predicate:
        terms = [self._term(leaf)]
        while self._skip("OR"):
            terms.append(self._term(leaf))
        return _any_of(terms)

    def _term(self, leaf: Callable[[], Predicate]) -> Predicate:
        negated = False
        while self._skip("NOT", "-"):
            negated = not negated
        term = self._group(leaf) if self._next.text == "(" else leaf()
        return _not(term) if negated else term

    def _group(self, leaf: Callable[[], Predicate]) -> Predicate:
        opening = self._take()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error("too many parentheses", opening)
        group = self._conjunction(leaf)
        self._depth -= 1
        if not self._skip(")"):
            raise self._error("parenthesis without its pair", opening)
        return group

    def _restriction(self) -> Predicate:
        name = self._name()
        if self._next.kind == "sign":
            return self._comparison(name)
        if self._next.text == "(" and self._next.position == name.position + len(name.text):
            raise self._error(f"function {name.text} is not offered here", name)
        if name.value is None:
            raise self._unexpected()
        return has_text(name.value)

    def _comparison(self, name: _Token) -> Predicate:
        try:
            field = find_field(name.segments)
        except LookupError as exc:
            raise self._error(str(exc.args[0]), name) from exc
        sign = self._take().text
        if sign == ":" and self._skip("*"):
            return is_present(field)
        leaf = partial(self._value, field, sign)
        return self._group(leaf) if self._next.text == "(" else leaf()

    def _value(self, field: Field, sign: str) -> Predicate:
        minus = "-" if self._skip("-") else ""
        token = self._name()
        if token.value is None:
            raise self._error("a value must be quoted as a whole", token)
        try:
            return compare(field, sign, minus + token.value)
        except ValueError as exc:
            raise self._error(str(exc), token) from exc

    def _name(self) -> _Token:
        if self._next.kind != "name" or self._next.text in ("AND", "OR", "NOT"):
            raise self._unexpected()
        return self._take()


def matches(text: str, entry: Any) -> bool:
    """Give whether a raw LogEntry matches the filter. Raises FilterError."""
    return compile_filter(text)(entry)
