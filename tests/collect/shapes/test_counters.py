"""Counters in another spelling are read where there is no doubt, and are nobody's zero where there is."""

from typing import Any

import pytest

from logwatch.collect.entries import Entry
from logwatch.collect.parse import IGNORED, Flaw, Parsed, Reason, Summary, Unparsed, parse_entry
from logwatch.judge.rules.service import load_log_shape
from logwatch.settings import bundled
from tests.support.platform import SUMMARY

SHAPE = load_log_shape(bundled("rules"))
TRIED, ERRORS = "checkout.attempt{service=kpa}", "checkout.error{service=kpa}"


def parse(payload: dict[str, Any] | str) -> Parsed:
    text = payload if isinstance(payload, str) else None
    return parse_entry(Entry("log", "id", 0, 0, "s", "i", text, None if text else payload), SHAPE)  # type: ignore[arg-type]


def summary(**counters: Any) -> dict[str, Any]:
    return {"message": SUMMARY, "level": "info", **counters}


BOTH = {TRIED: 200, ERRORS: 7}
READ: dict[str, dict[str, Any]] = {
    "as it is written": summary(**BOTH),
    "numbers as texts": summary(**{TRIED: "200", ERRORS: "7.0"}),
    "winston's metadata": summary(metadata=BOTH),
    "winston's metadata with the logger's keys": summary(metadata={**BOTH, "level": "info", "revision": "r1"}),
    "numbers as texts in winston's metadata": summary(metadata={TRIED: "200", ERRORS: "7"}),
    "a Struct as it stands in memory": {
        "fields": {
            "message": {"stringValue": SUMMARY},
            TRIED: {"numberValue": 200},
            ERRORS: {"numberValue": 7},
            "trace": {"structValue": {"fields": {"id": {"stringValue": "x"}}}},
        }
    },
    "BigQuery's spelling": summary(checkout_attempt_service_kpa_=200, checkout_error_service_kpa_=7),
    "a message with the object in it": {"message": f'{SUMMARY} {{"{TRIED}": 200, "{ERRORS}": 7}}', "level": "info"},
}


@pytest.mark.parametrize("payload", READ.values(), ids=READ)
def test_what_is_not_in_doubt_is_read(payload: dict[str, Any]) -> None:
    parsed = parse(payload)
    assert isinstance(parsed, Summary)
    assert parsed.counters == BOTH
    assert {key for _, key in parsed.flaws} <= {"trace"}


DOUBTFUL: dict[str, dict[str, Any]] = {
    "prefixed": {f"o4o.{TRIED}": 200, f"o4o.{ERRORS}": 7},
    "another case": {"checkout_attempt{service=kpa}": 200, "checkoutError{service=kpa}": 7},
    "nested elsewhere": {"counters": BOTH},
    "only a counter that nobody knows": {"pid": 12},
    "all of them flawed": {TRIED: None, ERRORS: -1},
    "texts that are no plain numbers": {TRIED: "2e2", ERRORS: "+7"},
    "texts with digits that are none": {TRIED: "２００", ERRORS: "٧"},
    "nothing but a key whose labels do not close": {"cache.hit{a=b": 1},
}


@pytest.mark.parametrize("counters", DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_summary_without_a_witness_is_unparsed_and_names_its_keys(counters: dict[str, Any]) -> None:
    assert parse(summary(**counters)) == Unparsed(Reason.COUNTERS_UNKNOWN, tuple(counters))


def test_one_text_among_numbers_is_a_flaw_of_that_counter() -> None:
    assert parse(summary(**{TRIED: 200, ERRORS: "7"})) == Summary({TRIED: 200}, ((Flaw.NOT_A_NUMBER, ERRORS),))


def test_a_huge_number_beside_a_fraction_is_a_flaw_of_that_counter() -> None:
    assert parse(summary(**{"cache.hit": 1.5, "x": 10**400})) == Summary({"cache.hit": 1.5}, ((Flaw.NOT_FINITE, "x"),))


SHAPELESS: dict[str, dict[str, Any]] = {
    "the message is an object": {"message": {"message": SUMMARY, "metadata": BOTH}},
    "another key for the message": {"msg": SUMMARY, **BOTH},
    "deep in a list": {"events": [{"text": SUMMARY, **BOTH}]},
}


@pytest.mark.parametrize("payload", SHAPELESS.values(), ids=SHAPELESS)
def test_a_marker_where_nobody_looks_is_unparsed(payload: dict[str, Any]) -> None:
    assert parse(payload) == Unparsed(Reason.UNKNOWN_SHAPE)


def test_an_endless_object_ends() -> None:
    payload: dict[str, Any] = {}
    inner = payload
    for _ in range(500):
        inner["fields"] = {"a": {"structValue": {"fields": {}}}}
        inner = inner["fields"]["a"]["structValue"]
    assert parse(payload) == IGNORED
